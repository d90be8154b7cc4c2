"""The one statement every callback waits for: its row, durable, before HubSpot is answered.

On SQLite, callbacks that arrive together share one transaction and one commit: the disk is asked
once for all of them, and nobody is answered before it has answered. On the driver's own cursor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.coalescing import Lane
from service.store.database import Database

Key = tuple[int, str]
COLUMNS = (
    "portal_id", "callback_id", "action", "object_type", "object_id", "realm_id", "inputs", "context", "body_hash",
    "state", "received_at", "due_at", "deadline_at", "expires_at",
    "outcome", "outputs", "error_code", "error_message", "settled_at", "completed_at", "told",
)  # fmt: skip
MOST = 64


class Intake:
    """Inserts rows of callbacks, each key once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lane: Lane[Key] = Lane(self._insert, lambda: None, MOST)

    def insert(self, row: Mapping[str, Any]) -> bool:
        """Write the row durably; False when its key was there before.

        Raises: sqlalchemy.exc.DBAPIError when nothing could be written.
        """
        key, values = (row["portal_id"], row["callback_id"]), [row[column] for column in COLUMNS]
        if not self._database.is_sqlite:
            # PostgreSQL has many writers and joins their commits itself.
            return self._insert_together({key: values})[key]
        inserted: bool = self._lane.ask(key, values)
        return inserted

    def _insert(self, rows: Mapping[Key, Sequence[Any]]) -> dict[Key, Any]:
        """Per key whether the row is new, or the error that is its own and nobody else's."""
        try:
            return self._insert_together(rows)
        except sa.exc.OperationalError:
            raise  # the database, not a row
        except Exception as error:
            if len(rows) == 1:
                return dict.fromkeys(rows, error)
        return {key: self._insert({key: row})[key] for key, row in rows.items()}

    def _insert_together(self, rows: Mapping[Key, Sequence[Any]]) -> dict[Key, bool]:
        with self._database.write_raw() as cursor:
            cursor.execute(self._statement(len(rows)), [value for row in rows.values() for value in row])
            new = {(portal_id, callback_id) for portal_id, callback_id in cursor.fetchall()}
        return {key: key in new for key in rows}

    def _statement(self, count: int) -> str:
        row = f"({', '.join([self._database.placeholder] * len(COLUMNS))})"
        return (
            f"INSERT INTO callbacks ({', '.join(COLUMNS)}) VALUES {', '.join([row] * count)} "  # noqa: S608
            "ON CONFLICT (portal_id, callback_id) DO NOTHING RETURNING portal_id, callback_id"
        )
