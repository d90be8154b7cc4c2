"""The database goes away and comes back: nothing is acknowledged meanwhile, and all goes on without a restart."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.crash.checks import check_every_answer_has_its_row, check_invoiced_once
from tests.crash.processes import INPUTS, Installation

pytestmark = pytest.mark.slow

AWAY_SECONDS = 7.0


@contextlib.contextmanager
def unreachable(installation: Installation) -> Iterator[None]:
    """PostgreSQL: every session ended, none let in. SQLite: somebody keeps the file to himself."""
    url = installation.database_url
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=20)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()
        return
    installation.stores.database.close()
    with server(url) as (connection, name):
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        end_sessions(connection, name)
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextlib.contextmanager
def read_only(installation: Installation) -> Iterator[None]:
    """PostgreSQL: as after a failover, or with a full disk. SQLite: web cannot make any file longer."""
    url = installation.database_url
    if url.startswith("sqlite"):
        before = [(pid, resource.prlimit(pid, resource.RLIMIT_FSIZE)) for pid in processes_of(installation)]
        for pid, (_, most) in before:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        yield
        for pid, limits in before:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        return
    installation.stores.database.close()
    with server(url) as (connection, name):
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        end_sessions(connection, name)
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


@contextlib.contextmanager
def server(url: str) -> Iterator[tuple[psycopg.Connection, str]]:
    """A session beside the database, and the database's name."""
    place, _, name = url.replace("postgresql+psycopg://", "postgresql://").rpartition("/")
    with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
        yield connection, name


def end_sessions(connection: psycopg.Connection, name: str) -> None:
    """All of them, our own too: its pool opens new ones."""
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def processes_of(installation: Installation) -> list[int]:
    """Web's master and its worker."""
    listed = subprocess.run(["ps", "-o", "pid=", "-g", str(installation.web.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


@pytest.mark.parametrize("fault", ["unreachable", "read-only"])
def test_accept(installation: Installation, fault: str) -> None:
    tenant = installation.take_tenant()
    deals = [installation.make_deal(tenant, f"{tenant.portal_id}-{number}") for number in range(4)]
    web_pids = processes_of(installation)
    warm = installation.enroll(tenant, deals[0], inputs=INPUTS)[0]
    installation.wait_until_completed([warm])
    away = unreachable(installation) if fault == "unreachable" else read_only(installation)
    with away:
        asked = installation.enroll(tenant, *deals[1:], inputs=INPUTS)
        time.sleep(AWAY_SECONDS)
        answered = [each for key in asked for each in installation.hubspot_callback(key)["deliveries"]]
        assert {each["status"] for each in answered if each["status"]} == {503}, answered
    keep_the_worker_up(installation, asked)

    assert processes_of(installation) == web_pids, "web was not restarted"
    check_every_answer_has_its_row(installation)
    check_invoiced_once(installation, tenant, dict(zip([warm, *asked], deals, strict=True)))


def test_work(installation: Installation) -> None:
    """Away while runs are in their calls: they go on when it is back."""
    tenants = [installation.take_tenant() for _ in range(3)]
    deals = {tenant: installation.make_deal(tenant, str(tenant.portal_id)) for tenant in tenants}
    struck = installation.trouble("hang", r"/invoice\?", times=3, seconds=2.0)
    asked = {installation.enroll(tenant, deal_id, inputs=INPUTS)[0]: tenant for tenant, deal_id in deals.items()}
    installation.wait_for(lambda: struck() == 3, "three runs at their invoices", callback_id=min(asked))
    with unreachable(installation):
        time.sleep(AWAY_SECONDS)
    keep_the_worker_up(installation, list(asked))
    for callback_id, tenant in asked.items():
        check_invoiced_once(installation, tenant, {callback_id: deals[tenant]})


def keep_the_worker_up(installation: Installation, asked: list[str]) -> None:
    """As a supervisor does: without its slot a PostgreSQL worker ends by itself, to be started again."""
    end = time.monotonic() + 60
    while any(installation.hubspot_callback(key)["state"] in ("sent", "blocked") for key in asked):
        assert time.monotonic() < end, installation.evidence(asked[0])
        if not installation.worker.alive:
            installation.worker.start()
        time.sleep(0.1)


def test_a_worker_waits_for_the_database(installation: Installation) -> None:
    """Started while the database is away, it does not end: few supervisors try for ever."""
    installation.worker.kill()
    with unreachable(installation):
        installation.worker.start()
        time.sleep(3)
        assert installation.worker.alive, installation.worker.log
    installation.wait_for(lambda: installation.worker.working, "the worker")
