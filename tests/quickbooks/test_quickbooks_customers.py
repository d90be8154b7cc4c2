import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import errors
from service.ids import CustomerId, RealmId, RequestId
from service.quickbooks import customers

REALM = RealmId("7")


def tell(intuit, *found):
    intuit.tell(200, {"QueryResponse": {"Customer": list(found)} if found else {}})


def customer(number, **more):
    return {"Id": number, "SyncToken": "0", "DisplayName": f"C{number}", "Active": True, **more}


def mail(address):
    return {"PrimaryEmailAddr": {"Address": address}}


def answers(intuit, *found):
    """A batch's answer: what each query finds, or its fault."""
    items = [
        {"QueryResponse": {"Customer": each} if each else {}} if isinstance(each, list) else each for each in found
    ]
    intuit.tell(200, {"BatchItemResponse": [{"bId": str(at), **each} for at, each in enumerate(items)]})


def test_found_by_email_and_name_in_one_call(intuit, gateway):
    pat = customer("9", Active=False, **mail("Pat@example.com"))
    answers(intuit, [customer("4"), pat], [pat, customer("10", Job=True, **mail("pat@example.com"))])
    found = customers.find_by_email_and_name(gateway, REALM, " pat@example.com ", ["Pat", "Pat (EUR)", "Pat"])
    assert [(entry.id, entry.active, entry.sub_customer) for entry in found] == [
        ("4", True, False),
        ("9", False, False),
        ("10", True, True),
    ]
    (asked,) = intuit.asked
    assert asked.path.endswith("/batch")
    end = "and Active in (true, false) orderby Id startposition 1 maxresults 1000"
    assert json.loads(asked.body) == {
        "BatchItemRequest": [
            {"bId": "0", "Query": f"select * from Customer where DisplayName in ('Pat', 'Pat (EUR)') {end}"},
            {"bId": "1", "Query": f"select * from Customer where PrimaryEmailAddr = 'pat@example.com' {end}"},
        ]
    }


def test_an_email_that_quickbooks_does_not_filter_by_leaves_the_name(intuit, gateway):
    refused = {"Fault": {"Error": [{"code": "4001", "Message": "m"}], "type": "ValidationFault"}}
    answers(intuit, [customer("4")], refused)
    intuit.tell(400, refused)  # alone, too
    assert [each.id for each in customers.find_by_email_and_name(gateway, REALM, "a@b.co", ["Pat"])] == ["4"]
    answers(intuit, refused, [customer("4")])
    intuit.tell(400, refused)
    with pytest.raises(errors.RefusedByQuickBooks):
        customers.find_by_email_and_name(gateway, RealmId("8"), "a@b.co", ["Pat"])


def test_an_apostrophe_or_a_percent_sign_in_an_email(intuit, gateway):
    answers(intuit, [], [])
    answers(intuit, [], [])
    assert customers.find_by_email_and_name(gateway, REALM, "o'brien@example.com", ["x"]) == []
    assert (
        r"PrimaryEmailAddr = 'o\'brien@example.com'" in json.loads(intuit.asked[0].body)["BatchItemRequest"][1]["Query"]
    )
    assert customers.find_by_email_and_name(gateway, REALM, "a%b@example.com", ["x"]) == []
    assert "PrimaryEmailAddr = 'a%b@example.com'" in json.loads(intuit.asked[1].body)["BatchItemRequest"][1]["Query"]


def test_no_question_for_what_is_no_email(intuit, gateway):
    wrong = ("", "x", "@", "a@b", "a b@c.d", "a@b.c,d@e.f", "a@b@c.d", "x" * 95 + "@b.com")
    for text in wrong:
        tell(intuit)
        assert customers.find_by_email_and_name(gateway, REALM, text, ["Pat"]) == []
        assert customers.find_by_email_and_name(gateway, REALM, text, [" : "]) == []
    assert ["DisplayName = 'Pat'" in each.params["query"] for each in intuit.asked] == [True] * len(wrong)


