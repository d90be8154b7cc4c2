"""Milestones of one deal: a deposit, something on delivery, the rest; however billed, exactly the deal."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import PORTAL, REALM, Harness

RECEIPT, ESTIMATE, CREDIT = "create-sales-receipt", "create-estimate", "create-credit-memo"
CONVERT = "convert-estimate-to-invoice"
ENTITIES = {RECEIPT: "SalesReceipt", ESTIMATE: "Estimate", CREDIT: "CreditMemo"}
REST = {"lines": "deal_rest"}
WHOLE = {"lines": "deal_amount"}


def share(percentage: str) -> dict[str, str]:
    return {"lines": "deal_percentage", "percentage": percentage}


def part(amount: str, **more: str) -> dict[str, str]:
    return {"lines": "deal_part", "partAmount": amount, **more}


def deal_of(harness: Harness, amount: str, **properties: str) -> str:
    contact = harness.contact_of(harness.story("one-line"))
    return harness.make_deal((), contact, amount=amount, **properties)


def sell(harness: Harness, deal_id: str, inputs: dict[str, str], action: str = "create-invoice") -> dict[str, Any]:
    """What the workflow is told."""
    tax = {} if action == CONVERT else {"taxCodeId": "exempt"}
    callback_id = harness.enroll(deal_id, {**tax, **inputs}, action=action)
    harness.work()
    told: dict[str, Any] = harness.hubspot_callback(callback_id)["outputs"]
    return told


def assert_too_large(told: dict[str, Any], left: str) -> None:
    assert told["errorCode"] == "SPLIT_TOO_LARGE", told
    assert f"{left} is left" in told["errorMessage"], told["errorMessage"]


def amounts(harness: Harness, deal_id: str, *actions: str) -> list[Decimal]:
    """Of the deal's invoices, or of its sales of other kinds."""
    kinds = [ENTITIES[each] for each in actions] or ["Invoice"]
    sales = [each for kind in kinds for each in harness.books(kind)]
    ours = [each for each in sales if f"HubSpot deal {deal_id} [" in (each.get("PrivateNote") or "")]
    return [Decimal(str(each["TotalAmt"])) for each in ours]


def test_deposit_delivery_and_the_rest(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "1000.05")
    for inputs in (part("250", partName="Deposit"), share("33.33"), {**REST, "partName": "On delivery"}):
        assert sell(harness, deal_id, inputs)["errorCode"] == ""

    invoices = harness.invoices_of(deal_id)
    assert [Decimal(str(each["TotalAmt"])) for each in invoices] == [250, Decimal("333.32"), Decimal("416.73")]
    assert [each["Line"][0]["Description"] for each in invoices][::2] == ["Deposit", "On delivery"]
    assert [each["PrivateNote"].partition("] ")[2] for each in invoices] == ["part", "33.33 %", "rest"]
    assert harness.deal(deal_id)["qbo_invoiced_total"] == "1000.05"
    assert_too_large(sell(harness, deal_id, REST), "nothing")
    assert_too_large(sell(harness, deal_id, part("0.01")), "nothing")
    assert_too_large(sell(harness, deal_id, share("1")), "nothing")
    assert len(harness.invoices_of(deal_id)) == 3
    assert harness.refusals() == []


def test_a_part_from_a_property_is_never_more_than_what_is_left(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "100")
    sell(harness, deal_id, part("60.01"))

    told = sell(harness, deal_id, part("40"))

    assert_too_large(told, "39.99 USD")
    assert sell(harness, deal_id, part("39.99"))["errorCode"] == ""
    assert amounts(harness, deal_id) == [Decimal("60.01"), Decimal("39.99")]
    assert harness.refusals() == []


@pytest.mark.parametrize("undo", ["void", "delete"])
def test_what_was_undone_is_billed_anew(harness: Harness, undo: str) -> None:
    harness.connect()
    harness.subscribe()
    deal_id = deal_of(harness, "100.05")
    first = sell(harness, deal_id, share("30"))["invoiceId"]
    sell(harness, deal_id, REST)
    token = next(each["SyncToken"] for each in harness.invoices_of(deal_id) if each["Id"] == first)
    getattr(harness.services.quickbooks, undo)(REALM, "Invoice", first, token)
    harness.follow()

    assert sell(harness, deal_id, part("30"))["errorCode"] == ""
    assert sell(harness, deal_id, REST)["invoiceAmount"] == "0.02"
    assert_too_large(sell(harness, deal_id, REST), "nothing")
    assert harness.refusals() == []


