"""A workflow records money received for the deal's invoice: exactly one payment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import Harness
from tests.stories.invoiced_deals import MORE_TROUBLE, invoiced

PAYMENT = r"/payment\?"


def payments(harness: Harness) -> list[dict[str, Any]]:
    """The payments we made."""
    return [each for each in harness.books("Payment") if "[hs:" in (each.get("PrivateNote") or "")]


def test_whole_balance(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)

    callback_id = harness.enroll(deal_id, action="record-payment")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    (payment,) = payments(harness)
    assert (outputs["paymentId"], outputs["invoiceId"]) == (payment["Id"], invoice["Id"])
    assert (outputs["invoiceStatus"], outputs["invoiceBalance"]) == ("paid", "0.00")
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (150, 0)
    assert payment["Line"][0]["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert f"HubSpot deal {deal_id} [" in payment["PrivateNote"]
    assert harness.deal(deal_id)["qbo_invoice_status"] == "paid"
    assert harness.refusals() == []


def test_part_of_it_with_everything_said(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    said = {"amount": "50.005", "paymentDate": "2026-11-20", "referenceNumber": "CH 7", "privateNote": "By post"}

    callback_id = harness.enroll(deal_id, said | {"depositAccountId": "4"}, action="record-payment")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceStatus"], outputs["invoiceBalance"]) == ("partially_paid", "99.99")
    (payment,) = payments(harness)
    assert Decimal(str(payment["TotalAmt"])) == Decimal("50.01")
    assert (payment["TxnDate"], payment["PaymentRefNum"]) == ("2026-11-20", "CH 7")
    assert payment["PrivateNote"].endswith("By post")
    assert harness.refusals() == []


@pytest.mark.parametrize("trouble", ["lose_answer", "lose_request", *MORE_TROUBLE])
def test_answer_lost(harness: Harness, trouble: str) -> None:
    harness.set_sandbox(quickbooks={"requestid_other_body": "error_600"})
    deal_id, _ = invoiced(harness)
    harness.trouble(trouble, PAYMENT, method="POST", status=503)

    callback_id = harness.enroll(deal_id, {"amount": "60"}, action="record-payment")
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceBalance"] == "90.00"
    assert len(payments(harness)) == 1
    creates = harness.creates("payment")
    assert (len(creates), len({each["requestid"] for each in creates})) == (2, 1)
    assert harness.refusals() == []


def test_answer_lost_and_request_id_forgotten(harness: Harness) -> None:
    """After a day we look for the mark among the customer's payments before anything new is sent."""
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    deal_id, _ = invoiced(harness)
    harness.trouble("lose_answer", PAYMENT, method="POST")
    callback_id = harness.enroll(deal_id, {"amount": "60"}, action="record-payment")
    harness.work()
    harness.pass_time(timedelta(days=2))
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceBalance"] == "90.00"
    assert len(payments(harness)) == 1
    assert len(harness.creates("payment")) == 1
    assert harness.refusals() == []


def test_delivered_twice(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    callback_id = harness.enroll(deal_id, {"amount": "60"}, action="record-payment")
    harness.deliver_again(callback_id)
    harness.work()
    harness.deliver_again(callback_id)
    harness.work()

    harness.assert_done(callback_id, deal_id)
    assert len(payments(harness)) == 1


def test_more_than_is_open(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    callback_id = harness.enroll(deal_id, {"amount": "200"}, action="record-payment")
    harness.work()
    sentence = harness.assert_refused(callback_id, deal_id, "PAYMENT_TOO_LARGE")
    assert "200.00 USD is more than the 150.00 USD open" in sentence
    assert payments(harness) == []

    callback_id = harness.enroll(deal_id, {"amount": "200", "tooMuch": "keep_credit"}, action="record-payment")
    harness.work()
    harness.assert_done(callback_id, deal_id)
    (payment,) = payments(harness)
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (200, 50)

    callback_id = harness.enroll(deal_id, {"invoiceId": invoice["Id"]}, action="record-payment")
    harness.work()
    assert "has nothing open" in harness.assert_refused(callback_id, deal_id, "INVOICE_PAID")
    assert harness.refusals() == []


@pytest.mark.parametrize(
    ("amount", "code"), [("0", "INVALID_INPUT"), ("-5", "INVALID_INPUT"), ("a lot", "INVALID_INPUT")]
)
def test_no_amount(harness: Harness, amount: str, code: str) -> None:
    deal_id, _ = invoiced(harness)
    callback_id = harness.enroll(deal_id, {"amount": amount}, action="record-payment")
    harness.work()
    harness.assert_refused(callback_id, deal_id, code)
    assert payments(harness) == []


def test_refused_by_quickbooks(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    harness.change_realm(book_close_date="2030-01-01")
    callback_id = harness.enroll(deal_id, action="record-payment")
    harness.work()
    assert harness.assert_refused(callback_id, deal_id, "BOOKS_CLOSED").startswith("The books are closed")
    assert payments(harness) == []
