"""The same callback comes with another body: the first one counts."""

from __future__ import annotations

from tests.harness import Harness


def test_first_body_wins(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id, {"privateNote": "as first said"})
    harness.deliver_again(callback_id, inputs={"privateNote": "as said later", "existingInvoice": "create_another"})
    harness.work()

    first, second = harness.hubspot_callback(callback_id)["deliveries"]
    assert (second["status"], second["answer"]) == (200, first["answer"])
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert "as first said" in invoice["PrivateNote"]
    assert harness.timeline(callback_id) == ["delivered_with_another_body"]
    assert harness.refusals() == []
