"""Payments, credit memos, sales receipts: money that moves invoices (contract 3.2.4, 3.6)."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks_caller import Company, Fault, line


def pay(company: Company, amount: Any, *parts: tuple[str, str, Any], **more: Any) -> Any:
    lines = [{"Amount": part, "LinkedTxn": [{"TxnId": key, "TxnType": kind}]} for kind, key, part in parts]
    body = {"CustomerRef": {"value": "20"}, "TotalAmt": amount, "Line": lines, **more}
    return company.post("/payment", body)["Payment"]


def invoice(company: Company, key: str) -> Any:
    return company.get(f"/invoice/{key}")["Invoice"]


def test_the_documented_partial_payment(company: Company) -> None:
    made = pay(company, 65.0, ("Invoice", "70", 55.0), PaymentRefNum="12345", TxnDate="2025-01-16")
    assert made["UnappliedAmt"] == 10.0
    assert made["DepositToAccountRef"] == {"value": "4"}
    noise = {one["value"]["Name"]: one["value"]["Value"] for one in made["Line"][0]["LineEx"]["any"]}
    assert noise == {"txnId": "70", "txnOpenBalance": "71.00", "txnReferenceNumber": "1024"}


def test_applied_money_moves_balance_links_and_sync_token(company: Company) -> None:
    company.change(preferences={"SalesFormsPrefs": {"AutoApplyPayments": False}})
    made = pay(company, 65.0, ("Invoice", "70", 55.0))
    row = invoice(company, "70")
    assert (row["Balance"], row["SyncToken"], row["TotalAmt"]) == (16.0, "1", 71.0)
    assert row["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Payment"}]
    before = company.get("/customer/20")["Customer"]["Balance"]
    assert before == 105.0 + 16.0 - 10.0
    voided = company.post(
        "/payment?operation=update&include=void", {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    )["Payment"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["Line"]) == (0, "Voided", [])
    row = invoice(company, "70")
    assert (row["Balance"], row["SyncToken"], row["LinkedTxn"]) == (71.0, "2", [])


def test_a_deleted_payment_opens_its_invoices(company: Company) -> None:
    company.post("/payment?operation=delete", {"Id": "68", "SyncToken": "0"})
    assert invoice(company, "67")["Balance"] == 459.0
    with pytest.raises(Fault, match="610"):
        company.get("/payment/68")


def test_one_payment_for_two_invoices_then_for_one(company: Company) -> None:
    made = pay(company, 100, ("Invoice", "70", 71), ("Invoice", "34", 29))
    assert (invoice(company, "70")["Balance"], invoice(company, "34")["Balance"]) == (0, 76.0)
    lines = [{"Amount": 100, "LinkedTxn": [{"TxnId": "34", "TxnType": "Invoice"}]}]
    company.post("/payment", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": lines})
    assert (invoice(company, "70")["Balance"], invoice(company, "34")["Balance"]) == (71.0, 5.0)


@pytest.mark.parametrize(
    ("amount", "part", "more", "code"),
    [
        (100, ("Invoice", "70", 72), {}, "6000"),
        (50, ("Invoice", "70", 71), {}, "6000"),
        (50, ("Invoice", "999", 50), {}, "610"),
        (50, ("Invoice", "130", 50), {}, "620"),
        (50, ("Estimate", "41", 50), {}, "620"),
        (-1, ("Invoice", "70", 0), {}, "2140"),
        ("50", ("Invoice", "70", 50), {}, "2100"),
        (50, ("Invoice", "70", 50), {"UnappliedAmt": 0}, "2010"),
        (50, ("Invoice", "70", 50), {"DepositToAccountRef": {"value": "999"}}, "2500"),
    ],
)
def test_a_payment_refused(company: Company, amount: Any, part: Any, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Fault) as raised:
        pay(company, amount, part, **more)
    assert raised.value.code == code
    assert invoice(company, "70")["SyncToken"] == "0"


def test_unapplied_money_finds_new_invoices(company: Company) -> None:
    pay(company, 300)  # settles 34 (105.00) and 70 (71.00) by itself; 124.00 are left
    assert (invoice(company, "34")["Balance"], invoice(company, "70")["Balance"]) == (0, 0)
    made = company.invoice(CustomerRef={"value": "20"})
    assert made["Balance"] == 525.0
    assert invoice(company, made["Id"])["Balance"] == 401.0  # partly paid at the first read


def test_a_credit_memo_is_applied_through_a_payment_of_nothing(company: Company) -> None:
    company.change(preferences={"SalesFormsPrefs": {"AutoApplyPayments": False}})
    memo = company.post("/creditmemo", {"CustomerRef": {"value": "20"}, "Line": [line("1", 1, 50)]})["CreditMemo"]
    assert (memo["RemainingCredit"], memo["Balance"]) == (50.0, 50.0)
    made = pay(company, 0, ("Invoice", "70", 50), ("CreditMemo", memo["Id"], 50))
    assert made["UnappliedAmt"] == 0
    assert invoice(company, "70")["Balance"] == 21.0
    assert company.get(f"/creditmemo/{memo['Id']}")["CreditMemo"]["RemainingCredit"] == 0


def test_an_invoice_does_not_fall_below_what_was_paid(company: Company) -> None:
    change = {"Id": "16", "SyncToken": "1", "sparse": True, "Line": [line("4", 1, 75)]}
    with pytest.raises(Fault, match="6000"):
        company.post("/invoice", change)
    after = company.post("/invoice", {**change, "Line": [line("4", 5, 75)]})["Invoice"]
    assert (after["TotalAmt"], after["Balance"]) == (375.0, 75.0)


@pytest.mark.parametrize(("act", "code"), [("deposit_payment", "6540"), ("match_payment", "6480")])
def test_a_payment_in_the_bank_stays(company: Company, act: str, code: str) -> None:
    company.act(act, payment_id="68")
    with pytest.raises(Fault, match=code):
        company.post("/payment?operation=delete", {"Id": "68", "SyncToken": "0"})
    with pytest.raises(Fault, match=code):
        company.post("/payment", {"Id": "68", "SyncToken": "0", "sparse": True, "PrivateNote": "x"})


def test_a_sales_receipt_is_paid_and_can_be_voided(company: Company) -> None:
    made = company.post("/salesreceipt", {"CustomerRef": {"value": "20"}, "Line": [line("1", 1, 50)]})["SalesReceipt"]
    assert (made["Balance"], made["DepositToAccountRef"]["value"], "DueDate" in made) == (0, "4", False)
    pointer = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    voided = company.post("/salesreceipt?operation=update&include=void", pointer)["SalesReceipt"]
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")


def test_money_goes_where_money_can_be(company: Company) -> None:
    body = {"CustomerRef": {"value": "20"}, "Line": [line("1", 1, 50)]}
    kept = company.post("/salesreceipt", {**body, "DepositToAccountRef": {"value": "35"}, "PaymentRefNum": "TX-1"})
    assert kept["SalesReceipt"]["DepositToAccountRef"] == {"value": "35", "name": "Checking"}
    assert kept["SalesReceipt"]["PaymentRefNum"] == "TX-1"
    with pytest.raises(Fault, match="6430"):
        company.post("/salesreceipt", {**body, "DepositToAccountRef": {"value": "1"}})
    with pytest.raises(Fault, match="2010"):
        company.post("/salesreceipt", {**body, "DueDate": "2026-12-31"})


def test_estimates_may_be_switched_off(company: Company) -> None:
    company.change(preferences={"SalesFormsPrefs": {"AllowEstimates": False}})
    with pytest.raises(Fault, match="5030"):
        company.post("/estimate", {"CustomerRef": {"value": "20"}, "Line": [line("1", 1, 50)]})


def test_an_estimate(company: Company) -> None:
    body = {"CustomerRef": {"value": "20"}, "Line": [line("1", 1, 50)], "ExpirationDate": "2026-12-31"}
    made = company.post("/estimate", body)["Estimate"]
    assert (made["TxnStatus"], made["TotalAmt"], "Balance" in made) == ("Pending", 50.0, False)
    with pytest.raises(Fault, match="2170"):
        company.post("/estimate", {**body, "TxnStatus": "Won"})
