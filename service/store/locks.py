"""Named locks among all threads and processes that share the database; lost with their holder."""

from __future__ import annotations

import fcntl
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.store.database import Database
from service.store.lock_session import LockSession


class Locks:
    """Held over a vendor's call, so never in the table that the call will write to.

    Names may be nested, always in one order: what is learnt or named first, its access token last.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = LockSession(database)
        self._guard = threading.Lock()
        self._threads: dict[str, threading.Lock] = {}

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Be the only one with this name until the block ends."""
        with self._guard:
            own = self._threads.setdefault(name, threading.Lock())
        with own, self._across_processes(name):
            yield

    @contextmanager
    def _across_processes(self, name: str) -> Iterator[None]:
        if self._database.is_sqlite:
            # A file for every name: with one for several, whoever holds a name and needs another (a realm,
            # then its token) would wait for itself for ever when both fell into the same file.
            part = hashlib.sha256(name.encode()).hexdigest()[:16]
            with Path(f"{self._database.url.removeprefix('sqlite:///')}.{part}.lock").open("a") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                yield
        else:
            self._session.take(name)
            try:
                yield
            finally:
                self._session.let_go(name)
