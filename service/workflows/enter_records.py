"""Let records enter the sync: find their other half, have it created, or ask a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.store.sync_links import CREATING, ENDED, ERASED, GONE_FROM_QUICKBOOKS, LEFT_OUT, REVIEW, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.filters import may_enter
from service.sync.matching import NOTHING, Candidate, Match, choose_match, find_twin, follow_stored
from service.sync.record import (
    belongs,
    filter_values,
    is_active,
    name_entity,
    name_object,
    strong_of_entity,
    strong_of_object,
)
from service.workflows.align_records import Pair, align, in_step, keep_links, wake
from service.workflows.create_records import (
    create_entities,
    create_objects,
    is_anew,
    reserve_entities,
    review,
    review_twin,
)
from service.workflows.find_others import Others, find_other_entities, find_other_objects, find_own
from service.workflows.read_records import Content, Properties, candidates_of
from service.workflows.services import Services


@dataclass(slots=True)
class Found:
    """What is to become of records that are in no pair."""

    pairs: list[Pair] = field(default_factory=list)
    waiting: list[SyncLink] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


def enter_objects(
    services: Services,
    known: SyncObject,
    objects: Mapping[str, Properties],
    links: Mapping[str, SyncLink],
    seen: Others | None = None,
) -> None:
    """Objects that are in no pair. `links`: halves there are already; `seen`: who is alike, when that is known.

    Raises: NotConnected, TryLater.
    """
    wanted = {
        key: each
        for key, each in objects.items()
        if known.rules.direction.reaches_quickbooks and (key in links or may_enter(known.filter.hubspot, each))
    }
    _let_go(services, known, [link for key, link in links.items() if key in objects and key not in wanted])
    if not wanted:
        return
    others = find_other_entities(services, known, wanted, seen)
    halves = {key: links.get(key) or _half_object(known, key, each) for key, each in wanted.items()}
    apart = {key for key, ids in others.stored.items() if not belongs(known.pairing, others.contents[ids[0]])}
    usable = [each for each in others.candidates if belongs(known.pairing, others.contents.get(each.id, {}))]
    left = {key: each for key, each in wanted.items() if key not in apart or is_anew(halves[key])}
    found = _sort(services, known, Side.HUBSPOT, left, halves, replace(others, candidates=usable))
    keep_links(services, known, [_apart(known, halves[key]) for key in wanted if key not in left])
    _join(services, known, found.pairs, Side.QUICKBOOKS)
    keep_links(services, known, found.waiting)
    new = [(halves[key], wanted[key]) for key in found.new if halves[key].state != CREATING]
    declined = {key: _alike(one, usable) for key, one in candidates_of(known, Side.HUBSPOT, left).items()}
    create_entities(services, known, reserve_entities(services, known, new, declined))


def enter_entities(
    services: Services,
    known: SyncObject,
    entities: Mapping[str, Content],
    links: Mapping[str, SyncLink],
    seen: Others | None = None,
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
    others = find_other_objects(services, known, wanted, seen)
    halves = {key: links.get(key) or _half_entity(known, key, each) for key, each in wanted.items()}
    found = _sort(services, known, Side.QUICKBOOKS, wanted, halves, others)
    _join(services, known, found.pairs, Side.HUBSPOT)
    keep_links(services, known, found.waiting)
    create_objects(services, known, [(halves[key], wanted[key]) for key in found.new])


def _sort(
    services: Services,
    known: SyncObject,
    side: Side,
    wanted: Mapping[str, dict[str, Any]],
    halves: Mapping[str, SyncLink],
    others: Others,
) -> Found:
    """Who is whose other half, who is new, and for whom a person must say so."""
    ones = candidates_of(known, side, wanted)
    own = others.own
    if own is None:
        first = {key: _match(halves[key], one, others, others.candidates, ones.values()) for key, one in ones.items()}
        own = find_own(services, known, side, wanted, first)
    found, took, begun = Found(), set[str](), set[str]()
    for key, one in ones.items():
        fitting = [replace(each, taken=each.taken or each.id in took) for each in others.candidates]
        match = _match(halves[key], one, others, fitting, own)
        twin = None if is_anew(halves[key]) or not match.is_nothing else find_twin(one, own, begun)
        if match.sure is not None:
            took.add(match.sure)
            begun.add(key)
            found.pairs.append(_pair(side, halves[key], wanted[key], match.sure, others.contents[match.sure]))
        elif match.doubtful:
            found.waiting.append(review(halves[key], match, side))
        elif halves[key].code == GONE_FROM_QUICKBOOKS:
            # Whom it became, only a person can say.
            found.waiting.append(replace(halves[key], state=REVIEW, due_at=None))
        elif twin is not None:
            found.waiting.append(review_twin(halves[key], twin, side))
        else:
            begun.add(key)
            found.new.append(key)
    return found


def _pair(side: Side, link: SyncLink, held: dict[str, Any], other_id: str, other: dict[str, Any]) -> Pair:
    if side is Side.HUBSPOT:
        return Pair(replace(in_step(link), entity_id=other_id), held, other)
    return Pair(replace(in_step(link), object_id=other_id), other, held)


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


def _apart(known: SyncObject, link: SyncLink) -> SyncLink:
    """A record whose invoices go to what the sync leaves alone: another one beside it would take them away."""
    where = "a bundle or category" if known.pairing.entity == "Item" else "a job or sub-customer"
    sentence = f"Its invoices go to {where} in QuickBooks, which the sync leaves alone: nothing is created beside it."
    return replace(link, state=ENDED, code="OUTSIDE_THE_SYNC", sentence=sentence, due_at=None, candidates=())


def _alike(one: Candidate, others: Iterable[Candidate]) -> list[str]:
    """Who was there to be chosen when a person said that it is nobody there is."""
    return [
        each.id for each in others if (one.name and each.name == one.name) or (one.strong and each.strong == one.strong)
    ]


def _match(
    link: SyncLink, one: Candidate, others: Others, fitting: Sequence[Candidate], own: Iterable[Candidate]
) -> Match:
    """What was created for it before; what a person said; a stored link; then who looks the same."""
    stored = [others.made[one.id]] if one.id in others.made else others.stored.get(one.id, [])
    there = [each for each in fitting if each.id in stored]
    if there and (one.id in others.made or not is_anew(link)):
        return follow_stored(one, there)
    return NOTHING if is_anew(link) else choose_match(one, fitting, own)


def is_over(link: SyncLink) -> bool:
    """Whether a person, or a privacy deletion, has ended it for good."""
    return link.state == ENDED and link.code in (LEFT_OUT, ERASED, "MERGED")
