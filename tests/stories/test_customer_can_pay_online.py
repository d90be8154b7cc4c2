"""The deal shows where the customer pays online, from the callback's completion on."""

from __future__ import annotations

import pytest

from tests.harness import Harness

ONLINE = {"SalesFormsPrefs": {"ETransactionPaymentEnabled": True}}
CARD = {"onlinePayment": "card_and_ach", "taxCodeId": "exempt"}
SINGLE = r"/invoice/\d+\?"


def link_reads(harness: Harness) -> int:
    return sum(
        call["method"] == "GET" and "include=invoiceLink" in call["query"] for call in harness.calls("quickbooks")
    )


def pay_link(harness: Harness, deal_id: str) -> str:
    return str(harness.deal(deal_id)["qbo_invoice_pay_link"] or "")


def test_link_is_there_when_the_workflow_goes_on(harness: Harness) -> None:
    harness.change_realm(preferences=ONLINE)
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, CARD)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert pay_link(harness, deal_id).startswith("https://connect.intuit.com/")
    assert link_reads(harness) == 1


@pytest.mark.thorough
def test_link_stays_when_the_invoice_changes_and_is_asked_for_once(harness: Harness) -> None:
    harness.change_realm(preferences=ONLINE)
    harness.connect()
    harness.subscribe()
    deal_id = harness.another_deal()
    harness.enroll(deal_id, CARD)
    harness.work()
    told = pay_link(harness, deal_id)
    (invoice,) = harness.invoices_of(deal_id)
    harness.act("receive_payment", invoice_id=invoice["Id"], amount=50)
    harness.follow()
    assert harness.deal(deal_id)["qbo_invoice_status"] == "partially_paid"
    harness.enroll(deal_id, {"amount": "50"}, action="record-payment")
    harness.work()
    assert harness.deal(deal_id)["qbo_invoice_balance"] == "50.00"
    assert pay_link(harness, deal_id) == told
    assert link_reads(harness) == 1


def test_a_link_that_could_not_be_read_comes_later(harness: Harness) -> None:
    """The invoice is told at once all the same."""
    harness.change_realm(preferences=ONLINE)
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", SINGLE, method="GET", status=503)
    callback_id = harness.enroll(deal_id, CARD)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert pay_link(harness, deal_id) == ""
    harness.calm()
    harness.follow()
    assert pay_link(harness, deal_id).startswith("https://connect.intuit.com/")


@pytest.mark.parametrize(
    ("preferences", "inputs"),
    [({}, CARD), (ONLINE, {"onlinePayment": "none", "taxCodeId": "exempt"})],
    ids=["the company takes none", "the author wants none"],
)
def test_nobody_pays_online_no_read(harness: Harness, preferences: dict[str, object], inputs: dict[str, str]) -> None:
    harness.change_realm(preferences=preferences)
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, inputs)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert (pay_link(harness, deal_id), link_reads(harness)) == ("", 0)
