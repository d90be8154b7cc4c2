"""Every live worker has a number of its own, and loses it with its life."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from service.engine.slots import _CLASS, MOST, Slot
from service.errors import ConfigError
from service.store.database import Database
from tests.databases import Databases

TAKE = """
import sys
from service.engine.slots import Slot
from service.store.database import Database
print(Slot(Database(sys.argv[1], 2)).number, flush=True)
sys.stdin.readline()
"""


def wait_for(happened: Callable[[], bool]) -> None:
    """The server ends a lost connection in its own time."""
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def held(database: Database) -> int:
    """How many slots the server knows of."""
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :class AND database = "
    mine = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    with database.read() as connection:
        return int(connection.execute(sa.text(locks + mine), {"class": _CLASS}).scalar() or 0)


def test_the_first_worker_has_the_first_slot_and_gives_it_back(database: Database) -> None:
    for _ in range(2):
        slot = Slot(database)
        assert (slot.number, slot.executor_id, slot.alive()) == (1, "slot-1", {"slot-1"})
        slot.release()
        wait_for(lambda: database.is_sqlite or held(database) == 0)


def test_a_killed_workers_slot_is_free(database: Database) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    if database.is_sqlite:
        with pytest.raises(ConfigError, match="PostgreSQL"):
            Slot(database)
    else:
        second = Slot(database)
        assert second.alive() == {"slot-1", "slot-2"}
        second.release()
    process.kill()
    process.communicate(timeout=10)
    wait_for(lambda: database.is_sqlite or held(database) == 0)
    slot = Slot(database)
    assert slot.number == 1
    assert slot.alive() == {"slot-1"}
    slot.release()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_has_one_slot(database: Database) -> None:
    slot = Slot(database)
    for _ in range(2):
        with pytest.raises(ConfigError, match="one is all it allows"):
            Slot(database)
    slot.release()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_gives_the_lowest_free_slot_and_knows_who_lives(database: Database) -> None:
    one, two, three = Slot(database), Slot(database), Slot(database)
    assert [slot.number for slot in (one, two, three)] == [1, 2, 3]
    two.release()
    wait_for(lambda: held(database) == 2)
    assert one.alive() == three.alive() == {"slot-1", "slot-3"}
    again = Slot(database)
    assert again.number == 2
    for slot in (one, again, three):
        slot.release()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_whose_hold_is_gone_learns_it(database: Database) -> None:
    slot = Slot(database)
    with database.read() as connection:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE classid = :class"), {"class": _CLASS}
        )
    with pytest.raises(sa.exc.DBAPIError):
        slot.alive()
    slot.release()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_there_is_an_end_to_slots(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(
            sa.text("SELECT pg_advisory_lock(:class, n) FROM generate_series(1, :most) n"),
            {"class": _CLASS, "most": MOST},
        )
        with pytest.raises(ConfigError, match=f"{MOST} workers"):
            Slot(database)
        connection.rollback()
        connection.invalidate()


def test_slots_of_other_databases_do_not_count(database: Database, cheap_databases: Databases) -> None:
    url = cheap_databases.fresh("sqlite" if database.is_sqlite else "postgresql")
    other = Database(url, 2)
    one, foreign = Slot(database), Slot(other)
    assert (one.number, foreign.number) == (1, 1)
    assert one.alive() == {"slot-1"}
    one.release()
    foreign.release()
    other.close()
    cheap_databases.drop(url)
