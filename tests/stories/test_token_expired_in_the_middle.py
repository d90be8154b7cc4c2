"""An access token is refused in the middle of the work: one refresh, one repeat, nothing lost."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import PORTAL, REALM, Harness


def refreshes(harness: Harness, vendor: str) -> int:
    path = {"quickbooks": "/oauth2/v1/tokens/bearer", "hubspot": "/oauth/"}[vendor]
    return len([each for each in harness.calls(vendor, path) if each["method"] == "POST"])


def test_quickbooks_token_expired(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.story("one-line"))
    harness.work()
    before, calls = refreshes(harness, "quickbooks"), len(harness.calls("quickbooks", "/v3/"))
    deal_id = harness.story("returning")
    harness.change_realm(expire_access_tokens=True)

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert refreshes(harness, "quickbooks") == before + 1
    answers = [each["status"] for each in harness.calls("quickbooks", "/v3/")[calls:]]
    assert answers.count(401) == 1
    assert harness.refusals() == []


def test_quickbooks_token_expired_on_the_create(harness: Harness) -> None:
    """The repeat has the same request id: had the first one counted after all, it would be recognised."""
    harness.connect()
    warm, deal_id = harness.another_deal(), harness.another_deal()
    harness.enroll(warm)
    harness.work()
    harness.change_realm(expire_access_tokens=True)

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    refused, taken = harness.creates("invoice")[-2:]
    assert (refused["status"], taken["status"]) == (401, 200)
    assert refused["requestid"] == taken["requestid"]
    assert harness.refusals() == []


def test_hubspot_token_expired(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    before = refreshes(harness, "hubspot")
    deal_id = harness.another_deal()
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/expire")

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert refreshes(harness, "hubspot") == before + 1
    assert harness.refusals() == []


def test_tokens_are_refreshed_ahead_of_time(harness: Harness) -> None:
    """After ten hours of work every hour no vendor has ever refused a token."""
    harness.connect()
    for _ in range(5):
        deal_id = harness.another_deal()
        callback_id = harness.enroll(deal_id)
        harness.work()
        harness.assert_invoiced_once(callback_id, deal_id)
        harness.pass_time(timedelta(minutes=58))
    assert [
        each["path"] for vendor in ("hubspot", "quickbooks") for each in harness.calls(vendor) if each["status"] == 401
    ] == []
    assert harness.refusals() == []


def test_many_runs_meet_an_expired_token_and_one_refreshes(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    before = refreshes(harness, "quickbooks")
    deals = [harness.another_deal() for _ in range(12)]
    harness.change_realm(REALM, expire_access_tokens=True)

    callbacks = [harness.enroll(deal_id) for deal_id in deals]
    harness.work(together=True)

    for deal_id, callback_id in zip(deals, callbacks, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    assert refreshes(harness, "quickbooks") == before + 1
    assert harness.refusals() == []
