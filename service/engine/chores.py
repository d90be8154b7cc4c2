"""Chores: what a worker does again and again beside the runs, in a thread that may wait for a vendor."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from service.clock import Clock
from service.logs import log

LOG = logging.getLogger("service.worker")


class Chores:
    """One thread that does each chore every so many seconds, and outlives whatever a chore raises."""

    def __init__(self, name: str, clock: Clock, chores: Sequence[tuple[float, Callable[[], object]]]) -> None:
        self._clock, self._chores = clock, chores
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, each chore at once."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no more chores; one that waits for a vendor is left behind and may be done again."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        next_at = [0.0] * len(self._chores)
        while not self._stop.wait(0.25):
            for number, (seconds, chore) in enumerate(self._chores):
                if self._clock.monotonic() >= next_at[number] and not self._stop.is_set():
                    self._do(chore)
                    next_at[number] = self._clock.monotonic() + seconds

    def _do(self, chore: Callable[[], object]) -> None:
        try:
            chore()
        except sa.exc.SQLAlchemyError as error:
            log(LOG, "database unavailable", level=logging.ERROR, chore=_name(chore), kind=type(error).__name__)
        except Exception:
            LOG.exception("chore failed", extra={"chore": _name(chore)})


def _name(chore: Callable[[], object]) -> str:
    return getattr(getattr(chore, "func", chore), "__name__", "chore")
