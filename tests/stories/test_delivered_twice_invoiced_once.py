"""HubSpot delivers at least once; the customer gets one invoice."""

from __future__ import annotations

from tests.harness import Harness


def test_delivered_twice_before_the_work(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id)
    harness.deliver_again(callback_id)
    harness.work()

    first, second = harness.hubspot_callback(callback_id)["deliveries"]
    assert (first["status"], second["status"]) == (200, 200)
    assert first["answer"] == second["answer"]
    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_delivered_again_after_the_work(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.work()
    invoice = harness.assert_invoiced_once(callback_id, deal_id)

    harness.deliver_again(callback_id)

    assert harness.work() == 0
    answer = harness.hubspot_callback(callback_id)["deliveries"][-1]["answer"]
    assert '"hs_execution_state": "SUCCESS"' in answer
    assert f'"invoiceId": "{invoice["Id"]}"' in answer
    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_delivered_again_eight_days_later(harness: Harness) -> None:
    """The row is kept longer than HubSpot's workflow waits."""
    from datetime import timedelta

    harness.connect()
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.pass_time(timedelta(days=8))
    harness.deliver_again(callback_id)
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []
