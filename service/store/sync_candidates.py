"""Both sides as a pass has read them, kept until it is over: matched in the database, not in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store.database import Database
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.matching import Candidate


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as it was read: what it is matched by, and all of it."""

    side: Side
    id: str
    strong: str
    name: str
    document: dict[str, Any]


_KEY = "portal_id = :portal_id AND realm_id = :realm_id AND object = :object"
_OF = "c.portal_id = :portal_id AND c.realm_id = :realm_id AND c.object = :object AND c.side = :side"
_PUT = sa.text(
    """INSERT INTO sync_candidates (portal_id, realm_id, object, side, id, place, strong, name, document)
       VALUES (:portal_id, :realm_id, :object, :side, :id, :place, :strong, :name, :document)
       ON CONFLICT (portal_id, realm_id, object, side, id) DO UPDATE SET
         strong = excluded.strong, name = excluded.name, document = excluded.document"""
)
_PAGE = sa.text(
    f"""SELECT c.* FROM sync_candidates c WHERE {_OF} AND c.place > :after
        ORDER BY c.place, c.id LIMIT :limit"""  # noqa: S608
)
_COUNT = sa.text(f"SELECT count(*) FROM sync_candidates c WHERE {_OF}")  # noqa: S608
_GET = sa.text(f"SELECT c.* FROM sync_candidates c WHERE {_OF} AND c.id IN :keys").bindparams(  # noqa: S608
    sa.bindparam("keys", expanding=True)
)
# Whoever shares the e-mail address, SKU or name; and whether he is linked already.
_ALIKE = {
    side: sa.text(
        f"""SELECT c.id, c.strong, c.name, l.id AS link_id FROM sync_candidates c
            LEFT JOIN sync_links l ON l.portal_id = c.portal_id AND l.realm_id = c.realm_id AND l.object = c.object
              AND l.{"object_id" if side is Side.HUBSPOT else "entity_id"} = c.id AND l.state <> 'review'
              AND (l.code IS NULL OR l.code <> 'DELETED_IN_HUBSPOT')
            WHERE {_OF} AND ((c.strong <> '' AND c.strong IN :strongs) OR (c.name <> '' AND c.name IN :names))
            ORDER BY c.place"""  # noqa: S608
    ).bindparams(sa.bindparam("strongs", expanding=True), sa.bindparam("names", expanding=True))
    for side in Side
}
_FORGET = sa.text(
    f"""DELETE FROM sync_candidates WHERE {_KEY} AND ((side = 'hubspot' AND id = :object_id)
          OR (side = 'quickbooks' AND id = :entity_id))"""  # noqa: S608
)
_CLEAR = sa.text(f"DELETE FROM sync_candidates WHERE {_KEY}")  # noqa: S608


class SyncCandidates:
    """The table of what a pass has read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, known: SyncObject, seen: Sequence[Seen]) -> None:
        """Keep a page; a page read twice changes nothing."""
        rows = [
            {
                **known.key,
                "side": each.side.value,
                "id": each.id,
                "place": int(each.id) if each.id.isdecimal() and len(each.id) < 19 else 0,
                "strong": each.strong[:200],
                "name": each.name[:200],
                "document": json.dumps(each.document, default=str),
            }
            for each in seen
        ]
        if rows:
            with self._database.write() as tx:
                tx.execute(_PUT, rows)

    def page(self, known: SyncObject, side: Side, after: int, limit: int) -> list[Seen]:
        """The next ones by their ids."""
        row = {**known.key, "side": side.value, "after": after, "limit": limit}
        with self._database.read() as connection:
            return [_read(each) for each in connection.execute(_PAGE, row).mappings()]

    def get(self, known: SyncObject, side: Side, ids: Sequence[str]) -> dict[str, Seen]:
        """Some by their ids."""
        if not ids:
            return {}
        with self._database.read() as connection:
            found = connection.execute(_GET, {**known.key, "side": side.value, "keys": list(ids)}).mappings()
            return {each["id"]: _read(each) for each in found}

    def alike(self, known: SyncObject, side: Side, strongs: Sequence[str], names: Sequence[str]) -> list[Candidate]:
        """Everybody of a side with one of these addresses, SKUs or names."""
        if not strongs and not names:
            return []
        row = {**known.key, "side": side.value, "strongs": list(strongs) or [""], "names": list(names) or [""]}
        with self._database.read() as connection:
            rows = connection.execute(_ALIKE[side], row).all()
        return [Candidate(each.id, each.strong, each.name, each.link_id is not None) for each in rows]

    def count(self, known: SyncObject, side: Side) -> int:
        """How many of a side were read."""
        with self._database.read() as connection:
            return int(connection.execute(_COUNT, {**known.key, "side": side.value}).scalar() or 0)

    def forget(self, known: SyncObject, object_id: str, entity_id: str | None) -> None:
        """Throw away what was read of a record and of its other half."""
        with self._database.write() as tx:
            tx.execute(_FORGET, {**known.key, "object_id": object_id, "entity_id": entity_id or ""})

    def clear(self, known: SyncObject) -> None:
        """The pass is over."""
        with self._database.write() as tx:
            tx.execute(_CLEAR, known.key)


def _read(row: sa.RowMapping) -> Seen:
    return Seen(Side(row["side"]), row["id"], row["strong"], row["name"], json.loads(row["document"]))
