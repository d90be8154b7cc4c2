"""What a realm or a portal told us about itself, kept so that it is not asked for each invoice."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.database import Database, from_ms, to_ms

REMEMBER_SECONDS = 10.0
_TABLES = {"realm": ("realm_settings", "realm_id"), "portal": ("portal_settings", "portal_id")}


class SettingsCache:
    """One JSON document per realm and per portal, with the time it was read.

    Remembered for some seconds in this process: every run asks for the same two.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[tuple[str, str | int], tuple[float, tuple[dict[str, Any], datetime]]] = {}

    def find(self, kind: str, owner: str | int) -> tuple[dict[str, Any], datetime] | None:
        """The document and when it was read; None when it never was."""
        remembered = self._remembered.get((kind, owner))
        if remembered is not None and remembered[0] > time.monotonic():
            return remembered[1]
        table, column = _TABLES[kind]
        statement = sa.text(f"SELECT document, read_at FROM {table} WHERE {column} = :owner")  # noqa: S608
        with self._database.read() as connection:
            row = connection.execute(statement, {"owner": owner}).first()
        if row is None:
            return None
        return self._remember(kind, owner, json.loads(row.document), from_ms(row.read_at))

    def keep(self, kind: str, owner: str | int, document: dict[str, Any], now: datetime) -> None:
        """Replace the document."""
        table, column = _TABLES[kind]
        statement = sa.text(
            f"""INSERT INTO {table} ({column}, document, read_at) VALUES (:owner, :document, :at)
                ON CONFLICT ({column}) DO UPDATE SET document = excluded.document, read_at = excluded.read_at"""  # noqa: S608
        )
        with self._database.write() as tx:
            tx.execute(statement, {"owner": owner, "document": json.dumps(document), "at": to_ms(now)})
        self._remember(kind, owner, document, now)

    def _remember(
        self, kind: str, owner: str | int, document: dict[str, Any], read_at: datetime
    ) -> tuple[dict[str, Any], datetime]:
        self._remembered[(kind, owner)] = (time.monotonic() + REMEMBER_SECONDS, (document, read_at))
        return document, read_at
