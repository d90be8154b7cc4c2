"""Records may have changed: read them, skip our own echo, bring the others in step. Safe to repeat."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from service.logs import log
from service.store.sync_links import CREATING, ENDED, IN_STEP, WAITING, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.echo import is_echo
from service.sync.record import MERGED, hubspot_values, quickbooks_values
from service.workflows.align_records import Pair, align, befell, keep_links, waiting, write_entities
from service.workflows.create_records import resume_entities
from service.workflows.enter_records import enter_entities, enter_objects, is_over
from service.workflows.read_records import Content, Properties, read_entities, read_objects
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
# A deleted object may have been merged into another, which is told apart: so long nobody is made inactive.
GRACE = timedelta(minutes=5)


def follow_objects(
    services: Services, known: SyncObject, ids: Collection[str], read: Mapping[str, Properties] | None = None
) -> None:
    """Objects of HubSpot's; `read`: as they were read just now. Raises: NotConnected, TryLater."""
    found = dict(read) if read is not None else read_objects(services, known, ids)
    _follow_merges(services, known, found)
    links = services.sync.links.by_objects(known, [*ids, *found])
    if read is None:
        _lose_objects(services, known, [links[each] for each in ids if each in links and each not in found])
    pairs = [(link, found[key]) for key, link in links.items() if key in found and link.is_pair and not is_over(link)]
    changed = [(link, held) for link, held in pairs if not _is_our_echo_here(known, link, held)]
    contents = read_entities(services, known, [str(link.entity_id) for link, _ in changed])
    _lose_entities(services, known, [link for link, _ in changed if str(link.entity_id) not in contents])
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
        _lose_entities(services, known, [links[each] for each in ids if each in links and each not in found])
    pairs = [(link, found[key]) for key, link in links.items() if key in found and link.is_pair and not is_over(link)]
    changed = [(link, held) for link, held in pairs if not _is_our_echo_there(known, link, held)]
    objects = read_objects(services, known, [str(link.object_id) for link, _ in changed])
    _lose_objects(services, known, [link for link, _ in changed if str(link.object_id) not in objects])
    _align(
        services,
        known,
        [(link, objects[str(link.object_id)]) for link, _ in changed if str(link.object_id) in objects],
        found,
    )
    halves = {key: link for key, link in links.items() if key in found and not link.is_pair and not is_over(link)}
    fresh = {key: each for key, each in found.items() if key not in links or key in halves}
    enter_entities(services, known, fresh, halves)


def follow_merged_entity(services: Services, known: SyncObject, gone_id: str, heir_id: str) -> None:
    """QuickBooks has made one entity of two: the link follows, unless the other has one of its own."""
    links = services.sync.links.by_entities(known, [gone_id, heir_id])
    link, heir = links.get(gone_id), links.get(heir_id)
    services.links.move(known.realm_id, (known.pairing.kind,), gone_id, heir_id)
    if link is None:
        return
    if heir is not None and heir.is_pair:
        keep_links(services, known, [_merged(link, "QuickBooks")])
        return
    if heir is not None:
        services.sync.links.drop(heir)
    keep_links(services, known, [replace(link, entity_id=heir_id, state=WAITING, code=None, sentence=None)])
    services.sync.links.note(known, link, "merged", f"into {heir_id} in QuickBooks", services.clock.now())


def follow_due(services: Services, known: SyncObject, links: Iterable[SyncLink]) -> None:
    """Records that wait to be tried again. Raises: NotConnected, TryLater."""
    now = services.clock.now()
    # Whatever happens now, the next try is later than this one.
    links = [waiting(link, link.code or "TRY_LATER", link.sentence or "It is tried again.", now) for link in links]
    services.sync.links.keep(known, links, now)
    ended = [link for link in links if link.code == "DELETED_IN_HUBSPOT"]
    follow_objects(services, known, [str(link.object_id) for link in links if link.object_id is not None])
    follow_entities(services, known, [str(link.entity_id) for link in links if link.object_id is None])
    _deactivate(services, known, [str(link.object_id) for link in ended])


def erase(services: Services, known: SyncObject, object_id: str) -> None:
    """A privacy deletion: our copy goes, the trail says that it did, and nobody is created anew for it."""
    services.sync.mapping_requests.erase(known.portal_id, known.realm_id, known.name, object_id)
    link = services.sync.links.by_objects(known, [object_id]).get(object_id)
    if link is None:
        return
    services.sync.links.forget_trail(link)
    erased = SyncLink(
        id=link.id,
        object_id=link.object_id,
        entity_id=link.entity_id,
        state=ENDED,
        code="ERASED",
        sentence="HubSpot erased the contact for privacy; what was known of it here is erased too. "
        "The customer in QuickBooks belongs to the books: decide there.",
    )
    services.sync.links.keep(known, [erased], services.clock.now())
    services.sync.links.note(known, erased, "erased", "privacy deletion in HubSpot", services.clock.now())
    if link.entity_id is not None:
        services.links.forget(known.realm_id, (known.pairing.kind,), link.entity_id)
    log(LOG, "erased", object=known.name, link=link.id)


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


