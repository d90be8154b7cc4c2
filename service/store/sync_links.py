"""Which record is which, what both held when they last agreed, and what stands in the way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, from_ms, from_ms_or_none, to_ms
from service.store.folding import escape_like, normalize
from service.store.sync_settings import SyncObject
from service.sync.echo import Agreement, parse_agreement

IN_STEP, WAITING, FAILED, CREATING, REVIEW, ENDED = "in_step", "waiting", "failed", "creating", "review", "ended"
# Codes that say what becomes of a pair, not only why it waits.
DELETED_IN_HUBSPOT, GONE_FROM_QUICKBOOKS = "DELETED_IN_HUBSPOT", "GONE_FROM_QUICKBOOKS"
# A person who is to be forgotten: only the ids are left, for good.
ERASED = "ERASED"
# By a person, who may bring it back.
LEFT_OUT = "LEFT_OUT"
STATES = (IN_STEP, WAITING, FAILED, CREATING, REVIEW, ENDED)


@dataclass(frozen=True, slots=True)
class SyncLink:
    """One record of HubSpot's and the entity it is kept in step with; of a pair in the making, one half.

    `reserved`: the name under which an entity is being created, when that was written down, and on which side.
    `candidates`: among whom a person must choose. `label` and `strong` are what people search by.
    """

    id: int | None = None
    object_id: str | None = None
    entity_id: str | None = None
    state: str = IN_STEP
    agreement: Agreement | None = None
    label: str = ""
    strong: str = ""
    code: str | None = None
    sentence: str | None = None
    tries: int = 0
    due_at: datetime | None = None
    reserved: dict[str, Any] | None = None
    candidates: tuple[str, ...] = ()
    updated_at: datetime | None = None

    @property
    def is_pair(self) -> bool:
        """Whether both halves are known."""
        return self.object_id is not None and self.entity_id is not None

    @property
    def holds(self) -> bool:
        """Whether its halves are no longer free for others: in a pair, left out, or erased."""
        return (self.is_pair or self.state == ENDED) and self.code != DELETED_IN_HUBSPOT

    @property
    def lives(self) -> bool:
        """Whether changes cross over between its halves."""
        return self.is_pair and self.state != ENDED


@dataclass(frozen=True, slots=True)
class SyncEvent:
    """Something that happened to a record."""

    at: datetime
    event: str
    detail: str | None


_KEY = "portal_id = :portal_id AND realm_id = :realm_id AND object = :object"
_NAMES = (
    *("object_id", "entity_id", "state", "agreement", "label", "strong", "code", "sentence", "tries"),
    *("due_at", "reserved", "candidates", "updated_at", "found_by"),
)
_INSERT = sa.text(
    f"""INSERT INTO sync_links (portal_id, realm_id, object, {", ".join(_NAMES)})
        VALUES (:portal_id, :realm_id, :object, {", ".join(f":{name}" for name in _NAMES)})
        ON CONFLICT DO NOTHING RETURNING id"""  # noqa: S608
)
# Whoever read the link before it was erased does not bring back what was in it.
_UPDATE = sa.text(
    f"""UPDATE sync_links SET {", ".join(f"{name} = :{name}" for name in _NAMES)}
        WHERE id = :id AND (code IS NULL OR code <> '{ERASED}')"""  # noqa: S608
)
# An entity that was being created meanwhile is the erased one's.
_COMPLETE = sa.text(
    f"""UPDATE sync_links SET entity_id = :entity_id WHERE id = :id AND code = '{ERASED}' AND entity_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM sync_links l WHERE l.portal_id = :portal_id AND l.realm_id = :realm_id
                          AND l.object = :object AND l.entity_id = :entity_id)"""  # noqa: S608
)
_DELETE_HALF = sa.text(
    f"DELETE FROM sync_links WHERE {_KEY} AND entity_id = :entity_id AND (object_id IS NULL OR object_id <> :object_id)"  # noqa: S608
)
_MOVE_ENTITY = sa.text("UPDATE sync_links SET entity_id = :entity_id WHERE id = :id")
_DELETE = sa.text("DELETE FROM sync_links WHERE id = :id")
_DELETE_EVENTS = sa.text("DELETE FROM sync_events WHERE link_id = :id")
_BY = {
    column: sa.text(
        f"SELECT * FROM sync_links WHERE {_KEY} AND {column} IN :values"  # noqa: S608
    ).bindparams(sa.bindparam("values", expanding=True))
    for column in ("object_id", "entity_id", "id")
}
_DUE = sa.text(f"SELECT * FROM sync_links WHERE {_KEY} AND due_at <= :now ORDER BY due_at LIMIT :limit")  # noqa: S608
_OBJECTS_DUE = sa.text("SELECT DISTINCT portal_id, realm_id, object FROM sync_links WHERE due_at <= :now")
_COUNT = sa.text(
    f"SELECT state, code, count(*) AS number FROM sync_links WHERE {_KEY} GROUP BY state, code"  # noqa: S608
)
# Of what is on: nobody needs to act for what was turned off.
_STUCK = sa.text(
    """SELECT count(*) FROM sync_links l JOIN sync_objects o
         ON o.portal_id = l.portal_id AND o.realm_id = l.realm_id AND o.object = l.object
       WHERE o.state = 'on' AND l.state IN ('failed', 'review')"""
)
_REPLAY = f"""UPDATE sync_links SET due_at = :now, tries = 0,
                state = CASE WHEN state = 'failed' THEN 'waiting' ELSE state END
              WHERE {_KEY} AND state IN ('failed', 'waiting', 'creating')"""  # noqa: S608
_NOTE = sa.text(
    """INSERT INTO sync_events (portal_id, realm_id, object, link_id, at, event, detail)
       VALUES (:portal_id, :realm_id, :object, :link_id, :at, :event, :detail)"""
)
_EVENTS = sa.text("SELECT at, event, detail FROM sync_events WHERE link_id = :id ORDER BY id")


class SyncLinks:
    """The table of links, and the trail of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_objects(self, known: SyncObject, ids: Sequence[str]) -> dict[str, SyncLink]:
        """Links by HubSpot's ids."""
        return {str(each.object_id): each for each in self._select(known, "object_id", ids)}

    def by_entities(self, known: SyncObject, ids: Sequence[str]) -> dict[str, SyncLink]:
        """Links by QuickBooks' ids."""
        return {str(each.entity_id): each for each in self._select(known, "entity_id", ids)}

    def find(self, known: SyncObject, link_id: int) -> SyncLink | None:
        """One link."""
        return next(iter(self._select(known, "id", [link_id])), None)

    def due(self, known: SyncObject, now: datetime, limit: int) -> list[SyncLink]:
        """What waits to be tried again, the longest first."""
        with self._database.read() as connection:
            rows = connection.execute(_DUE, {**known.key, "now": to_ms(now), "limit": limit}).mappings()
            return [_read(row) for row in rows]

    def objects_due(self, now: datetime) -> set[tuple[PortalId, RealmId, str]]:
        """Portal, realm and object of everything that waits to be tried again."""
        with self._database.read() as connection:
            rows = connection.execute(_OBJECTS_DUE, {"now": to_ms(now)}).all()
        return {(PortalId(row.portal_id), RealmId(row.realm_id), row.object) for row in rows}

    def keep(self, known: SyncObject, links: Sequence[SyncLink], now: datetime) -> list[SyncLink]:
        """Write links down, new ones get their id; left out is one whose half is taken, or that is erased or gone."""
        kept = []
        with self._database.write() as tx:
            for link in links:
                row = {**known.key, **_row(link, now)}
                if link.id is not None:
                    if tx.execute(_UPDATE, {**row, "id": link.id}).rowcount == 1:
                        kept.append(link)
                    elif link.entity_id is not None:
                        tx.execute(_COMPLETE, {**row, "id": link.id})
                    continue
                made = tx.execute(_INSERT, row).scalar()
                if made is not None:
                    kept.append(replace(link, id=int(made)))
        return kept

    def note(self, known: SyncObject, link: SyncLink, event: str, detail: str | None, now: datetime) -> None:
        """Add to a record's trail."""
        row = {**known.key, "link_id": link.id, "at": to_ms(now), "event": event, "detail": detail}
        with self._database.write() as tx:
            tx.execute(_NOTE, row)

    def events(self, link: SyncLink) -> list[SyncEvent]:
        """A record's trail, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(_EVENTS, {"id": link.id}).all()
        return [SyncEvent(from_ms(row.at), row.event, row.detail) for row in rows]

    def move_entity(self, link: SyncLink, entity_id: str) -> None:
        """QuickBooks has given the entity's place to another; how the link stands does not change."""
        with self._database.write() as tx:
            tx.execute(_MOVE_ENTITY, {"id": link.id, "entity_id": entity_id})

    def drop(self, link: SyncLink) -> None:
        """Forget a link and its trail."""
        with self._database.write() as tx:
            tx.execute(_DELETE_EVENTS, {"id": link.id})
            tx.execute(_DELETE, {"id": link.id})

    def erase(self, known: SyncObject, erased: SyncLink, now: datetime) -> None:
        """Leave of a link what `erased` holds, also where there was none; its trail says only that it was erased."""
        row = {**known.key, **_row(erased, now), "id": erased.id}
        with self._database.write() as tx:
            if erased.entity_id is not None:
                tx.execute(_DELETE_HALF, row)
            link_id = erased.id
            if link_id is None:
                link_id = tx.execute(_INSERT, row).scalar()
            else:
                tx.execute(_UPDATE, row)
            if link_id is not None:
                tx.execute(_DELETE_EVENTS, {"id": link_id})
                noted = {**known.key, "link_id": link_id, "at": to_ms(now), "event": "erased"}
                tx.execute(_NOTE, {**noted, "detail": "privacy deletion in HubSpot"})

    def count(self, known: SyncObject) -> dict[tuple[str, str | None], int]:
        """How many records are in each state, and why."""
        with self._database.read() as connection:
            rows = connection.execute(_COUNT, known.key).all()
        return {(row.state, row.code): row.number for row in rows}

    def count_stuck(self) -> int:
        """How many records wait for a person, in all that is on."""
        with self._database.read() as connection:
            return int(connection.execute(_STUCK).scalar() or 0)

    def replay(self, known: SyncObject, now: datetime, *, link_id: int | None = None, code: str | None = None) -> int:
        """Try again what failed or waits: one, all of one code, or all; returns how many."""
        row = {**known.key, "now": to_ms(now), "id": link_id, "code": code}
        more = (" AND id = :id" if link_id is not None else "") + (" AND code = :code" if code else "")
        with self._database.write() as tx:
            return tx.execute(sa.text(_REPLAY + more), row).rowcount

    def search(
        self, known: SyncObject, text: str = "", state: str | None = None, after: int = 0, limit: int = 50
    ) -> list[SyncLink]:
        """Records whose name, address, SKU or id holds the text, oldest first."""
        row = {
            **known.key,
            "after": after,
            "limit": limit,
            "state": state,
            "text": text.strip(),
            "like": f"%{escape_like(normalize(text))}%",
        }
        where = " AND state = :state" if state else ""
        if text.strip():
            where += " AND (object_id = :text OR entity_id = :text OR found_by LIKE :like ESCAPE '!')"
        statement = f"SELECT * FROM sync_links WHERE {_KEY} AND id > :after{where} ORDER BY id LIMIT :limit"  # noqa: S608
        with self._database.read() as connection:
            return [_read(each) for each in connection.execute(sa.text(statement), row).mappings()]

    def _select(self, known: SyncObject, column: str, values: Sequence[Any]) -> list[SyncLink]:
        found = []
        for start in range(0, len(values), 500):
            row = {**known.key, "values": list(values[start : start + 500])}
            with self._database.read() as connection:
                found += [_read(each) for each in connection.execute(_BY[column], row).mappings()]
        return found


