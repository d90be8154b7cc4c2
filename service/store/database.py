"""One database, SQLite or PostgreSQL: how to open it, read it and write it.

Knows nothing of what is stored. Times are stored as whole milliseconds since 1970, UTC, so that
both databases order and compare them alike.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

BUSY_SECONDS = 5.0
READ_ONLY = "25006"
# Whole numbers only: a float loses the millisecond now and then.
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class Database:
    """A pool of connections, and the two ways to use one: `read` and `write`."""

    def __init__(
        self, url: str, pool_size: int = 16, busy_seconds: float = BUSY_SECONDS, transactions: int | None = None
    ) -> None:
        """`pool_size` connections for single statements; on PostgreSQL `transactions` more, as many if None."""
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _sqlite(url, pool_size, busy_seconds)
        else:
            self.engine = _postgresql(url, transactions or pool_size)
        # One writer at a time is SQLite's own rule; queueing here is fair, its busy handler is not.
        self._writer = threading.Lock() if self.is_sqlite else None
        self._busy_seconds = busy_seconds
        self._writing = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        # Single statements need no transaction round them: on PostgreSQL one round trip in place of three,
        # on connections that stay that way.
        if self.is_sqlite:
            self._single: sa.Engine = self.engine.execution_options(sqlite_begin=None)
        else:
            self._single = _postgresql(url, pool_size, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        self.placeholder = "?" if self.is_sqlite else "%s"
        self._idle_raw: list[Any] = []

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """For single statements that change nothing."""
        with self._single.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, durable when the block ends; rolled back when it raises.

        Raises: sqlalchemy.exc.DBAPIError when the database cannot take it.
        """
        with self._alone(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def write_raw(self) -> Iterator[Any]:
        """For a single statement: as `write`, on the driver's own cursor and with `placeholder` for values.

        Raises: as SQLAlchemy would; sqlalchemy.exc.OperationalError when the database is away.
        """
        driver: Any = self.engine.dialect.loaded_dbapi
        with self._alone():
            connection: Any = None
            try:
                connection = self._take_raw()
                cursor = connection.cursor()
                if self.is_sqlite:
                    cursor.execute("BEGIN IMMEDIATE")
                yield cursor
                if self.is_sqlite:
                    connection.commit()
            except BaseException as error:
                # Whatever ended one may have ended all: new ones are made.
                self._drop_raw(connection)
                if isinstance(error, driver.Error):
                    raise sa.exc.DBAPIError.instance("write_raw", {}, error, driver.Error) from error
                raise
            else:
                self._idle_raw.append(connection)

    def _take_raw(self) -> Any:
        """A driver's connection outside the pool, whose book-keeping costs more than a small write."""
        try:
            return self._idle_raw.pop()
        except IndexError:
            pooled = self._single.raw_connection()
            connection = pooled.driver_connection
            pooled.detach()
            return connection

    def _drop_raw(self, *connections: Any) -> None:
        idle, self._idle_raw = self._idle_raw, []
        for connection in (*connections, *idle):
            with contextlib.suppress(Exception):
                connection.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The writer's place, on SQLite; not waited for longer than a client would."""
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=self._busy_seconds):
            raise sa.exc.OperationalError("waiting for the writer", {}, sqlite3.OperationalError("database is busy"))
        try:
            yield
        finally:
            self._writer.release()

    def lock_row(self, connection: sa.Connection, key: str) -> None:
        """Hold a named lock until the transaction ends. SQLite has one writer and needs none."""
        if not self.is_sqlite:
            connection.execute(_ADVISORY_LOCK, {"key": key})

    def try_lock(self, connection: sa.Connection, key: str) -> bool:
        """Take a named lock until the transaction ends, if it is free."""
        return self.is_sqlite or bool(connection.execute(_TRY_ADVISORY_LOCK, {"key": key}).scalar())

    def open_session(self, silence_seconds: int) -> sa.Connection:
        """A session of PostgreSQL outside the pools, for locks that live as long as it does.

        It ends when its process does, and when nothing is heard of it for so long: the system answers keep-alives
        for a process that stands still, and others would wait for its locks for ever.
        """
        alive = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 3}
        engine = sa.create_engine(self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=alive)
        connection = engine.connect()
        # https://www.postgresql.org/docs/current/runtime-config-client.html (idle_session_timeout)
        if (connection.dialect.server_version_info or (0,)) >= (14,):
            connection.execute(sa.text(f"SET idle_session_timeout = '{silence_seconds}s'"))
        return connection

    def close(self) -> None:
        """Give all connections back."""
        self._drop_raw()
        self.engine.dispose()
        self._single.dispose()


_ADVISORY_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_TRY_ADVISORY_LOCK = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")


def prepare_sqlite_connection(connection: sqlite3.Connection, busy_seconds: float = BUSY_SECONDS) -> None:
    """Durable and patient: WAL, synchronous=FULL, and the millisecond clock that DBOS needs.

    DBOS 3.4 asks for unixepoch('subsec'), which SQLite before 3.42 answers with NULL, and for
    strftime('%s', 'now'), which knows whole seconds only.
    """
    for pragma in (
        f"busy_timeout={int(busy_seconds * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("unixepoch", 1, lambda word: _seconds() if word == "subsec" else None)
    connection.create_function("strftime", 2, lambda form, t: _seconds() if (form, t) == ("%s", "now") else None)


def _seconds() -> float:
    return time.time_ns() // 1_000_000 / 1000


def _sqlite(url: str, pool_size: int, busy_seconds: float) -> sa.Engine:
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=30, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, below
        prepare_sqlite_connection(connection, busy_seconds)

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if kind is not None:
            connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _postgresql(url: str, pool_size: int, **options: Any) -> sa.Engine:
    limits = {"statement_timeout": "20s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "30s"}
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=False,
        **options,
        # The last one ends the sessions, and with them the locks, of a process that stands still.
        connect_args={"connect_timeout": 3, "options": " ".join(f"-c {name}={of}" for name, of in limits.items())},
    )

    @event.listens_for(engine, "handle_error")
    def leave_what_cannot_be_written(context: sa.engine.ExceptionContext) -> None:
        # After a failover, and while the disk is full, sessions are born read-only and stay so: new ones are
        # needed when it is over. https://www.postgresql.org/docs/current/errcodes-appendix.html
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True

    return engine


def to_ms(instant: datetime) -> int:
    """An aware instant as stored."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(stored: int) -> datetime:
    """A stored instant, aware, UTC."""
    return _EPOCH + stored * _MILLISECOND


def from_ms_or_none(stored: int | None) -> datetime | None:
    """As `from_ms`; None stays None."""
    return None if stored is None else from_ms(stored)
