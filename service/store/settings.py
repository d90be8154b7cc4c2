"""What a realm or a portal told us about itself, kept so that it is not asked for each invoice."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.database import Database, from_ms, to_ms

_TABLES = {"realm": ("realm_settings", "realm_id"), "portal": ("portal_settings", "portal_id")}


class SettingsCache:
    """One JSON document per realm and per portal, with the time it was read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, kind: str, owner: str | int) -> tuple[dict[str, Any], datetime] | None:
        """The document and when it was read; None when it never was."""
        table, column = _TABLES[kind]
        statement = sa.text(f"SELECT document, read_at FROM {table} WHERE {column} = :owner")  # noqa: S608
        with self._database.read() as connection:
            row = connection.execute(statement, {"owner": owner}).first()
        return None if row is None else (json.loads(row.document), from_ms(row.read_at))

    def keep(self, kind: str, owner: str | int, document: dict[str, Any], now: datetime) -> None:
        """Replace the document."""
        table, column = _TABLES[kind]
        statement = sa.text(
            f"""INSERT INTO {table} ({column}, document, read_at) VALUES (:owner, :document, :at)
                ON CONFLICT ({column}) DO UPDATE SET document = excluded.document, read_at = excluded.read_at"""  # noqa: S608
        )
        with self._database.write() as tx:
            tx.execute(statement, {"owner": owner, "document": json.dumps(document), "at": to_ms(now)})
