"""An author set the action up wrong: the workflow hears it in the answer, and the deal shows it soon after."""

from __future__ import annotations

from tests.harness import Harness


def test_the_answer_says_it_and_the_deal_shows_it(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id, {"dueDate": "next week"})

    told = harness.hubspot_callback(callback_id)
    assert (told["state"], told["execution_state"], told["completed_by"]) == ("completed", "FAIL_CONTINUE", "answer")
    assert not harness.deal(deal_id).get("qbo_invoice_error")
    harness.work()
    assert "dueDate" in harness.assert_refused(callback_id, deal_id, "INVALID_INPUT")
    # Nothing waits for a completion, so that none is sent, and nothing was asked in QuickBooks' invoices.
    assert harness.calls("hubspot", "/complete") == []
    harness.deliver_again(callback_id)
    first, second = (each["answer"] for each in harness.hubspot_callback(callback_id)["deliveries"])
    assert second == first
    assert harness.work() == 0
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_corrected_and_enrolled_again_the_deal_is_invoiced_and_shows_no_error(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id, {"dueDate": "next week"})
    # Both are there before a worker comes by: what the deal shows is how the last one ended.
    again = harness.enroll(deal_id, {"dueDate": "2190-12-31"})
    harness.work()
    assert harness.assert_invoiced_once(again, deal_id)["DueDate"] == "2190-12-31"
    assert harness.refusals() == []


def test_what_no_deal_can_show_needs_no_worker(harness: Harness) -> None:
    harness.connect()
    contact_id = harness.contact_of(harness.story("one-line"))
    harness.enroll("", object_id=contact_id, object_type="contacts")
    assert harness.work() == 0
    assert harness.refusals() == []
