"""An operator has mis-set a key: nothing ends for that, everybody is told, and it goes on once it is right."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.config import load_config
from service.errors import SettingsWrong
from service.store.credentials import KEYS_WRONG, LIVE
from service.store.vault import Vault
from service.stores import Stores
from service.wiring import make_services
from service.workflows.refresh_tokens import keep_alive, refresh_ahead
from service.workflows.services import provide
from tests.harness import PORTAL, REALM, Harness

TOKEN_PATHS = {"hubspot": "/oauth/2026-03/token", "quickbooks": "/oauth2/v1/tokens/bearer"}
INVALID_CLIENT = '{"error": "invalid_client"}'


def pass_hours(harness: Harness, hours: int) -> None:
    """The worker goes on all that time."""
    for _ in range(hours * 12):
        harness.pass_time(timedelta(minutes=5))
        harness.work()


def state_of(harness: Harness, vendor: str) -> str:
    (standing,) = [each for each in harness.stores.credentials.standings() if each.vendor == vendor]
    return standing.state


def codes(harness: Harness) -> list[str]:
    (report,) = harness.stores.findings.all(harness.clock.now())
    return [each.code for each in report.findings]


@pytest.mark.parametrize("vendor", ["hubspot", "quickbooks"])
@pytest.mark.parametrize("status", [400, 401])
def test_a_vendor_does_not_take_our_secret(
    harness: Harness, vendor: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", TOKEN_PATHS[vendor], vendor=vendor, status=status, answer=INVALID_CLIENT, times=None)
    with caplog.at_level(logging.ERROR):
        callback_id = harness.enroll(deal_id)
        harness.work()
        pass_hours(harness, 3)
    row = harness.callback(callback_id)
    assert (row.state, row.outcome, row.failures) == ("waiting", None, 0)
    assert f"{vendor.upper()}_CLIENT_SECRET" in str(row.note)
    assert state_of(harness, vendor) == KEYS_WRONG
    assert codes(harness)[0] == f"{vendor.upper()}_KEYS_WRONG"
    assert {"our keys are refused", "waits for the operator"} <= {each.message for each in caplog.records}
    assert len(harness.calls(vendor, TOKEN_PATHS[vendor])) <= 45, "as seldom as a callback comes back"

    harness.calm()
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert state_of(harness, vendor) == LIVE
    assert f"{vendor.upper()}_KEYS_WRONG" not in codes(harness)


def test_many_who_wait_for_one_access_do_not_all_ask(harness: Harness) -> None:
    harness.connect()
    path = TOKEN_PATHS["quickbooks"]
    harness.trouble("status", path, vendor="quickbooks", status=401, answer=INVALID_CLIENT, times=None)
    for _ in range(20):
        with pytest.raises(SettingsWrong):
            harness.services.tokens["quickbooks"].access_token(REALM)
    assert len(harness.calls("quickbooks", path)) == 1


def test_the_alarm_ends_with_the_fault_also_where_nothing_happens(harness: Harness) -> None:
    harness.connect()
    harness.pass_time(timedelta(days=2))
    harness.trouble("status", TOKEN_PATHS["hubspot"], vendor="hubspot", status=401, answer=INVALID_CLIENT, times=None)
    assert keep_alive(harness.services) == 1
    assert state_of(harness, "hubspot") == KEYS_WRONG
    harness.calm()
    harness.pass_time(timedelta(minutes=2))
    refresh_ahead(harness.services)
    assert state_of(harness, "hubspot") == LIVE


def test_the_encryption_key_is_missing(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody started the worker with another ENCRYPTION_KEYS."""
    harness.connect()
    deal_id = harness.another_deal()
    vault, place = Vault(harness.config.encryption_keys), f"quickbooks:{REALM}:refresh"
    (row,) = harness.rows("SELECT refresh_token FROM credentials WHERE vendor = 'quickbooks'")
    secret = vault.open(row.refresh_token, place)
    write_sealed(harness, Vault(["another-key-of-32-characters-0000"]).seal(secret, place))
    with caplog.at_level(logging.ERROR):
        callback_id = harness.enroll(deal_id)
        harness.work()
        pass_hours(harness, 2)
    waiting = harness.callback(callback_id)
    assert (waiting.state, waiting.outcome, waiting.failures) == ("waiting", None, 0)
    assert "waits for the operator" in {each.message for each in caplog.records}
    assert harness.stores.resealing.count().closed == 1

    write_sealed(harness, row.refresh_token)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def write_sealed(harness: Harness, sealed: str) -> None:
    with harness.stores.database.write() as tx:
        statement = "UPDATE credentials SET refresh_token = :sealed, access_token = NULL WHERE vendor = 'quickbooks'"
        tx.execute(sa.text(statement), {"sealed": sealed})


def test_nobody_sets_it_right_until_the_deadline(harness: Harness) -> None:
    """Then the workflow is told, as for everything that was not done in time."""
    harness.connect()
    deal_id = harness.another_deal()
    path = TOKEN_PATHS["quickbooks"]
    harness.trouble("status", path, vendor="quickbooks", status=401, answer=INVALID_CLIENT, times=None)
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.pass_time(harness.callback(callback_id).deadline_at - harness.clock.now())
    harness.work()
    assert "QUICKBOOKS_CLIENT_SECRET" in harness.assert_refused(callback_id, deal_id, "NOT_DONE_IN_TIME")


def test_the_older_of_two_secrets_still_counts(harness: Harness) -> None:
    """HUBSPOT_CLIENT_SECRET lists both while HubSpot rotates them; the new one is not in force yet."""
    both = f"not-yet-in-force,{harness.environment['HUBSPOT_CLIENT_SECRET']}"
    config = load_config(harness.environment | {"HUBSPOT_CLIENT_SECRET": both}, instance=harness.config.instance)
    provide(make_services(Stores(config, harness.stores.database, harness.clock)))
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)


@pytest.mark.parametrize(
    "refusal",
    [{"status": 400, "answer": '{"status": "error"}'}, {"status": 403, "answer": "<html>"}, {"status": 401}],
)
@pytest.mark.parametrize("settled", [False, True])
def test_hubspots_refusal_of_a_refresh_is_no_answer_about_the_callback(
    harness: Harness, refusal: dict[str, Any], settled: bool
) -> None:
    """Only the completion's own answer ends it, and only two codes mean that somebody must reconnect."""
    harness.connect()
    deal_id = harness.another_deal()
    if settled:
        harness.trouble("status", "/automation/", vendor="hubspot", status=503)
    else:
        harness.trouble("status", TOKEN_PATHS["hubspot"], vendor="hubspot", times=3, **refusal)
    callback_id = harness.enroll(deal_id)
    harness.work()
    if settled:
        assert harness.callback(callback_id).outcome == "SUCCESS"
        harness.world.hubspot.tokens.expire(harness.world.hubspot.portals[PORTAL])
        harness.trouble("status", TOKEN_PATHS["hubspot"], vendor="hubspot", times=3, **refusal)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert state_of(harness, "hubspot") == LIVE
