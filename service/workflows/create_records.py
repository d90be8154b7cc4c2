"""Create what the other side lacks, once: names are unique in QuickBooks, keys in HubSpot.

An entity's name is written down before it is sent; whatever happens then, the name is looked up before it is
sent again. An object carries a unique key made of realm and entity, and is created under that key only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.errors import NameTaken, RefusedByHubSpot, ServiceError
from service.hubspot.answers import CrmRecord
from service.hubspot.properties import PropertyDefinition, PropertyGroup
from service.quickbooks.batches import MOST_ITEMS
from service.quickbooks.items import find_income_account
from service.store.sync_links import CREATING, FAILED, REVIEW, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.echo import agree
from service.sync.matching import Candidate, Match, choose_match, compare_name
from service.sync.record import (
    NAMES_TRIED,
    belongs,
    draft_entity,
    draft_name,
    draft_object,
    hubspot_values,
    key_of_entity,
    name_entity,
    name_object,
    quickbooks_values,
    strong_of_entity,
    strong_of_object,
)
from service.sync.values import Unusable
from service.workflows.align_records import Pair, align, befell, in_step, keep_links, reraise_if_whole, write_entities
from service.workflows.read_records import read_named
from service.workflows.services import Services

GROUP = PropertyGroup("quickbooks_sync", "QuickBooks sync")
Wanted = tuple[SyncLink, Mapping[str, "str | None"]]


def ensure_key_property(services: Services, known: SyncObject) -> None:
    """The property by which objects of ours are known again.

    Raises: RefusedByHubSpot without the right to create it.
    """
    definition = PropertyDefinition(
        known.pairing.key_property, f"QuickBooks {known.pairing.entity.lower()}", "string", "text", unique=True
    )
    services.hubspot.ensure_properties(known.portal_id, known.name, GROUP, [definition])


def reserve_entities(services: Services, known: SyncObject, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Write down under which names entities will be created."""
    now = services.clock.now()
    links = []
    for link, properties in wanted:
        name = draft_name(known.pairing, properties, str(link.object_id), 0)
        reserved = {"name": name, "attempt": 0}
        links.append(
            replace(
                _described(known, link, properties), state=CREATING, reserved=reserved, code=None, sentence=None,
                candidates=(), due_at=now,
            )
        )  # fmt: skip
    found = {str(link.object_id): properties for link, properties in wanted}
    return [(link, found[str(link.object_id)]) for link in services.sync.links.keep(known, links, now)]


def create_entities(services: Services, known: SyncObject, wanted: Sequence[Wanted]) -> None:
    """Create what is reserved, thirty at a time. Raises: NotConnected, TryLater."""
    if not wanted:
        return
    account = find_income_account(services.quickbooks, known.realm_id) if known.pairing.entity == "Item" else None
    for start in range(0, len(wanted), MOST_ITEMS):
        _create_some(services, known, wanted[start : start + MOST_ITEMS], account)


def _create_some(services: Services, known: SyncObject, wanted: Sequence[Wanted], account: str | None) -> None:
    drafts, refused = [], []
    for link, properties in wanted:
        try:
            body = draft_entity(known.fields, properties, str((link.reserved or {})["name"]), account)
            drafts.append((link, properties, body))
        except Unusable as error:
            refused.append(replace(link, state=FAILED, code="VALUE_NOT_TAKEN", sentence=f"{error}.", due_at=None))
    keep_links(services, known, refused)
    if not drafts:
        return
    try:
        outcomes = write_entities(services, known, "create", [body for _, _, body in drafts])
    except ServiceError as error:
        reraise_if_whole(error)
        outcomes = {str(at): error for at in range(len(drafts))}
    links, taken = [], []
    for at, (link, properties, _) in enumerate(drafts):
        outcome = outcomes[str(at)]
        if isinstance(outcome, NameTaken):
            taken.append((link, properties))
        elif isinstance(outcome, ServiceError):
            links.append(befell(link, outcome, services.clock.now()))
        elif outcome is not None:
            links.append(_created(known, link, properties, outcome))
    keep_links(services, known, links)
    if taken:
        resume_entities(services, known, taken, taken=True)


