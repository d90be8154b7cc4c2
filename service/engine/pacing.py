"""Pacing: nobody exceeds a vendor's limits, and one paused scope does not hold up another.

The numbers come from `hubspot.limits` and `quickbooks.limits`. Within a worker they are kept
exactly; several workers divide them. Pauses are rows, so that all workers keep them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.clock import Clock
from service.engine.windows import Slots, Window
from service.errors import TryLater
from service.logs import log
from service.store.pauses import Pause, Pauses

LOG = logging.getLogger("service.pacing")
PATIENCE_SECONDS = 20.0
STRIKES_BEFORE_PAUSE = 3
LONGEST_PAUSE = timedelta(minutes=5)
HUBSPOT_SCOPES = ("portal:", "search:")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a kind of scope allows: its windows, and calls in flight (None: any number)."""

    windows: tuple[Window, ...]
    in_flight: int | None = None


class _Scope:
    def __init__(self, limit: Limit, workers: int, began: float | None) -> None:
        self._limit = limit
        self.slots = Slots(limit.windows)
        self.divide(workers)
        if began is not None:
            self.slots.assume_calls_until(began)

    def divide(self, workers: int) -> None:
        """Take this worker's part of the limit. Calls that are out end in the places they took."""
        self.slots.resize([window.shared_by(workers) for window in self._limit.windows])
        most = self._limit.in_flight
        self.places = threading.BoundedSemaphore(max(1, most // workers)) if most else None


class Pacing:
    """Implements `wire.Pace` for this worker."""

    def __init__(self, limit_of: Callable[[str], Limit], pauses: Pauses, clock: Clock) -> None:
        self._limit_of, self._pauses, self._clock = limit_of, pauses, clock
        self._lock = threading.Lock()
        self._scopes: dict[str, _Scope] = {}
        self._workers = 1
        self._paused: dict[str, Pause] = {}
        self._strikes: dict[str, int] = {}
        self._probing: set[str] = set()
        self._began: float | None = None

    def begin_again(self) -> None:
        """A worker starts: another one, or its own last life, may have used the limits until now."""
        self._began = self._clock.monotonic()

    @contextmanager
    def turn(self, scope: str) -> Iterator[None]:
        """Wait for a place and hold it for one call. Raises: TryLater."""
        probes = self._respect_pause(scope)
        try:
            known = self._scope(scope)
            places = known.places
            if places is not None and not places.acquire(timeout=PATIENCE_SECONDS):
                raise TryLater("Too many calls are in flight.", timedelta(seconds=5))
            try:
                self._wait(known)
                self._refuse_while_paused(scope)
                yield
            finally:
                if places is not None:
                    places.release()
        finally:
            if probes:
                self._probing.discard(scope)

    def ready(self, scope: str) -> None:
        """Wait until a call could go, without taking the place. Raises: TryLater when paused."""
        self._refuse_while_paused(scope)
        seconds = self._scope(scope).slots.wait_for(self._clock.monotonic())
        if seconds > 0:
            self._clock.sleep(min(seconds, PATIENCE_SECONDS))

    def pause(self, scope: str, span: timedelta, reason: str) -> None:
        """Let the scope rest for `span`, for all workers."""
        now = self._clock.now()
        with self._lock:
            strikes = self._strikes[scope] = self._strikes.get(scope, 0) + 1
            held = self._paused.get(scope)
            pause = Pause(scope, max(now + span, held.until_at if held else now), reason, strikes)
            self._paused[scope] = pause
        self._pauses.keep(pause)
        log(LOG, "paused", level=logging.WARNING, scope=scope, seconds=span.total_seconds(), reason=reason)

    def well(self, scope: str) -> None:
        """A call went through."""
        if scope not in self._strikes and scope not in self._paused:
            return
        now = self._clock.now()
        with self._lock:
            self._strikes.pop(scope, None)
            paused = self._paused.get(scope)
            # An answer that was on its way when the pause began says nothing about now.
            lifted = paused is not None and paused.until_at <= now
            if lifted:
                self._paused.pop(scope, None)
        if lifted:
            self._pauses.lift(scope, now)
            log(LOG, "pause over", scope=scope)

    def ill(self, scope: str, reason: str) -> None:
        """A call found the vendor down; the third in a row pauses the scope, longer each time."""
        with self._lock:
            strikes = self._strikes[scope] = self._strikes.get(scope, 0) + 1
        if strikes >= STRIKES_BEFORE_PAUSE:
            doubled = timedelta(seconds=15) * 2 ** min(strikes - STRIKES_BEFORE_PAUSE, 8)
            self.pause(scope, min(doubled, LONGEST_PAUSE), reason)

    def is_paused(self, scope: str, now: datetime) -> bool:
        """Whether the scope rests now."""
        pause = self._paused.get(scope)
        return pause is not None and pause.until_at > now

    def is_suspect(self, scope: str) -> bool:
        """Whether the scope was paused and no call has gone through since: send one at a time."""
        return scope in self._paused

    def left(self, scope: str) -> tuple[int, Window]:
        """How many calls this worker may still make in the scope's longest window, and that window."""
        return self._scope(scope).slots.left(self._clock.monotonic())

    def refresh(self, workers: int) -> None:
        """Learn what other workers know: their pauses, and how many they are."""
        found = self._pauses.all()
        with self._lock:
            self._paused = {
                scope: max((p for p in (found.get(scope), self._paused.get(scope)) if p), key=lambda p: p.until_at)
                for scope in found
            }
            if workers != self._workers:
                self._workers = workers
                for scope in self._scopes.values():
                    scope.divide(workers)

    def _refuse_while_paused(self, scope: str) -> None:
        pause = self._paused.get(scope)
        if pause is not None and pause.until_at > self._clock.now():
            vendor = "HubSpot" if scope.startswith(HUBSPOT_SCOPES) else "QuickBooks"
            sentence = f"{vendor} had no answer or no room for us, so calls to it rest ({pause.reason})."
            raise TryLater(sentence, pause.until_at - self._clock.now())

    def _respect_pause(self, scope: str) -> bool:
        """Raises TryLater while paused; afterwards one call may probe. True: this one does."""
        self._refuse_while_paused(scope)
        if scope not in self._paused:
            return False
        with self._lock:
            if scope in self._probing:
                raise TryLater("One call tries whether the rest is over.", timedelta(seconds=2))
            self._probing.add(scope)
        return True

    def _scope(self, name: str) -> _Scope:
        with self._lock:
            if name not in self._scopes:
                self._scopes[name] = _Scope(self._limit_of(name), self._workers, self._began)
            return self._scopes[name]

    def _wait(self, scope: _Scope) -> None:
        seconds = scope.slots.book(self._clock.monotonic(), PATIENCE_SECONDS)
        if seconds is None:
            raise TryLater("The limit is used up for now.", timedelta(seconds=PATIENCE_SECONDS))
        if seconds > 0:
            self._clock.sleep(seconds)