def _follow_merges(services: Services, known: SyncObject, found: Mapping[str, Properties]) -> None:
    """HubSpot has made one object of several: the first link among them follows, the others end."""
    gone = {
        old: heir
        for heir, held in found.items()
        for old in (held.get(MERGED) or "").split(";")
        if old.strip() and old != heir
    }
    if not gone:
        return
    links = services.sync.links.by_objects(known, [*gone, *gone.values()])
    for old, heir in gone.items():
        link = links.get(old)
        if link is None or is_over(link):
            continue
        there = links.get(heir)
        if there is not None and (there.is_pair or not link.is_pair):
            keep_links(services, known, [_merged(link, "HubSpot")])
        else:
            if there is not None:
                services.sync.links.drop(there)
            moved = replace(link, object_id=heir, state=WAITING, code=None, sentence=None, due_at=None)
            links[heir] = keep_links(services, known, [moved])[0]
            services.sync.links.note(known, link, "merged", f"{old} into {heir} in HubSpot", services.clock.now())


def _merged(link: SyncLink, where: str) -> SyncLink:
    other = "customers in QuickBooks" if where == "HubSpot" else "records in HubSpot"
    sentence = f"It was merged in {where} with one that is in step already; two {other} remain: merge them too."
    return replace(link, state=ENDED, code="MERGED", sentence=sentence, due_at=None, reserved=None)


def _lose_objects(services: Services, known: SyncObject, links: Iterable[SyncLink]) -> None:
    """Objects are gone from HubSpot: never delete in the books; make inactive only if the operator chose so."""
    now, lost = services.clock.now(), []
    for link in links:
        if link.code == "DELETED_IN_HUBSPOT" or link.state == ENDED:
            continue
        if not link.is_pair:
            services.sync.links.drop(link)
        elif known.deactivates:
            sentence = "It was deleted in HubSpot: soon it is made inactive in QuickBooks."
            lost.append(waiting(link, "DELETED_IN_HUBSPOT", sentence, now, GRACE))
        else:
            lost.append(_end(link, "DELETED_IN_HUBSPOT", "It was deleted in HubSpot; QuickBooks keeps it."))
    keep_links(services, known, lost)


def _lose_entities(services: Services, known: SyncObject, links: Iterable[SyncLink]) -> None:
    """Entities are gone, which QuickBooks does only by merging: look for the one that is left."""
    sentence = "QuickBooks has merged it into another, which belongs to somebody else here or is not known: choose."
    lost = [each for each in links if each.is_pair and each.state != ENDED]
    for link in lost:
        services.links.forget(known.realm_id, (known.pairing.kind,), str(link.entity_id))
    keep_links(services, known, [_end(each, "GONE_FROM_QUICKBOOKS", sentence) for each in lost])
    for link in links:
        if not link.is_pair:
            services.sync.links.drop(link)


def _deactivate(services: Services, known: SyncObject, object_ids: list[str]) -> None:
    links = services.sync.links.by_objects(known, object_ids)
    gone = [each for each in links.values() if each.code == "DELETED_IN_HUBSPOT" and each.state == WAITING]
    if not gone or not known.deactivates:
        return
    contents = read_entities(services, known, [str(each.entity_id) for each in gone])
    bodies = [
        {"Id": key, "SyncToken": str(each["SyncToken"]), "sparse": True, "Active": False}
        for key, each in contents.items()
    ]
    for start in range(0, len(bodies), 30):
        outcomes = write_entities(services, known, "update", bodies[start : start + 30])
        for link in gone:
            outcome = outcomes.get(str(link.entity_id))
            if isinstance(outcome, Exception):
                keep_links(services, known, [befell(link, outcome, services.clock.now())])
            elif outcome is not None:
                ended = _end(link, "DELETED_IN_HUBSPOT", "It was deleted in HubSpot and made inactive in QuickBooks.")
                keep_links(services, known, [ended])


def _end(link: SyncLink, code: str, sentence: str) -> SyncLink:
    return replace(link, state=ENDED, code=code, sentence=sentence, due_at=None, tries=0, reserved=None)
