"""What may start now: due callbacks, in the order of their deal, within their realm's share.

One starter at a time; a callback starts only when no earlier one of the same enrolled object is
still open, so that two callbacks of one deal never work at once and keep their order for good.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.ids import CallbackId, PortalId
from service.store.database import Database, to_ms

# How many late ones of a paused realm are settled at a time.
LATE_ONES = 5
# How many a realm with nothing running gets before others get more.
A_FEW = 4

Pair = tuple[PortalId, str]
"""A portal and one of its realms."""
FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Start:
    """One run that is about to begin: the callback, its action and the number of the run."""

    portal_id: PortalId
    callback_id: CallbackId
    action: str
    run: int


_ANY = sa.text("SELECT 1 FROM callbacks WHERE state IN ('received', 'waiting') AND due_at <= :now LIMIT 1")
_REALMS = sa.text(
    """SELECT DISTINCT portal_id, realm_id FROM callbacks
       WHERE state IN ('received', 'waiting') AND due_at <= :now"""
)
_RUNNING = sa.text("SELECT realm_id, count(*) AS n FROM callbacks WHERE state = 'running' GROUP BY realm_id")
_CHOOSE = sa.text(
    """SELECT c.portal_id, c.callback_id, c.action, c.run FROM callbacks c
       WHERE c.state IN ('received', 'waiting') AND c.due_at <= :now AND c.realm_id = :realm_id
         AND c.portal_id = :portal_id AND c.deadline_at <= :late_before
         AND NOT EXISTS (
           SELECT 1 FROM callbacks e
           WHERE e.portal_id = c.portal_id AND e.object_type = c.object_type AND e.object_id = c.object_id
             AND e.state IN ('received', 'running', 'waiting', 'parked')
             AND (e.received_at < c.received_at
                  OR (e.received_at = c.received_at AND e.callback_id < c.callback_id)))
       ORDER BY c.due_at, c.received_at, c.callback_id LIMIT :room OFFSET :skip"""
)
_START = sa.text(
    """UPDATE callbacks SET state = 'running', run = run + 1, started_at = :now
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state IN ('received', 'waiting')"""
)
_LATE = sa.text(
    """UPDATE callbacks SET state = 'received', due_at = :now
       WHERE state IN ('waiting', 'parked') AND deadline_at <= :now AND (state = 'parked' OR due_at > :now)
         AND outcome IS NULL"""
)
_STALE = sa.text(
    """SELECT portal_id, callback_id, action, run FROM callbacks
       WHERE state = 'running' AND started_at < :before ORDER BY started_at LIMIT 500"""
)
_ORPHAN = sa.text(
    """UPDATE callbacks SET state = 'received', due_at = :now
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND run = :run AND state = 'running'"""
)
_CRASHED = sa.text(
    """UPDATE callbacks SET crashes = crashes + 1, note = NULL
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state = 'running'"""
)


class Due:
    """The starting end of the callbacks table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_any(self, now: datetime) -> bool:
        """Whether anything at all is due; the cheap question asked many times a minute."""
        with self._database.read() as connection:
            return connection.execute(_ANY, {"now": to_ms(now)}).first() is not None

    def start(
        self,
        now: datetime,
        room_of: Callable[[PortalId, str, int], int],
        room: int,
        enqueue: Callable[[sa.Connection, Start], None],
        worth: int = 1,
    ) -> list[Start]:
        """Begin what may begin: mark it running and hand it to the engine, in one transaction.

        `room_of(portal_id, realm_id, running)` is how many more runs the realm may have now; where it
        is none, what has passed its deadline may still be settled. `room` is how many runs there may
        be in all; with less of it left than is `worth` going deep, only realms with nothing running get
        a few. Returns what was started; nothing when another worker is starting things right now.
        """
        started: list[Start] = []
        at = to_ms(now)
        with self._database.write() as tx:
            if not self._database.try_lock(tx, "start"):
                return []
            running = Counter({row.realm_id: row.n for row in tx.execute(_RUNNING)})
            room -= running.total()
            pairs = [(PortalId(pair.portal_id), pair.realm_id) for pair in tx.execute(_REALMS, {"now": at})]
            random.shuffle(pairs)  # nobody is first for ever
            idle = [pair for pair in pairs if not running[pair[1]]]
            taken: Counter[Pair] = Counter()
            # A few each for those with nothing running; what is left goes deep rather than wide, for
            # runs of one portal that work together share HubSpot's calls.
            for some, most in ((idle, A_FEW), (pairs, room)):
                for pair in some if some is idle or room >= worth else ():
                    allowed = room_of(*pair, running[pair[1]])
                    share = min(room, most, allowed if allowed > 0 else LATE_ONES - taken[pair])
                    if share <= 0:
                        continue
                    row = {"now": at, "portal_id": pair[0], "realm_id": pair[1], "room": share, "skip": taken[pair]}
                    row["late_before"] = FOR_EVER if allowed > 0 else at
                    chosen = tx.execute(_CHOOSE, row).all()
                    room -= len(chosen)
                    running[pair[1]] += len(chosen)
                    taken[pair] += len(chosen)
                    started += [Start(c.portal_id, c.callback_id, c.action, c.run + 1) for c in chosen]
            if started:
                rows = [{"now": at, "portal_id": s.portal_id, "callback_id": s.callback_id} for s in started]
                tx.execute(_START, rows)
            for one in started:
                enqueue(tx, one)
        return started

    def bring_late_ones(self, now: datetime) -> int:
        """Whatever waits past its deadline is due at once, so that it can be settled.

        What is settled and only waits to be told keeps its own pace: it has no deadline any more.
        """
        with self._database.write() as tx:
            return tx.execute(_LATE, {"now": to_ms(now)}).rowcount

    def stale(self, now: datetime, age: timedelta) -> list[Start]:
        """Runs that began more than `age` ago and are not over."""
        with self._database.read() as connection:
            rows = connection.execute(_STALE, {"before": to_ms(now - age)}).all()
        return [Start(row.portal_id, row.callback_id, row.action, row.run) for row in rows]

    def orphan(self, starts: Collection[Start], now: datetime) -> None:
        """Runs that nobody carries any more begin again."""
        rows = [
            {"portal_id": s.portal_id, "callback_id": s.callback_id, "run": s.run, "now": to_ms(now)} for s in starts
        ]
        if rows:
            with self._database.write() as tx:
                tx.execute(_ORPHAN, rows)

    def count_crash(self, keys: Collection[tuple[PortalId, CallbackId]]) -> None:
        """Note that a worker died while it ran these."""
        rows = [{"portal_id": portal_id, "callback_id": callback_id} for portal_id, callback_id in keys]
        if rows:
            with self._database.write() as tx:
                tx.execute(_CRASHED, rows)
