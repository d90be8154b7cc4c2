"""SIGTERM under load, as with every deploy: no connection is cut, nothing is lost, the end is soon."""

from __future__ import annotations

import time

import pytest

from tests.crash.checks import check_every_answer_has_its_row, check_invoiced_once
from tests.crash.processes import CLEAN_END_SECONDS, INPUTS, Installation, Tenant, Worker

pytestmark = pytest.mark.slow

# Between two web processes nobody listens. And HubSpot may find a connection it has kept closed when it begins
# to send on it: nothing has been sent then. A connection that carries a request is never cut.
HARMLESS = ("ConnectionRefusedError", "BrokenPipeError")


def test_web(installation: Installation) -> None:
    tenants = [installation.add_tenant(deals=20) for _ in range(3)]
    deals: dict[str, tuple[Tenant, str]] = {}
    for number in range(20):
        for tenant, deal_ids in tenants:
            deals[installation.enroll(tenant, deal_ids[number])[0]] = (tenant, deal_ids[number])
        if number in (5, 10, 15):
            assert installation.web.terminate() < CLEAN_END_SECONDS
            assert installation.web.wait(1) == 0
            installation.restart_web()
        time.sleep(0.03)
    installation.wait_until_completed(list(deals), seconds=60)

    errors = [
        each["error"]
        for callback_id in deals
        for each in installation.hubspot_callback(callback_id)["deliveries"]
        if each["error"]
    ]
    assert [error for error in errors if not error.startswith(HARMLESS)] == []
    check_every_answer_has_its_row(installation)
    for tenant, _ in tenants:
        check_invoiced_once(
            installation, tenant, {key: deal for key, (whose, deal) in deals.items() if whose == tenant}
        )


def test_worker(installation: Installation) -> None:
    """Runs in hand are finished; those that cannot be in time are left for the next worker, uncounted."""
    worker = stop_the_shared_one(installation)
    tenants = [installation.take_tenant() for _ in range(4)]
    deals = {tenant: installation.make_deal(tenant, str(tenant.portal_id)) for tenant in tenants}
    struck = installation.trouble("delay", r"/invoice\?", times=4, seconds=3.0)
    asked = {installation.enroll(tenant, deal_id, inputs=INPUTS)[0]: tenant for tenant, deal_id in deals.items()}
    installation.wait_for(lambda: struck() == 4, "four runs at their invoices", callback_id=min(asked))

    assert worker.terminate() < CLEAN_END_SECONDS
    assert worker.wait(1) == 0
    assert "Traceback" not in worker.log
    states = {installation.hubspot_callback(callback_id)["state"] for callback_id in asked}
    assert states == {"completed"}, "runs in hand are finished"
    installation.start_worker()
    for callback_id, tenant in asked.items():
        check_invoiced_once(installation, tenant, {callback_id: deals[tenant]})


def test_worker_with_a_vendor_that_hangs(installation: Installation) -> None:
    worker = stop_the_shared_one(installation)
    tenant = installation.take_tenant()
    deal_id = installation.make_deal(tenant, str(tenant.portal_id))
    struck = installation.trouble("hang", r"/invoice\?", seconds=50.0)
    (callback_id,) = installation.enroll(tenant, deal_id, inputs=INPUTS)
    installation.wait_for(lambda: struck() == 1, "a run at its invoice", callback_id=callback_id)

    assert worker.terminate() < CLEAN_END_SECONDS
    assert worker.wait(1) == 0
    installation.start_worker()
    installation.wait_until_completed([callback_id])
    check_invoiced_once(installation, tenant, {callback_id: deal_id})


def stop_the_shared_one(installation: Installation) -> Worker:
    """In its place, a worker of the real command, whose exit status is known."""
    installation.worker.kill()
    worker = installation.add_worker(real=True)
    return installation.start_worker(worker)
