"""Repair what webhooks missed: whatever changed on either side since the last look, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.hubspot.answers import CrmRecord
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.record import properties_to_read
from service.workflows.follow_records import follow_entities, follow_objects
from service.workflows.isolate_records import isolate
from service.workflows.pass_over import OVERLAP, POLL
from service.workflows.read_records import Content, Properties
from service.workflows.services import Services

# https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture
LONGEST_CHANGES = timedelta(days=29)
# What no poll can see, such as a merge in QuickBooks whose webhook was lost: ten reads for ten thousand customers.
PASS_AGAIN = timedelta(days=7)
AT_ONCE = 100


def poll(services: Services, known: SyncObject, may_go_on: Callable[[], bool]) -> None:
    """What changed on both sides; how far that is known is written down with each page.

    `may_go_on` is asked after each page: it keeps the turn, False when somebody else has it. Raises: NotConnected,
    TryLater; the next poll goes on after the last page.
    """
    now = services.clock.now()
    since = known.polled_quickbooks_at
    old = known.ended_at is None or now - known.ended_at > PASS_AGAIN
    if old or since is None or known.polled_hubspot_at is None or now - since > LONGEST_CHANGES:
        services.sync.settings.begin(known, now)
        return
    polled = _poll_hubspot(services, known, known.polled_hubspot_at, may_go_on)
    if polled is not None:
        _poll_quickbooks(services, polled, since, may_go_on)


def _poll_hubspot(
    services: Services, known: SyncObject, since: datetime, may_go_on: Callable[[], bool]
) -> SyncObject | None:
    def follow(found: Mapping[str, Properties]) -> None:
        follow_objects(services, known, [], found)

    wanted = properties_to_read(known.fields, known.filter)
    modified = known.pairing.modified
    for page in services.hubspot.records.changed_since(known.portal_id, known.name, modified, since, wanted):
        read_at = services.clock.now()
        isolate(services, known, Side.HUBSPOT, {each.id: each.properties for each in page}, follow)
        known = replace(known, polled_hubspot_at=_until(page, modified, since, read_at))
        if not services.sync.settings.progress(known) or not may_go_on():
            return None
    return known


def _until(page: Sequence[CrmRecord], modified: str, since: datetime, read_at: datetime) -> datetime:
    """Until when HubSpot's changes are known: by its own clock, and less what its index lags behind."""
    last = max((_moment(each.properties.get(modified)) or since for each in page), default=since)
    return max(since, min(last, read_at - OVERLAP))


def _poll_quickbooks(services: Services, known: SyncObject, since: datetime, may_go_on: Callable[[], bool]) -> None:
    entity, now = known.pairing.entity, services.clock.now()
    changes = services.quickbooks.changes(known.realm_id, [entity], since)
    if not changes.complete:
        services.sync.settings.begin(known, now)
        return

    def follow(found: Mapping[str, Content | None]) -> None:
        gone = [key for key, content in found.items() if content is None]
        follow_entities(services, known, gone)
        follow_entities(services, known, [], {key: content for key, content in found.items() if content is not None})

    found: dict[str, Content | None] = dict.fromkeys(changes.deleted.get(entity, []))
    found |= {str(each["Id"]): each for each in changes.changed.get(entity, [])}
    keys = list(found)
    for start in range(0, len(keys), AT_ONCE):
        isolate(services, known, Side.QUICKBOOKS, {key: found[key] for key in keys[start : start + AT_ONCE]}, follow)
        if not may_go_on():
            return
    # By QuickBooks' own clock, which ours may be ahead of.
    until = (changes.at or now) - OVERLAP
    services.sync.settings.progress(replace(known, polled_quickbooks_at=until, next_poll_at=now + POLL))


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
