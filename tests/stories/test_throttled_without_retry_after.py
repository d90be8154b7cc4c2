"""QuickBooks says 429 and not for how long: that realm rests a minute, the others go on."""

from __future__ import annotations

from datetime import timedelta

from service.sandbox.trouble import XML_429
from tests.harness import REALM, Harness

OTHER_PORTAL, OTHER_REALM = 20000002, "9341450000000003"
JSON_429 = (
    '{"fault": {"error": [{"message": "message=ThrottleExceeded; errorCode=003001; statusCode=429", '
    '"detail": "The request limit was reached.  Try again later", "code": "3001"}], "type": "SERVICE"}}'
)


def throttle(harness: Harness, body: str = XML_429, times: int | None = None) -> None:
    kind = "application/json" if body.startswith("{") else "application/xml"
    rule = {"status": 429, "answer": body, "headers": {"Content-Type": kind}, "times": times}
    harness.trouble("status", f"/v3/company/{REALM}/", vendor="quickbooks", **rule)


def test_429_pauses_only_that_realm(harness: Harness) -> None:
    harness.connect()
    harness.connect(OTHER_PORTAL, OTHER_REALM)
    deals = [harness.another_deal() for _ in range(3)]
    throttle(harness)

    throttled = [harness.enroll(deal_id) for deal_id in deals]
    undisturbed = harness.enroll(harness.story("uk-one-line", OTHER_PORTAL), {"taxCodeId": "2"}, OTHER_PORTAL)
    harness.work()
    assert harness.hubspot_callback(undisturbed)["execution_state"] == "SUCCESS"
    assert len(harness.invoices(OTHER_REALM)) == 1
    assert len(harness.calls("quickbooks", f"/v3/company/{REALM}/")) == 1

    # Nothing is sent for a minute, and the others still go on.
    harness.pass_time(timedelta(seconds=55))
    another = harness.enroll(harness.story("uk-hours", OTHER_PORTAL), {"taxCodeId": "2"}, OTHER_PORTAL)
    harness.work()
    assert harness.hubspot_callback(another)["execution_state"] == "SUCCESS"
    assert len(harness.calls("quickbooks", f"/v3/company/{REALM}/")) == 1

    harness.calm()
    assert harness.finish() < timedelta(minutes=3)
    for deal_id, callback_id in zip(deals, throttled, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_storm_of_429_burns_no_attempts(harness: Harness) -> None:
    """At most one probe a pause, however long it lasts; nothing is given up."""
    harness.connect()
    deals = [harness.another_deal() for _ in range(4)]
    throttle(harness, JSON_429)
    callbacks = [harness.enroll(deal_id) for deal_id in deals]

    for _ in range(20):
        harness.work()
        harness.pass_time(timedelta(seconds=30))
    assert len(harness.calls("quickbooks", f"/v3/company/{REALM}/")) <= 11
    assert {harness.callback(each).failures for each in callbacks} == {0}
    harness.calm()
    harness.finish()

    for deal_id, callback_id in zip(deals, callbacks, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_429_on_the_create_itself(harness: Harness) -> None:
    """QuickBooks turned the create away: the same request goes out once the realm has rested."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", r"/invoice\?", status=429, answer=XML_429, headers={"Content-Type": "application/xml"})

    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(callback_id).due_at - harness.clock.now() >= timedelta(seconds=55)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    first, second = harness.creates("invoice")
    assert first["requestid"] == second["requestid"]
    assert harness.refusals() == []


def test_hubspot_429_rests_as_long_as_its_policy_says(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    body = '{"status": "error", "errorType": "RATE_LIMIT", "category": "RATE_LIMITS", "policyName": "%s"}'
    harness.trouble("status", "/crm/", vendor="hubspot", status=429, answer=body % "TEN_SECONDLY_ROLLING")

    callback_id = harness.enroll(deal_id)
    harness.work()
    before = len(harness.calls("hubspot"))
    harness.pass_time(timedelta(seconds=9))
    harness.work()
    assert len(harness.calls("hubspot")) == before
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []
