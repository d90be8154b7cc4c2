"""Pauses: who must not be called for now, known to every worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.store.database import Database, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Pause:
    """A scope that rests until a moment, why, and how often in a row it has been so."""

    scope: str
    until_at: datetime
    reason: str
    strikes: int


_KEEP = sa.text(
    """INSERT INTO pauses (scope, until_at, reason, strikes) VALUES (:scope, :until_at, :reason, :strikes)
       ON CONFLICT (scope) DO UPDATE SET
         until_at = CASE WHEN excluded.until_at > pauses.until_at THEN excluded.until_at ELSE pauses.until_at END,
         reason = excluded.reason, strikes = excluded.strikes"""
)
_ALL = sa.text("SELECT scope, until_at, reason, strikes FROM pauses")
_LIFT = sa.text("DELETE FROM pauses WHERE scope = :scope AND until_at <= :now")


class Pauses:
    """The table of pauses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, pause: Pause) -> None:
        """Let a scope rest; a longer pause that is there stays."""
        row = {
            "scope": pause.scope,
            "until_at": to_ms(pause.until_at),
            "reason": pause.reason,
            "strikes": pause.strikes,
        }
        with self._database.write() as tx:
            tx.execute(_KEEP, row)

    def all(self) -> dict[str, Pause]:
        """Every pause, also those whose time has passed and that wait for a probe."""
        with self._database.read() as connection:
            rows = connection.execute(_ALL).all()
        return {row.scope: Pause(row.scope, from_ms(row.until_at), row.reason, row.strikes) for row in rows}

    def lift(self, scope: str, now: datetime) -> None:
        """A call went through: the pause is over, unless another worker has begun one meanwhile."""
        with self._database.write() as tx:
            tx.execute(_LIFT, {"scope": scope, "now": to_ms(now)})
