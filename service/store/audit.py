"""Who did what to connections and callbacks: rows that are only added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.store.database import Database, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Act:
    """One thing an operator did; no secret and no customer's text."""

    at: datetime
    actor: str
    act: str
    subject: str
    detail: str | None


_NOTE = sa.text("INSERT INTO audit (at, actor, act, subject, detail) VALUES (:at, :actor, :act, :subject, :detail)")
_LATEST = sa.text("SELECT at, actor, act, subject, detail FROM audit ORDER BY id DESC LIMIT :limit")


class Audit:
    """The table of acts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, actor: str, act: str, subject: str, now: datetime, detail: str | None = None) -> None:
        """Write one down."""
        with self._database.write() as tx:
            tx.execute(_NOTE, {"at": to_ms(now), "actor": actor, "act": act, "subject": subject, "detail": detail})

    def latest(self, limit: int = 20) -> list[Act]:
        """The newest first."""
        with self._database.read() as connection:
            rows = connection.execute(_LATEST, {"limit": limit}).all()
        return [Act(from_ms(row.at), row.actor, row.act, row.subject, row.detail) for row in rows]
