"""Rounds: what is due in many realms or portals is worked on side by side, one piece at a time in each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from service.logs import log

LOG = logging.getLogger("service.worker")
# How often the database is asked whether something is due; half of it is the wait to be expected.
EVERY_SECONDS = 0.2


class Round:
    """One kind of work: `find` names the scopes in which something is due, `work` does some of it in one.

    `work` returns how much it took on; it is called again until that is nothing.
    """

    def __init__(self, name: str, find: Callable[[], Iterable[str]], work: Callable[[str], int]) -> None:
        self.name, self.find, self.work = name, find, work


class Rounds:
    """A thread that looks for work, and some that do it. What one finishes may be the next one's: all are asked."""

    def __init__(self, name: str, rounds: Iterable[Round], threads: int = 8) -> None:
        self._rounds = list(rounds)
        self._busy: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._stop, self._wake = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; what waits for a vendor is left behind, and somebody does it again."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            for each in self._rounds:
                self._look(each)
            self._wake.wait(EVERY_SECONDS)

    def _look(self, each: Round) -> None:
        try:
            scopes = list(each.find())
        except sa.exc.SQLAlchemyError as error:
            log(LOG, "database unavailable", level=logging.ERROR, round=each.name, kind=type(error).__name__)
            self._stop.wait(1.0)
            return
        for scope in scopes:
            with self._lock:
                if (each.name, scope) in self._busy or self._stop.is_set():
                    continue
                self._busy.add((each.name, scope))
            self._pool.submit(self._do, each, scope)

    def _do(self, each: Round, scope: str) -> None:
        try:
            while not self._stop.is_set() and each.work(scope):
                self._wake.set()
        except sa.exc.SQLAlchemyError as error:
            log(LOG, "database unavailable", level=logging.ERROR, round=each.name, kind=type(error).__name__)
        except Exception:
            LOG.exception("round failed", extra={"round": each.name})
        finally:
            with self._lock:
                self._busy.discard((each.name, scope))
