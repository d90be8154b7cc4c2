"""How much a realm may be asked: counted in real time, with the peaks kept.

Contract 2.9.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

PER_MINUTE, PER_SECOND, IN_FLIGHT, BATCHES_PER_MINUTE = 500, 10, 10, 40


class Window:
    """Instants of the last so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at: deque[float] = deque()

    def count(self, now: float) -> int:
        """How many fall into the window that ends now."""
        at, oldest = self.at, now - self.seconds
        while at and at[0] <= oldest:
            at.popleft()
        return len(at)


class Meter:
    """The limits of one realm. Refused calls count for the peaks, not for the limits."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self._asked = Window(1), Window(60)
        self._admitted = Window(1), Window(60)
        self._batches = Window(60)
        self._flying = 0
        self.peaks = {"second": 0, "minute": 0, "in_flight": 0, "batches": 0, "refused": 0, "calls": 0}

    def enter(self, *, batch: bool, refuse: bool, refuse_in_flight: bool) -> bool:
        """Count one call; False when it is over a limit. Every enter needs a leave."""
        now = self._tick()
        with self._lock:
            self._flying += 1
            for window in self._asked:
                window.at.append(now)
            self._note("second", self._asked[0].count(now))
            self._note("minute", self._asked[1].count(now))
            self._note("in_flight", self._flying)
            self.peaks["calls"] += 1
            over = (
                self._admitted[0].count(now) >= PER_SECOND
                or self._admitted[1].count(now) >= PER_MINUTE
                or (batch and self._batches.count(now) >= BATCHES_PER_MINUTE)
                or (refuse_in_flight and self._flying > IN_FLIGHT)
            )
            if over and refuse:
                self.peaks["refused"] += 1
                return False
            for window in self._admitted:
                window.at.append(now)
            if batch:
                self._batches.at.append(now)
                self._note("batches", self._batches.count(now))
            return True

    def leave(self) -> None:
        """The call is answered."""
        with self._lock:
            self._flying -= 1

    def _note(self, name: str, count: int) -> None:
        if count > self.peaks[name]:
            self.peaks[name] = count


class Limits:
    """One meter per realm."""

    def __init__(self) -> None:
        self._meters: dict[str, Meter] = {}

    def meter(self, realm_id: str) -> Meter:
        """The realm's meter, made at its first call."""
        return self._meters.get(realm_id) or self._meters.setdefault(realm_id, Meter())

    def peaks(self) -> dict[str, Any]:
        """What was observed per realm: most in any second, in any minute, at once."""
        return {realm_id: dict(meter.peaks) for realm_id, meter in sorted(self._meters.items())}

    def reset(self) -> None:
        """Forget what was counted."""
        self._meters = {}
