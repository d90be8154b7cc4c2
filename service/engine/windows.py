"""Sliding windows: how many calls fit into any stretch of time, and when the next one may go."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

# In windows as short as this all calls may come at once.
BURST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float

    def shared_by(self, workers: int) -> Window:
        """One worker's part when several call under one limit; never more than its fair share."""
        if workers <= 1:
            return self
        part = self.calls // workers
        return Window(part, self.seconds) if part else Window(1, self.seconds * workers / self.calls)


class Slots:
    """Books the earliest moment at which one more call respects every window; first come, first served."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._lock = threading.Lock()
        self._windows = tuple(windows)
        self._booked: deque[float] = deque(maxlen=max(w.calls for w in windows))

    def assume_calls_until(self, began: float) -> None:
        """Believe that somebody called as fast as allowed until `began`; only for slots nobody has booked.

        A worker that starts again knows nothing of what was called before it ended. Over long windows
        the calls are taken to be spread evenly: nobody waits for minutes because of a guess.
        """
        with self._lock:
            longest = max(self._windows, key=lambda window: window.calls)
            apart = longest.seconds / longest.calls
            assumed = [began - apart * number for number in reversed(range(longest.calls))]
            for window in self._windows:
                if window.seconds <= BURST_SECONDS:
                    assumed[-window.calls :] = [began] * window.calls
            self._booked.extend(assumed)

    def resize(self, windows: Sequence[Window]) -> None:
        """Other limits from now on; what is booked counts."""
        with self._lock:
            self._windows = tuple(windows)
            # Never shorter: the limits may grow again while what is booked still counts.
            most = max(self._booked.maxlen or 0, *(w.calls for w in windows))
            self._booked = deque(self._booked, maxlen=most)

    def wait_for(self, now: float) -> float:
        """Seconds until the next call could go; books nothing."""
        with self._lock:
            return max(0.0, self._next(now) - now)

    def left(self, now: float) -> tuple[int, Window]:
        """How many more calls the longest window takes now, and that window; what is booked ahead counts."""
        with self._lock:
            window = max(self._windows, key=lambda each: each.seconds)
            since = now - window.seconds
            taken = sum(1 for _ in takewhile(lambda at: at > since, reversed(self._booked)))
            return max(0, window.calls - taken), window

    def book(self, now: float, patience: float) -> float | None:
        """Seconds to wait before calling; None (and nothing booked) when that is more than `patience`."""
        with self._lock:
            at = self._next(now)
            if at - now > patience:
                return None
            self._booked.append(at)
            return max(0.0, at - now)

    def _next(self, now: float) -> float:
        at = now
        for window in self._windows:
            if len(self._booked) >= window.calls:
                at = max(at, self._booked[-window.calls] + window.seconds)
        return at
