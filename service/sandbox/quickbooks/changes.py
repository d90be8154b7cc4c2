"""Change data capture: what changed since, what was deleted (contract 2.8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.realm import Realm

LONGEST = timedelta(days=30)
MOST_OBJECTS = 1000
UNSUPPORTED = {"TaxCode", "TaxRate"}


def changes_since(realm: Realm, kinds: list[str], since: str) -> list[Json]:
    """One slot per kind, empty where nothing changed; 1000 objects at most."""
    for kind in kinds:
        if kind not in KINDS or kind in UNSUPPORTED:
            raise Fault("2000", f"Invalid Object Name : {kind}", "entities")
    at = _parse(since)
    if at < realm.clock.now() - LONGEST:
        raise Fault("2070", "changedSince must be within the last 30 days", "changedSince")
    slots, room = [], MOST_OBJECTS
    for kind in kinds:
        rows = _changed(realm, kind, at)[:room]
        room -= len(rows)
        slots.append({kind: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return slots


def _changed(realm: Realm, kind: str, at: datetime) -> list[Json]:
    rows = [
        realm.shown(kind, row)
        for row in realm.shelves[kind]
        if datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) >= at and (kind, row["Id"]) not in realm.merged
    ]
    for gone, key, when in realm.deleted:
        if gone == kind and datetime.fromisoformat(when) >= at:
            rows.append({"domain": "QBO", "status": "Deleted", "Id": key, "MetaData": {"LastUpdatedTime": when}})
    return rows


def _parse(since: str) -> datetime:
    """An instant with its offset; a plus sign not encoded is a blank and refused."""
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        raise Fault("2060", f"changedSince {since} is no time stamp", "changedSince") from None
    if at.tzinfo is None:
        raise Fault("2060", "changedSince needs an offset", "changedSince")
    return at
