"""Update, void, delete, send, PDF (contract 2.5, 2.6), and change data capture (2.8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from quickbooks_caller import Company, Fault, line

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.state import QuickBooks


def pointer(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"Id": row["Id"], "SyncToken": row["SyncToken"], **changes}


def test_a_sparse_update_changes_what_is_there_and_nothing_else(company: Company, clock: SandboxClock) -> None:
    before = company.get("/invoice/130")["Invoice"]
    clock.advance(timedelta(minutes=1))
    change = {"Id": "130", "SyncToken": "0", "sparse": True, "DueDate": "2026-12-31"}
    after = company.post("/invoice", change)["Invoice"]
    moved = {name for name in before if before[name] != after.get(name)}
    assert moved == {"DueDate", "SyncToken", "MetaData"}
    assert set(before) == set(after)
    assert after["SyncToken"] == "1"
    with pytest.raises(Fault, match="5010"):
        company.post("/invoice", change)


def test_a_full_update_nulls_what_is_left_out(company: Company) -> None:
    made = company.invoice(CustomerMemo={"value": "Thanks"})
    body = {name: made[name] for name in ("Id", "SyncToken", "CustomerRef", "Line", "TxnDate")}
    after = company.post("/invoice", body)["Invoice"]
    assert not {"CustomerMemo", "PrivateNote", "BillEmail", "BillAddr", "SalesTermRef"} & set(after)
    assert (after["TotalAmt"], after["DocNumber"], after["DueDate"]) == (525.0, made["DocNumber"], "2026-11-22")


def test_a_read_object_may_be_written_back_whole(company: Company) -> None:
    row = company.get("/invoice/130")["Invoice"]
    after = company.post("/invoice", {**row, "PrivateNote": "changed"})["Invoice"]
    assert (after["PrivateNote"], after["TotalAmt"], after["LinkedTxn"]) == ("changed", 362.07, row["LinkedTxn"])
    customer = company.get("/customer/24")["Customer"]
    assert company.post("/customer", {**customer, "Notes": "n"})["Customer"]["Notes"] == "n"
    payment = company.get("/payment/68")["Payment"]
    assert company.post("/payment", payment)["Payment"]["UnappliedAmt"] == 0


def test_a_sparse_update_takes_no_read_only_field(company: Company) -> None:
    with pytest.raises(Fault, match="2010"):
        company.post("/invoice", {"Id": "130", "SyncToken": "0", "sparse": True, "Balance": 0})
    assert company.refused is not None


def test_lines_replace_the_set(company: Company) -> None:
    made = company.invoice(Line=[line(), line("10", 1, 35)])
    lines = [{**line("10", 2, 35), "Id": "2"}, line("7", 1, 50)]
    after = company.post("/invoice", pointer(made, sparse=True, Line=lines))["Invoice"]
    kept = [(x.get("Id"), x["Amount"]) for x in after["Line"]]
    assert kept == [("2", 70.0), ("3", 50.0), (None, 120.0)]
    assert after["Balance"] == 120.0


@pytest.mark.parametrize(
    ("clearing", "sign", "is_gone"),
    [("empty", "", True), ("empty", None, False), ("null", None, True), ("null", "", False), ("ignored", "", False)],
)
def test_what_takes_a_value_away_is_a_choice(
    company: Company, quickbooks: QuickBooks, clearing: str, sign: str | None, is_gone: bool
) -> None:
    quickbooks.settings.clearing = clearing
    made = company.invoice(PrivateNote="a note", BillAddr={"Line1": "One", "City": "Town"})
    assert ("PrivateNote" not in company.post("/invoice", pointer(made, sparse=True, PrivateNote=sign))["Invoice"]) == (
        is_gone
    )
    person = company.post("/customer", {"DisplayName": "Cleared", "BillAddr": {"Line1": "One", "City": "Town"}})
    address = {"Line1": "One", "City": sign}
    after = company.post("/customer", pointer(person["Customer"], sparse=True, BillAddr=address))["Customer"]
    assert ("City" not in after["BillAddr"]) == is_gone
    assert after["BillAddr"]["Line1"] == "One"


def test_null_is_refused_on_create(company: Company) -> None:
    with pytest.raises(Fault, match="2120"):
        company.post("/customer", {"DisplayName": "Nulls", "Notes": None})


@pytest.mark.parametrize("name", ["Id", "SyncToken"])
def test_an_update_needs_both_names(company: Company, name: str) -> None:
    body = {"Id": "130", "SyncToken": "0", "sparse": True}
    del body[name]
    with pytest.raises(Fault, match="2020"):
        company.post("/invoice", body)
    with pytest.raises(Fault, match="2030"):
        company.post("/invoice", {"Id": "130", "SyncToken": "0", "sparse": True, name: 0})


def test_a_void_leaves_number_customer_and_note(company: Company) -> None:
    made = company.invoice(PrivateNote="ours")
    after = company.post("/invoice?operation=void", pointer(made))["Invoice"]
    assert (after["TotalAmt"], after["Balance"], after["TxnTaxDetail"]) == (0, 0, {"TotalTax": 0})
    assert after["PrivateNote"] == "Voided - ours"
    assert after["Line"][0]["SalesItemLineDetail"] == {
        "ItemRef": {"value": "4", "name": "Design"}, "Qty": 0, "TaxCodeRef": {"value": "NON"},
    }  # fmt: skip
    assert (after["DocNumber"], after["SyncToken"], after["EmailStatus"]) == (made["DocNumber"], "1", "NotSet")


def test_a_void_may_be_spelled_as_in_the_documentation(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.void_spelling = "docs"
    after = company.post("/invoice?operation=void", {"Id": "130", "SyncToken": "0"})["Invoice"]
    assert (after["PrintStatus"], after["EmailStatus"]) == ("NEED_TO_PRINT", "NOT_SET")
    assert after["Line"][0]["DetailType"] == "SALES_ITEM_LINE_DETAIL"
    assert company.get("/invoice/130")["Invoice"]["PrintStatus"] == "NeedToPrint"


def test_a_paid_invoice_voided_leaves_the_money_unapplied(company: Company, quickbooks: QuickBooks) -> None:
    row = company.get("/invoice/16")["Invoice"]
    quickbooks.settings.void_paid_invoice = "fault_6450"
    with pytest.raises(Fault, match="6450"):
        company.post("/invoice?operation=void", pointer(row))
    quickbooks.settings.void_paid_invoice = "unlink"
    assert company.post("/invoice?operation=void", pointer(row))["Invoice"]["LinkedTxn"] == []
    assert company.get("/payment/18")["Payment"]["UnappliedAmt"] == 300.0


def test_delete(company: Company) -> None:
    made = company.invoice()
    answer = company.post("/invoice?operation=delete", pointer(made))
    assert answer["Invoice"] == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    for again in (
        lambda: company.post("/invoice?operation=delete", pointer(made)),
        lambda: company.get(f"/invoice/{made['Id']}"),
        lambda: company.post("/invoice", pointer(made, sparse=True)),
    ):
        with pytest.raises(Fault, match="610"):
            again()
        assert company.refused is None


def test_a_paid_invoice_is_not_deleted(company: Company) -> None:
    row = company.get("/invoice/16")["Invoice"]
    with pytest.raises(Fault, match="800"):
        company.post("/invoice?operation=delete", pointer(row))
    with pytest.raises(Fault, match="2010"):
        company.post("/invoice?operation=delete", {**pointer(row), "DocNumber": "1007"})


def test_send(company: Company, quickbooks: QuickBooks) -> None:
    sent = company.send("/invoice/130/send?sendTo=pay%40us.test&minorversion=75")["Invoice"]
    assert sent["EmailStatus"] == "EmailSent"
    assert sent["BillEmail"] == {"Address": "pay@us.test"}
    assert sent["DeliveryInfo"] == {"DeliveryType": "Email", "DeliveryTime": "2026-11-22T10:00:00-08:00"}
    with pytest.raises(Fault, match="2210"):
        company.send("/invoice/130/send?sendTo=nobody")
    quickbooks.settings.mail_limit_per_day = 1
    with pytest.raises(Fault, match="daily limit"):
        company.send("/invoice/130/send")
    assert company.raw("POST", "/invoice/130/send", json={}).status_code == 400
    assert company.refused is not None


def test_nothing_is_sent_without_an_address(company: Company) -> None:
    who = company.post("/customer", {"DisplayName": "No Mail"})["Customer"]
    made = company.invoice(CustomerRef={"value": who["Id"]}, BillEmail=None)
    with pytest.raises(Fault, match="6420"):
        company.send(f"/invoice/{made['Id']}/send")
    assert company.refused is None


def test_pdf(company: Company) -> None:
    answer = company.raw("GET", "/invoice/130/pdf", headers={"Accept": "application/pdf"})
    data = answer.get_data()
    assert (answer.status_code, answer.mimetype, data[:5]) == (200, "application/pdf", b"%PDF-")
    at = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[at : at + 4] == b"xref"
    assert b"Sonnenschein" in data
    wrong = company.raw("GET", "/invoice/999/pdf", headers={"Accept": "application/pdf"})
    assert (wrong.status_code, wrong.mimetype) == (400, "application/json")


def changes(company: Company, kinds: str, since: str = "2026-11-22T09:59:00-08:00") -> Any:
    since = since.replace("+", "%2B")
    return company.get(f"/cdc?entities={kinds}&changedSince={since}")["CDCResponse"][0]["QueryResponse"]


def test_changes_since(company: Company, clock: SandboxClock) -> None:
    made = company.invoice()
    company.act("receive_payment", invoice_id="130", amount=62.07)
    gone = company.invoice()
    company.post("/invoice?operation=delete", pointer(gone))
    invoices, payments, customers = changes(company, "Invoice,Payment,Customer")
    assert [row["Id"] for row in invoices["Invoice"]] == ["130", made["Id"], gone["Id"]]
    assert invoices["Invoice"][2] == {
        "domain": "QBO", "status": "Deleted", "Id": gone["Id"],
        "MetaData": {"LastUpdatedTime": "2026-11-22T10:00:00-08:00"},
    }  # fmt: skip
    assert (invoices["maxResults"], payments["Payment"][0]["TotalAmt"], customers) == (3, 62.07, {})
    assert changes(company, "Invoice", "2026-11-22T18:00:01+00:00") == [{}]


def test_changes_look_back_thirty_days_with_an_offset(company: Company, clock: SandboxClock) -> None:
    for since, code in (
        ("2026-10-22T00:00:00-08:00", "2070"),
        ("2026-11-22T00:00:00", "2060"),
        ("yesterday", "2060"),
    ):
        with pytest.raises(Fault, match=code):
            changes(company, "Invoice", since)
    with pytest.raises(Fault, match="2060"):  # a plus sign that was not encoded
        company.get("/cdc?entities=Invoice&changedSince=2026-11-22T00:00:00+02:00")
    with pytest.raises(Fault, match="2000"):
        changes(company, "TaxCode")


def test_changes_end_at_a_thousand(company: Company, quickbooks: QuickBooks) -> None:
    realm = quickbooks.realms[company.realm_id]
    row = realm.touch(realm.shelves["Invoice"].rows["130"])
    for n in range(1005):
        realm.put("Invoice", {**row, "Id": str(5000 + n)})
    company.act("create_customer", name="Late")
    invoices, customers = changes(company, "Invoice,Customer")
    assert (invoices["maxResults"], customers) == (1000, {})