def test_the_whole_was_billed_before(harness: Harness) -> None:
    """No share of it comes on top; of a deal that grew since, the rest does."""
    harness.connect()
    deal_id = deal_of(harness, "1000")
    sell(harness, deal_id, WHOLE)

    assert_too_large(sell(harness, deal_id, share("50")), "nothing")
    harness.ask_sandbox("PATCH", f"/hubspot/objects/{PORTAL}/deals/{deal_id}", {"properties": {"amount": "1200"}})
    assert_too_large(sell(harness, deal_id, share("50")), "200.00 USD")
    assert sell(harness, deal_id, REST)["invoiceAmount"] == "200.00"
    assert harness.refusals() == []


def test_lines_that_were_updated_count_as_they_are(harness: Harness) -> None:
    """The whole invoice followed the deal: nothing of it is billed twice."""
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")), amount="150")
    sell(harness, deal_id, {})
    (line_id,) = harness.ask_sandbox("GET", f"/hubspot/objects/{PORTAL}/deals/{deal_id}")["associations"]["line_items"]
    harness.ask_sandbox("PATCH", f"/hubspot/objects/{PORTAL}/line_items/{line_id}", {"properties": {"quantity": "4"}})
    harness.ask_sandbox("PATCH", f"/hubspot/objects/{PORTAL}/deals/{deal_id}", {"properties": {"amount": "310"}})
    sell(harness, deal_id, {"lines": "line_items"}, "update-invoice")

    assert sell(harness, deal_id, REST)["invoiceAmount"] == "10.00"
    assert harness.refusals() == []


def test_lines_of_a_part_are_not_replaced_by_the_whole(harness: Harness) -> None:
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")), amount="150")
    sell(harness, deal_id, share("30"))

    told = sell(harness, deal_id, {"lines": "line_items"}, "update-invoice")

    assert (told["errorCode"], told["invoiceId"]) == ("INVALID_INPUT", "")
    assert "one part of the deal (30 %)" in told["errorMessage"]
    assert sell(harness, deal_id, REST)["invoiceAmount"] == "105.00"
    assert amounts(harness, deal_id) == [45, 105]
    assert harness.refusals() == []


def test_receipts_and_invoices_share_one_deal(harness: Harness) -> None:
    """A deposit paid at once, an invoice for the rest."""
    harness.connect()
    deal_id = deal_of(harness, "100.05")

    assert sell(harness, deal_id, share("30"), RECEIPT)["salesReceiptAmount"] == "30.02"
    assert sell(harness, deal_id, share("30"))["invoiceAmount"] == "30.01"
    told = sell(harness, deal_id, share("60"), RECEIPT)
    assert_too_large(told, "40.02 USD")
    assert told["salesReceiptId"] == ""
    assert sell(harness, deal_id, share("40"), RECEIPT)["salesReceiptAmount"] == "40.02"

    assert sum(amounts(harness, deal_id) + amounts(harness, deal_id, RECEIPT)) == Decimal("100.05")
    assert_too_large(sell(harness, deal_id, REST), "nothing")
    assert harness.refusals() == []


@pytest.mark.parametrize("action", [RECEIPT, ESTIMATE, CREDIT])
def test_shares_of_every_kind_add_up(harness: Harness, action: str) -> None:
    harness.connect()
    deal_id = deal_of(harness, "100.05")
    for inputs in (share("30"), share("50"), part("10.01")):
        assert sell(harness, deal_id, inputs, action)["errorCode"] == ""
    assert_too_large(sell(harness, deal_id, share("20"), action), "10.00 USD")
    sell(harness, deal_id, REST, action)

    assert amounts(harness, deal_id, action) == [Decimal(each) for each in ("30.02", "50.02", "10.01", "10.00")]
    assert_too_large(sell(harness, deal_id, REST, action), "nothing")
    assert harness.refusals() == []


def test_voided_receipt_counts_no_more(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "100.05")
    sell(harness, deal_id, share("70"), RECEIPT)
    (receipt,) = [each for each in harness.books("SalesReceipt") if f"deal {deal_id} [" in each["PrivateNote"]]
    harness.services.quickbooks.void(REALM, "SalesReceipt", receipt["Id"], receipt["SyncToken"])

    assert sell(harness, deal_id, share("70"), RECEIPT)["salesReceiptAmount"] == "70.04"
    assert sell(harness, deal_id, REST, RECEIPT)["salesReceiptAmount"] == "30.01"
    assert harness.refusals() == []


