"""Which portal is joined to which realm, and whether work may go on there."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, from_ms, to_ms

REMEMBER_SECONDS = 2.0
LIVE, PAUSED, REMOVED = "live", "paused", "removed"


@dataclass(frozen=True, slots=True)
class Connection:
    """One portal joined to one realm. `state` is live, paused (by an operator) or removed."""

    portal_id: PortalId
    realm_id: RealmId
    state: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


_UPSERT = sa.text(
    """INSERT INTO connections (portal_id, realm_id, state, settings, created_at, updated_at)
       VALUES (:portal_id, :realm_id, 'live', '{}', :at, :at)
       ON CONFLICT (portal_id, realm_id) DO UPDATE SET state = 'live', updated_at = excluded.updated_at"""
)
_STATE = sa.text(
    """UPDATE connections SET state = :state, updated_at = :at
       WHERE portal_id = :portal_id AND realm_id = :realm_id AND state <> 'removed'"""
)
_OF_PORTAL = sa.text(
    "SELECT * FROM connections WHERE portal_id = :portal_id AND state <> 'removed' ORDER BY created_at, realm_id"
)
_ALL = sa.text("SELECT * FROM connections WHERE state <> 'removed' ORDER BY portal_id, realm_id")
# Whatever was parked or waiting for this pair is due at once.
_RESUME = sa.text(
    """UPDATE callbacks SET state = 'received', due_at = :at
       WHERE portal_id = :portal_id AND (realm_id = :realm_id OR realm_id IS NULL) AND state IN ('parked', 'waiting')"""
)
# A portal's or realm's access is back: so for every connection that shares it.
_RESUME_PARKED = sa.text(
    """UPDATE callbacks SET state = 'received', due_at = :at
       WHERE (portal_id = :portal_id OR realm_id = :realm_id) AND state = 'parked'"""
)
# Another updated_at: the preflight looks at the connection again.
_TOUCH = sa.text(
    """UPDATE connections SET updated_at = :at
       WHERE (portal_id = :portal_id OR realm_id = :realm_id) AND state <> 'removed'"""
)


class Connections:
    """The table of connections."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[PortalId, tuple[float, list[Connection]]] = {}

    def add(self, portal_id: PortalId, realm_id: RealmId, now: datetime) -> int:
        """Join the pair, or bring it back; returns how many parked callbacks go on because of it."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "at": to_ms(now)}
        with self._database.write() as connection:
            connection.execute(_UPSERT, row)
            return connection.execute(_RESUME, row).rowcount

    def change_state(self, portal_id: PortalId, realm_id: RealmId, state: str, now: datetime) -> bool:
        """Pause, bring back or remove; False when there is no such connection."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "state": state, "at": to_ms(now)}
        with self._database.write() as connection:
            changed = connection.execute(_STATE, row).rowcount == 1
            if changed and state == LIVE:
                connection.execute(_RESUME, row)
        return changed

    def reconnect(self, now: datetime, portal_id: PortalId | None = None, realm_id: RealmId | None = None) -> int:
        """Somebody consented again, for every connection that shares the portal or realm.

        They are looked at again and their parked callbacks go on; returns how many callbacks that are.
        """
        row = {"portal_id": portal_id, "realm_id": realm_id, "at": to_ms(now)}
        with self._database.write() as connection:
            connection.execute(_TOUCH, row)
            return connection.execute(_RESUME_PARKED, row).rowcount

    def resume_parked(self, now: datetime, portal_id: PortalId | None = None, realm_id: RealmId | None = None) -> int:
        """Let go on what was parked for this portal or realm; returns how many callbacks that are."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "at": to_ms(now)}
        with self._database.write() as connection:
            return connection.execute(_RESUME_PARKED, row).rowcount

    def of_portal(self, portal_id: PortalId) -> list[Connection]:
        """The portal's connections, oldest first, removed ones left out."""
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(_OF_PORTAL, {"portal_id": portal_id}).mappings()]

    def of_portal_lately(self, portal_id: PortalId) -> list[Connection]:
        """As `of_portal`, at most seconds old: every callback asks. That there is none is never remembered."""
        known = self._known.get(portal_id)
        if known and known[0] > time.monotonic():
            return known[1]
        found = self.of_portal(portal_id)
        if found:
            self._known[portal_id] = (time.monotonic() + REMEMBER_SECONDS, found)
        else:
            self._known.pop(portal_id, None)
        return found

    def all(self) -> list[Connection]:
        """Every connection that is not removed."""
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(_ALL).mappings()]


def _read(row: sa.RowMapping) -> Connection:
    return Connection(
        PortalId(row["portal_id"]),
        RealmId(row["realm_id"]),
        row["state"],
        json.loads(row["settings"]),
        from_ms(row["created_at"]),
        from_ms(row["updated_at"]),
    )
