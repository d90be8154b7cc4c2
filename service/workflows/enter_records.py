"""Let records enter the sync: find their other half, have it created, or ask a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.store.sync_links import CREATING, ENDED, ERASED, GONE_FROM_QUICKBOOKS, LEFT_OUT, REVIEW, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.filters import may_enter
from service.sync.matching import NOTHING, Candidate, Match, choose_match
from service.sync.record import (
    belongs,
    filter_values,
    is_active,
    is_own,
    name_entity,
    name_object,
    strong_of_entity,
    strong_of_object,
)
from service.workflows.align_records import Pair, align, in_step, keep_links, wake
from service.workflows.create_records import create_entities, create_objects, reserve_entities, review
from service.workflows.read_records import Content, Properties, candidates_of, find_alike_entities, find_alike_objects
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class Others:
    """The other side, as far as it may matter: who is alike, what each holds, and who is alike on one's own side."""

    candidates: list[Candidate]
    contents: Mapping[str, Mapping[str, Any]]
    own: list[Candidate] = field(default_factory=list)


def enter_objects(
    services: Services,
    known: SyncObject,
    objects: Mapping[str, Properties],
    links: Mapping[str, SyncLink],
    others: Others | None = None,
) -> None:
    """Objects that are in no pair. `links`: halves there are already. Raises: NotConnected, TryLater."""
    wanted = {
        key: each
        for key, each in objects.items()
        if known.rules.direction.reaches_quickbooks and (key in links or may_enter(known.filter.hubspot, each))
    }
    _let_go(services, known, [link for key, link in links.items() if key in objects and key not in wanted])
    if not wanted:
        return
    if others is None:
        others = Others(*find_alike_entities(services, known, wanted))
    stored = _stored_entities(services, known, wanted)
    usable = [each for each in others.candidates if belongs(known.pairing, others.contents.get(each.id, {}))]
    pairs, reviews, new, took = [], [], [], set[str]()
    for key, one in candidates_of(known, Side.HUBSPOT, wanted).items():
        fitting = [replace(each, taken=each.taken or each.id in took) for each in usable]
        match = _match(links.get(key), stored.get(key), one, fitting, others.own)
        link = links.get(key) or _half_object(known, key, wanted[key])
        if match.sure is not None and match.sure in others.contents:
            took.add(match.sure)
            pairs.append(Pair(replace(in_step(link), entity_id=match.sure), wanted[key], others.contents[match.sure]))
        elif match.doubtful:
            reviews.append(review(link, match, Side.HUBSPOT))
        elif link.code == GONE_FROM_QUICKBOOKS:
            reviews.append(replace(link, state=REVIEW, due_at=None))  # whom it became, only a person can say
        elif link.state != CREATING:
            new.append((link, wanted[key]))
    _join(services, known, pairs, Side.QUICKBOOKS)
    keep_links(services, known, reviews)
    create_entities(services, known, reserve_entities(services, known, new))


def enter_entities(
    services: Services,
    known: SyncObject,
    entities: Mapping[str, Content],
    links: Mapping[str, SyncLink],
    others: Others | None = None,
) -> None:
    """Entities that are in no pair. As `enter_objects`."""
    chosen = known.filter.quickbooks
    wanted = {
        key: each
        for key, each in entities.items()
        if known.rules.direction.reaches_hubspot
        and belongs(known.pairing, each)
        and is_active(each)
        and (key in links or may_enter(chosen, filter_values(known.pairing, each, chosen)))
    }
    _let_go(services, known, [link for key, link in links.items() if key in entities and key not in wanted])
    if not wanted:
        return
    if others is None:
        others = Others(*find_alike_objects(services, known, wanted))
    pairs, reviews, new, took = [], [], [], set[str]()
    for key, one in candidates_of(known, Side.QUICKBOOKS, wanted).items():
        fitting = [replace(each, taken=each.taken or each.id in took) for each in others.candidates]
        own = next((o for o in fitting if is_own(others.contents[o.id], known.realm_id, known.pairing) == key), None)
        match = _match(links.get(key), own.id if own else None, one, fitting, others.own)
        link = links.get(key) or _half_entity(known, key, wanted[key])
        if match.sure is not None:
            took.add(match.sure)
            pairs.append(Pair(replace(in_step(link), object_id=match.sure), others.contents[match.sure], wanted[key]))
        elif match.doubtful:
            reviews.append(review(link, match, Side.QUICKBOOKS))
        else:
            new.append((link, wanted[key]))
    _join(services, known, pairs, Side.HUBSPOT)
    keep_links(services, known, reviews)
    create_objects(services, known, new)


def _join(services: Services, known: SyncObject, pairs: list[Pair], side: Side) -> None:
    """Make pairs of halves; what the halves of `side` were is over."""
    tables = services.sync.links
    ids = [str(pair.link.entity_id if side is Side.QUICKBOOKS else pair.link.object_id) for pair in pairs]
    other = tables.by_entities(known, ids) if side is Side.QUICKBOOKS else tables.by_objects(known, ids)
    ready = []
    for pair, key in zip(pairs, ids, strict=True):
        half = other.get(key)
        if half is not None and half.id != pair.link.id:
            if half.holds:
                continue  # somebody was faster
            pair = wake(services, known, pair, half)
            tables.drop(half)
        for kept in keep_links(services, known, [pair.link]):
            ready.append(replace(pair, link=kept))
    align(services, known, ready)


def _let_go(services: Services, known: SyncObject, halves: Iterable[SyncLink]) -> None:
    """Halves that may not enter any more: values flow another way now, a customer is inactive.

    They are out as if they had never come in; whom a merge has left, a person may still say.
    """
    for half in halves:
        if half.code == GONE_FROM_QUICKBOOKS:
            keep_links(services, known, [replace(half, state=REVIEW, due_at=None)])
        else:
            services.sync.links.drop(half)


def _half_object(known: SyncObject, object_id: str, held: Properties) -> SyncLink:
    label, strong = name_object(known.pairing, held), strong_of_object(known.pairing, held)
    return SyncLink(object_id=object_id, label=label[:300], strong=strong[:300])


def _half_entity(known: SyncObject, entity_id: str, held: Content) -> SyncLink:
    label, strong = name_entity(known.pairing, held), strong_of_entity(known.pairing, held)
    return SyncLink(entity_id=entity_id, label=label[:300], strong=strong[:300])


def _stored_entities(services: Services, known: SyncObject, ids: Iterable[str]) -> dict[str, str]:
    """The entities that invoices of these objects go to."""
    found = services.links.find(known.portal_id, known.realm_id, known.pairing.kind, list(ids))
    return {key: link.entity_id for key, link in found.items()}


def _match(
    link: SyncLink | None, stored: str | None, one: Candidate, fitting: list[Candidate], own: list[Candidate]
) -> Match:
    """What a person said; a stored link, as long as what it leads to is there and free; then who looks the same."""
    if link is not None and link.code == "CREATE_ANEW":
        return NOTHING
    if stored is not None and any(each.id == stored and not each.taken for each in fitting):
        return Match(sure=stored)
    return choose_match(one, fitting, own)


def is_over(link: SyncLink) -> bool:
    """Whether a person, or a privacy deletion, has ended it for good."""
    return link.state == ENDED and link.code in (LEFT_OUT, ERASED, "MERGED")
