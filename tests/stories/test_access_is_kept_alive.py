"""Nobody waits for a refresh, nothing dies of idleness, and what ends is said in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.errors import NotConnected, TryLater
from service.ids import RealmId
from service.store.credentials import REVOKED
from service.workflows.learn_connection import learn_connections
from service.workflows.refresh_tokens import keep_alive, let_go_on, refresh_ahead
from tests.harness import PORTAL, REALM, Harness

BEARER = "/oauth2/v1/tokens/bearer"
HUBSPOT_TOKEN = "/oauth/2026-03/token"


def refreshes(harness: Harness) -> tuple[int, int]:
    """How often HubSpot and Intuit were asked for an access token."""
    hubspot = [each for each in harness.calls("hubspot", HUBSPOT_TOKEN) if "introspect" not in each["path"]]
    return len(hubspot), len(harness.calls("quickbooks", BEARER))


def codes(harness: Harness) -> list[str]:
    (report,) = harness.stores.findings.all(harness.clock.now())
    return [each.code for each in report.findings]


def test_what_is_in_use_is_refreshed_before_it_is_needed(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    assert refreshes(harness) == (1, 1)
    refresh_ahead(harness.services)
    assert refreshes(harness) == (1, 1), "both are fresh"

    harness.pass_time(timedelta(minutes=24))
    refresh_ahead(harness.services)
    assert refreshes(harness) == (2, 1), "HubSpot's lives for half an hour, Intuit's for a whole one"

    # A run a minute later finds a token that lives: nobody waits.
    harness.pass_time(timedelta(minutes=1))
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert refreshes(harness) == (2, 1)

    harness.pass_time(timedelta(minutes=40))
    refresh_ahead(harness.services)
    assert refreshes(harness) == (2, 1), "used half an hour ago: in use no longer"


def test_idle_access_is_kept_alive_for_a_year(harness: Harness) -> None:
    """Intuit lets a refresh token die after 100 days without use."""
    harness.connect()
    for _ in range(8):
        harness.pass_time(timedelta(days=45))
        assert keep_alive(harness.services) == 2
        assert keep_alive(harness.services) == 0
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_without_it_the_access_is_gone_and_the_work_waits(harness: Harness) -> None:
    """What the test above is about: the sandbox does forget."""
    harness.connect()
    harness.pass_time(timedelta(days=120))
    callback_id = harness.enroll(harness.another_deal())
    harness.finish()
    assert harness.callback(callback_id).state == "parked"


def test_a_paused_connection_is_kept_alive_and_a_removed_one_is_not(harness: Harness) -> None:
    harness.connect()
    harness.stores.connections.change_state(PORTAL, REALM, "paused", harness.clock.now())
    harness.pass_time(timedelta(days=2))
    assert keep_alive(harness.services) == 2
    harness.stores.connections.change_state(PORTAL, REALM, "removed", harness.clock.now())
    harness.pass_time(timedelta(days=2))
    assert keep_alive(harness.services) == 0


def test_one_that_is_refused_holds_up_no_other(harness: Harness) -> None:
    harness.connect()
    harness.pass_time(timedelta(days=2))
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/uninstall")
    assert keep_alive(harness.services) == 1
    states = {each.vendor: each.state for each in harness.stores.credentials.standings()}
    assert states == {"hubspot": REVOKED, "quickbooks": "live"}
    assert "HUBSPOT_NOT_CONNECTED" in codes(harness), "known within a day, with no callback"
    asked = refreshes(harness)
    keep_alive(harness.services)
    assert refreshes(harness) == asked, "not asked again before somebody reconnects"


@pytest.mark.parametrize("column", ["hard_expires_at", "refresh_expires_at"])
def test_the_end_is_announced_a_month_and_a_week_before(column: str, harness: Harness) -> None:
    harness.connect()
    learn_connections(harness.services)
    (row,) = harness.rows(f"SELECT {column} AS ends FROM credentials WHERE vendor = 'quickbooks'")
    assert row.ends, "Intuit tells it with every refresh"
    before = "QUICKBOOKS_ACCESS_ENDS"
    for days, severity in ((31, None), (29, "warning"), (8, "warning"), (6, "error")):
        ends = int((harness.clock.now() + timedelta(days=days)).timestamp() * 1000)
        with harness.stores.database.write() as tx:
            tx.execute(sa.text(f"UPDATE credentials SET {column} = :ends WHERE vendor = 'quickbooks'"), {"ends": ends})
        (report,) = harness.stores.findings.all(harness.clock.now())
        found = [each.severity for each in report.findings if each.code == before]
        assert found == ([severity] if severity else []), days


def test_five_years_are_known_from_the_first_refresh(harness: Harness) -> None:
    harness.connect()
    harness.services.tokens["quickbooks"].access_token(REALM)
    found = harness.stores.credentials.find("quickbooks", REALM)
    assert found is not None
    assert found.hard_expires_at is not None
    assert found.refresh_expires_at is not None
    assert timedelta(days=1820) < found.hard_expires_at - harness.clock.now() < timedelta(days=1830)
    assert timedelta(days=100) < found.refresh_expires_at - harness.clock.now() < timedelta(days=102)


@pytest.mark.parametrize("grace", [0, 86_400])
def test_an_unanswered_refresh_is_repeated_once_and_then_decided(grace: int, harness: Harness) -> None:
    """With Intuit's old overlap the same value works again; without, somebody must reconnect. Never a loop."""
    harness.set_sandbox(quickbooks={"refresh_grace_seconds": grace})
    harness.connect()
    harness.trouble("lose_answer", BEARER, vendor="quickbooks")
    tokens = harness.services.tokens["quickbooks"]
    for _ in range(20):
        with pytest.raises(TryLater):
            tokens.access_token(REALM)
    assert refreshes(harness)[1] == 1, "twenty who need it do not repeat it twenty times"
    harness.pass_time(timedelta(seconds=11))
    if grace:
        assert tokens.access_token(REALM)
    else:
        for _ in range(20):
            with pytest.raises(NotConnected):
                tokens.access_token(REALM)
        assert codes(harness)[0] == "QUICKBOOKS_NOT_CONNECTED"
    harness.pass_time(timedelta(hours=1) if grace == 0 else timedelta(minutes=1))
    assert refreshes(harness)[1] == 2

    harness.world.quickbooks.grants.consent(REALM)
    harness.connect()
    assert tokens.access_token(REALM)


