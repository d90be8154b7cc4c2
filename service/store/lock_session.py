"""One session of PostgreSQL that holds all named locks of this process.

A lock that lived in a transaction of its own kept a connection of the pool for as long as a vendor took to
answer: sixteen refreshes at once held all of them, and none was left to write the new tokens with.
"""

from __future__ import annotations

import contextlib
import threading
import time

import sqlalchemy as sa

from service.store.database import Database

# Whoever lets its session be silent for so long stands still, and holds nothing any more.
SILENCE_SECONDS = 120
PATIENCE_SECONDS = 20.0
_SHORTEST_WAIT, _LONGEST_WAIT = 0.01, 0.2

_TRY = sa.text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_LET_GO = sa.text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")


class LockSession:
    """Takes and gives back locks by name. One thread of this process asks for a name at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._connection: sa.Connection | None = None
        self._held: set[str] = set()

    def take(self, name: str) -> None:
        """Wait until no other process holds the name. Raises: sqlalchemy.exc.OperationalError after a while."""
        end, wait = time.monotonic() + PATIENCE_SECONDS, _SHORTEST_WAIT
        while not self._try(name):
            if time.monotonic() > end:
                raise sa.exc.OperationalError("waiting for a lock", {}, TimeoutError("another process holds it"))
            time.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)

    def let_go(self, name: str) -> None:
        """Give the name back. With the session that took it, the lock has gone already."""
        with self._guard:
            if name not in self._held or self._connection is None:
                return
            self._held.discard(name)
            try:
                self._connection.execute(_LET_GO, {"name": name})
            except sa.exc.DBAPIError:
                self._end()

    def _try(self, name: str) -> bool:
        with self._guard:
            if self._connection is not None:
                try:
                    return self._take_now(self._connection, name)
                except sa.exc.DBAPIError:
                    self._end()  # it was silent, or the server has gone: another session, once
            self._connection = self._database.open_session(SILENCE_SECONDS)
            return self._take_now(self._connection, name)

    def _take_now(self, connection: sa.Connection, name: str) -> bool:
        taken = bool(connection.execute(_TRY, {"name": name}).scalar())
        if taken:
            self._held.add(name)
        return taken

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                connection.invalidate()
                connection.close()
