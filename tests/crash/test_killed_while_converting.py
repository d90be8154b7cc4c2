"""The worker is killed while an estimate is made, and while it becomes an invoice: there is one of each."""

from __future__ import annotations

import pytest

from tests.crash.processes import INPUTS, Installation, Tenant
from tests.crash.test_worker_killed_at_each_call import HELD_SECONDS, MOMENTS

pytestmark = pytest.mark.slow

CREATE, CONVERT = "create-estimate", "convert-estimate-to-invoice"
CALLS = (
    (CREATE, r"/estimate\?", "POST"),
    (CONVERT, "/estimate/", "GET"),
    (CONVERT, r"/invoice\?", "POST"),
    # QuickBooks leaves the estimate open here, so that we close it.
    (CONVERT, r"/estimate\?", "POST"),
)


@pytest.mark.parametrize(("action", "path", "method"), CALLS, ids=["create", "read", "convert", "close"])
def test_killed(installation: Installation, action: str, path: str, method: str) -> None:
    """Three runs of three tenants are inside the same call, each at another moment of it."""
    quickbooks = {"refresh_grace_seconds": 60, "estimate_after_conversion": "unchanged"}
    installation.set_sandbox(quickbooks=quickbooks)
    work: list[tuple[Tenant, str]] = []
    for _ in MOMENTS:
        tenant = installation.take_tenant()
        work.append((tenant, installation.make_deal(tenant, str(tenant.portal_id))))
    if action == CONVERT:
        enroll_all(installation, work, CREATE)
    struck = [installation.trouble(kind, path, method=method, seconds=HELD_SECONDS) for kind in MOMENTS.values()]

    asked = [
        installation.enroll(tenant, deal_id, inputs=inputs_of(action), action=action)[0] for tenant, deal_id in work
    ]
    installation.wait_for(lambda: all(hits() == 1 for hits in struck), f"the worker to call {path}", 15)
    installation.worker.kill()
    installation.start_worker()
    installation.wait_until_completed(asked)
    if action == CREATE:
        enroll_all(installation, work, CONVERT)

    for tenant, deal_id in work:
        check_converted_once(installation, tenant, deal_id)


def inputs_of(action: str) -> dict[str, str]:
    return INPUTS if action == CREATE else {}


def enroll_all(installation: Installation, work: list[tuple[Tenant, str]], action: str) -> None:
    """Another action for every deal, with nobody killed."""
    asked = [
        installation.enroll(tenant, deal_id, inputs=inputs_of(action), action=action)[0] for tenant, deal_id in work
    ]
    installation.wait_until_completed(asked)


def check_converted_once(installation: Installation, tenant: Tenant, deal_id: str) -> None:
    """One estimate, closed; one invoice, linked to it, on the deal; every callback told once."""
    books = installation.books(tenant)
    (estimate,) = [each for each in books["Estimate"] if "[hs:" in (each.get("PrivateNote") or "")]
    (invoice,) = installation.invoices(tenant)
    assert invoice["LinkedTxn"] == [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
    assert (estimate["TxnStatus"], estimate["TotalAmt"]) == ("Closed", invoice["TotalAmt"])
    assert installation.deal(tenant, deal_id)["qbo_invoice_id"] == invoice["Id"]
    for callback in installation.hubspot_callbacks(tenant):
        assert (callback["state"], callback["execution_state"]) == ("completed", "SUCCESS"), callback["outputs"]
        assert callback["effective_completions"] == (0 if callback["completed_by"] == "answer" else 1)