def test_receipt_whose_answer_was_lost_counts(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "90")
    harness.trouble("lose_answer", r"/salesreceipt\?", method="POST", times=1)
    callback_id = harness.enroll(deal_id, {**share("50"), "taxCodeId": "exempt"}, action=RECEIPT)
    harness.finish()

    assert harness.hubspot_callback(callback_id)["outputs"]["salesReceiptAmount"] == "45.00"
    assert_too_large(sell(harness, deal_id, part("50")), "45.00 USD")
    assert sell(harness, deal_id, REST)["invoiceAmount"] == "45.00"
    assert harness.refusals() == []


def test_receipt_of_which_nobody_ever_heard_counts(harness: Harness) -> None:
    """Its callback ended past its deadline with the write open: the invoice looks before it bills the rest."""
    harness.connect()
    deal_id = deal_of(harness, "90")
    harness.trouble("lose_answer", r"/salesreceipt\?", method="POST")
    callback_id = harness.enroll(deal_id, {**share("50"), "taxCodeId": "exempt"}, action=RECEIPT)
    harness.work()
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=None)
    harness.pass_time(timedelta(days=7))
    harness.work()
    assert harness.callback(callback_id).error_code == "NOT_DONE_IN_TIME"
    harness.calm()

    assert sell(harness, deal_id, REST)["invoiceAmount"] == "45.00"
    assert harness.refusals() == []


def test_estimate_for_a_share_becomes_an_invoice_for_it(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "100.05")
    sell(harness, deal_id, share("40"), ESTIMATE)
    assert sell(harness, deal_id, {}, CONVERT)["invoiceAmount"] == "40.02"
    assert [each["PrivateNote"].partition("] ")[2] for each in harness.invoices_of(deal_id)] == ["40 %"]

    assert_too_large(sell(harness, deal_id, share("100")), "60.03 USD")
    assert sell(harness, deal_id, share("60"), ESTIMATE)["estimateAmount"] == "60.03"
    assert sell(harness, deal_id, {}, CONVERT)["invoiceAmount"] == "60.03"
    assert_too_large(sell(harness, deal_id, REST), "nothing")
    assert harness.refusals() == []


@pytest.mark.parametrize("offered", [share("40"), part("40"), WHOLE], ids=["share", "part", "whole"])
def test_estimate_that_does_not_fit_any_more(harness: Harness, offered: dict[str, str]) -> None:
    """Meanwhile most of the deal was billed in another way."""
    harness.connect()
    deal_id = deal_of(harness, "100")
    sell(harness, deal_id, offered, ESTIMATE)
    sell(harness, deal_id, share("70"))

    assert_too_large(sell(harness, deal_id, {}, CONVERT), "30.00 USD")
    assert amounts(harness, deal_id) == [70]
    assert harness.refusals() == []


@pytest.mark.parametrize("action", ["create-invoice", RECEIPT, ESTIMATE, CREDIT])
def test_percentage_without_the_choice_of_it_bills_nothing(harness: Harness, action: str) -> None:
    """Whoever fills in 30 % does not mean all of it."""
    harness.connect()
    told = sell(harness, deal_of(harness, "90"), {**WHOLE, "percentage": "30"}, action)
    assert told["errorCode"] == "INVALID_INPUT"
    assert "percentage must be empty" in told["errorMessage"]
    assert [
        each
        for kind in ("Invoice", *ENTITIES.values())
        for each in harness.books(kind)
        if "[hs:" in each.get("PrivateNote", "")
    ] == []


def test_prices_that_hold_their_tax(harness: Harness) -> None:
    """The deal's amount holds the tax: the parts do as well."""
    portal, realm = 20000002, "9341450000000003"
    harness.connect(portal, realm)
    deal_id = harness.make_deal((), harness.contact_of(harness.story("uk-one-line", portal), portal), portal,
                                amount="100.01", deal_currency_code="GBP")  # fmt: skip
    for inputs in (share("50"), part("20"), REST):
        callback_id = harness.enroll(deal_id, {"taxCodeId": "3", "prices": "with_tax", **inputs}, portal)
        harness.work()
        assert harness.hubspot_callback(callback_id)["outputs"]["errorCode"] == ""

    invoices = harness.invoices_of(deal_id, realm)
    assert [Decimal(str(each["TotalAmt"])) for each in invoices] == [Decimal("50.01"), 20, 30]
    assert harness.refusals() == []