def _row(link: SyncLink, now: datetime) -> dict[str, Any]:
    return {
        "object_id": link.object_id,
        "entity_id": link.entity_id,
        "state": link.state,
        "agreement": link.agreement.to_json() if link.agreement else None,
        "label": link.label[:300],
        "strong": link.strong[:300],
        "code": link.code,
        "sentence": link.sentence,
        "tries": link.tries,
        "due_at": None if link.due_at is None else to_ms(link.due_at),
        "reserved": json.dumps(link.reserved) if link.reserved else None,
        "candidates": json.dumps(link.candidates) if link.candidates else None,
        "updated_at": to_ms(now),
        "found_by": normalize(f"{link.label[:300]} {link.strong[:300]}"),
    }


def _read(row: sa.RowMapping) -> SyncLink:
    return SyncLink(
        id=row["id"],
        object_id=row["object_id"],
        entity_id=row["entity_id"],
        state=row["state"],
        agreement=parse_agreement(row["agreement"]),
        label=row["label"],
        strong=row["strong"],
        code=row["code"],
        sentence=row["sentence"],
        tries=row["tries"],
        due_at=from_ms_or_none(row["due_at"]),
        reserved=json.loads(row["reserved"]) if row["reserved"] else None,
        candidates=tuple(json.loads(row["candidates"])) if row["candidates"] else (),
        updated_at=from_ms_or_none(row["updated_at"]),
    )
