"""QuickBooks is down for an hour: few probes, nothing lost, everything done afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import Harness

STORIES = ("one-line", "three-lines", "no-sku", "returning")


@pytest.mark.parametrize("kind", ["html", "lose_request"])
def test_down_for_an_hour(harness: Harness, kind: str) -> None:
    harness.connect()
    deals = [harness.story(name) for name in STORIES]
    down = "/v3/company/"
    rule = {"vendor": "quickbooks", "times": None, "status": 503}
    if kind == "html":
        # The edge answers, the company is never reached.
        rule |= {"answer": "<html><h1>503 Service Unavailable</h1></html>", "headers": {"Content-Type": "text/html"}}
    harness.trouble("status" if kind == "html" else kind, down, **rule)

    callbacks = {deal_id: harness.enroll(deal_id) for deal_id in deals}
    for _ in range(60):
        harness.work()
        harness.pass_time(timedelta(minutes=1))
    probes = len(harness.calls("quickbooks", down))
    assert 5 < probes < 40, probes
    assert harness.invoices() == []
    assert {harness.hubspot_callback(each)["state"] for each in callbacks.values()} == {"blocked"}

    harness.calm()
    took = harness.finish()

    assert took < timedelta(minutes=11)
    for deal_id, callback_id in callbacks.items():
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []
