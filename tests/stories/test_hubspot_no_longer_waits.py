"""Telling HubSpot how it ended: it may not wait any more, not wait yet, or have been told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import PORTAL, Harness

ENDED = '{"Fault": {"Error": [{"Message": "x", "Detail": "x", "code": "6190"}], "type": "ValidationFault"}}'
GONE = '{"status": "error", "message": "not known", "correlationId": "c", "category": "OBJECT_NOT_FOUND"}'


@pytest.mark.parametrize("status", [404, 410, 409])
def test_callback_is_gone(harness: Harness, status: int) -> None:
    """Terminal: the deal has its invoice, and nobody asks HubSpot again and again."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", "/automation/", vendor="hubspot", status=status, answer=GONE, times=None)

    callback_id = harness.enroll(deal_id)
    harness.finish()

    (invoice,) = harness.invoices_of(deal_id)
    assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    row = harness.callback(callback_id)
    assert (row.state, row.outcome, row.told) == ("completed", "SUCCESS", "gone")
    assert len(harness.calls("hubspot", "/automation/")) <= 4
    assert harness.refusals() == []


def test_the_deal_is_written_once_while_the_callback_is_not_known(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deal_id = harness.another_deal()
    harness.trouble("status", "/automation/", vendor="hubspot", status=404, answer=GONE, times=None)
    before = len(harness.calls("hubspot"))

    callback_id = harness.enroll(deal_id)
    harness.finish()

    assert harness.callback(callback_id).told == "gone"
    calls = [(each["method"], each["path"]) for each in harness.calls("hubspot")[before:]]
    assert [path for method, path in calls if method == "PATCH"] == [f"/crm/objects/2026-03/deals/{deal_id}"]
    assert len([path for _, path in calls if path.startswith("/automation/")]) == 4


def test_quickbooks_cannot_say_what_the_deal_shows(harness: Harness) -> None:
    """Only the completion's own answer ends it: the workflow hears of the invoice all the same."""
    harness.connect()
    harness.trouble("status", "/automation/", vendor="hubspot", status=503)
    told_late = harness.enroll(harness.another_deal())
    harness.work()
    assert harness.callback(told_late).outcome == "SUCCESS"
    harness.pass_time(timedelta(days=2))
    harness.change_realm(subscription_status="EXPIRED")
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=400, answer=ENDED, times=None)
    harness.finish()
    told = harness.hubspot_callback(told_late)
    assert (told["execution_state"], told["effective_completions"]) == ("SUCCESS", 1)
    assert harness.callback(told_late).told == "completed"
    assert harness.timeline(told_late)[-1] == "deal_not_written"


def test_completion_was_heard_but_its_answer_lost(harness: Harness) -> None:
    for repeated in ("204", "404", "409"):
        harness.set_sandbox(hubspot={"repeated_completion": repeated})
        harness.connect()
        deal_id = harness.another_deal()
        harness.trouble("lose_answer", "/automation/", vendor="hubspot")
        callback_id = harness.enroll(deal_id)
        harness.finish()

        told = harness.hubspot_callback(callback_id)
        assert (told["execution_state"], told["effective_completions"]) == ("SUCCESS", 1)
        assert len(harness.invoices_of(deal_id)) == 1
        assert harness.callback(callback_id).state == "completed"
    assert harness.refusals() == []


def test_not_known_yet(harness: Harness) -> None:
    """HubSpot has not digested our BLOCK and answers 404: a few seconds later it takes the outcome."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", "/automation/", vendor="hubspot", status=404, answer=GONE)

    callback_id = harness.enroll(deal_id)
    harness.work()
    row = harness.callback(callback_id)
    assert (row.state, row.outcome) == ("waiting", "SUCCESS")
    assert harness.finish() < timedelta(minutes=1)

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_done_before_hubspot_had_our_answer(harness: Harness) -> None:
    """Our BLOCK got lost: the next delivery is answered with the outcome, and that is that."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.set_sandbox(hubspot={"early_completion": "404", "delivery_timeout_seconds": 0.0001})
    asked = {"portal_id": PORTAL, "deal_id": deal_id, "action": "create-invoice"}
    callback_id = harness.ask_sandbox("POST", "/hubspot/enroll", asked)["callback_id"]
    harness.wait_for(lambda: bool(harness.rows("SELECT 1 AS one FROM callbacks")))
    harness.work()
    assert harness.hubspot_callback(callback_id)["early_refusals"] == 1
    row = harness.callback(callback_id)
    assert (row.state, row.outcome) == ("waiting", "SUCCESS")

    harness.set_sandbox(hubspot={"delivery_timeout_seconds": 30.0})
    harness.ask_sandbox("POST", f"/hubspot/callbacks/{callback_id}/deliver", {})
    harness.wait_for(lambda: harness.hubspot_callback(callback_id)["state"] != "sent")
    harness.finish()

    (invoice,) = harness.invoices_of(deal_id)
    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["completed_by"]) == ("SUCCESS", "answer")
    assert told["outputs"]["invoiceId"] == invoice["Id"]
    assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    assert harness.callback(callback_id).state == "completed"
    assert harness.refusals() == []


def test_only_the_failed_deal_of_a_batch_is_written_again(harness: Harness) -> None:
    harness.connect()
    gone = harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    unlucky = harness.enroll(gone)
    harness.work()
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/deals/{gone}")
    harness.pass_time(timedelta(seconds=10))
    deals = [harness.another_deal() for _ in range(5)]
    callbacks = [harness.enroll(deal_id) for deal_id in deals]
    # The first write of a deal is slow, so that the others gather behind it and go out together.
    harness.trouble("delay", r"/invoice\?", body=f"HubSpot deal {gone} ", seconds=0.2)
    harness.trouble("delay", "/crm/objects/2026-03/deals/", method="PATCH", seconds=0.6)
    harness.work(together=True)

    assert harness.hubspot_callback(unlucky)["execution_state"] == "SUCCESS"
    for deal_id, callback_id in zip(deals, callbacks, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    calls = harness.calls("hubspot", "/crm/objects/2026-03/deals/")
    first, batch, again = [each for each in calls if not each["path"].endswith("/batch/read")]
    assert (first["method"], batch["path"].rpartition("/")[2], batch["status"]) == ("PATCH", "update", 207)
    assert (again["method"], again["path"].rpartition("/")[2]) == ("PATCH", gone)
    assert harness.timeline(unlucky)[-1] == "deal_not_written"
    assert harness.refusals() == []
