"""A named lock is held by one thread of one process, and lost with it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from store_examples import at_once

from service.store.database import Database
from service.store.locks import Locks

HOLD = """
import sys, time
from service.store.database import Database
from service.store.locks import Locks
with Locks(Database(sys.argv[1], 2)).hold(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(database: Database):
    """Another process that holds the lock named "refresh:hubspot:1"."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, database.url, "refresh:hubspot:1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate(timeout=10)


def test_one_at_a_time_among_threads(database: Database) -> None:
    locks, inside = Locks(database), []

    def work(number: int) -> None:
        for _ in range(5):
            with locks.hold("refresh:hubspot:1"):
                inside.append(number)
                assert inside == [number]
                inside.clear()

    at_once(8, work)


@pytest.mark.parametrize("how", ["lets go", "is killed"])
def test_one_at_a_time_among_processes(how: str, database: Database, holder: subprocess.Popen[str]) -> None:
    taken = threading.Event()

    def take() -> None:
        with Locks(database).hold("refresh:hubspot:1"):
            taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert not taken.wait(0.3)
    if how == "lets go":
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()
    else:
        holder.kill()
    assert taken.wait(10)
    thread.join()


def test_another_name_is_another_lock(database: Database, holder: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    with Locks(database).hold("realm:9341450000000001"):
        assert time.monotonic() - began < 2


def test_a_lock_is_let_go_when_its_holder_fails(database: Database) -> None:
    locks = Locks(database)

    def fail() -> None:
        with locks.hold("names:1"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with locks.hold("names:1"):
        pass


def test_rows_can_be_written_while_a_lock_is_held(database: Database) -> None:
    with Locks(database).hold("refresh:hubspot:1"), database.write() as tx:
        tx.exec_driver_sql("DELETE FROM pauses")
