"""Links: what in HubSpot is what in QuickBooks, so that it need not be asked twice.

A link's kind says what its key is: "contact" and "company" (object ids) lead to a customer;
"product" (object id), "sku" and "name" lead to an item. "customer tax" and "item tax" (QuickBooks' own ids) lead to
themselves: their documents hold what QuickBooks says of tax, and since when.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, to_ms

TO_CUSTOMERS = ("contact", "company")
TO_ITEMS = ("product", "sku", "name")


@dataclass(frozen=True, slots=True)
class Link:
    """One key on HubSpot's side and the entity it leads to; `document` holds what else we must know."""

    kind: str
    key: str
    entity_id: str
    document: dict[str, Any] = field(default_factory=dict)


_KEEP = sa.text(
    """INSERT INTO links (portal_id, realm_id, kind, key, entity_id, document, linked_at)
       VALUES (:portal_id, :realm_id, :kind, :key, :entity_id, :document, :at)
       ON CONFLICT (portal_id, realm_id, kind, key) DO UPDATE SET
         entity_id = excluded.entity_id, document = excluded.document, linked_at = excluded.linked_at"""
)
_FIND = sa.text(
    """SELECT kind, key, entity_id, document FROM links
       WHERE portal_id = :portal_id AND realm_id = :realm_id AND kind = :kind AND key IN :keys"""
).bindparams(sa.bindparam("keys", expanding=True))
_LEADING_TO = sa.text(
    """SELECT kind, key, entity_id, document FROM links
       WHERE portal_id = :portal_id AND realm_id = :realm_id AND entity_id IN :entity_ids AND kind IN :kinds
       ORDER BY linked_at, key"""
).bindparams(sa.bindparam("entity_ids", expanding=True), sa.bindparam("kinds", expanding=True))
_MOVE = sa.text(
    "UPDATE links SET entity_id = :heir WHERE realm_id = :realm_id AND entity_id = :entity_id AND kind IN :kinds"
).bindparams(sa.bindparam("kinds", expanding=True))
_FORGET = sa.text(
    "DELETE FROM links WHERE realm_id = :realm_id AND entity_id = :entity_id AND kind IN :kinds"
).bindparams(sa.bindparam("kinds", expanding=True))


class Links:
    """The table of links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, portal_id: PortalId, realm_id: RealmId, kind: str, keys: Sequence[str]) -> dict[str, Link]:
        """The links among `keys` that are known, by key."""
        if not keys:
            return {}
        row = {"portal_id": portal_id, "realm_id": realm_id, "kind": kind, "keys": list(keys)}
        with self._database.read() as connection:
            rows = connection.execute(_FIND, row).all()
        return {r.key: Link(r.kind, r.key, r.entity_id, json.loads(r.document)) for r in rows}

    def leading_to(
        self, portal_id: PortalId, realm_id: RealmId, kinds: Sequence[str], entity_ids: Sequence[str]
    ) -> list[Link]:
        """The links of some kinds that lead to any of the entities, the oldest first."""
        if not entity_ids:
            return []
        row = {"portal_id": portal_id, "realm_id": realm_id, "kinds": list(kinds), "entity_ids": list(entity_ids)}
        with self._database.read() as connection:
            rows = connection.execute(_LEADING_TO, row).all()
        return [Link(r.kind, r.key, r.entity_id, json.loads(r.document)) for r in rows]

    def keep(self, portal_id: PortalId, realm_id: RealmId, links: Sequence[Link], now: datetime) -> None:
        """Remember what was found or created."""
        rows = [
            {
                "portal_id": portal_id,
                "realm_id": realm_id,
                "kind": link.kind,
                "key": link.key,
                "entity_id": link.entity_id,
                "document": json.dumps(link.document),
                "at": to_ms(now),
            }
            for link in links
        ]
        if rows:
            with self._database.write() as tx:
                tx.execute(_KEEP, rows)

    def move(self, realm_id: RealmId, kinds: Sequence[str], entity_id: str, heir: str) -> int:
        """Have every link to an entity lead to the one it was merged into; returns how many there were."""
        with self._database.write() as tx:
            row = {"realm_id": realm_id, "entity_id": entity_id, "heir": heir, "kinds": list(kinds)}
            return tx.execute(_MOVE, row).rowcount

    def forget(self, realm_id: RealmId, kinds: Sequence[str], entity_id: str) -> int:
        """Drop every link to an entity that turned out to be gone or inactive."""
        with self._database.write() as tx:
            row = {"realm_id": realm_id, "entity_id": entity_id, "kinds": list(kinds)}
            return tx.execute(_FORGET, row).rowcount
