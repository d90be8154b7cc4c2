"""Make pairs of records agree: plan field by field, write many at once, remember what both hold. Safe to repeat."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from service.errors import (
    CannotInvoice,
    NameTaken,
    NotConnected,
    OutcomeUnknown,
    RefusedByHubSpot,
    ServiceError,
    SyncTokenStale,
    TryLater,
)
from service.logs import log
from service.quickbooks.batches import MOST_ITEMS
from service.store.links import Link
from service.store.sync_links import FAILED, IN_STEP, WAITING, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.conflict import Plan, Problem, plan_alignment, settle_agreement
from service.sync.direction import Side
from service.sync.fields import write_entity
from service.sync.record import (
    hubspot_values,
    is_active,
    name_object,
    quickbooks_values,
    strong_of_entity,
    strong_of_object,
)
from service.sync.values import write_hubspot
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
LONGEST_WAIT = timedelta(hours=1)
# So few updates go singly: batches are scarcer than calls.
FEW = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A link, and both records as they were read."""

    link: SyncLink
    properties: Mapping[str, str | None]
    content: Mapping[str, Any]


Outcome = Mapping[str, Any] | ServiceError | None


def align(services: Services, known: SyncObject, pairs: Sequence[Pair]) -> None:
    """Write what differs on both sides. Raises: NotConnected, TryLater when nothing could be written."""
    plans = [(pair, _plan(known, pair)) for pair in pairs]
    ready = [(pair, plan) for pair, plan in plans if is_active(pair.content) or not plan.to_quickbooks]
    asleep = [pair for pair, plan in plans if not is_active(pair.content) and plan.to_quickbooks]
    keep_links(services, known, [_inactive(known, pair.link) for pair in asleep])
    # Before anything is written: whatever becomes of the writes, the value that is lost stands in the trail.
    for pair, plan in ready:
        _note_conflicts(services, known, pair.link, plan)
    there = _write_quickbooks(services, known, [each for each in ready if each[1].to_quickbooks])
    here = _write_hubspot(services, known, [each for each in ready if each[1].to_hubspot])
    links = []
    for pair, plan in ready:
        entity, record = there.get(str(pair.link.entity_id)), here.get(str(pair.link.object_id))
        problem = next((each for each in (entity, record) if isinstance(each, ServiceError)), None)
        if problem is not None:
            links.append(befell(pair.link, problem, services.clock.now()))
            continue
        link = _settled(known, pair, plan, record, entity)
        if link != pair.link:
            links.append(link)
    keep_links(services, known, links)


def keep_links(services: Services, known: SyncObject, links: Sequence[SyncLink]) -> list[SyncLink]:
    """Write links down, also where invoices look for them."""
    if not links:
        return []
    now = services.clock.now()
    kept = services.sync.links.keep(known, links, now)
    pairs = [each for each in kept if each.is_pair and each.state == IN_STEP]
    keys = [Link(known.pairing.kind, str(each.object_id), str(each.entity_id)) for each in pairs]
    there = services.links.find(known.portal_id, known.realm_id, known.pairing.kind, [each.key for each in keys])
    # What create invoice has linked says more than we know here: the customer's currency.
    fresh = [each for each in keys if each.key not in there or there[each.key].entity_id != each.entity_id]
    services.links.keep(known.portal_id, known.realm_id, fresh, now)
    return kept


