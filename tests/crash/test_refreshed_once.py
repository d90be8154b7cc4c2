"""Many runs in several workers meet an access token that is over: it is refreshed once."""

from __future__ import annotations

import time

import pytest

from tests.crash.checks import check_invoiced_once
from tests.crash.processes import Installation

pytestmark = pytest.mark.slow

RUNS = 24
TOKENS = "/oauth2/v1/tokens/bearer"


@pytest.mark.parametrize("whose", ["ours", "intuit's"])
def test_refreshed_once(installation: Installation, whose: str) -> None:
    """Over by our own clock, or refused by Intuit before its time."""
    if installation.database_url.startswith("postgresql"):
        installation.start_worker(installation.add_worker())
    tenant, deal_ids = installation.add_tenant(deals=RUNS)
    (first,) = installation.enroll(tenant, deal_ids[0])
    installation.wait_until_completed([first])
    if whose == "ours":
        for worker in installation.workers:
            worker.kill()
        over = {"at": int(time.time() * 1000) - 1000, "realm": tenant.realm_id}
        with installation.stores.database.write() as tx:
            tx.exec_driver_sql(
                f"UPDATE credentials SET access_expires_at = {over['at']} WHERE owner_id = '{over['realm']}'"
            )
        for worker in installation.workers:
            installation.start_worker(worker)
    else:
        installation.ask_sandbox("POST", f"/quickbooks/realms/{tenant.realm_id}", {"expire_access_tokens": True})
    began = time.time()

    asked = [first, *installation.enroll(tenant, *deal_ids[1:])]
    installation.wait_until_completed(asked, seconds=60)

    assert len(installation.calls(TOKENS, since=began)) == 1
    check_invoiced_once(installation, tenant, dict(zip(asked, deal_ids, strict=True)))
