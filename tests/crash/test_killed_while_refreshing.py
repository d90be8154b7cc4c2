"""The worker dies after Intuit has rotated the refresh token, and before we have written the new one down."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from service.sandbox.quickbooks.grants import CLIENT_ID, CLIENT_SECRET
from tests.crash.processes import Installation, Tenant

pytestmark = pytest.mark.slow
BEARER = "/oauth2/v1/tokens/bearer"


def credentials(installation: Installation, tenant: Tenant) -> tuple[str, str]:
    """The refresh tokens of a tenant, as both vendors have given them."""
    given: dict[str, Any] = installation.ask_sandbox("GET", "/credentials")
    portal = given["hubspot"]["portals"][str(tenant.portal_id)]["refresh_token"]
    return portal, given["quickbooks"]["realms"][tenant.realm_id]["refresh_token"]


def consent_again(installation: Installation, tenant: Tenant) -> str:
    """Somebody clicks Connect once more; the refresh token that comes of it."""
    redirect_uri = f"{installation.public_url}/quickbooks/oauth/callback"
    asked = {"realm_id": tenant.realm_id, "redirect_uri": redirect_uri}
    code = installation.ask_sandbox("POST", "/quickbooks/codes", asked)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    url = f"{installation.sandbox_url}{BEARER}"
    answer = requests.post(url, data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["refresh_token"])


def state(installation: Installation, tenant: Tenant) -> str:
    statement = "SELECT state FROM credentials WHERE vendor = 'quickbooks' AND owner_id = :realm_id"
    return str(installation.rows(statement, realm_id=tenant.realm_id)[0].state)


def parked(installation: Installation, callback_id: str) -> bool:
    found = installation.rows("SELECT state FROM callbacks WHERE callback_id = :id", id=callback_id)
    return bool(found) and found[0].state == "parked"


@pytest.mark.parametrize("overlap", [0, 86_400], ids=["single use", "overlap"])
def test_ends_in_a_good_token_or_a_clear_reconnect(overlap: int, installation: Installation) -> None:
    """Older documents let the last value live on for a day; the newer ones do not. Both end, neither loops."""
    installation.set_sandbox(quickbooks={"refresh_grace_seconds": overlap})
    tenant, (deal_id,) = installation.add_tenant(deals=1, connect=False)
    tokens = credentials(installation, tenant)
    # Intuit has done its work, and its answer is on the way for longer than the worker lives.
    rotated = installation.trouble("hang", BEARER, body=re.escape(tokens[1]), seconds=6.0)
    installation.connect(tenant, *tokens)
    (callback_id,) = installation.enroll(tenant, deal_id)
    installation.wait_for(lambda: rotated() == 1, "the refresh", callback_id=callback_id)

    installation.worker.kill()
    assert credentials(installation, tenant)[1] != tokens[1], "Intuit has rotated it"
    installation.end_trouble()
    installation.start_worker()

    if not overlap:
        installation.wait_for(lambda: parked(installation, callback_id), "parking", callback_id=callback_id)
        assert state(installation, tenant) == "revoked"
        tries = len(installation.calls(BEARER))
        assert installation.invoices(tenant) == []
        told = installation.run("doctor", "--json")
        assert told.returncode == 1
        assert "QUICKBOOKS_NOT_CONNECTED" in told.stdout
        assert len(installation.calls(BEARER)) == tries, "nobody tries again before the reconnect"
        installation.connect(tenant, tokens[0], consent_again(installation, tenant))
    installation.wait_until_completed([callback_id])

    (invoice,) = installation.invoices(tenant)
    assert installation.hubspot_callback(callback_id)["outputs"]["invoiceId"] == invoice["Id"]
    assert state(installation, tenant) == "live"
    assert tokens[1] not in installation.worker.all_logs