def test_thrown_out_although_the_refresh_token_works(harness: Harness) -> None:
    """QuickBooks' 003100: the access counts as lost, and nobody knocks again before a reconnect."""
    harness.connect()
    harness.change_realm(disconnected=True)
    callbacks = [harness.enroll(harness.another_deal()) for _ in range(3)]
    harness.work()
    assert {harness.callback(each).state for each in callbacks} == {"parked"}
    found = harness.stores.credentials.find("quickbooks", REALM)
    assert found is not None
    assert found.state == REVOKED
    assert let_go_on(harness.services) == 0
    harness.change_realm(disconnected=False)
    harness.pass_time(timedelta(minutes=1))
    harness.connect()
    harness.finish()
    assert {harness.hubspot_callback(each)["execution_state"] for each in callbacks} == {"SUCCESS"}
    assert harness.refusals() == []


def test_parked_while_somebody_was_reconnecting(harness: Harness) -> None:
    """The reconnect resumed what was parked; this one parked a moment later, and must not wait for ever."""
    harness.connect()
    harness.change_realm(revoke_tokens=True)
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.world.quickbooks.grants.consent(REALM)
    refresh_token = harness.world.quickbooks.credentials()["realms"][REALM]["refresh_token"]
    harness.stores.credentials.keep("quickbooks", RealmId(REALM), refresh_token=refresh_token, now=harness.clock.now())
    assert harness.work() == 0
    assert let_go_on(harness.services) == 1
    assert let_go_on(harness.services) == 0
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
