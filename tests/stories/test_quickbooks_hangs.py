"""QuickBooks takes the request, makes the invoice and never answers, or answers when nobody waits any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import Harness

INVOICE = r"/invoice\?"


def time_out(harness: Harness, kind: str, **settings: object) -> tuple[str, str]:
    """Everything is known, the create is sent, and our patience ends before QuickBooks has answered."""
    harness.connect()
    harness.set_sandbox(quickbooks=settings)
    deal_id = harness.story("one-line")
    warm = harness.enroll(harness.story("returning"))
    harness.work()
    assert harness.callback(warm).outcome == "SUCCESS"
    harness.lose_patience(0.15)
    harness.trouble(kind, INVOICE, method="POST", seconds=0.4)

    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(callback_id).state == "waiting"
    harness.lose_patience(10)
    return deal_id, callback_id


@pytest.mark.parametrize("memory", ["replay", "forget"])
@pytest.mark.parametrize("kind", ["hang", "delay"])
def test_made_and_never_answered(harness: Harness, kind: str, memory: str) -> None:
    """Left alone while QuickBooks may be at work, whatever it makes of a request id that is in flight; then found."""
    deal_id, callback_id = time_out(harness, kind, requestid_in_flight="create", requestid_memory=memory)

    harness.pass_time(timedelta(seconds=119))
    assert harness.work() == 0
    harness.wait_for(lambda: len(harness.invoices_of(deal_id)) == 1)
    took = harness.finish()

    assert took < timedelta(seconds=60)
    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 2
    assert harness.refusals() == []


def test_never_made_and_never_answered(harness: Harness) -> None:
    deal_id, callback_id = time_out(harness, "lose_request")
    harness.pass_time(timedelta(seconds=119))
    assert harness.work() == 0
    assert harness.invoices_of(deal_id) == []
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    _, first, second = harness.creates("invoice")
    assert first["requestid"] == second["requestid"]
    assert harness.refusals() == []


def test_a_call_that_was_hung_up_on_is_repeated_at_once(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble("lose_answer", INVOICE, method="POST")
    callback_id = harness.enroll(deal_id)

    assert harness.finish() < timedelta(seconds=30)
    harness.assert_invoiced_once(callback_id, deal_id)
