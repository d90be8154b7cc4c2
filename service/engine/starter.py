"""The worker's heartbeat: starts what is due, takes over from the dead, settles what is late."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from service.clock import Clock
from service.engine.pacing import Pacing
from service.engine.runtime import CONCURRENCY, Engine, callback_of, workflow_id
from service.engine.slots import Slot
from service.hubspot.limits import portal_scope
from service.ids import CallbackId, PortalId, RealmId
from service.logs import log
from service.quickbooks.limits import realm_scope
from service.store.connections import PAUSED, Connections
from service.store.due import Due

LOG = logging.getLogger("service.worker")
# A realm takes ten calls at a time; the others of its runs are busy with HubSpot.
REALM_SHARE = 20
PATIENCE_SECONDS = 0.5
STALE_AFTER = timedelta(minutes=2)
KEEP_ENGINE_ROWS = timedelta(days=2)


class Starter:
    """One thread per worker that keeps the work going."""

    def __init__(
        self, due: Due, connections: Connections, engine: Engine, slot: Slot, pacing: Pacing, clock: Clock
    ) -> None:
        self._due, self._connections, self._engine = due, connections, engine
        self._slot, self._pacing, self._clock = slot, pacing, clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="starter", daemon=True)
        self._workers = 1
        self._counted: deque[int] = deque(maxlen=10)
        self._started_at = 0.0
        self._paused: set[tuple[PortalId, str]] = set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        chores: list[tuple[float, Callable[[], object]]] = [
            (0.1, self.start_due),
            (1.0, self.count_workers),
            (1.0, self.refresh),
            (5.0, self.take_over_from_the_dead),
            (15.0, self.settle_late_and_lost),
            (3600.0, self.tidy),
        ]
        next_at = dict.fromkeys(range(len(chores)), 0.0)
        self.refresh()
        while not self._stop.wait(0.05):
            for number, (seconds, chore) in enumerate(chores):
                now = self._clock.monotonic()
                if now >= next_at[number]:
                    next_at[number] = now + seconds
                    self._do(chore)

    def _do(self, chore: Callable[[], object]) -> None:
        try:
            chore()
        except sa.exc.SQLAlchemyError as error:
            log(LOG, "database unavailable", level=logging.ERROR, chore=chore.__name__, kind=type(error).__name__)
            self._stop.wait(1.0)
        except Exception:
            LOG.exception("chore failed", extra={"chore": chore.__name__})

    def start_due(self) -> int:
        """Begin the runs that are due and have room."""
        now = self._clock.now()
        if not self._due.is_any(now):
            return 0
        # Under load a quarter of the places is awaited, though not for long: many runs of one portal that
        # begin together read and write HubSpot together.
        patient = self._clock.monotonic() - self._started_at < PATIENCE_SECONDS
        worth = CONCURRENCY // 4 if patient else 1
        started = self._due.start(now, self.room_of, CONCURRENCY * self._workers, self._engine.enqueue, worth)
        if started:
            self._started_at = self._clock.monotonic()
        return len(started)

    def room_of(self, portal_id: PortalId, realm_id: str, running: int) -> int:
        """How many more runs a realm may have: none while it rests, one while it is being probed."""
        scopes = (portal_scope(portal_id), realm_scope(RealmId(realm_id)))
        now = self._clock.now()
        if (portal_id, realm_id) in self._paused or any(self._pacing.is_paused(scope, now) for scope in scopes):
            return 0
        if any(self._pacing.is_suspect(scope) for scope in scopes):
            return 1 - running
        return REALM_SHARE - running

    def refresh(self) -> None:
        """Learn how many workers there are, what rests and which connections are paused."""
        self._pacing.refresh(self._workers, self._slot.number)
        self._paused = {(c.portal_id, c.realm_id) for c in self._connections.all() if c.state == PAUSED}

    def count_workers(self) -> set[str]:
        """Learn who is alive; without our own slot the process ends at once."""
        try:
            alive = self._slot.alive()
        except sa.exc.SQLAlchemyError:
            # Somebody else may hold our slot by now: two workers must not share one.
            log(LOG, "slot lost, leaving", level=logging.ERROR, slot=self._slot.number)
            os._exit(3)
        # What a worker that is gone has called still counts for a while: its share is not taken at once.
        self._counted.append(len(alive))
        self._workers = max(self._counted)
        return alive

    def take_over_from_the_dead(self) -> int:
        """Continue the runs of workers that are no more. One of the living does it for all."""
        # In this order: who has begun after the runs were listed is alive when it is asked.
        interrupted = self._engine.interrupted()
        alive = self.count_workers()
        orphans = [run for run, executor in interrupted if executor not in alive]
        if not orphans or not self._slot.is_first(alive):
            return 0
        self.count_crash(orphans)
        self._engine.take_over(orphans)
        log(LOG, "took over", level=logging.WARNING, runs=len(orphans))
        return len(orphans)

    def count_crash(self, workflow_ids: list[str]) -> None:
        """Remember which callbacks were being worked on when a worker ended."""
        found = [callback_of(run) for run in workflow_ids]
        self._due.count_crash([(PortalId(portal_id), CallbackId(callback_id)) for portal_id, callback_id in found])

    def settle_late_and_lost(self) -> None:
        """Deadlines that passed, and rows whose run the engine has lost."""
        now = self._clock.now()
        self._due.bring_late_ones(now)
        stale = self._due.stale(now, STALE_AFTER)
        if stale:
            carried = self._engine.carried([workflow_id(start) for start in stale])
            lost = [start for start in stale if workflow_id(start) not in carried]
            self._due.orphan(lost, now)
            if lost:
                log(LOG, "runs lost, begun again", level=logging.WARNING, runs=len(lost))

    def tidy(self) -> None:
        """Forget the engine's rows of runs that ended long ago; the callbacks stay."""
        before = (self._clock.now() - KEEP_ENGINE_ROWS).isoformat()
        log(LOG, "tidied", runs=self._engine.forget_before(before))
