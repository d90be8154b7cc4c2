"""Several workers: one is killed for good or stands still, and the others finish its work. SQLite takes one only."""

from __future__ import annotations

import signal

import pytest

from tests.crash.checks import check_invoiced_once, check_rows_completed
from tests.crash.processes import INPUTS, Installation, Tenant, Worker

pytestmark = pytest.mark.slow

SLOTS = """FROM pg_locks WHERE locktype = 'advisory' AND classid = 48611 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


# One installation more would ask for more connections than a PostgreSQL server gives as it comes.
on_postgresql = pytest.mark.parametrize("processes", ["postgresql"], indirect=True)


@pytest.fixture
def pair(installation: Installation) -> Installation:
    """The shared installation with a second worker."""
    installation.start_worker(installation.add_worker())
    return installation


def give_work(pair: Installation, moment: str) -> dict[str, tuple[Tenant, str]]:
    """Six runs of six tenants, each held at its invoice."""
    pair.set_sandbox(quickbooks={"refresh_grace_seconds": 60})
    struck = pair.trouble(moment, r"/invoice\?", times=6, seconds=4.0)
    work = {}
    for _ in range(6):
        tenant = pair.take_tenant()
        deal_id = pair.make_deal(tenant, str(tenant.portal_id))
        work[pair.enroll(tenant, deal_id, inputs=INPUTS)[0]] = (tenant, deal_id)
    pair.wait_for(lambda: struck() == 6, "six runs at their invoices", callback_id=min(work))
    return work


def by_runs(pair: Installation) -> list[Worker]:
    """The workers, the one with the most runs first."""
    return sorted(pair.workers, key=lambda worker: runs_of(pair, worker), reverse=True)


def slot_of(worker: Worker) -> int:
    """The slot the worker has said it took."""
    return int(worker.log.partition("working slot=")[2].partition(" ")[0])


def runs_of(pair: Installation, worker: Worker) -> int:
    """How many runs the engine says the worker carries now."""
    statement = "SELECT 1 FROM dbos.workflow_status WHERE status = 'PENDING' AND executor_id = :slot"
    return len(pair.rows(statement, slot=f"slot-{slot_of(worker)}"))


def check(pair: Installation, work: dict[str, tuple[Tenant, str]]) -> None:
    for callback_id, (tenant, deal_id) in work.items():
        check_invoiced_once(pair, tenant, {callback_id: deal_id})
    check_rows_completed(pair, work)


@on_postgresql
@pytest.mark.parametrize("moment", ["lose_request", "hang"])
def test_one_is_killed_for_good(pair: Installation, moment: str) -> None:
    work = give_work(pair, moment)
    dead, other = by_runs(pair)

    dead.kill()
    pair.wait_until_completed(list(work), seconds=60)

    assert " took over " in other.log
    check(pair, work)


@on_postgresql
def test_one_stands_still_and_wakes_up(pair: Installation) -> None:
    """Stopped in the middle of its calls, taken for dead, woken when others have done its work."""
    work = give_work(pair, "delay")
    still, other = by_runs(pair)

    still.signal(signal.SIGSTOP)
    # As the server does by itself when it has heard nothing for a while, see engine/slots.
    pair.rows(f"SELECT pg_terminate_backend(pid) {SLOTS} AND objid = :slot", slot=slot_of(still))
    pair.wait_until_completed(list(work), seconds=60)
    still.signal(signal.SIGCONT)
    pair.wait_for(lambda: not still.alive, "the end of the worker that lost its slot", seconds=15)

    assert " took over " in other.log
    assert "slot lost, leaving" in still.log
    check(pair, work)


@on_postgresql
def test_a_worker_that_stands_still_loses_its_slot(pair: Installation) -> None:
    """The server itself ends the session of a worker it hears nothing of."""
    still, _ = pair.workers
    still.signal(signal.SIGSTOP)
    pair.wait_for(lambda: len(pair.rows(f"SELECT objid {SLOTS}")) == 1, "the slot to be free", seconds=60)
    still.signal(signal.SIGCONT)
    pair.wait_for(lambda: not still.alive, "the end of the worker that lost its slot", seconds=15)
    assert "slot lost, leaving" in still.log


def test_a_second_worker_needs_postgresql(installation: Installation) -> None:
    second = installation.add_worker(real=True)
    second.start()
    if installation.database_url.startswith("postgresql"):
        installation.wait_for(lambda: second.working, "the second worker")
        assert " slot=2 " in second.log
    else:
        assert second.wait(20) == 1
        assert "another worker runs on this SQLite database" in second.log
        assert "use PostgreSQL" in second.log
        assert "Traceback" not in second.log
