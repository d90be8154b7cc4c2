"""A vendor refuses us although it takes our refresh token, or grants less than we need: said once, asked no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.clock import FixedClock
from service.errors import NotConnected
from service.sandbox.hubspot.tokens import SCOPES
from service.store.credentials import LIMITED, LIVE, REVOKED
from service.stores import Stores
from service.wiring import make_services
from service.workflows.refresh_tokens import ask_again, let_go_on, note_lost_access
from service.workflows.services import provide
from tests.harness import PORTAL, REALM, Harness

TOKEN_PATHS = {"hubspot": "/oauth/2026-03/token", "quickbooks": "/oauth2/v1/tokens/bearer"}
CALLS = {"hubspot": "/crm/", "quickbooks": "/v3/company/"}
REFUSALS = {
    "hubspot": '{"status": "error", "category": "INVALID_AUTHENTICATION"}',
    "quickbooks": '{"fault": {"error": [{"message": "x", "code": "3200"}], "type": "AUTHENTICATION"}}',
}
COMPLETE = "/automation/"


class MovingClock(FixedClock):
    """Time goes on while a run runs."""

    def now(self) -> datetime:
        self.advance(timedelta(milliseconds=1))
        return super().now()


def let_time_go_on(harness: Harness) -> None:
    """The worker from now on has a clock that does not stand still."""
    harness.clock = MovingClock(harness.clock.now())
    harness.stores = Stores(harness.config, harness.stores.database, harness.clock)
    harness.services = make_services(harness.stores)
    provide(harness.services)


def state_of(harness: Harness, vendor: str) -> str:
    (standing,) = [each for each in harness.stores.credentials.standings() if each.vendor == vendor]
    return standing.state


def codes(harness: Harness) -> list[str]:
    (report,) = harness.stores.findings.all(harness.clock.now())
    return [each.code for each in report.findings]


@pytest.mark.parametrize("vendor", ["hubspot", "quickbooks"])
def test_one_refresh_one_repeat_then_somebody_must_reconnect(harness: Harness, vendor: str) -> None:
    let_time_go_on(harness)
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deal_id = harness.another_deal()
    harness.trouble("status", CALLS[vendor], vendor=vendor, status=401, answer=REFUSALS[vendor], times=None)
    before = len(harness.calls(vendor, TOKEN_PATHS[vendor]))

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert harness.callback(callback_id).state == "parked"
    assert state_of(harness, vendor) == REVOKED
    assert codes(harness)[0] == f"{vendor.upper()}_NOT_CONNECTED"
    assert len(harness.calls(vendor, TOKEN_PATHS[vendor])) == before + 1
    asked = len(harness.calls(vendor))
    for _ in range(5):
        harness.pass_time(timedelta(minutes=1))
        assert let_go_on(harness.services) == 0
        harness.work()
    assert len(harness.calls(vendor)) == asked, "nobody knocks again before a reconnect"

    harness.calm()
    if vendor == "quickbooks":
        harness.world.quickbooks.grants.consent(REALM)
    harness.connect()
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_a_token_refused_after_somebody_reconnected_costs_nothing(harness: Harness) -> None:
    """The run was on its way with the old access; the new one has not been refused."""
    harness.connect()
    harness.trouble("status", CALLS["hubspot"], vendor="hubspot", status=401, times=None)
    with pytest.raises(NotConnected) as caught:
        harness.services.hubspot.property_names(PORTAL, "deals")
    harness.calm()
    harness.connect()
    note_lost_access(harness.services, caught.value, PORTAL, REALM)
    assert state_of(harness, "hubspot") == LIVE


@pytest.mark.parametrize("answer", ["403", "bare"])
def test_the_app_was_uninstalled_while_the_deal_waited(harness: Harness, answer: str) -> None:
    """Also where HubSpot gives no reason: its refusal of the refresh is one."""
    harness.set_sandbox(hubspot={"uninstalled_answer": answer})
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/uninstall")
    harness.work()
    row = harness.callback(callback_id)
    assert (row.state, row.outcome) == ("parked", None)

    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/install")
    harness.connect()
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def complete_without_the_scope(harness: Harness) -> tuple[str, str]:
    """A deal whose invoice is made, in a portal that does not grant what completing needs."""
    harness.connect()
    left = [each for each in SCOPES if each != "automation"]
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": left})
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.work()
    row = harness.callback(callback_id)
    assert (row.state, row.outcome) == ("parked", "SUCCESS")
    assert state_of(harness, "hubspot") == LIMITED
    assert codes(harness)[0] == "HUBSPOT_ACCESS_LIMITED"
    return deal_id, callback_id


def test_the_scope_to_complete_callbacks_is_missing(harness: Harness) -> None:
    """Done, and told when a super admin has granted it: a reconnect lets it go on at once."""
    deal_id, callback_id = complete_without_the_scope(harness)
    asked = len(harness.calls("hubspot"))
    for _ in range(5):
        harness.pass_time(timedelta(minutes=1))
        assert let_go_on(harness.services) == 0
        harness.work()
    assert len(harness.calls("hubspot")) == asked

    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": list(SCOPES)})
    harness.connect()
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert "HUBSPOT_ACCESS_LIMITED" not in codes(harness)


def test_what_is_granted_without_a_reconnect_is_found_within_the_hour(harness: Harness) -> None:
    deal_id, callback_id = complete_without_the_scope(harness)
    assert (ask_again(harness.services), let_go_on(harness.services)) == (1, 1)
    harness.work()
    assert harness.callback(callback_id).state == "parked", "still not granted, and said again"
    assert state_of(harness, "hubspot") == LIMITED

    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": list(SCOPES)})
    assert (ask_again(harness.services), let_go_on(harness.services)) == (1, 1)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert state_of(harness, "hubspot") == LIVE


@pytest.mark.parametrize("refusal", [{"status": 403, "answer": "<html>"}, {"status": 403, "answer": "{}"}])
def test_a_completion_that_is_forbidden_waits(harness: Harness, refusal: dict[str, Any]) -> None:
    """A page of the edge is no answer about the callback."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", COMPLETE, vendor="hubspot", times=2, **refusal)
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(callback_id).state == "parked"
    ask_again(harness.services)
    let_go_on(harness.services)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
