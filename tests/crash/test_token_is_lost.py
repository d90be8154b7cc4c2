"""The worker dies, or the answer is lost, between Intuit's rotation and our row: it goes on, or waits for a person."""

from __future__ import annotations

import time

import pytest

from tests.crash.checks import check_invoiced_once
from tests.crash.processes import INPUTS, Installation, Tenant

pytestmark = pytest.mark.slow

TOKENS = "/oauth2/v1/tokens/bearer"


@pytest.mark.parametrize("how", ["answer lost", "killed"])
@pytest.mark.parametrize("grace_seconds", [60, 0])
def test_rotated_and_not_kept(installation: Installation, how: str, grace_seconds: int) -> None:
    """`grace_seconds`: how long Intuit still takes the refresh token it has replaced."""
    installation.set_sandbox(quickbooks={"refresh_grace_seconds": grace_seconds})
    struck = installation.trouble("lose_answer" if how == "answer lost" else "hang", TOKENS, seconds=0.5)
    tenant = installation.take_tenant()
    deal_id = installation.make_deal(tenant, str(tenant.portal_id))
    began = time.time()

    (callback_id,) = installation.enroll(tenant, deal_id, inputs=INPUTS)
    installation.wait_for(lambda: struck() == 1, "the refresh", callback_id=callback_id)
    if how == "killed":
        installation.worker.kill()
        installation.start_worker()

    if not grace_seconds:
        installation.wait_for(lambda: state(installation, callback_id) == "parked", "parking", callback_id=callback_id)
        time.sleep(3)
        assert state(installation, callback_id) == "parked"
        asked = len(installation.calls(TOKENS, since=began))
        assert asked <= 3, "no loop of refusals"
        assert installation.hubspot_callback(callback_id)["state"] == "blocked"
        reconnect(installation, tenant)
    installation.wait_until_completed([callback_id])
    check_invoiced_once(installation, tenant, {callback_id: deal_id})


def state(installation: Installation, callback_id: str) -> str:
    """Where the callback's work is."""
    (row,) = installation.rows("SELECT state FROM callbacks WHERE callback_id = :id", id=callback_id)
    return str(row.state)


def reconnect(installation: Installation, tenant: Tenant) -> None:
    """An operator joins the pair again, with fresh refresh tokens, by the command."""
    given = installation.ask_sandbox("GET", "/credentials")
    done = installation.run(
        *("connections", "add", "--portal", str(tenant.portal_id), "--realm", tenant.realm_id),
        *("--hubspot-refresh-token", given["hubspot"]["portals"][str(tenant.portal_id)]["refresh_token"]),
        *("--quickbooks-refresh-token", given["quickbooks"]["realms"][tenant.realm_id]["refresh_token"]),
    )
    assert done.returncode == 0, done.stderr
