"""Which HubSpot invoice mirrors which invoice, what was last written to it, and when to look at it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import DealId, InvoiceId, ObjectId, PortalId, RealmId
from service.store.database import Database, from_ms, from_ms_or_none, to_ms


@dataclass(frozen=True, slots=True)
class Mirror:
    """One invoice's mirror. `object_id` None: none is known; `tried_at`: a create was sent, it may exist."""

    realm_id: RealmId
    invoice_id: InvoiceId
    portal_id: PortalId
    object_id: ObjectId | None
    tried_at: datetime | None
    deal_id: DealId | None
    properties_hash: str | None
    lines_hash: str | None
    due_at: datetime | None
    version: int
    tries: int
    note: str | None


@dataclass(frozen=True, slots=True)
class Ability:
    """What a portal lets us do. `obstacle` "": it takes mirrors.

    `writable`: by its own definitions; `refused`: what it nevertheless did not take when it was written.
    """

    obstacle: str
    writable: frozenset[str]
    refused: frozenset[str]
    proven: bool
    learned_at: datetime

    def allows(self, name: str) -> bool:
        """Whether a property is sent to this portal."""
        return name in self.writable and name not in self.refused


_TOUCH = sa.text(
    """INSERT INTO mirrors (realm_id, invoice_id, portal_id, due_at) VALUES (:realm_id, :invoice_id, :portal_id, :at)
       ON CONFLICT (realm_id, invoice_id) DO UPDATE SET
         object_id = CASE WHEN mirrors.portal_id = excluded.portal_id THEN mirrors.object_id END,
         portal_id = excluded.portal_id, due_at = excluded.due_at, version = mirrors.version + 1, tries = 0"""
)
_DUE = sa.text(
    """SELECT * FROM mirrors WHERE portal_id = :portal_id AND realm_id = :realm_id AND due_at <= :now
       ORDER BY due_at LIMIT :most"""
)
_TRY = sa.text("UPDATE mirrors SET tried_at = :at WHERE realm_id = :realm_id AND invoice_id = :invoice_id")
# A change that came meanwhile keeps the mirror due.
_KEEP = sa.text(
    """UPDATE mirrors SET object_id = :object_id, tried_at = :tried_at, deal_id = :deal_id,
         properties_hash = :properties_hash, lines_hash = :lines_hash, tries = :tries, note = :note,
         due_at = CASE WHEN version = :version THEN CAST(:due_at AS BIGINT) ELSE due_at END
       WHERE realm_id = :realm_id AND invoice_id = :invoice_id"""
)
_FIND = sa.text("SELECT * FROM mirrors WHERE realm_id = :realm_id AND invoice_id = :invoice_id")
_REFUSED = sa.text(
    """SELECT * FROM mirrors WHERE due_at IS NOT NULL AND note IS NOT NULL AND tries > 0
       ORDER BY realm_id, invoice_id LIMIT :most"""
)
# Only what waits because it was refused, not what waits for its next midnight.
_WAKE = sa.text("UPDATE mirrors SET due_at = :now WHERE portal_id = :portal_id AND note IS NOT NULL AND due_at > :now")
_ABILITY = sa.text("SELECT * FROM mirror_abilities WHERE portal_id = :portal_id")
_KEEP_ABILITY = sa.text(
    """INSERT INTO mirror_abilities (portal_id, obstacle, writable, refused, proven, learned_at)
       VALUES (:portal_id, :obstacle, :writable, :refused, :proven, :at)
       ON CONFLICT (portal_id) DO UPDATE SET obstacle = excluded.obstacle, writable = excluded.writable,
         refused = excluded.refused, proven = excluded.proven, learned_at = excluded.learned_at"""
)


def touch_mirror(
    tx: sa.Connection, realm_id: RealmId, invoice_id: InvoiceId, portal_id: PortalId, now: datetime
) -> None:
    """The invoice is new or changed: its mirror is looked at soon, in this transaction or not at all."""
    row = {"realm_id": realm_id, "invoice_id": invoice_id, "portal_id": portal_id, "at": to_ms(now)}
    tx.execute(_TOUCH, row)


class Mirrors:
    """The tables of mirrors and of what portals let us write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, portal_id: PortalId, realm_id: RealmId, now: datetime, most: int) -> list[Mirror]:
        """Mirrors to be looked at, the longest due first."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "now": to_ms(now), "most": most}
        with self._database.read() as connection:
            return [_read(each) for each in connection.execute(_DUE, row).mappings()]

    def find(self, realm_id: RealmId, invoice_id: InvoiceId) -> Mirror | None:
        """One invoice's mirror, if there ever was reason for one."""
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"realm_id": realm_id, "invoice_id": invoice_id}).mappings().first()
        return None if row is None else _read(row)

    def refused(self, most: int = 50) -> list[Mirror]:
        """Mirrors that HubSpot did not take; their notes say why."""
        with self._database.read() as connection:
            return [_read(each) for each in connection.execute(_REFUSED, {"most": most}).mappings()]

    def wake(self, portal_id: PortalId, now: datetime) -> None:
        """The portal takes mirrors again: what it refused is tried at once."""
        with self._database.write() as tx:
            tx.execute(_WAKE, {"portal_id": portal_id, "now": to_ms(now)})

    def try_create(self, mirrors: Sequence[Mirror], now: datetime) -> None:
        """Write down that they are about to be created; only after that may anything be sent."""
        rows = [{"realm_id": each.realm_id, "invoice_id": each.invoice_id, "at": to_ms(now)} for each in mirrors]
        if rows:
            with self._database.write() as tx:
                tx.execute(_TRY, rows)

    def keep(self, mirrors: Sequence[Mirror]) -> None:
        """Write down what became of them; each stays due if its invoice changed since it was read."""
        rows = [_row(each) for each in mirrors]
        if rows:
            with self._database.write() as tx:
                tx.execute(_KEEP, rows)

    def ability(self, portal_id: PortalId) -> Ability | None:
        """What the portal lets us write; None when nobody looked yet."""
        with self._database.read() as connection:
            row = connection.execute(_ABILITY, {"portal_id": portal_id}).mappings().first()
        if row is None:
            return None
        writable, refused = (frozenset(json.loads(row[each])) for each in ("writable", "refused"))
        return Ability(row["obstacle"], writable, refused, bool(row["proven"]), from_ms(row["learned_at"]))

    def keep_ability(self, portal_id: PortalId, ability: Ability) -> None:
        """Remember what the portal lets us write."""
        row = {
            "portal_id": portal_id,
            "obstacle": ability.obstacle,
            "writable": json.dumps(sorted(ability.writable)),
            "refused": json.dumps(sorted(ability.refused)),
            "proven": ability.proven,
            "at": to_ms(ability.learned_at),
        }
        with self._database.write() as tx:
            tx.execute(_KEEP_ABILITY, row)


def _row(mirror: Mirror) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(mirror, name) for name in Mirror.__slots__}
    return {**row, "due_at": _ms(mirror.due_at), "tried_at": _ms(mirror.tried_at)}


def _ms(instant: datetime | None) -> int | None:
    return None if instant is None else to_ms(instant)


def _read(row: sa.RowMapping) -> Mirror:
    known: dict[str, Any] = {name: row[name] for name in Mirror.__slots__}
    return Mirror(**{**known, "due_at": from_ms_or_none(known["due_at"]),
                     "tried_at": from_ms_or_none(known["tried_at"])})  # fmt: skip
