"""Records may have changed: read them, skip our own echo, bring the others in step. Safe to repeat."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

from service.store.sync_links import CREATING, DELETED_IN_HUBSPOT, GONE_FROM_QUICKBOOKS, IN_STEP, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.echo import is_echo
from service.sync.record import hubspot_values, quickbooks_values
from service.workflows.align_records import Pair, align, waiting
from service.workflows.create_records import resume_entities
from service.workflows.enter_records import enter_entities, enter_objects, is_over
from service.workflows.follow_merges import follow_merged_objects
from service.workflows.isolate_records import isolate
from service.workflows.lose_records import lose_entities, lose_objects, settle_lost
from service.workflows.read_records import Content, Properties, read_entities, read_objects
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")


def follow_objects(
    services: Services, known: SyncObject, ids: Collection[str], read: Mapping[str, Properties] | None = None
) -> None:
    """Objects of HubSpot's; `read`: as they were read just now. Raises: NotConnected, TryLater."""
    found = dict(read) if read is not None else read_objects(services, known, ids)
    follow_merged_objects(services, known, found)
    links = services.sync.links.by_objects(known, [*ids, *found])
    if read is None:
        lose_objects(services, known, [links[each] for each in ids if each in links and each not in found])
    pairs = [(link, found[key]) for key, link in links.items() if key in found and link.is_pair and not is_over(link)]
    changed = [(link, held) for link, held in pairs if not _is_our_echo_here(known, link, held)]
    contents = read_entities(services, known, [str(link.entity_id) for link, _ in changed])
    lose_entities(services, known, [link for link, _ in changed if str(link.entity_id) not in contents])
    _align(services, known, changed, contents)
    halves = {key: link for key, link in links.items() if key in found and not link.is_pair and not is_over(link)}
    begun = [(link, found[key]) for key, link in halves.items() if link.state == CREATING]
    resume_entities(services, known, begun)
    left = {key: each for key, each in found.items() if key not in links or key in halves}
    fresh = {key: each for key, each in left.items() if key not in halves or halves[key].state != CREATING}
    enter_objects(services, known, fresh, {key: link for key, link in halves.items() if key in fresh})


def follow_entities(
    services: Services, known: SyncObject, ids: Collection[str], read: Mapping[str, Content] | None = None
) -> None:
    """Entities of QuickBooks'. As `follow_objects`."""
    found = dict(read) if read is not None else read_entities(services, known, ids)
    links = services.sync.links.by_entities(known, [*ids, *found])
    if read is None:
        lose_entities(services, known, [links[each] for each in ids if each in links and each not in found])
    pairs = [(link, found[key]) for key, link in links.items() if key in found and link.is_pair and not is_over(link)]
    changed = [(link, held) for link, held in pairs if not _is_our_echo_there(known, link, held)]
    objects = read_objects(services, known, [str(link.object_id) for link, _ in changed])
    lose_objects(services, known, [link for link, _ in changed if str(link.object_id) not in objects])
    _align(
        services,
        known,
        [(link, objects[str(link.object_id)]) for link, _ in changed if str(link.object_id) in objects],
        found,
    )
    halves = {key: link for key, link in links.items() if key in found and not link.is_pair and not is_over(link)}
    fresh = {key: each for key, each in found.items() if key not in links or key in halves}
    enter_entities(services, known, fresh, halves)


def follow_due(services: Services, known: SyncObject, links: Iterable[SyncLink]) -> None:
    """Records that wait to be tried again. Raises: NotConnected, TryLater."""
    now = services.clock.now()
    # Whatever happens now, the next try is later than this one.
    links = [waiting(link, link.code or "TRY_LATER", link.sentence or "It is tried again.", now) for link in links]
    services.sync.links.keep(known, links, now)
    here = {str(link.object_id): link for link in links if link.object_id is not None}
    there = {str(link.entity_id): link for link in links if link.object_id is None}

    def follow_here(some: Mapping[str, SyncLink]) -> None:
        follow_objects(services, known, some)
        lost = [key for key, link in some.items() if link.code in (DELETED_IN_HUBSPOT, GONE_FROM_QUICKBOOKS)]
        settle_lost(services, known, lost)

    def follow_there(some: Mapping[str, SyncLink]) -> None:
        follow_entities(services, known, some)

    isolate(services, known, Side.HUBSPOT, here, follow_here)
    isolate(services, known, Side.QUICKBOOKS, there, follow_there)


def _align(
    services: Services, known: SyncObject, changed: list[tuple[SyncLink, Properties]], contents: Mapping[str, Content]
) -> None:
    pairs = [
        Pair(link, held, contents[str(link.entity_id)]) for link, held in changed if str(link.entity_id) in contents
    ]
    align(services, known, pairs)


def _is_our_echo_here(known: SyncObject, link: SyncLink, held: Properties) -> bool:
    agreed = link.agreement
    return link.state == IN_STEP and agreed is not None and is_echo(hubspot_values(known.fields, held), agreed.hubspot)


def _is_our_echo_there(known: SyncObject, link: SyncLink, held: Content) -> bool:
    agreed = link.agreement
    values = quickbooks_values(known.fields, held)
    return link.state == IN_STEP and agreed is not None and is_echo(values, agreed.quickbooks)
