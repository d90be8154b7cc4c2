"""A connection's settings, changed by an operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, to_ms

_WHERE = "WHERE portal_id = :portal_id AND realm_id = :realm_id AND state <> 'removed'"
_READ = sa.text(f"SELECT settings FROM connections {_WHERE}")  # noqa: S608
# A newer updated_at has the connection looked at again.
_CHANGE = sa.text(f"UPDATE connections SET settings = :settings, updated_at = :at {_WHERE}")  # noqa: S608


def change_settings(
    database: Database, portal_id: PortalId, realm_id: RealmId, changes: Mapping[str, Any], now: datetime
) -> bool:
    """Replace the settings named; False when there is no such connection."""
    key = {"portal_id": portal_id, "realm_id": realm_id}
    with database.write() as tx:
        database.lock_row(tx, f"connection settings:{portal_id}:{realm_id}")
        row = tx.execute(_READ, key).first()
        if row is None:
            return False
        settings = json.dumps({**json.loads(row.settings), **changes})
        tx.execute(_CHANGE, {**key, "settings": settings, "at": to_ms(now)})
    return True
