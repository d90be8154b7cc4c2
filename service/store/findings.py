"""What needs a person, connection by connection: what was found at connect, and how access stands right now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.ids import PortalId, RealmId
from service.invoicing.preflight import UNCHECKED, Access, Finding, judge_access, order_findings
from service.store.connections import Connections
from service.store.credentials import KEYS_WRONG, LIMITED, REVOKED, Credentials
from service.store.preflights import Preflights


@dataclass(frozen=True, slots=True)
class Report:
    """One connection with its findings, the worst first; `checked_at` None: nobody has looked yet."""

    portal_id: PortalId
    realm_id: RealmId
    state: str
    checked_at: datetime | None
    findings: tuple[Finding, ...]

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something about this connection."""
        return any(each.needs_person for each in self.findings)


class Findings:
    """Asks no vendor and opens no token: good for a page."""

    def __init__(self, connections: Connections, credentials: Credentials, preflights: Preflights) -> None:
        self._connections, self._credentials, self._preflights = connections, credentials, preflights

    def all(self, now: datetime) -> list[Report]:
        """Every connection that is not removed."""
        accesses = {
            (each.vendor, each.owner_id): Access(
                each.vendor,
                each.owner_id,
                each.state == REVOKED,
                each.refresh_expires_at,
                each.hard_expires_at,
                limited=each.state == LIMITED,
                keys_wrong=each.state == KEYS_WRONG,
            )
            for each in self._credentials.standings()
        }
        preflights, reports = self._preflights.all(), []
        for connection in self._connections.all():
            kept = preflights.get((connection.portal_id, connection.realm_id))
            found = [
                *judge_access(accesses.get(("hubspot", str(connection.portal_id))), "hubspot", now),
                *judge_access(accesses.get(("quickbooks", connection.realm_id)), "quickbooks", now),
                *(kept.findings if kept else ()),
            ]
            checked_at = kept.checked_at if kept else None
            if checked_at is None:
                found.append(UNCHECKED)
            key = connection.portal_id, connection.realm_id
            reports.append(Report(*key, connection.state, checked_at, tuple(order_findings(found))))
        return reports
