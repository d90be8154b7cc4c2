"""Callbacks: received once, run until their outcome is known, completed towards HubSpot.

`state` says where the work is; `outcome`, once set, never changes (only an operator's replay takes
it back). The table below moves the state; every statement in this module names the event it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import CallbackId, DealId, PortalId, RealmId
from service.store.database import Database, from_ms, from_ms_or_none, to_ms
from service.store.intake import Intake

SUCCESS, FAIL_CONTINUE = "SUCCESS", "FAIL_CONTINUE"
# How HubSpot was told: by our answer to its request, so that there is nothing to complete.
ANSWERED = "answered"

MOVES: dict[str, dict[str, str]] = {
    "received": {"start": "running"},
    "running": {"postpone": "waiting", "park": "parked", "complete": "completed", "orphan": "received"},
    "waiting": {"start": "running", "resume": "received"},
    "parked": {"resume": "received"},
    "completed": {"replay": "received"},
}
"""state -> event -> next state."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the web edge knows of a callback when it accepts it."""

    portal_id: PortalId
    callback_id: CallbackId
    action: str
    object_type: str
    object_id: str
    realm_id: RealmId | None
    inputs: Mapping[str, str]
    context: Mapping[str, Any]
    body_hash: str
    received_at: datetime
    deadline_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """A callback's row. Times are aware UTC; `outcome` None: not settled yet."""

    portal_id: PortalId
    callback_id: CallbackId
    action: str
    object_type: str
    object_id: str
    realm_id: RealmId | None
    inputs: dict[str, str]
    context: dict[str, Any]
    body_hash: str
    state: str
    received_at: datetime
    due_at: datetime
    deadline_at: datetime
    expires_at: datetime
    run: int
    tries: int
    failures: int
    crashes: int
    note: str | None
    outcome: str | None
    outputs: dict[str, str]
    error_code: str | None
    error_message: str | None
    settled_at: datetime | None
    completed_at: datetime | None
    told: str | None

    @property
    def key(self) -> dict[str, Any]:
        """The row's key, as statement parameters."""
        return {"portal_id": self.portal_id, "callback_id": self.callback_id}


_SELECT = sa.text("SELECT * FROM callbacks WHERE portal_id = :portal_id AND callback_id = :callback_id")
_SETTLE = sa.text(
    """UPDATE callbacks SET outcome = :outcome, outputs = :outputs, error_code = :error_code,
         error_message = :error_message, settled_at = :at, note = NULL, tries = 0, failures = 0
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND outcome IS NULL"""
)
# A run moves the row only while it is the row's run: one that was thought dead has no say any more.
_COMPLETE = sa.text(
    """UPDATE callbacks SET state = 'completed', completed_at = :at, told = :told, note = NULL
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state = 'running' AND run = :run
         AND outcome IS NOT NULL"""
)
_POSTPONE = sa.text(
    """UPDATE callbacks SET state = 'waiting', due_at = :due_at, note = :note, tries = tries + 1, failures = :failures
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state = 'running' AND run = :run"""
)
_PARK = sa.text(
    """UPDATE callbacks SET state = 'parked', note = :note
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state = 'running' AND run = :run"""
)
_OPEN_OF_OBJECT = sa.text(
    """SELECT max(received_at) FROM callbacks
       WHERE portal_id = :portal_id AND object_type = :object_type AND object_id = :object_id
         AND state IN ('received', 'running', 'waiting', 'parked')"""
)
_TURN = sa.text(
    """UPDATE callbacks SET object_type = :object_type, object_id = :object_id, context = :context,
         state = 'waiting', due_at = :now, received_at = :received_at
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state = 'running' AND run = :run"""
)
_REPLAY = sa.text(
    """UPDATE callbacks SET state = 'received', due_at = :at, deadline_at = :deadline_at, outcome = NULL,
         outputs = NULL, error_code = NULL, error_message = NULL, settled_at = NULL, completed_at = NULL,
         told = NULL, tries = 0, failures = 0, crashes = 0, note = NULL
       WHERE portal_id = :portal_id AND callback_id = :callback_id
         AND state = 'completed' AND outcome = 'FAIL_CONTINUE'"""
)
_HURRY = sa.text(
    """UPDATE callbacks SET state = 'received', due_at = :at
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state IN ('waiting', 'parked')"""
)
_TRANSITION = sa.text(
    """INSERT INTO transitions (portal_id, callback_id, at, event, note)
       VALUES (:portal_id, :callback_id, :at, :event, :note)"""
)
_TIMELINE = sa.text(
    "SELECT at, event, note FROM transitions WHERE portal_id = :portal_id AND callback_id = :callback_id ORDER BY id"
)


class Callbacks:
    """The table of callbacks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._intake = Intake(database)

    def receive(
        self,
        arrival: Arrival,
        refusal: tuple[str, str, Mapping[str, str]] | None = None,
        *,
        deal_waits: bool = False,
    ) -> StoredCallback | None:
        """Write the callback durably, once.

        `refusal` (code, sentence, outputs) settles it on the spot: the answer tells it, and there is nothing to
        work on, except that with `deal_waits` a run has yet to show it on the deal.
        Returns None when the row is new, else the row that was there before.
        """
        at = to_ms(arrival.received_at)
        code, sentence, outputs = refusal or (None, None, None)
        is_over = refusal is not None and not deal_waits
        row = {
            "portal_id": arrival.portal_id,
            "callback_id": arrival.callback_id,
            "action": arrival.action,
            "object_type": arrival.object_type,
            "object_id": arrival.object_id,
            "realm_id": arrival.realm_id,
            "inputs": json.dumps(dict(arrival.inputs)),
            "context": json.dumps(dict(arrival.context)),
            "body_hash": arrival.body_hash,
            "state": "completed" if is_over else "received",
            "received_at": at,
            "due_at": at,
            "deadline_at": to_ms(arrival.deadline_at),
            "expires_at": to_ms(arrival.expires_at),
            "outcome": FAIL_CONTINUE if refusal else None,
            "outputs": json.dumps(dict(outputs)) if outputs is not None else None,
            "error_code": code,
            "error_message": sentence,
            "settled_at": at if refusal else None,
            "completed_at": at if is_over else None,
            "told": ANSWERED if refusal else None,
        }
        if self._intake.insert(row):
            return None
        earlier = self.find(arrival.portal_id, arrival.callback_id)
        assert earlier is not None, "a key that is taken has its row"
        if earlier.body_hash != arrival.body_hash:
            self.note_event(earlier, "delivered_with_another_body", None, arrival.received_at)
        return earlier

    def find(self, portal_id: PortalId, callback_id: CallbackId) -> StoredCallback | None:
        """The row, or None."""
        with self._database.read() as connection:
            row = connection.execute(_SELECT, {"portal_id": portal_id, "callback_id": callback_id}).mappings().first()
        return None if row is None else _read(row)

    def settle(
        self,
        tx: sa.Connection,
        callback: StoredCallback,
        outcome: str,
        outputs: Mapping[str, str],
        now: datetime,
        error: tuple[str, str] | None = None,
    ) -> bool:
        """Write down for good how the callback ended; False when it was settled before."""
        code, sentence = error or (None, None)
        row = {**callback.key, "outcome": outcome, "outputs": json.dumps(dict(outputs)), "at": to_ms(now)}
        return tx.execute(_SETTLE, {**row, "error_code": code, "error_message": sentence}).rowcount == 1

    def complete(self, callback: StoredCallback, told: str, now: datetime) -> bool:
        """HubSpot knows the outcome, or will never take it; `told` says which."""
        with self._database.write() as tx:
            row = {**callback.key, "run": callback.run, "told": told, "at": to_ms(now)}
            return tx.execute(_COMPLETE, row).rowcount == 1

    def postpone(
        self, callback: StoredCallback, due_at: datetime, note: str, now: datetime, *, failed: bool = False
    ) -> bool:
        """Take the work up again at `due_at`; until then it holds nothing."""
        failures = callback.failures + 1 if failed else callback.failures
        row = {**callback.key, "run": callback.run, "due_at": to_ms(due_at), "note": note, "failures": failures}
        with self._database.write() as tx:
            moved = tx.execute(_POSTPONE, row).rowcount == 1
            if moved:
                until = f"{note}, until {due_at:%Y-%m-%dT%H:%M:%SZ}"
                tx.execute(_TRANSITION, _event(callback, now, "postponed", until))
        return moved

    def park(self, callback: StoredCallback, note: str, now: datetime) -> bool:
        """Leave the work until somebody reconnects."""
        with self._database.write() as tx:
            moved = tx.execute(_PARK, {**callback.key, "run": callback.run, "note": note}).rowcount == 1
            if moved:
                tx.execute(_TRANSITION, _event(callback, now, "parked", note))
        return moved

    def turn(self, callback: StoredCallback, deal_id: DealId, now: datetime) -> None:
        """Go on as the deal's callback, after all that are open for the deal; `context` keeps the object enrolled.

        Nothing starts meanwhile, so that what has begun for the deal is before it and all else may be after it.
        """
        object_of_deal = {"portal_id": callback.portal_id, "object_type": "DEAL", "object_id": deal_id}
        kind, enrolled = callback.object_type, callback.object_id
        context = json.dumps({**callback.context, "enrolled": {"type": kind, "id": enrolled}})
        with self._database.write() as tx:
            self._database.lock_row(tx, "start")
            newest = tx.execute(_OPEN_OF_OBJECT, object_of_deal).scalar() or 0
            order = {"context": context, "now": to_ms(now), "received_at": max(to_ms(now), newest + 1)}
            if tx.execute(_TURN, {**callback.key, "run": callback.run, **object_of_deal, **order}).rowcount:
                tx.execute(_TRANSITION, _event(callback, now, "turned", f"{kind.lower()} {enrolled}: deal {deal_id}"))

    def replay(self, callback: StoredCallback, deadline_at: datetime, now: datetime) -> bool:
        """An operator lets a failed callback be worked on again, or a waiting one at once."""
        row = {**callback.key, "at": to_ms(now), "deadline_at": to_ms(deadline_at)}
        with self._database.write() as tx:
            moved = tx.execute(_REPLAY, row).rowcount + tx.execute(_HURRY, row).rowcount
            if moved:
                tx.execute(_TRANSITION, _event(callback, now, "replayed"))
        return moved > 0

    def note_event(self, callback: StoredCallback, event: str, note: str | None, now: datetime) -> None:
        """Add a line to the callback's timeline."""
        with self._database.write() as tx:
            tx.execute(_TRANSITION, _event(callback, now, event, note))

    def timeline(self, callback: StoredCallback) -> list[tuple[datetime, str, str | None]]:
        """What happened out of the ordinary, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(_TIMELINE, callback.key).all()
        return [(from_ms(row.at), row.event, row.note) for row in rows]

    def list(
        self,
        *,
        state: str | None = None,
        portal_id: int | None = None,
        outcome: str | None = None,
        before: datetime | None = None,
        limit: int = 50,
    ) -> list[StoredCallback]:
        """The newest callbacks, by state, portal and outcome, received before a moment, as far as given."""
        given: dict[str, Any] = {"state": state, "portal_id": portal_id, "outcome": outcome}
        wanted = ["1 = 1"] + [f"{name} = :{name}" for name, value in given.items() if value]
        wanted += ["received_at < :before"] if before else []
        statement = sa.text(
            f"SELECT * FROM callbacks WHERE {' AND '.join(wanted)} ORDER BY received_at DESC LIMIT :limit"  # noqa: S608
        )
        with self._database.read() as connection:
            given |= {"before": before and to_ms(before), "limit": limit}
            return [_read(row) for row in connection.execute(statement, given).mappings()]

    def count_by_state(self) -> dict[str, int]:
        """How many callbacks are in each state."""
        with self._database.read() as connection:
            rows = connection.execute(sa.text("SELECT state, count(*) AS n FROM callbacks GROUP BY state"))
            return {row.state: row.n for row in rows}


def _event(callback: StoredCallback, now: datetime, event: str, note: str | None = None) -> dict[str, Any]:
    return {**callback.key, "at": to_ms(now), "event": event, "note": note}


def _read(row: sa.RowMapping) -> StoredCallback:
    return StoredCallback(
        portal_id=PortalId(row["portal_id"]),
        callback_id=CallbackId(row["callback_id"]),
        action=row["action"],
        object_type=row["object_type"],
        object_id=row["object_id"],
        realm_id=row["realm_id"],
        inputs=json.loads(row["inputs"]),
        context=json.loads(row["context"]),
        body_hash=row["body_hash"],
        state=row["state"],
        received_at=from_ms(row["received_at"]),
        due_at=from_ms(row["due_at"]),
        deadline_at=from_ms(row["deadline_at"]),
        expires_at=from_ms(row["expires_at"]),
        run=row["run"],
        tries=row["tries"],
        failures=row["failures"],
        crashes=row["crashes"],
        note=row["note"],
        outcome=row["outcome"],
        outputs=json.loads(row["outputs"]) if row["outputs"] else {},
        error_code=row["error_code"],
        error_message=row["error_message"],
        settled_at=from_ms_or_none(row["settled_at"]),
        completed_at=from_ms_or_none(row["completed_at"]),
        told=row["told"],
    )
