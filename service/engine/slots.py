"""Slots: every live worker has a number of its own, and the number tells who is alive.

SQLite has one slot, held by a file lock: the second worker leaves. PostgreSQL has many, held by
advisory locks that vanish with their connection.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import sqlalchemy as sa

from service.errors import ConfigError
from service.store.database import Database

_CLASS = 48_611
MOST = 64

# A worker asks who is alive every second; one that has not for so long is taken for dead.
SILENCE_SECONDS = 30

_TAKE = sa.text("SELECT pg_try_advisory_lock(:class, :slot)")
_HELD = sa.text(
    """SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = :class AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
)


class Slot:
    """This worker's place; lost with the process."""

    def __init__(self, database: Database) -> None:
        """Take the lowest free slot. Raises: ConfigError when there is none."""
        self._database = database
        self._connection: sa.Connection | None = None
        if database.is_sqlite:
            self.number = self._take_file()
        else:
            self.number = self._take_lock()

    @property
    def executor_id(self) -> str:
        """The name under which DBOS keeps this worker's runs."""
        return f"slot-{self.number}"

    def alive(self) -> set[str]:
        """Executor ids of all live workers, this one included.

        Raises: sqlalchemy.exc.DBAPIError when our own hold is gone; the process must then end.
        """
        if self._connection is None:
            return {self.executor_id}
        held = {row.objid for row in self._connection.execute(_HELD, {"class": _CLASS})}
        if self.number not in held:
            raise sa.exc.OperationalError("slot", {}, ConnectionError("this worker's slot is lost"))
        return {f"slot-{number}" for number in held}

    def is_first(self, alive: set[str]) -> bool:
        """Whether ours is the lowest slot of those given: what one worker must do for all, this one does."""
        return self.number == min(int(each.removeprefix("slot-")) for each in alive)

    def release(self) -> None:
        """Give the slot back, at a clean end."""
        if self._connection is not None:
            self._connection.close()
        elif self.number:
            os.close(self._file)

    def _take_file(self) -> int:
        path = Path(self._database.url.removeprefix("sqlite:///") + ".worker.lock")
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise ConfigError(
                ["another worker runs on this SQLite database: one is all it allows; use PostgreSQL for more"]
            ) from error
        return 1

    def _take_lock(self) -> int:
        connection = self._database.open_session(SILENCE_SECONDS)
        for number in range(1, MOST + 1):
            if connection.execute(_TAKE, {"class": _CLASS, "slot": number}).scalar():
                self._connection = connection
                return number
        connection.close()
        raise ConfigError([f"{MOST} workers run already"])


def count_workers(database: Database) -> int:
    """How many workers are alive, asked by somebody who is none."""
    if not database.is_sqlite:
        with database.read() as connection:
            return len({row.objid for row in connection.execute(_HELD, {"class": _CLASS})})
    path = Path(database.url.removeprefix("sqlite:///") + ".worker.lock")
    if not path.exists():
        return 0
    with path.open("a") as looked_at:
        try:
            # Shared and given back at once: two who look do not see each other.
            fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return 1
    return 0
