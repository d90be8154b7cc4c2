"""QuickBooks takes the request, makes the invoice and never answers."""

from __future__ import annotations

from tests.harness import Harness


def test_hang_after_commit(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    warm = harness.enroll(harness.story("returning"))
    harness.work()
    assert harness.callback(warm).outcome == "SUCCESS"
    harness.lose_patience(0.15)
    harness.trouble("hang", r"/invoice\?", method="POST", seconds=0.4)

    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(callback_id).state == "waiting"
    harness.lose_patience(10)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    _, first, second = harness.creates("invoice")
    assert first["requestid"] == second["requestid"]
    assert harness.refusals() == []
