import json
from decimal import Decimal

import pytest

from service import errors
from service.ids import ItemId, RealmId, RequestId
from service.quickbooks import items

REALM = RealmId("7")


def tell(intuit, *found, entity="Item"):
    intuit.tell(200, {"QueryResponse": {entity: list(found)} if found else {}})


def item(number, name, sku=None, **more):
    content = {"Id": number, "Name": name, "Type": "Service", "Active": True, **more}
    return content if sku is None else {**content, "Sku": sku}


def answers(intuit, *found, entity="Item"):
    items = [{"bId": str(at), "QueryResponse": {entity: each} if each else {}} for at, each in enumerate(found)]
    intuit.tell(200, {"BatchItemResponse": items})


def queries(asked):
    return [each["Query"] for each in json.loads(asked.body)["BatchItemRequest"]]


def test_one_call_finds_all(intuit, gateway):
    old, seeds = item("1", "Old", "GS-1", Active=False), item("2", "Seeds", "gs-1")
    sod = item("5", "Sod", Type="Group", FullyQualifiedName="Garden:Sod")
    answers(intuit, [old, seeds], [seeds, sod])
    found = items.find_by_sku_and_name(gateway, REALM, ["GS-1", "", "GS-1"], ["O'Brien Design", "Sod"])
    end = "and Active in (true, false) orderby Id startposition 1 maxresults 1000"
    assert [queries(asked) for asked in intuit.asked] == [
        [
            f"select *, Sku from Item where Sku in ('GS-1') {end}",
            rf"select *, Sku from Item where Name in ('O\'Brien Design', 'Sod') {end}",
        ]
    ]
    assert [(each.id, each.full_name, each.kind) for each in found.items] == [
        ("1", "Old", "Service"),
        ("2", "Seeds", "Service"),
        ("5", "Garden:Sod", "Group"),
    ]
    assert found.income_account_id is None


def test_the_income_account_travels_along(intuit, gateway):
    account = {"bId": "1", "QueryResponse": {"Account": [{"Id": "79"}]}}
    intuit.tell(200, {"BatchItemResponse": [{"bId": "0", "QueryResponse": {"Item": [item("1", "A")]}}, account]})
    found = items.find_by_sku_and_name(gateway, REALM, [], ["A"], with_income_account=True)
    assert ([each.id for each in found.items], found.income_account_id) == (["1"], "79")
    assert (
        "AccountType = 'Income' and Active = true orderby Id startposition 1 maxresults 1"
        in queries(intuit.asked[0])[1]
    )


def test_nothing_to_look_for_is_no_call(intuit, gateway):
    assert items.find_by_sku_and_name(gateway, REALM, ["", " "], []).items == ()
    assert intuit.asked == []


def test_many_values_take_one_call(intuit, gateway):
    answers(intuit, [], [item("7", "A", "SKU-101")], [])
    found = items.find_by_sku_and_name(gateway, REALM, [f"SKU-{number}" for number in range(250)], [])
    assert [each.id for each in found.items] == ["7"]
    assert len(intuit.asked) == 1


def test_a_single_question_is_no_batch(intuit, gateway):
    tell(intuit, item("7", "A"))
    assert [each.id for each in items.find_by_sku_and_name(gateway, REALM, [], ["A"]).items] == ["7"]
    assert intuit.asked[0].params["query"].startswith("select *, Sku from Item where Name in ('A')")


def test_asked_singly_when_the_batches_of_a_minute_are_used_up(intuit, setup):
    setup.pace.free = False
    tell(intuit, item("7", "A", "S"))
    tell(intuit, item("8", "B"))
    found = items.find_by_sku_and_name(setup.gateway, REALM, ["S"], ["B"])
    assert [each.id for each in found.items] == ["7", "8"]
    assert [asked.method for asked in intuit.asked] == ["GET", "GET"]


def test_asked_singly_when_the_batch_as_a_whole_is_refused(intuit, gateway):
    intuit.tell(400, {"Fault": {"Error": [{"code": "2010"}], "type": "ValidationFault"}})
    tell(intuit, item("7", "A", "S"))
    tell(intuit, item("8", "B"))
    assert [each.id for each in items.find_by_sku_and_name(gateway, REALM, ["S"], ["B"]).items] == ["7", "8"]


