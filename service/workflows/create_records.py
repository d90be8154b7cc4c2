"""Create what the other side lacks, once: names are unique in QuickBooks, keys in HubSpot.

An entity's name is written down before it is sent; whatever happens then, the name is looked up before it is
sent again. An object carries a unique key made of realm and entity, and is created under that key only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.errors import NameTaken, NoIncomeAccount, RefusedByHubSpot, ServiceError
from service.hubspot.answers import CrmRecord
from service.hubspot.properties import PropertyDefinition, PropertyGroup
from service.invoicing.tax import decide_taxable
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
    vary_name,
)
from service.sync.values import Unusable
from service.workflows.align_records import Pair, align, befell, in_step, keep_links, reraise_if_whole, write_entities
from service.workflows.find_bill_to import find_bill_to
from service.workflows.know_realm import know_realm
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


def is_anew(link: SyncLink) -> bool:
    """Whether a person said that it is nobody the other side has."""
    return link.code == "CREATE_ANEW" or "declined" in (link.reserved or {})


def reserve_entities(
    services: Services, known: SyncObject, wanted: Sequence[Wanted], declined: Mapping[str, Sequence[str]]
) -> list[Wanted]:
    """Write down under which names entities will be created; `declined`: who is alike, by object id."""
    now = services.clock.now()
    links, refused = [], []
    for link, properties in wanted:
        try:
            name = draft_name(known.fields, properties, str(link.object_id))
        except Unusable as error:
            refused.append(_refuse(_described(known, link, properties), error))
            continue
        reserved: dict[str, Any] = {"name": name, "base": name, "attempt": 0}
        if is_anew(link):
            reserved["declined"] = (link.reserved or {}).get("declined") or list(declined[str(link.object_id)])
        links.append(
            replace(
                _described(known, link, properties), state=CREATING, reserved=reserved, code=None, sentence=None,
                candidates=(), due_at=now,
            )
        )  # fmt: skip
    keep_links(services, known, refused)
    found = {str(link.object_id): properties for link, properties in wanted}
    return [(link, found[str(link.object_id)]) for link in services.sync.links.keep(known, links, now)]


def create_entities(services: Services, known: SyncObject, wanted: Sequence[Wanted]) -> None:
    """Create what is reserved, thirty at a time. Raises: NotConnected, TryLater."""
    if not wanted:
        return
    account = None
    if known.pairing.entity == "Item":
        account = _income_account(services, known)
        if account is None:
            keep_links(services, known, [_without_income(link) for link, _ in wanted])
            return
    taxable = decide_taxable(know_realm(services, known.portal_id, known.realm_id).facts)
    for start in range(0, len(wanted), MOST_ITEMS):
        _create_some(services, known, wanted[start : start + MOST_ITEMS], account, taxable)


def _create_some(
    services: Services, known: SyncObject, wanted: Sequence[Wanted], account: str | None, taxable: bool | None
) -> None:
    drafts, refused = [], []
    bill_to = find_bill_to(services, known, [str(link.object_id) for link, _ in wanted])
    for link, properties in wanted:
        try:
            body = bill_to.get(str(link.object_id), {}) | draft_entity(
                known.fields, properties, str((link.reserved or {})["name"]), account, taxable
            )
            drafts.append((link, properties, body))
        except Unusable as error:
            refused.append(_refuse(link, error))
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
        one = Candidate(str(link.object_id), strong_of_object(known.pairing, properties), name)
        match = choose_match(one, others if not is_anew(link) else _perhaps_ours(link, one, others, taken))
        renamed = _renamed(known, link, properties)
        if match.sure is not None:
            content = next(each for each in there if str(each["Id"]) == match.sure)
            pairs.append(Pair(replace(in_step(link), entity_id=match.sure), properties, content))
        elif match.doubtful and not is_anew(link) and not all(each.taken for each in others):
            links.append(review(link, match, Side.HUBSPOT))
        elif not there and not taken:
            again.append((link, properties))
        elif renamed is not None:
            again.append((renamed, properties))
        else:
            links.append(befell(link, NameTaken("The name is taken in QuickBooks."), services.clock.now()))
    if not known.rules.direction.reaches_quickbooks:
        # Another direction was chosen after the name was reserved: what is not there is not created any more.
        for link, _ in again:
            services.sync.links.drop(link)
        again = []
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
            refused.append(_refuse(named, error))
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


def _income_account(services: Services, known: SyncObject) -> str | None:
    """The operator's choice, else the oldest account for income."""
    joined = services.connections.of_portal(known.portal_id)
    chosen = next((each.settings.get("income_account") for each in joined if each.realm_id == known.realm_id), None)
    return str(chosen) if chosen else find_income_account(services.quickbooks, known.realm_id)


def _without_income(link: SyncLink) -> SyncLink:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#create-an-item
    sentence = (
        "A new item needs an account for its income, and QuickBooks has no active account of the type Income: "
        "create one there, or choose one with `connections set --income-account`."
    )
    return replace(link, state=FAILED, code=NoIncomeAccount.code, sentence=sentence, due_at=None)


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


def _perhaps_ours(link: SyncLink, one: Candidate, others: Sequence[Candidate], taken: bool) -> list[Candidate]:
    """Who of a name may be our own create whose answer was lost, when a person declined all that there were."""
    declined = (link.reserved or {}).get("declined") or []
    same = [each for each in others if each.id not in declined and (not each.strong or each.strong == one.strong)]
    return [each for each in same if each.strong] if taken else same


def _renamed(known: SyncObject, link: SyncLink, properties: Mapping[str, str | None]) -> SyncLink | None:
    """The next name to be tried; None: a person decides, as always with items, which are called by their names."""
    reserved = link.reserved or {}
    attempt = int(reserved.get("attempt", 0)) + 1
    if attempt >= NAMES_TRIED or known.pairing.entity == "Item":
        return None
    base = str(reserved.get("base") or name_object(known.pairing, properties) or reserved["name"])
    return replace(link, reserved={**reserved, "name": vary_name(known.pairing, base, attempt), "attempt": attempt})


def _refuse(link: SyncLink, error: Unusable) -> SyncLink:
    return replace(link, state=FAILED, code="VALUE_NOT_TAKEN", sentence=f"{error}.", due_at=None)


def review(link: SyncLink, match: Match, side: Side) -> SyncLink:
    """A record of `side` whose other half a person must choose."""
    where = "QuickBooks" if side is Side.HUBSPOT else "HubSpot"
    several = "another record" if len(match.doubtful) == 1 else f"{len(match.doubtful)} records"
    what = (
        "choose one, or have it created anew" if match.free else "merge the two, leave it out, or have it created anew"
    )
    sentence = f"It may be the same as {several} in {where} ({match.why}): {what}."
    return replace(
        link, state=REVIEW, code="DOUBTFUL", sentence=sentence, candidates=match.doubtful, due_at=None, reserved=None
    )


def review_twin(link: SyncLink, twin: str, side: Side) -> SyncLink:
    """The second of two records of `side` that nothing tells apart: the other side has neither."""
    where = "HubSpot" if side is Side.HUBSPOT else "QuickBooks"
    sentence = (
        f"{where} has {twin} with the same name, address or SKU, which came first, and nothing tells the two apart: "
        "merge them there, or have this one created anew."
    )
    return replace(link, state=REVIEW, code="SAME_ON_ITS_SIDE", sentence=sentence, candidates=(), due_at=None)
