"""The worker is killed again while it recovers from being killed."""

from __future__ import annotations

import time

import pytest

from tests.crash.checks import check_invoiced_once
from tests.crash.processes import INPUTS, Installation

pytestmark = pytest.mark.slow

INVOICE, CUSTOMER, QUERY = r"/invoice\?", r"/customer\?", r"/query\?.*Invoice"
DEAL, COMPLETION = "/crm/objects/2026-03/deals/4", "/automation/actions/callbacks/2026-03/"


@pytest.mark.parametrize(
    "kills",
    [
        [("delay", INVOICE), ("lose_request", INVOICE)],
        [("hang", INVOICE), ("hang", QUERY)],
        [("hang", CUSTOMER), ("hang", INVOICE)],
        [("hang", DEAL), ("hang", COMPLETION)],
    ],
    ids=["sending-and-sending", "sent-and-looked-for", "customer-and-invoice", "deal-and-completion"],
)
def test_killed_at_two_calls(installation: Installation, kills: list[tuple[str, str]]) -> None:
    tenant = installation.take_tenant()
    deal_id = installation.make_deal(tenant, str(tenant.portal_id))
    # Of two rules for one call, the first takes the first request and the second the repetition.
    struck = [installation.trouble(kind, path, seconds=0.6) for kind, path in kills]

    (callback_id,) = installation.enroll(tenant, deal_id, inputs=INPUTS)
    for number, hits in enumerate(struck):
        installation.wait_for(lambda hits=hits: hits() == 1, f"kill {number + 1}", callback_id=callback_id)
        installation.worker.kill()
        installation.start_worker()
    installation.wait_until_completed([callback_id])

    check_invoiced_once(installation, tenant, {callback_id: deal_id})
    (row,) = installation.rows("SELECT crashes FROM callbacks WHERE callback_id = :id", id=callback_id)
    assert row.crashes == len(kills)


def test_killed_while_it_starts(installation: Installation) -> None:
    """At every moment of the start: before it has its slot, while the engine recovers, just after."""
    tenants = [installation.take_tenant() for _ in range(3)]
    deals = [installation.make_deal(tenant, str(tenant.portal_id)) for tenant in tenants]
    struck = installation.trouble("delay", r"/invoice\?", times=3, seconds=0.6)
    asked = [installation.enroll(tenant, deal, inputs=INPUTS)[0] for tenant, deal in zip(tenants, deals, strict=True)]
    installation.wait_for(lambda: struck() == 3, "three runs at their invoices", callback_id=asked[0])
    installation.worker.kill()
    for seconds in (0.02, 0.08, 0.16, 0.3):
        installation.worker.start()
        time.sleep(seconds)
        installation.worker.kill()

    installation.start_worker()
    installation.wait_until_completed(asked, seconds=60)
    for tenant, deal_id, callback_id in zip(tenants, deals, asked, strict=True):
        check_invoiced_once(installation, tenant, {callback_id: deal_id})
