"""What each connection was found to need, kept so that page and command can tell without asking a vendor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.invoicing.preflight import Finding, Severity
from service.store.connections import Connection
from service.store.database import Database, from_ms_or_none, to_ms


@dataclass(frozen=True, slots=True)
class Preflight:
    """One connection's findings; `checked_at` None: it has not been looked at yet."""

    portal_id: PortalId
    realm_id: RealmId
    findings: tuple[Finding, ...]
    checked_at: datetime | None


_ALL = sa.text("SELECT * FROM preflights ORDER BY portal_id, realm_id")
# Due: a new or changed connection, one last checked before `before`, one whose last try failed and has rested.
_DUE = sa.text(
    """SELECT c.portal_id, c.realm_id FROM connections c
       LEFT JOIN preflights p ON p.portal_id = c.portal_id AND p.realm_id = c.realm_id
       WHERE c.state <> 'removed' AND (p.portal_id IS NULL OR (p.next_at <= :now
         AND (p.checked_at IS NULL OR p.checked_at <= :before OR p.checked_for <> c.updated_at)))
       ORDER BY c.portal_id, c.realm_id"""
)
_CLAIM = sa.text(
    """INSERT INTO preflights (portal_id, realm_id, findings, next_at) VALUES (:portal_id, :realm_id, '[]', :until)
       ON CONFLICT (portal_id, realm_id) DO UPDATE SET next_at = excluded.next_at WHERE preflights.next_at <= :now"""
)
_KEEP = sa.text(
    """UPDATE preflights SET findings = :findings, checked_at = :at, checked_for = :checked_for, next_at = :at
       WHERE portal_id = :portal_id AND realm_id = :realm_id"""
)


class Preflights:
    """The table of preflights."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[tuple[PortalId, RealmId], Preflight]:
        """What is known of every connection that was looked at."""
        with self._database.read() as connection:
            found = [_read(row) for row in connection.execute(_ALL).mappings()]
        return {(each.portal_id, each.realm_id): each for each in found}

    def due(self, now: datetime, oldest: timedelta) -> list[tuple[PortalId, RealmId]]:
        """Connections that are new, were changed, or were last looked at longer ago than `oldest`."""
        row = {"now": to_ms(now), "before": to_ms(now - oldest)}
        with self._database.read() as connection:
            return [(PortalId(each.portal_id), RealmId(each.realm_id)) for each in connection.execute(_DUE, row)]

    def claim(self, portal_id: PortalId, realm_id: RealmId, now: datetime, rest: timedelta) -> bool:
        """Be the one who looks; when that does not end in `keep`, the next try is due after `rest`."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "now": to_ms(now), "until": to_ms(now + rest)}
        with self._database.write() as tx:
            return tx.execute(_CLAIM, row).rowcount == 1

    def keep(self, connection: Connection, findings: Sequence[Finding], now: datetime) -> None:
        """Replace the findings; `connection` as it was before it was looked at."""
        row = {
            "portal_id": connection.portal_id,
            "realm_id": connection.realm_id,
            "findings": json.dumps([asdict(each) for each in findings]),
            "at": to_ms(now),
            "checked_for": to_ms(connection.updated_at),
        }
        with self._database.write() as tx:
            tx.execute(_KEEP, row)


def _read(row: sa.RowMapping) -> Preflight:
    findings = tuple(
        Finding(**{**each, "severity": Severity(each["severity"])}) for each in json.loads(row["findings"])
    )
    return Preflight(PortalId(row["portal_id"]), RealmId(row["realm_id"]), findings, from_ms_or_none(row["checked_at"]))
