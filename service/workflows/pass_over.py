"""A pass over both sides: read everything, match it in the database, bring it in step, a page at a time.

The first sync, and whatever makes everything be compared anew. Each step writes down where the next one begins;
a step that is repeated changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from service.logs import log
from service.quickbooks.query import ACTIVE_OR_NOT, PAGE
from service.store.sync_candidates import Seen
from service.store.sync_links import CREATING
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.filters import check_properties
from service.sync.headroom import Headroom, Left, scopes_of
from service.sync.record import (
    belongs,
    key_of_entity,
    key_of_object,
    properties_to_read,
    strong_of_entity,
    strong_of_object,
)
from service.workflows.align_records import Pair, align
from service.workflows.create_records import ensure_key_property, resume_entities
from service.workflows.enter_records import enter_entities, enter_objects, is_over
from service.workflows.find_others import Others
from service.workflows.follow_records import follow_entities, follow_objects
from service.workflows.isolate_records import isolate
from service.workflows.read_records import Content, Properties, candidates_of, columns_of
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
MATCHED_AT_ONCE = 100
# HubSpot's index and QuickBooks' stamps lag behind: the first poll looks back a little further.
OVERLAP = timedelta(minutes=5)
# QuickBooks' reads are metered: four polls an hour are 2,900 of 500,000 a month.
POLL = timedelta(minutes=15)


def step(services: Services, known: SyncObject) -> SyncObject:
    """One page further; of a pass that was begun anew meanwhile nothing is kept.

    Raises: NotConnected, TryLater, CannotInvoice.
    """
    begun = known if known.began_at is not None else services.sync.settings.begin(known, services.clock.now())
    if begun.polled_hubspot_at is None or (begun.phase == "quickbooks" and begun.cursor is None):
        since = services.clock.now() - OVERLAP
        begun = replace(begun, polled_hubspot_at=since, polled_quickbooks_at=since)
        services.sync.candidates.clear(begun)
    done = replace(_STEPS[begun.phase](services, begun), headroom=measure_headroom(services, begun))
    services.sync.settings.progress(done)
    return done


def measure_headroom(services: Services, known: SyncObject) -> Headroom:
    """What this worker may still call for the object's connection."""
    counted = {kind: services.pacing.left(scope) for kind, scope in scopes_of(known.portal_id, known.realm_id).items()}
    left = {kind: Left(calls, window.calls, window.seconds) for kind, (calls, window) in counted.items()}
    return Headroom(services.clock.now(), left)


def _read_quickbooks(services: Services, known: SyncObject) -> SyncObject:
    if known.cursor is None and known.rules.direction.reaches_hubspot:
        ensure_key_property(services, known)
    start = int(known.cursor or 1)
    page, at = services.quickbooks.page(
        known.realm_id, known.pairing.entity, ACTIVE_OR_NOT, columns=columns_of(known), start=start
    )
    if known.cursor is None and at is not None:
        # By QuickBooks' own clock: ours may be ahead, and what is changed until then would never be asked for.
        known = replace(known, polled_quickbooks_at=at - OVERLAP)
    wanted = _members(known)
    seen = [
        Seen(
            Side.QUICKBOOKS,
            str(each["Id"]),
            strong_of_entity(known.pairing, each),
            key_of_entity(known.pairing, each),
            {name: value for name, value in each.items() if name in wanted},
        )
        for each in page
        if each.get("Id") and belongs(known.pairing, each)
    ]
    services.sync.candidates.keep(known, seen)
    if len(page) < PAGE:
        return _next_phase(services, known, "hubspot")
    total = known.total or services.quickbooks.count(known.realm_id, known.pairing.entity, ACTIVE_OR_NOT)
    return replace(known, cursor=str(start + len(page)), done=known.done + len(page), total=total)


def _read_hubspot(services: Services, known: SyncObject) -> SyncObject:
    if known.cursor is None and known.filter.hubspot:
        check_properties(known.filter, services.hubspot.property_names(known.portal_id, known.name))
    wanted = properties_to_read(known.fields, known.filter)
    page, after = services.hubspot.records.page(known.portal_id, known.name, wanted, known.cursor)
    seen = [
        Seen(
            Side.HUBSPOT,
            each.id,
            strong_of_object(known.pairing, each.properties),
            key_of_object(known.pairing, each.properties),
            {name: each.properties.get(name) for name in wanted if each.properties.get(name)},
        )
        for each in page
    ]
    services.sync.candidates.keep(known, seen)
    if after is None:
        return _next_phase(services, known, "match")
    total = known.total or services.hubspot.records.count(known.portal_id, known.name)
    return replace(known, cursor=after, done=known.done + len(page), total=total)


def _match_objects(services: Services, known: SyncObject) -> SyncObject:
    page = services.sync.candidates.page(known, Side.HUBSPOT, int(known.cursor or 0), MATCHED_AT_ONCE)
    if not page:
        return _next_phase(services, known, "rest")
    objects = {each.id: each.document for each in page}
    isolate(services, known, Side.HUBSPOT, objects, partial(_match_some_objects, services, known))
    return _advance(known, page)


