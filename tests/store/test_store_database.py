"""How a database is opened, read and written: durable, patient, all or nothing."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from store_examples import at_once, rows

from service.store.database import BUSY_SECONDS, Database, from_ms, from_ms_or_none, to_ms

PATIENCE = 0.3
INSERT = "INSERT INTO pauses (scope, until_at, reason, strikes) VALUES ('{}', 1, 'x', 0)"


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'deep' / 'er' / 'service.sqlite'}", pool_size=4, busy_seconds=PATIENCE)
    yield opened
    opened.close()


def test_sqlite_is_durable_and_makes_its_folder(sqlite: Database) -> None:
    with sqlite.read() as connection:

        def pragma(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)
        assert pragma("busy_timeout") == PATIENCE * 1000
    assert BUSY_SECONDS < 25, "HubSpot waits 30 seconds for an answer"


def test_sqlite_has_the_millisecond_clock_dbos_asks_for(sqlite: Database) -> None:
    with sqlite.read() as connection:
        before = time.time()
        for question in ("unixepoch('subsec')", "strftime('%s', 'now')"):
            seen = connection.exec_driver_sql(f"SELECT {question}").scalar()
            assert isinstance(seen, float)
            assert abs(seen - before) < 5
            assert round(seen * 1000) == seen * 1000


def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as tx:
            tx.exec_driver_sql(INSERT.format("a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert rows(database, "SELECT * FROM pauses") == []
    with database.write() as tx:
        tx.exec_driver_sql(INSERT.format("a"))
    assert len(rows(database, "SELECT * FROM pauses")) == 1


def test_what_is_written_is_seen_by_others_at_once(database: Database) -> None:
    other = Database(database.url, pool_size=1)
    with database.write() as tx:
        tx.exec_driver_sql(INSERT.format("a"))
        assert rows(other, "SELECT * FROM pauses") == []
    assert len(rows(other, "SELECT * FROM pauses")) == 1
    other.close()


def test_writers_at_once_all_write(database: Database) -> None:
    def write(number: int) -> None:
        with database.write() as tx:
            seen = tx.exec_driver_sql("SELECT count(*) FROM pauses").scalar()
            assert isinstance(seen, int)
            tx.exec_driver_sql(INSERT.format(number))

    at_once(32, write)
    assert rows(database, "SELECT count(*) AS n FROM pauses")[0].n == 32


def test_a_foreign_writer_who_does_not_end_is_an_error_in_bounded_time(sqlite: Database) -> None:
    with sqlite.write() as tx:
        tx.exec_driver_sql("CREATE TABLE t (x INTEGER)")
    foreign = sqlite3.connect(sqlite.url.removeprefix("sqlite:///"), isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(sa.exc.OperationalError), sqlite.write():
        pass
    assert time.monotonic() - began < PATIENCE + 2
    with sqlite.read() as connection:  # readers are not held up
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
    foreign.execute("ROLLBACK")
    foreign.close()
    with sqlite.write() as tx:  # and it recovers by itself
        tx.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_a_writer_of_our_own_who_does_not_end_is_an_error_in_bounded_time(sqlite: Database) -> None:
    let_go, held = threading.Event(), threading.Event()

    def hold() -> None:
        with sqlite.write():
            held.set()
            let_go.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    began = time.monotonic()
    with pytest.raises(sa.exc.OperationalError), sqlite.write():
        pass
    assert time.monotonic() - began < PATIENCE + 2
    let_go.set()
    thread.join()


def test_a_named_lock_lasts_as_long_as_its_transaction(database: Database) -> None:
    if database.is_sqlite:
        with database.write() as tx:
            assert database.try_lock(tx, "start"), "there is one writer anyway"
        return
    with database.write() as one:
        assert database.try_lock(one, "start")
        with database.write() as two:
            assert not database.try_lock(two, "start")
            assert database.try_lock(two, "another")
    with database.write() as two:
        assert database.try_lock(two, "start")


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_times_are_kept_to_the_millisecond(instant: datetime) -> None:
    assert abs(from_ms(to_ms(instant)) - instant) < timedelta(milliseconds=1)
    assert to_ms(from_ms(to_ms(instant))) == to_ms(instant)
    assert from_ms(to_ms(instant)).tzinfo is UTC


def test_no_time_stays_none() -> None:
    assert from_ms_or_none(None) is None
    assert from_ms_or_none(0) == datetime(1970, 1, 1, tzinfo=UTC)
