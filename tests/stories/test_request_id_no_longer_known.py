"""QuickBooks may forget or refuse a request id: then the invoice is looked for before anything is repeated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import REALM, Harness

INVOICE = r"/invoice\?"


def lose_answer_then_be_down(harness: Harness) -> tuple[str, str]:
    """The invoice exists, we do not know it, and QuickBooks cannot be reached for now."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", INVOICE, method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert len(harness.invoices_of(deal_id)) == 1
    return deal_id, callback_id


@pytest.mark.parametrize("memory", ["forget", "replay", "forget_after_seconds"])
def test_more_than_a_day_later(harness: Harness, memory: str) -> None:
    harness.set_sandbox(quickbooks={"requestid_memory": memory, "requestid_seconds": 3600})
    deal_id, callback_id = lose_answer_then_be_down(harness)
    harness.pass_time(timedelta(hours=30))
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_more_than_a_day_later_and_never_made(harness: Harness) -> None:
    """Looked for and not there: made now, under a new request id."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_request", INVOICE, method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.pass_time(timedelta(hours=30))
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    first, second = harness.creates("invoice")
    assert first["requestid"] != second["requestid"]
    assert harness.refusals() == []


def test_look_itself_fails(harness: Harness) -> None:
    """As long as we cannot look, nothing is repeated."""
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    deal_id, callback_id = lose_answer_then_be_down(harness)
    harness.pass_time(timedelta(hours=30))
    harness.trouble("status", r"/query\?.*Invoice", vendor="quickbooks", status=500, times=2)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_duplicate_request_id_is_a_fault(harness: Harness) -> None:
    """Code 600 instead of the first answer: QuickBooks has seen it, so we look."""
    deal_id, callback_id = lose_answer_then_be_down(harness)
    fault = (
        '{"Fault": {"Error": [{"Message": "Duplicate Request Id", "Detail": "Duplicate Request Id : used before", '
        '"code": "600", "element": ""}], "type": "ValidationFault"}, "time": "2026-11-22T08:00:00.000-08:00"}'
    )
    harness.trouble("status", INVOICE, method="POST", status=400, answer=fault)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert [each["trouble"] for each in harness.creates("invoice")] == ["lose_answer", "status"]
    assert harness.refusals() == []


def test_duplicate_request_id_and_nothing_is_there(harness: Harness) -> None:
    """Code 600 for a write that never happened: looked for, then sent again."""
    harness.connect()
    deal_id = harness.another_deal()
    fault = (
        '{"Fault": {"Error": [{"Message": "Duplicate Request Id", "Detail": "in flight", "code": "600"}], '
        '"type": "ValidationFault"}, "time": "2026-11-22T08:00:00.000-08:00"}'
    )
    harness.trouble("status", INVOICE, method="POST", status=400, answer=fault)
    callback_id = harness.enroll(deal_id)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.calls("quickbooks", f"/v3/company/{REALM}/query")) >= 1
    assert harness.refusals() == []


def test_refusal_of_a_repeat_is_no_proof(harness: Harness) -> None:
    """The request id is forgotten and the books were closed meanwhile: the invoice made before is found."""
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    deal_id, callback_id = lose_answer_then_be_down(harness)
    harness.change_realm(book_close_date=harness.clock.now().date().isoformat())
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_replay_answers_with_the_present_state(harness: Harness) -> None:
    """Somebody paid it before we knew of it: the deal shows that."""
    harness.set_sandbox(quickbooks={"requestid_memory": "replay_current"})
    deal_id, callback_id = lose_answer_then_be_down(harness)
    (invoice,) = harness.invoices_of(deal_id)
    harness.act("receive_payment", invoice_id=invoice["Id"])
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.deal(deal_id)["qbo_invoice_status"] == "paid"
    assert harness.refusals() == []