def _match_some_objects(services: Services, known: SyncObject, objects: Mapping[str, Properties]) -> None:
    links = services.sync.links.by_objects(known, list(objects))
    live = {key: link for key, link in links.items() if not is_over(link)}
    pairs = [link for link in live.values() if link.is_pair]
    contents = _documents(services, known, Side.QUICKBOOKS, [str(link.entity_id) for link in pairs])
    align(
        services,
        known,
        [
            Pair(link, objects[str(link.object_id)], contents[str(link.entity_id)])
            for link in pairs
            if str(link.entity_id) in contents
        ],
    )
    halves = {key: link for key, link in live.items() if not link.is_pair}
    resume_entities(services, known, [(each, objects[key]) for key, each in halves.items() if each.state == CREATING])
    fresh = {
        key: each
        for key, each in objects.items()
        if key not in links or (key in halves and halves[key].state != CREATING)
    }
    enter_objects(services, known, fresh, halves, _others(services, known, Side.HUBSPOT, fresh))


def _match_rest(services: Services, known: SyncObject) -> SyncObject:
    page = services.sync.candidates.page(known, Side.QUICKBOOKS, int(known.cursor or 0), MATCHED_AT_ONCE)
    if not page:
        return _next_phase(services, known, "gone")
    entities = {each.id: each.document for each in page}
    isolate(services, known, Side.QUICKBOOKS, entities, partial(_match_some_entities, services, known))
    return _advance(known, page)


def _match_some_entities(services: Services, known: SyncObject, entities: Mapping[str, Content]) -> None:
    links = services.sync.links.by_entities(known, list(entities))
    fresh = {key: each for key, each in entities.items() if key not in links or not links[key].is_pair}
    halves = {key: link for key, link in links.items() if key in fresh and not is_over(link)}
    fresh = {key: each for key, each in fresh.items() if key not in links or key in halves}
    enter_entities(services, known, fresh, halves, _others(services, known, Side.QUICKBOOKS, fresh))


def _look_for_gone(services: Services, known: SyncObject) -> SyncObject:
    """Pairs of which a half was not seen: deleted or merged while nobody looked."""
    page = services.sync.links.search(known, after=int(known.cursor or 0), limit=MATCHED_AT_ONCE)
    if not page:
        return _finish(services, known)
    pairs = [link for link in page if link.is_pair and not is_over(link)]
    objects = _documents(services, known, Side.HUBSPOT, [str(link.object_id) for link in pairs])
    entities = _documents(services, known, Side.QUICKBOOKS, [str(link.entity_id) for link in pairs])
    follow_objects(services, known, [str(link.object_id) for link in pairs if link.object_id not in objects])
    follow_entities(services, known, [str(link.entity_id) for link in pairs if link.entity_id not in entities])
    return replace(known, cursor=str(page[-1].id), done=known.done + len(page))


_STEPS = {
    "quickbooks": _read_quickbooks,
    "hubspot": _read_hubspot,
    "match": _match_objects,
    "rest": _match_rest,
    "gone": _look_for_gone,
}


def _others(services: Services, known: SyncObject, own: Side, fresh: Mapping[str, Mapping[str, Any]]) -> Others:
    ones = candidates_of(known, own, fresh).values()
    strongs = [one.strong for one in ones if one.strong]
    names = [one.name for one in ones if one.name]
    alike = services.sync.candidates.alike(known, own.other, strongs, names)
    contents = _documents(services, known, own.other, [each.id for each in alike])
    return Others(alike, contents, services.sync.candidates.alike(known, own, strongs, names))


def _documents(services: Services, known: SyncObject, side: Side, ids: list[str]) -> dict[str, dict[str, Any]]:
    return {key: each.document for key, each in services.sync.candidates.get(known, side, ids).items()}


def _members(known: SyncObject) -> set[str]:
    """The members of an entity that a pass needs."""
    paths = [*known.fields.paths, *(each.name for each in known.filter.quickbooks), known.pairing.name_field]
    return {path.split(".")[0] for path in paths} | {"Id", "SyncToken", "Active", "Job", "Type"}


def _advance(known: SyncObject, page: list[Seen]) -> SyncObject:
    return replace(known, cursor=page[-1].id, done=known.done + len(page))


def _next_phase(services: Services, known: SyncObject, phase: str) -> SyncObject:
    side = {"match": Side.HUBSPOT, "rest": Side.QUICKBOOKS}.get(phase)
    # Reading tells its total with the first page that is not the last.
    total = services.sync.candidates.count(known, side) if side else None
    if phase == "gone":
        total = sum(services.sync.links.count(known).values())
    return replace(known, phase=phase, cursor=None, done=0, total=total, began_at=services.clock.now())


def _finish(services: Services, known: SyncObject) -> SyncObject:
    now = services.clock.now()
    services.sync.candidates.clear(known)
    log(LOG, "pass ended", portal_id=known.portal_id, realm_id=known.realm_id, object=known.name)
    return replace(known, phase="done", cursor=None, ended_at=now, next_poll_at=now + POLL)
