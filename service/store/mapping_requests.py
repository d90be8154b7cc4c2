"""Mappings that operators asked for on their page: tried or applied by a worker, forgotten after a day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class MappingRequest:
    """A mapping's file, and what to do with it; `records` None: apply it. `answer` None: no worker has answered."""

    portal_id: PortalId
    realm_id: RealmId
    name: str
    mapping: Any
    records: tuple[str, ...] | None
    actor: str
    asked_at: datetime
    answer: dict[str, Any] | None = None

    @property
    def key(self) -> dict[str, Any]:
        """How its row is found."""
        return {"portal_id": self.portal_id, "realm_id": self.realm_id, "object": self.name}


_ASK = sa.text(
    """INSERT INTO mapping_requests (portal_id, realm_id, object, mapping, records, actor, asked_at, next_at)
       VALUES (:portal_id, :realm_id, :object, :mapping, :records, :actor, :at, :at)
       ON CONFLICT (portal_id, realm_id, object) DO UPDATE SET mapping = excluded.mapping,
         records = excluded.records, actor = excluded.actor, asked_at = excluded.asked_at,
         next_at = excluded.next_at, answer = NULL"""
)
_KEY = "portal_id = :portal_id AND realm_id = :realm_id AND object = :object"
_FIND = sa.text(f"SELECT * FROM mapping_requests WHERE {_KEY}")  # noqa: S608
_DUE = sa.text("SELECT * FROM mapping_requests WHERE answer IS NULL AND next_at <= :at ORDER BY asked_at LIMIT :most")
_CLAIM = sa.text(
    f"UPDATE mapping_requests SET next_at = :until WHERE {_KEY} AND answer IS NULL AND next_at = :next_at"  # noqa: S608
)
# Asked again meanwhile, with another mapping: this is not its answer.
_KEEP = sa.text(f"UPDATE mapping_requests SET answer = :answer WHERE {_KEY} AND asked_at = :at")  # noqa: S608
_ERASE = sa.text(f"DELETE FROM mapping_requests WHERE {_KEY}")  # noqa: S608
_OLD = sa.text("SELECT 1 FROM mapping_requests WHERE asked_at < :before LIMIT 1")
_FORGET = sa.text("DELETE FROM mapping_requests WHERE asked_at < :before")


class MappingRequests:
    """The table of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, wanted: MappingRequest) -> None:
        """A worker shall answer; what was asked for the same object before is given up."""
        records = None if wanted.records is None else json.dumps(wanted.records)
        row = {**wanted.key, "mapping": json.dumps(wanted.mapping), "records": records, "actor": wanted.actor}
        with self._database.write() as tx:
            tx.execute(_ASK, {**row, "at": to_ms(wanted.asked_at)})

    def find(self, portal_id: PortalId, realm_id: RealmId, name: str) -> MappingRequest | None:
        """What was asked last, and its answer when there is one."""
        with self._database.read() as connection:
            row = {"portal_id": portal_id, "realm_id": realm_id, "object": name}
            found = connection.execute(_FIND, row).mappings().first()
        return None if found is None else _read(found)

    def claim(self, now: datetime, rest: timedelta, most: int) -> list[MappingRequest]:
        """Those to be answered now, each by one worker; one that is not answered is due again after `rest`."""
        with self._database.read() as connection:
            due = connection.execute(_DUE, {"at": to_ms(now), "most": most}).mappings().all()
        claimed = []
        for row in due:
            with self._database.write() as tx:
                if tx.execute(_CLAIM, {**row, "until": to_ms(now + rest)}).rowcount == 1:
                    claimed.append(_read(row))
        return claimed

    def keep(self, asked: MappingRequest, answer: dict[str, Any]) -> None:
        """The answer to what was asked."""
        with self._database.write() as tx:
            tx.execute(_KEEP, {**asked.key, "at": to_ms(asked.asked_at), "answer": json.dumps(answer)})

    def forget(self, before: datetime) -> None:
        """Customers' values are not kept longer than somebody looks at them."""
        with self._database.read() as connection:
            old = connection.execute(_OLD, {"before": to_ms(before)}).first()
        if old is not None:
            with self._database.write() as tx:
                tx.execute(_FORGET, {"before": to_ms(before)})

    def erase(self, portal_id: PortalId, realm_id: RealmId, name: str, record: str) -> None:
        """Forget what was asked last when it was tried on a record that is to be forgotten."""
        asked = self.find(portal_id, realm_id, name)
        if asked is not None and record in (asked.records or ()):
            with self._database.write() as tx:
                tx.execute(_ERASE, asked.key)


def _read(row: sa.RowMapping) -> MappingRequest:
    return MappingRequest(
        PortalId(row["portal_id"]),
        RealmId(row["realm_id"]),
        row["object"],
        json.loads(row["mapping"]),
        None if row["records"] is None else tuple(json.loads(row["records"])),
        row["actor"],
        from_ms(row["asked_at"]),
        json.loads(row["answer"]) if row["answer"] else None,
    )
