"""The worker is killed at each call of a run: before, during and after it. There is one invoice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.crash.checks import check_invoiced_once
from tests.crash.processes import INPUTS, Installation, Tenant

pytestmark = pytest.mark.slow

# Longer than a worker needs to be killed and replaced: what was on its way arrives beside the repetition.
HELD_SECONDS = 0.6
MOMENTS = {
    "before": "lose_request",  # held, and never seen by the vendor
    "during": "delay",  # held, and worked on by the vendor when the worker is dead
    "after": "hang",  # worked on by the vendor, the answer never sent
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a run: how to meet it on the wire."""

    name: str
    path: str
    method: str = "POST"
    once_per_process: bool = False
    body: str = ""
    products: int = 1


CALLS = (
    Call("intuit discovery", r"/\.well-known/openid_configuration", "GET", once_per_process=True),
    Call("quickbooks token", "/oauth2/v1/tokens/bearer"),
    Call("company info", "/companyinfo/", "GET"),
    Call("preferences", "/preferences", "GET"),
    Call("hubspot token", "/oauth/2026-03/token"),
    Call("account details", "/account-info/2026-03/details", "GET"),
    Call("properties read", r"/crm/properties/2026-03/deals\?", "GET"),
    Call("property group", "/crm/properties/2026-03/deals/groups"),
    Call("properties create", "/crm/properties/2026-03/deals/batch/create"),
    Call("deal read", "/crm/objects/2026-03/deals/batch/read"),
    Call("line items of the deal", "/crm/associations/2026-03/deals/line_items/batch/read"),
    Call("line items read", "/crm/objects/2026-03/line_items/batch/read"),
    Call("contacts of the deal", "/crm/associations/2026-03/deals/contacts/batch/read"),
    Call("contact read", "/crm/objects/2026-03/contacts/batch/read"),
    Call("customer by email and name", r"/batch\?", body="from Customer"),
    Call("customer create", r"/customer\?"),
    Call("item by sku and name", r"/batch\?", body="from Item"),
    Call("item create", r"/item\?"),
    Call("items create", r"/batch\?", body='"create"', products=3),
    Call("invoice create", r"/invoice\?"),
    Call("deal update", "/crm/objects/2026-03/deals/", "PATCH"),
    Call("callback completion", "/automation/actions/callbacks/2026-03/"),
)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name.replace(" ", "-"))
def test_killed(installation: Installation, call: Call) -> None:
    """Three runs of three tenants are inside the same call, each at another moment of it."""
    # Intuit's own rule that a refreshed token stays good for a while; without it, see test_token_is_lost.
    installation.set_sandbox(quickbooks={"refresh_grace_seconds": 60})
    if call.once_per_process:
        installation.worker.kill()
        installation.start_worker()
    work: list[tuple[Tenant, str]] = []
    for _ in MOMENTS:
        tenant = installation.take_tenant()
        work.append((tenant, installation.make_deal(tenant, str(tenant.portal_id), call.products)))
    met = {"method": call.method, "body": call.body, "seconds": HELD_SECONDS}
    struck = [installation.trouble(kind, call.path, **met) for kind in MOMENTS.values()]

    asked = [installation.enroll(tenant, deal_id, inputs=INPUTS)[0] for tenant, deal_id in work]
    installation.wait_for(
        lambda: all(hits() == 1 for hits in struck), f"the worker to call: {call.name}", 15, callback_id=asked[0]
    )
    installation.worker.kill()
    installation.start_worker()
    installation.wait_until_completed(asked)

    for callback_id, (tenant, deal_id) in zip(asked, work, strict=True):
        check_invoiced_once(installation, tenant, {callback_id: deal_id})