def test_what_is_behind_a_full_page_is_read_as_well(intuit, gateway):
    many = [item(str(number), "A", "S") for number in range(1, 1001)]
    answers(intuit, many, [])
    tell(intuit, *many)
    tell(intuit, item("1001", "A", "S"))
    assert len(items.find_by_sku_and_name(gateway, REALM, ["S"], ["B"]).items) == 1001


@pytest.mark.parametrize("left", [{"Fault": {"Error": [{"code": "500"}], "type": "ValidationFault"}}, None])
def test_a_question_that_a_batch_does_not_answer_is_asked_alone(intuit, gateway, left):
    """Whatever a batch says against one of its queries may be about the batch."""
    told = [{"bId": "0", "QueryResponse": {}}] + ([{"bId": "1", **left}] if left else [])
    intuit.tell(200, {"BatchItemResponse": told})
    intuit.tell(200, {"QueryResponse": {"Item": [item("7", "B")]}})
    assert [each.id for each in items.find_by_sku_and_name(gateway, REALM, ["S"], ["B"]).items] == ["7"]
    assert [each.path.rpartition("/")[2] for each in intuit.asked] == ["batch", "query"]


def test_one_question_of_several_that_is_refused_or_lost(intuit, gateway):
    for code, error in (("4001", errors.RefusedByQuickBooks), ("10000", errors.TryLater)):
        fault = {"Fault": {"Error": [{"code": code}], "type": "ValidationFault"}}
        intuit.tell(200, {"BatchItemResponse": [{"bId": "0", "QueryResponse": {}}, {"bId": "1", **fault}]})
        intuit.tell(400, fault)
        with pytest.raises(error):
            items.find_by_sku_and_name(gateway, REALM, ["S"], ["B"])


def test_create_together(intuit, gateway):
    taken = {"Fault": {"Error": [{"code": "6240"}], "type": "ValidationFault"}}
    found = [{"bId": "2", **taken}, {"bId": "0", "Item": item("31", "A")}, {"bId": "1", "Item": {}}]
    intuit.tell(200, {"BatchItemResponse": found})
    made = items.create_together(gateway, REALM, [items.item_body(name, "1") for name in "ABCD"])
    assert made[0].id == "31"
    assert [type(each) for each in made[1:]] == [errors.OutcomeUnknown, errors.NameTaken, errors.OutcomeUnknown]
    (asked,) = intuit.asked
    assert asked.params == {"minorversion": "75"}
    assert json.loads(asked.body)["BatchItemRequest"][0] == {
        "bId": "0",
        "operation": "create",
        "Item": {"Name": "A", "Type": "Service", "IncomeAccountRef": {"value": "1"}},
    }


def test_get_and_create(intuit, gateway):
    intuit.tell(200, {"Item": item("11", "Pump", UnitPrice=15, Taxable=True)})
    found = items.get(gateway, REALM, ItemId("11"))
    assert (found.unit_price, found.taxable, found.kind, found.active) == (Decimal(15), True, "Service", True)
    intuit.tell(200, {"Item": item("31", "Consulting")})
    body = items.item_body("Consulting: On\tsite", "1", sku="C-1", description=" Hour ", unit_price=Decimal("150.50"))
    assert items.create(gateway, REALM, body, RequestId("i-1")).id == "31"
    assert json.loads(intuit.asked[1].body) == {
        "Name": "Consulting On site",
        "Type": "Service",
        "IncomeAccountRef": {"value": "1"},
        "Sku": "C-1",
        "Description": "Hour",
        "UnitPrice": 150.5,
    }
    intuit.tell(400, {"Fault": {"Error": [{"code": "610"}], "type": "ValidationFault"}})
    assert items.get(gateway, REALM, ItemId("11")) is None


def test_body_keeps_the_limits():
    body = items.item_body("n" * 101, "1", sku="s" * 101, kind="NonInventory", description="d" * 4001)
    assert (len(body["Name"]), len(body["Sku"]), len(body["Description"])) == (100, 100, 4000)
    with pytest.raises(ValueError, match="name"):
        items.item_body(":", "1")


def test_income_account(intuit, gateway):
    tell(intuit, {"Id": "1"}, entity="Account")
    assert items.find_income_account(gateway, REALM) == "1"
    assert intuit.asked[0].params["query"] == (
        "select * from Account where AccountType = 'Income' and Active = true orderby Id startposition 1 maxresults 1"
    )
    tell(intuit, entity="Account")
    assert items.find_income_account(gateway, REALM) is None
