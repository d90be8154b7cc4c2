"""Where time comes from. Everything else is told what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What an edge asks for the time; the middle gets the answer as a parameter."""

    def now(self) -> datetime:
        """The present, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward, whatever happens to the wall clock."""

    def sleep(self, seconds: float) -> None:
        """Wait; short waits only, long ones are rows."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FixedClock:
    """A clock that moves only when told; for tests and for replaying a story."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._instant

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, span: timedelta) -> None:
        """Let `span` pass."""
        self._instant += span
        self._seconds += span.total_seconds()