def befell(link: SyncLink, error: ServiceError, now: datetime) -> SyncLink:
    """What becomes of a link when a write for it failed: tried again, or a person must do something."""
    if isinstance(error, NameTaken):
        sentence = "Another customer, vendor, employee or item in QuickBooks has this name: rename one of the two."
        return replace(link, state=FAILED, code="NAME_TAKEN", sentence=sentence, due_at=None)
    if isinstance(error, RefusedByHubSpot) and error.status == 409:
        sentence = "Another record in HubSpot has this e-mail address: correct one of the two, or merge them."
        return replace(link, state=FAILED, code="VALUE_TAKEN", sentence=sentence, due_at=None)
    if isinstance(error, RefusedByHubSpot) and error.status == 404:
        return waiting(link, "HUBSPOT_GONE", error.sentence, now, timedelta(seconds=1))
    if isinstance(error, CannotInvoice):
        return replace(link, state=FAILED, code=error.code, sentence=error.sentence, due_at=None)
    span = timedelta(seconds=1) if isinstance(error, SyncTokenStale) and link.tries < 3 else None
    code = "CHANGED_MEANWHILE" if isinstance(error, SyncTokenStale) else "TRY_LATER"
    code = "OUTCOME_UNKNOWN" if isinstance(error, OutcomeUnknown) else code
    return waiting(link, code, error.sentence, now, span)


def waiting(link: SyncLink, code: str, sentence: str, now: datetime, span: timedelta | None = None) -> SyncLink:
    """Tried again after `span`; None: after twice as long each time."""
    wait = span or min(timedelta(seconds=5) * 2 ** min(link.tries, 12), LONGEST_WAIT)
    state = link.state if link.reserved else WAITING
    return replace(link, state=state, code=code, sentence=sentence, tries=link.tries + 1, due_at=now + wait)


def in_step(link: SyncLink) -> SyncLink:
    """Nothing stands in the way any more."""
    return replace(link, state=IN_STEP, code=None, sentence=None, tries=0, due_at=None, reserved=None, candidates=())


def _plan(known: SyncObject, pair: Pair) -> Plan:
    ours, theirs = hubspot_values(known.fields, pair.properties), quickbooks_values(known.fields, pair.content)
    return plan_alignment(known.fields, ours, theirs, pair.link.agreement, known.rules)


def _write_quickbooks(services: Services, known: SyncObject, wanted: Sequence[tuple[Pair, Plan]]) -> dict[str, Outcome]:
    """The entities as QuickBooks keeps them now, or what befell them."""
    entity, outcomes = known.pairing.entity, dict[str, Outcome]()
    bodies = [
        {
            "Id": str(pair.link.entity_id),
            "SyncToken": str(pair.content["SyncToken"]),
            "sparse": True,
            **write_entity(entity, pair.content, plan.to_quickbooks),
        }
        for pair, plan in wanted
    ]
    for start in range(0, len(bodies), MOST_ITEMS):
        some = bodies[start : start + MOST_ITEMS]
        try:
            outcomes |= write_entities(services, known, "update", some)
        except (NotConnected, TryLater):
            raise  # nothing of it was written: all of it is planned again later
        except ServiceError as error:
            outcomes |= dict.fromkeys((each["Id"] for each in some), error)
    return outcomes


def write_entities(
    services: Services, known: SyncObject, operation: str, bodies: Sequence[Mapping[str, Any]]
) -> dict[str, Outcome]:
    """Up to thirty creates or updates, by Id, or by place where there is none; names are written one batch at a time.

    Raises: what the gateway raises when the call as a whole failed.
    """
    entity = known.pairing.entity
    with services.locks.hold(f"names:{known.realm_id}"):
        if operation == "update" and len(bodies) <= FEW:
            return {str(each["Id"]): _update(services, known, each) for each in bodies}
        items = [{"bId": str(at), "operation": operation, entity: dict(each)} for at, each in enumerate(bodies)]
        found = services.quickbooks.batch(known.realm_id, items)
    outcomes: dict[str, Outcome] = {}
    for at, body in enumerate(bodies):
        outcome = found[str(at)]
        content = outcome if isinstance(outcome, ServiceError) else outcome.get(entity)
        outcomes[str(body.get("Id", at))] = content or OutcomeUnknown("QuickBooks answered without the entity")
    return outcomes


def _update(services: Services, known: SyncObject, body: Mapping[str, Any]) -> Outcome:
    try:
        return services.quickbooks.update(known.realm_id, known.pairing.entity, body)
    except NotConnected:
        raise
    except ServiceError as error:
        return error


