"""A vendor stays away until our deadline: settled and told, before HubSpot's workflow gives up on us."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import PORTAL, Harness

BLOCKED_FOR = timedelta(days=7)


def outlast(harness: Harness, step: timedelta = timedelta(hours=8)) -> None:
    """Let a little less than HubSpot's week pass."""
    end = harness.clock.now() + BLOCKED_FOR - timedelta(minutes=10)
    while harness.clock.now() < end:
        harness.work()
        harness.pass_time(min(step, end - harness.clock.now()))
    harness.work()


def test_quickbooks_down_for_a_week(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=None)

    callback_id = harness.enroll(deal_id)
    outlast(harness)

    sentence = harness.assert_refused(callback_id, deal_id, "NOT_DONE_IN_TIME")
    assert sentence.startswith("It was not done in time. QuickBooks ")
    assert "may" not in sentence
    assert "look for" not in sentence
    assert sentence.endswith(". Enrol again.")
    assert harness.hubspot_callback(callback_id)["completed_by"] == "callback"
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_outcome_still_unknown(harness: Harness) -> None:
    """The create was lost without an answer and QuickBooks never came back: we do not claim that nothing exists."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert len(harness.invoices_of(deal_id)) == 1
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=None)
    outlast(harness)

    sentence = harness.assert_refused(callback_id, deal_id, "NOT_DONE_IN_TIME")
    assert "look for the deal's id" in sentence
    assert "Enrol again" not in sentence

    # An operator replays it when QuickBooks is back: found by its mark, not made twice.
    harness.calm()
    now = harness.clock.now()
    assert harness.stores.callbacks.replay(harness.callback(callback_id), now + timedelta(days=1), now)
    harness.finish()
    (invoice,) = harness.invoices_of(deal_id)
    assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    assert harness.callback(callback_id).outcome == "SUCCESS"
    assert harness.refusals() == []


def test_connection_breaks_at_every_try(harness: Harness) -> None:
    """What nobody knows is said, and not how the service would go on."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_request", r"/invoice\?", method="POST", times=None)
    callback_id = harness.enroll(deal_id)
    outlast(harness)

    sentence = harness.assert_refused(callback_id, deal_id, "NOT_DONE_IN_TIME")
    assert sentence.startswith("It was not done in time. QuickBooks never said whether it was created: look for the")
    assert harness.invoices() == []


def test_parked_until_the_deadline(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.change_realm(revoke_tokens=True)

    callback_id = harness.enroll(deal_id)
    outlast(harness)

    assert "econnect" in harness.assert_refused(callback_id, deal_id, "NOT_DONE_IN_TIME")
    assert harness.refusals() == []


def test_work_that_can_be_done_is_done_even_late(harness: Harness) -> None:
    """Our deadline leaves an hour before HubSpot's: the last try still counts."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=1)
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.pass_time(BLOCKED_FOR - timedelta(minutes=30))
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_hubspot_away_after_the_outcome(harness: Harness) -> None:
    """The portal is uninstalled for good: the outcome stays a row, and nothing runs in circles."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/uninstall")
    outlast(harness)
    harness.pass_time(timedelta(days=1))

    assert harness.work() == 0
    row = harness.callback(callback_id)
    assert (row.state, row.outcome) == ("parked", "SUCCESS")
    assert len(harness.timeline(callback_id)) < 6
    assert harness.refusals() == []


def test_hubspot_down_when_the_deadline_passes(harness: Harness) -> None:
    """Telling waits as long as it must, at its own pace."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", "/automation/", vendor="hubspot", status=503, times=None)
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.pass_time(BLOCKED_FOR - timedelta(minutes=30))
    before = len(harness.calls("hubspot", "/automation/"))
    for _ in range(60):
        harness.work()
        harness.pass_time(timedelta(seconds=10))
    # 2, 4, 8 … seconds apart, not as fast as the deadline is looked at.
    assert len(harness.calls("hubspot", "/automation/")) - before <= 9

    harness.calm()
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_never_completed_before_it_is_settled(harness: Harness) -> None:
    """At every moment of a troubled run: HubSpot was told nothing that is not a row."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST", times=2)
    harness.trouble("status", "/crm/objects/2026-03/deals/", vendor="hubspot", method="PATCH", status=502, times=2)
    harness.trouble("status", "/automation/", vendor="hubspot", status=502, times=2)
    callback_id = harness.enroll(deal_id)

    for _ in range(40):
        harness.work()
        row, told = harness.callback(callback_id), harness.hubspot_callback(callback_id)
        assert told["state"] == "blocked" or row.outcome == told["execution_state"]
        assert row.outcome is not None or not harness.deal(deal_id).get("qbo_invoice_id")
        if row.state == "completed":
            break
        harness.pass_time(timedelta(seconds=30))

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []
