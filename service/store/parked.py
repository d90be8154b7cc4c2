"""Whose callbacks wait for a reconnect."""

from __future__ import annotations

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database

_PARKED = sa.text("SELECT DISTINCT portal_id, realm_id FROM callbacks WHERE state = 'parked' AND realm_id IS NOT NULL")


def find_parked(database: Database) -> list[tuple[PortalId, RealmId]]:
    """Portals and realms with parked callbacks."""
    with database.read() as connection:
        return [(PortalId(each.portal_id), RealmId(each.realm_id)) for each in connection.execute(_PARKED)]