@pytest.mark.parametrize("code", ["2010", "4000", "4001"])
def test_a_realm_that_cannot_be_asked_by_email_is_asked_once(intuit, setup, code):
    refusal = {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": code}], "type": "ValidationFault"}}
    intuit.tell(400, refusal)
    for _ in range(3):
        assert customers.query_by_email(setup.gateway, REALM, ["a@example.com"]) == []
    assert len(intuit.asked) == 1
    # Another realm is another matter, and so is this one after some hours.
    tell(intuit, customer("3", **mail("a@example.com")))
    assert [each["Id"] for each in customers.query_by_email(setup.gateway, RealmId("8"), ["a@example.com"])] == ["3"]
    setup.clock.advance(timedelta(hours=7))
    tell(intuit, customer("3", **mail("a@example.com")))
    assert [each["Id"] for each in customers.query_by_email(setup.gateway, REALM, ["a@example.com"])] == ["3"]


def test_another_refusal_of_a_query_by_email_is_told(intuit, gateway):
    intuit.tell(400, {"Fault": {"Error": [{"code": "5020"}], "type": "ValidationFault"}})
    with pytest.raises(errors.RefusedByQuickBooks):
        customers.query_by_email(gateway, REALM, ["a@example.com"])


def test_many_addresses_in_one_query(intuit, gateway):
    tell(intuit, customer("3", **mail("a@example.com")))
    found = customers.query_by_email(gateway, REALM, ["a@example.com", "b@example.com"])
    assert [each["Id"] for each in found] == ["3"]
    assert "PrimaryEmailAddr in ('a@example.com', 'b@example.com') and" in intuit.asked[0].params["query"]


def test_found_by_display_name_as_quickbooks_stores_it(intuit, gateway):
    tell(intuit, customer("5", Active=False), customer("6"))
    assert customers.find_by_display_name(gateway, REALM, " Amy's:\tBird\n Sanctuary ").id == "6"
    assert r"DisplayName = 'Amy\'s Bird Sanctuary' and Active in" in intuit.asked[0].params["query"]
    tell(intuit)
    assert customers.find_by_display_name(gateway, REALM, "Nobody") is None
    assert customers.find_by_display_name(gateway, REALM, " : ") is None


def test_get(intuit, gateway):
    intuit.tell(200, {"Customer": customer("24", CurrencyRef={"value": "EUR"}, Taxable=False, CompanyName="S")})
    found = customers.get(gateway, REALM, CustomerId("24"))
    assert (found.currency, found.taxable, found.company_name, found.active) == ("EUR", False, "S", True)
    intuit.tell(400, {"Fault": {"Error": [{"code": "2010"}], "type": "ValidationFault"}})
    assert customers.get(gateway, REALM, CustomerId("24")) is None


def test_create(intuit, gateway):
    intuit.tell(200, {"Customer": customer("67")})
    body = customers.customer_body("King's Groceries", email="jdrew@myemail.com")
    assert customers.create(gateway, REALM, body, RequestId("c-1")).id == "67"
    assert json.loads(intuit.asked[0].body) == {
        "DisplayName": "King's Groceries",
        "PrimaryEmailAddr": {"Address": "jdrew@myemail.com"},
    }
    intuit.tell(400, {"Fault": {"Error": [{"code": "6240"}], "type": "ValidationFault"}})
    with pytest.raises(errors.NameTaken):
        customers.create(gateway, REALM, body, RequestId("c-1"))


def test_body_keeps_the_limits():
    body = customers.customer_body(
        "A:B\tC\nD" + "x" * 600,
        company_name="c" * 101,
        given_name="g" * 101,
        family_name="f:f",
        email="no e-mail",
        phone="1" * 40,
        bill_address={"Line1": "l" * 501, "PostalCode": "p" * 31, "City": " ", "Planet": "Earth"},
        currency="EUR",
        notes="n" * 2001,
    )
    assert body["DisplayName"].startswith("A B C D")
    assert len(body["DisplayName"]) == 500
    assert (len(body["CompanyName"]), len(body["GivenName"]), body["FamilyName"]) == (100, 100, "f f")
    assert "PrimaryEmailAddr" not in body
    assert len(body["PrimaryPhone"]["FreeFormNumber"]) == 30
    assert {key: len(value) for key, value in body["BillAddr"].items()} == {"Line1": 500, "PostalCode": 30}
    assert body["CurrencyRef"] == {"value": "EUR"}
    assert len(body["Notes"]) == 2000


def test_a_name_of_nothing_names_the_fix():
    with pytest.raises(errors.DealHasNoRecipient, match="fill its name"):
        customers.customer_body(" :\n")


@given(st.text(), st.text())
def test_any_text_makes_a_body_or_the_named_error(name, text):
    try:
        body = customers.customer_body(name, given_name=text, email=text, phone=text, notes=text)
    except errors.DealHasNoRecipient:
        return
    assert 0 < len(body["DisplayName"]) <= 500
    assert not set(body["DisplayName"]) & set(":\t\n\r")
    assert customers.is_email(body.get("PrimaryEmailAddr", {"Address": "a@b.c"})["Address"])


@given(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5)))
def test_any_object_parses(content):
    assert customers.parse_customer(content).sync_token