def resume_entities(services: Services, known: SyncObject, wanted: Sequence[Wanted], *, taken: bool = False) -> None:
    """Go on with creates whose end is not known: look for their names first.

    `taken`: QuickBooks has just said that somebody has the name. Raises: NotConnected, TryLater.
    """
    found = read_named(services, known, [str((link.reserved or {})["name"]) for link, _ in wanted])
    holders: dict[str, list[dict[str, Any]]] = {}
    for content in (each for each in found if belongs(known.pairing, each)):
        holders.setdefault(key_of_entity(known.pairing, content), []).append(content)
    linked = services.sync.links.by_entities(known, [str(each["Id"]) for each in found])
    pairs, again, links = [], list[Wanted](), []
    for link, properties in wanted:
        name = compare_name(str((link.reserved or {})["name"]))
        there = holders.get(name, [])
        others = [_candidate(known, each, str(each["Id"]) in linked) for each in there]
        match = choose_match(Candidate(str(link.object_id), strong_of_object(known.pairing, properties), name), others)
        renamed = _renamed(known, link, properties)
        if match.sure is not None:
            content = next(each for each in there if str(each["Id"]) == match.sure)
            pairs.append(Pair(replace(in_step(link), entity_id=match.sure), properties, content))
        elif match.doubtful and not all(each.taken for each in others):
            links.append(review(link, match, Side.HUBSPOT))
        elif not there and not taken:
            again.append((link, properties))
        elif renamed is not None:
            again.append((renamed, properties))
        else:
            links.append(befell(link, NameTaken("The name is taken in QuickBooks."), services.clock.now()))
    keep_links(services, known, [*links, *(link for link, _ in again), *(pair.link for pair in pairs)])
    align(services, known, pairs)
    create_entities(services, known, again)


def create_objects(services: Services, known: SyncObject, wanted: Sequence[tuple[SyncLink, Mapping[str, Any]]]) -> None:
    """Create objects for entities, a hundred at a time. Raises: NotConnected, TryLater."""
    drafts: dict[str, dict[str, str]] = {}
    halves: dict[str, tuple[SyncLink, Mapping[str, Any]]] = {}
    refused = []
    for link, content in wanted:
        key = f"{known.realm_id}:{link.entity_id}"
        named = replace(
            link,
            label=name_entity(known.pairing, content)[:300],
            strong=strong_of_entity(known.pairing, content)[:300],
        )
        try:
            drafts[key], halves[key] = draft_object(known.fields, content), (named, content)
        except Unusable as error:
            refused.append(replace(named, state=FAILED, code="VALUE_NOT_TAKEN", sentence=f"{error}.", due_at=None))
    keep_links(services, known, refused)
    if not drafts:
        return
    outcomes = services.hubspot.records.upsert(known.portal_id, known.name, known.pairing.key_property, drafts)
    links = []
    for key, outcome in outcomes.items():
        link, content = halves[key]
        if isinstance(outcome, CrmRecord):
            links.append(_linked(known, link, {**drafts[key], **outcome.properties}, outcome.id, content))
        elif isinstance(outcome, RefusedByHubSpot) and outcome.status == 409:
            sentence = (
                "HubSpot has another record with this e-mail address or key: choose it, or correct one of the two."
            )
            links.append(replace(link, state=REVIEW, code="DUPLICATE", sentence=sentence, due_at=None))
        else:
            links.append(befell(link, outcome, services.clock.now()))
    keep_links(services, known, links)


def _created(
    known: SyncObject, link: SyncLink, properties: Mapping[str, str | None], content: Mapping[str, Any]
) -> SyncLink:
    return _linked(known, replace(link, entity_id=str(content["Id"])), properties, str(link.object_id), content)


def _linked(
    known: SyncObject, link: SyncLink, properties: Mapping[str, str | None], object_id: str, content: Mapping[str, Any]
) -> SyncLink:
    """Both sides hold the same from the beginning."""
    ours, theirs = hubspot_values(known.fields, properties), quickbooks_values(known.fields, content)
    agreement = agree(ours, theirs, known.fields.pairs)
    return replace(in_step(link), object_id=object_id, agreement=agreement)


def _described(known: SyncObject, link: SyncLink, properties: Mapping[str, str | None]) -> SyncLink:
    label, strong = name_object(known.pairing, properties), strong_of_object(known.pairing, properties)
    return replace(link, label=label[:300], strong=strong[:300])


def _candidate(known: SyncObject, content: Mapping[str, Any], taken: bool) -> Candidate:
    pairing = known.pairing
    return Candidate(str(content["Id"]), strong_of_entity(pairing, content), key_of_entity(pairing, content), taken)


def _renamed(known: SyncObject, link: SyncLink, properties: Mapping[str, str | None]) -> SyncLink | None:
    """The next name to be tried; None: a person decides, as always with items, which are called by their names."""
    attempt = int((link.reserved or {}).get("attempt", 0)) + 1
    if attempt >= NAMES_TRIED or known.pairing.entity == "Item":
        return None
    name = draft_name(known.pairing, properties, str(link.object_id), attempt)
    return replace(link, reserved={"name": name, "attempt": attempt})


def review(link: SyncLink, match: Match, side: Side) -> SyncLink:
    """A record of `side` whose other half a person must choose."""
    where = "QuickBooks" if side is Side.HUBSPOT else "HubSpot"
    several = "another record" if len(match.doubtful) == 1 else f"{len(match.doubtful)} records"
    sentence = f"It may be the same as {several} in {where} ({match.why}): choose one, or have it created anew."
    return replace(
        link, state=REVIEW, code="DOUBTFUL", sentence=sentence, candidates=match.doubtful, due_at=None, reserved=None
    )
