"""Previews that operators asked for: made by a worker, shown by the page, forgotten after a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.ids import DealId, PortalId, RealmId
from service.store.database import Database, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Preview:
    """One deal's preview; `document` None: no worker has made it yet."""

    portal_id: PortalId
    realm_id: RealmId
    deal_id: DealId
    inputs: dict[str, str]
    asked_at: datetime
    document: dict[str, Any] | None


_ASK = sa.text(
    """INSERT INTO previews (portal_id, realm_id, deal_id, inputs, asked_at, next_at)
       VALUES (:portal_id, :realm_id, :deal_id, :inputs, :at, :at)
       ON CONFLICT (portal_id, realm_id, deal_id) DO UPDATE SET inputs = excluded.inputs,
         asked_at = excluded.asked_at, next_at = excluded.next_at, document = NULL"""
)
_KEY = "portal_id = :portal_id AND realm_id = :realm_id AND deal_id = :deal_id"
_FIND = sa.text(f"SELECT * FROM previews WHERE {_KEY}")  # noqa: S608
_DUE = sa.text("SELECT * FROM previews WHERE document IS NULL AND next_at <= :at ORDER BY asked_at LIMIT :most")
_CLAIM = sa.text(
    f"UPDATE previews SET next_at = :until WHERE {_KEY} AND document IS NULL AND next_at = :next_at"  # noqa: S608
)
# Asked again meanwhile, with other inputs: what was made is not the answer any more.
_KEEP = sa.text(f"UPDATE previews SET document = :document WHERE {_KEY} AND asked_at = :asked_at")  # noqa: S608
_FORGET = sa.text("DELETE FROM previews WHERE asked_at < :before")


class Previews:
    """The table of previews."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self, portal_id: PortalId, realm_id: RealmId, deal_id: DealId, inputs: Mapping[str, str], now: datetime
    ) -> None:
        """A worker shall make it, anew if it was made before."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "deal_id": deal_id, "inputs": json.dumps(dict(inputs))}
        with self._database.write() as tx:
            tx.execute(_ASK, {**row, "at": to_ms(now)})

    def find(self, portal_id: PortalId, realm_id: RealmId, deal_id: DealId) -> Preview | None:
        """What was asked, and its answer when there is one."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "deal_id": deal_id}
        with self._database.read() as connection:
            found = connection.execute(_FIND, row).mappings().first()
        return None if found is None else _read(found)

    def claim(self, now: datetime, rest: timedelta, most: int) -> list[Preview]:
        """Those to be made now, each by one worker; one that is not kept is due again after `rest`."""
        with self._database.read() as connection:
            due = connection.execute(_DUE, {"at": to_ms(now), "most": most}).mappings().all()
        claimed = []
        for row in due:
            with self._database.write() as tx:
                if tx.execute(_CLAIM, {**row, "until": to_ms(now + rest)}).rowcount == 1:
                    claimed.append(_read(row))
        return claimed

    def keep(self, asked: Preview, document: Mapping[str, Any]) -> None:
        """The answer to what was asked."""
        row = {"portal_id": asked.portal_id, "realm_id": asked.realm_id, "deal_id": asked.deal_id}
        with self._database.write() as tx:
            tx.execute(_KEEP, {**row, "asked_at": to_ms(asked.asked_at), "document": json.dumps(document)})

    def forget(self, before: datetime) -> int:
        """Customers' names and prices are not kept longer than somebody looks at them."""
        with self._database.read() as connection:
            old = connection.execute(sa.text("SELECT 1 FROM previews WHERE asked_at < :before LIMIT 1"),
                                     {"before": to_ms(before)}).first()  # fmt: skip
        if old is None:
            return 0
        with self._database.write() as tx:
            return tx.execute(_FORGET, {"before": to_ms(before)}).rowcount


def _read(row: sa.RowMapping) -> Preview:
    return Preview(
        PortalId(row["portal_id"]),
        RealmId(row["realm_id"]),
        DealId(row["deal_id"]),
        json.loads(row["inputs"]),
        from_ms(row["asked_at"]),
        json.loads(row["document"]) if row["document"] else None,
    )
