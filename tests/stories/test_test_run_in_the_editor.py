"""The author presses Test in HubSpot's editor: a call without context, with a plain UUID."""

from __future__ import annotations

import uuid

from tests.harness import Harness


def test_test_run(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id, test_run=True)
    assert uuid.UUID(callback_id)
    assert harness.hubspot_callback(callback_id)["state"] == "blocked"
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.callback(callback_id).context["test"] is True
    assert harness.refusals() == []