def _write_hubspot(services: Services, known: SyncObject, wanted: Sequence[tuple[Pair, Plan]]) -> dict[str, Outcome]:
    """The properties as HubSpot stores them now, or what befell them."""
    changes = {
        str(pair.link.object_id): {name: write_hubspot(value) for name, value in plan.to_hubspot.items()}
        for pair, plan in wanted
    }
    if not changes:
        return {}
    written = services.hubspot.records.update(known.portal_id, known.name, changes)
    lost = next((each for each in written.values() if isinstance(each, NotConnected)), None)
    if lost is not None:
        raise lost
    return {each: got if isinstance(got, ServiceError) else got.properties for each, got in written.items()}


def _settled(known: SyncObject, pair: Pair, plan: Plan, record: Outcome, entity: Outcome) -> SyncLink:
    """The link once both sides hold what was planned."""
    properties = dict(pair.properties)
    if isinstance(record, Mapping):
        properties |= {name: record.get(name) for name in plan.to_hubspot}
    content = entity if isinstance(entity, Mapping) else pair.content
    ours, theirs = hubspot_values(known.fields, properties), quickbooks_values(known.fields, content)
    plan.problems.extend(_not_taken_away(known, plan, theirs))
    agreement = settle_agreement(known.fields, ours, theirs, pair.link.agreement, plan)
    link = replace(
        in_step(pair.link),
        agreement=agreement,
        label=name_object(known.pairing, properties)[:300],
        strong=(strong_of_object(known.pairing, properties) or strong_of_entity(known.pairing, content))[:300],
    )
    if not plan.problems:
        return link
    said = "; ".join(f"{each.hubspot} and {each.quickbooks}: {each.sentence}" for each in plan.problems[:5])
    return replace(link, state=FAILED, code="VALUE_NOT_TAKEN", sentence=f"{said}.")


def _not_taken_away(known: SyncObject, plan: Plan, theirs: Mapping[str, str | None]) -> list[Problem]:
    """Values that QuickBooks has kept although they were to go: what takes one away is documented nowhere."""
    kept = {path for path, value in plan.to_quickbooks.items() if value is None and theirs.get(path) not in (None, "0")}
    return [
        Problem(each.hubspot, each.quickbooks, "it was emptied in HubSpot, but QuickBooks keeps it: empty it there too")
        for each in known.fields.fields
        if each.quickbooks in kept
    ]


def _inactive(known: SyncObject, link: SyncLink) -> SyncLink:
    what = known.pairing.entity.lower()
    sentence = f"The {what} is inactive in QuickBooks and takes no changes: make it active there."
    return replace(link, state=FAILED, code="INACTIVE_IN_QUICKBOOKS", sentence=sentence, due_at=None)


def _note_conflicts(services: Services, known: SyncObject, link: SyncLink, plan: Plan) -> None:
    if not plan.conflicts:
        return
    noted = {each.detail for each in services.sync.links.events(link)[-2 * len(plan.conflicts) :]}
    for each in plan.conflicts:
        loser = "QuickBooks" if each.winner is Side.HUBSPOT else "HubSpot"
        kept = "HubSpot" if loser == "QuickBooks" else "QuickBooks"
        held = "no value" if each.lost is None else f'"{each.lost}"'
        what = "differed when they were matched" if each.is_first else "had changed on both sides"
        detail = f"{each.hubspot} and {each.quickbooks} {what}: {kept}'s stays, {loser} had {held}"
        if detail not in noted:  # a write that is tried again
            services.sync.links.note(known, link, "conflict", detail, services.clock.now())
    log(LOG, "conflict", object=known.name, link=link.id, fields=len(plan.conflicts))


def reraise_if_whole(error: ServiceError) -> None:
    """A call that failed for everybody ends the work for now. Raises: NotConnected, TryLater."""
    if isinstance(error, NotConnected | TryLater):
        raise error
