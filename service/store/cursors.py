"""Cursors: how far something is known or done, and when to go on with it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from service.store.database import Database, to_ms

_FIND = sa.text("SELECT position FROM cursors WHERE owner = :owner AND name = :name")
_KEEP = sa.text(
    """INSERT INTO cursors (owner, name, position, next_at) VALUES (:owner, :name, :position, :next_at)
       ON CONFLICT (owner, name) DO UPDATE SET position = excluded.position, next_at = excluded.next_at"""
)
_CLAIM = sa.text(
    """INSERT INTO cursors (owner, name, position, next_at) VALUES (:owner, :name, '', :until)
       ON CONFLICT (owner, name) DO UPDATE SET next_at = excluded.next_at WHERE cursors.next_at <= :now"""
)
_WANT = sa.text("UPDATE cursors SET next_at = :now WHERE owner = :owner AND name = :name AND next_at > :now")


class Cursors:
    """The table of cursors; `position` is text whose meaning is its owner's, "" before the first time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def position(self, owner: str, name: str) -> str:
        """Where it stands."""
        with self._database.read() as connection:
            found: str | None = connection.execute(_FIND, {"owner": owner, "name": name}).scalar()
        return found or ""

    def claim(self, owner: str, name: str, now: datetime, until: datetime) -> bool:
        """Be the one who goes on with it; False when it is not due. Unless it is kept, it is due again at `until`."""
        with self._database.write() as tx:
            row = {"owner": owner, "name": name, "now": to_ms(now), "until": to_ms(until)}
            return tx.execute(_CLAIM, row).rowcount == 1

    def keep(self, owner: str, name: str, position: str, next_at: datetime) -> None:
        """It stands there now, and is due again at `next_at`."""
        with self._database.write() as tx:
            self.keep_in(tx, owner, name, position, next_at)

    def keep_in(self, tx: sa.Connection, owner: str, name: str, position: str, next_at: datetime) -> None:
        """As `keep`, in a transaction of the caller's."""
        tx.execute(_KEEP, {"owner": owner, "name": name, "position": position, "next_at": to_ms(next_at)})

    def want(self, owner: str, name: str, now: datetime) -> None:
        """Have it done now, if it was ever begun."""
        with self._database.write() as tx:
            tx.execute(_WANT, {"owner": owner, "name": name, "now": to_ms(now)})
