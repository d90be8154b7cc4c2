"""What QuickBooks does not take, and by which code (contract 2.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from quickbooks_caller import UK, Company, Fault, invoice_body, line

LONG = "x" * 5000

# Changes to a good invoice, and the code they give. All of them are the caller's own fault.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"Balance": 0}, "2010"),
    ({"TotalAmt": 525}, "2010"),
    ({"domain": "QBO"}, "2010"),
    ({"sparse": False}, "2010"),
    ({"MetaData": {}}, "2010"),
    ({"HomeBalance": 0}, "2010"),
    ({"InvoiceLink": ""}, "2010"),
    ({"Colour": "red"}, "2010"),
    ({"ExchangeRate": 1}, "2010"),
    ({"GlobalTaxCalculation": "TaxExcluded"}, "2010"),
    ({"AllowIPNPayment": True}, "5000"),
    ({"CustomerRef": None}, "2020"),
    ({"CustomerRef": {"value": 24}}, "2030"),
    ({"CustomerRef": "24"}, "2120"),
    ({"CustomerRef": {"value": "24", "name": ""}}, "2120"),
    ({"CustomerRef": {"name": "Sonnenschein"}}, "2020"),
    ({"DocNumber": "1" * 22}, "2050"),
    ({"DocNumber": 17}, "2120"),
    ({"PrivateNote": LONG}, "2050"),
    ({"CustomerMemo": {"value": LONG}}, "2050"),
    ({"CustomerMemo": "thanks"}, "2120"),
    ({"TxnDate": "22/11/2026"}, "2060"),
    ({"DueDate": ""}, "2060"),
    ({"DueDate": "2026-02-30"}, "2070"),
    ({"EmailStatus": "Sent"}, "2170"),
    ({"ApplyTaxAfterDiscount": "false"}, "2230"),
    ({"Deposit": "0"}, "2100"),
    ({"BillAddr": {"Street": "Main"}}, "2010"),
    ({"BillAddr": {f"Line{n}": "x" * 500 for n in range(1, 6)}}, "2050"),
    ({"Line": None}, "2250"),
    ({"Line": []}, "2250"),
    ({"Line": [{"DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}]}, "2250"),
    ({"Line": [{**line(), "Amount": "525.00"}]}, "2100"),
    ({"Line": [line(quantity="7", price=75, amount=525)]}, "2100"),
    ({"Line": [line(amount=525.01)]}, "6070"),
    ({"Line": [line(amount=1e16)]}, "2110"),
    ({"Line": [line(quantity=1.123456, price=1, amount=1.12)]}, "2110"),
    ({"Line": [{**line(), "LineNum": "1"}]}, "2080"),
    ({"Line": [{**line(), "Description": LONG}]}, "2050"),
    ({"Line": [{**line(), "Amount": None}]}, "2100"),
    ({"Line": [{**line(), "DetailType": "ItemLine"}]}, "2170"),
    ({"Line": [{**line(), "DiscountLineDetail": {}}]}, "2600"),
    ({"Line": [{"DetailType": "SalesItemLineDetail", "Amount": 1}]}, "2020"),
    ({"Line": [{k: v for k, v in line().items() if k != "Amount"}]}, "2020"),
    ({"Line": [{k: v for k, v in line().items() if k != "DetailType"}]}, "2020"),
    ({"Line": [line(ServiceDate="soon")]}, "2060"),
    ({"Line": [line(TaxInclusiveAmt="0")]}, "2100"),
    ({"Line": [line(), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}]}, "6090"),
    ({"Line": {"0": line()}}, "2120"),
    ({"TxnTaxDetail": {"TotalTax": "0"}}, "2100"),
    ({"CustomField": [{"DefinitionId": 1}]}, "2030"),
    ({"CustomField": [{"DefinitionId": "1", "StringValue": "x" * 32}]}, "2050"),
]

# Changes that an honest caller could send: the customer's data or the company's settings are in the way.
BUSINESS: list[tuple[dict[str, Any], str]] = [
    ({"CustomerRef": {"value": "9999"}}, "2500"),
    ({"CustomerRef": {"value": "30"}}, "610"),
    ({"BillEmail": {"Address": "nobody"}}, "2210"),
    ({"BillEmail": None, "EmailStatus": "NeedToSend"}, "6420"),
    ({"TxnDate": "2018-12-31"}, "6210"),
    ({"CurrencyRef": {"value": "EUR"}}, "6000"),
    ({"CurrencyRef": {"value": "XXX"}}, "2220"),
    ({"SalesTermRef": {"value": "77"}}, "2500"),
    ({"ClassRef": {"value": "5"}}, "5030"),
    ({"Line": [line("77")]}, "2500"),
    ({"Line": [line("20")]}, "610"),
    ({"Line": [line("19")]}, "6000"),
    ({"Line": [line("SHIPPING_ITEM_ID")]}, "5030"),
    ({"Line": [line(TaxCodeRef={"value": "2"})]}, "6100"),
    ({"Line": [line(quantity=1, price=-75)]}, "6000"),
    ({"Line": [line("11", 1, 15)], "TxnDate": "2024-10-01"}, "6270"),
    ({"LinkedTxn": [{"TxnId": "12", "TxnType": "Invoice"}]}, "620"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG)
def test_a_body_no_client_sends_is_refused_and_noted(company: Company, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Fault) as raised:
        company.invoice(**changes)
    assert (raised.value.status, raised.value.code) == (400, code)
    assert company.refused is not None
    assert company.refused.startswith(code)
    assert company.books()["counts"]["Invoice"] == 15


@pytest.mark.parametrize(("changes", "code"), BUSINESS)
def test_business_says_no_without_a_note(company: Company, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Fault) as raised:
        company.invoice(**changes)
    assert (raised.value.status, raised.value.code) == (400, code)
    assert company.refused is None
    assert company.books()["counts"]["Invoice"] == 15


def test_shape_a_exactly(company: Company) -> None:
    with pytest.raises(Fault) as raised:
        company.post("/invoice", {"Id": "130", "SyncToken": "7", "sparse": True, "PrivateNote": "x"})
    assert raised.value.body == {
        "Fault": {
            "Error": [
                {
                    "Message": "Stale Object Error",
                    "Detail": "Stale Object Error : You and root were working on this at the same time. "
                    "root finished before you did, so your work was not saved.",
                    "code": "5010",
                    "element": "",
                }
            ],
            "type": "ValidationFault",
        },
        "time": "2026-11-22T10:00:00.000-08:00",
    }
    assert company.refused is None


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/invoices", "500"),
        ("GET", "/Invoice/130", "500"),
        ("GET", "/invoice", "500"),
        ("PUT", "/invoice/130", "500"),
        ("DELETE", "/invoice/130", "500"),
        ("GET", "/taxcode/2", "500"),
        ("POST", "/vendor", "500"),
        ("POST", "/companyinfo", "500"),
        ("GET", "/companyinfo/1", "500"),
        ("GET", "/invoice/130?colour=red", "2010"),
        ("GET", "/invoice/130?requestid=a", "2010"),
        ("GET", "/invoice/130?minorversion=latest", "2010"),
        ("GET", "/invoice/130?minorversion=75&minorversion=75", "2010"),
        ("GET", "/invoice/130?include=everything", "2010"),
        ("POST", "/invoice?operation=cancel", "500"),
        ("POST", "/customer?operation=delete", "500"),
        ("POST", "/payment?include=void", "2600"),
        ("POST", "/invoice?operation=update&include=void", "500"),
        ("GET", "/query", "2020"),
        ("GET", "/reports/ProfitAndLoss", "500"),
    ],
)
def test_a_request_no_client_sends_is_refused(company: Company, method: str, path: str, code: str) -> None:
    answer = company.raw(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 400
    assert answer.get_json()["Fault"]["Error"][0]["code"] == code
    assert company.refused is not None


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (b"{", "application/json", "2010"),
        (b'{"CustomerRef": NaN}', "application/json", "2010"),
        (b"\xff", "application/json", "500"),
        (b"[" * 100_000, "application/json", "2010"),
        (b"[]", "application/json", "2010"),
        (b"{}", "text/plain", "500"),
        (b"{}", "application/json; charset=latin-1", "500"),
    ],
)
def test_a_body_that_is_no_json_is_refused(company: Company, data: bytes, kind: str, code: str) -> None:
    answer = company.raw("POST", "/invoice", data=data, content_type=kind)
    assert answer.get_json()["Fault"]["Error"][0]["code"] == code
    assert company.refused is not None


def test_an_answer_in_xml_is_nothing_we_ask_for(company: Company) -> None:
    assert company.raw("GET", "/invoice/130", headers={"Accept": "*/*"}).status_code == 400
    assert company.refused is not None


def test_missing_rows_are_not_the_callers_fault(company: Company, quickbooks: Any) -> None:
    for path, code in (
        ("/customer/999", "2010"),
        ("/vendor/999", "2010"),
        ("/invoice/999", "610"),
        ("/item/999", "610"),
    ):
        with pytest.raises(Fault, match=code):
            company.get(path)
        assert company.refused is None
    quickbooks.settings.missing_name_read_code = "610"
    with pytest.raises(Fault, match="610"):
        company.get("/customer/999")


def test_other_codes_for_customers_are_a_setting(company: Company, quickbooks: Any) -> None:
    quickbooks.settings.missing_customer_code = quickbooks.settings.inactive_customer_code = "6250"
    for key in ("9999", "30"):
        with pytest.raises(Fault, match="6250"):
            company.invoice(CustomerRef={"value": key})
        assert company.refused is None


def test_closed_books_without_a_password(company: Company) -> None:
    company.change(book_close_date="2026-11-30", book_close_password=False)
    with pytest.raises(Fault, match="6200"):
        company.invoice()
    with pytest.raises(Fault, match="6200"):
        company.post("/invoice?operation=void", {"Id": "130", "SyncToken": "0"})
    company.change(book_close_date=None)
    assert company.invoice()["Id"] == "238"


def test_a_lapsed_subscription_is_read_only(company: Company) -> None:
    company.change(subscription_status="EXPIRED")
    with pytest.raises(Fault, match="6190"):
        company.invoice()
    assert company.refused is None
    pairs = company.get(f"/companyinfo/{company.realm_id}")["CompanyInfo"]["NameValue"]
    assert {"Name": "SubscriptionStatus", "Value": "EXPIRED"} in pairs


def test_a_company_in_trouble_answers_everything_with_it(company: Company) -> None:
    company.change(company_fault="150")
    with pytest.raises(Fault, match="150"):
        company.get("/invoice/130")
    assert company.refused is None


def test_codes_come_under_any_type(company: Company, quickbooks: Any) -> None:
    quickbooks.settings.fault_type = "SystemFault"
    with pytest.raises(Fault, match="610") as gone:
        company.get("/invoice/99999")
    with pytest.raises(Fault, match="2500") as unknown:
        company.invoice(CustomerRef={"value": "9999"})
    item = {"bId": "1", "operation": "create", "Invoice": invoice_body(CustomerRef={"value": "9999"})}
    (outcome,) = company.post("/batch", {"BatchItemRequest": [item]})["BatchItemResponse"]
    kinds = [each["Fault"]["type"] for each in (gone.value.body, unknown.value.body, outcome)]
    assert kinds == ["SystemFault"] * 3
    quickbooks.settings.denied_status = "403"
    company.change(company_fault="5020")
    with pytest.raises(Fault, match="5020") as denied:
        company.get("/invoice/130")
    assert denied.value.status == 403


@pytest.mark.parametrize("code", ["4000", "4001", "2010"])
def test_addresses_may_not_be_asked_for(company: Company, quickbooks: Any, code: str) -> None:
    quickbooks.settings.email_filter = code
    with pytest.raises(Fault, match=code):
        company.query("select * from Customer where PrimaryEmailAddr = 'surf@intuit.com'")
    assert company.refused is None
    assert company.query("select * from Customer where DisplayName = 'Cool Cars'")["Customer"]


def test_negative_lines_may_be_refused(company: Company, quickbooks: Any) -> None:
    mixed = [line("1", 1, 100), line("1", 1, -20)]
    assert company.invoice(Line=mixed)["TotalAmt"] == 80.0
    quickbooks.settings.negative_lines = "refused"
    with pytest.raises(Fault, match="2290"):
        company.invoice(Line=mixed)


def test_a_line_without_an_item_gets_the_default_one(company: Company) -> None:
    bare = {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": {}}
    assert company.invoice(Line=[bare])["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "1"
    company.change(preferences={"OtherPrefs": {"NameValue": []}})
    with pytest.raises(Fault, match="6440"):
        company.invoice(Line=[bare])


def test_vat_realms_want_their_fields(company_of: Callable[[str], Company]) -> None:
    company = company_of(UK)
    one = {"CustomerRef": {"value": "1"}, "GlobalTaxCalculation": "TaxExcluded"}
    with pytest.raises(Fault, match="GlobalTaxCalculation is missing"):
        company.invoice(CustomerRef={"value": "1"})
    with pytest.raises(Fault, match="6000"):
        company.invoice(**one)
    assert company.refused is None
    with pytest.raises(Fault, match="2500"):
        company.invoice(Line=[line(TaxCodeRef={"value": "99"})], **one)
    body = invoice_body(**{**one, "GlobalTaxCalculation": "NotApplicable", "TxnTaxDetail": {"TotalTax": 1}})
    with pytest.raises(Fault, match="6170"):
        company.post("/invoice", body)
