"""Somebody is to be forgotten: our copies of him go, the trail says so, and he is not brought back from the books."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import timedelta

from service.ids import PortalId
from service.logs import log
from service.store.audit import Audit
from service.store.erasure import Erasure
from service.store.hints import TakenHint
from service.store.sync_links import ENDED, ERASED, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import CUSTOMER_PAIRINGS, PAIRINGS, Side
from service.sync.matching import Candidate, choose_match
from service.workflows.address_hints import PRIVACY
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
AT_ONCE = 100
UNTIL_ENDED = timedelta(hours=1)
SENTENCE = (
    "HubSpot erased the contact for privacy; what was known of it here is erased too. "
    "The customer in QuickBooks belongs to the books: decide there."
)


def erase_people(services: Services) -> None:
    """Whoever HubSpot has told us to forget, whatever is on, off or paused; no vendor is asked. Safe to repeat."""
    hints, now = services.hints, services.clock.now()
    for scope in hints.scopes_due("hubspot", [PRIVACY], now):
        for hint in hints.take("hubspot", [PRIVACY], now, AT_ONCE, scope=scope):
            if _erase_person(services, PortalId(int(scope)), hint):
                hints.done([hint], services.clock.now())
            else:
                hints.later([hint], services.clock.now() + UNTIL_ENDED, "writes for the person are under way")


def _erase_person(services: Services, portal_id: PortalId, hint: TakenHint) -> bool:
    """Whether all of it is erased; what is under way is not yet."""
    under_way = 0
    connected = [each.realm_id for each in services.connections.all() if each.portal_id == portal_id]
    for name in sorted(hint.reasons & set(PAIRINGS)):
        for realm_id in connected:
            services.sync.mapping_requests.erase(portal_id, realm_id, name, hint.entity_id)
        customers = set[tuple[str, str]]()
        for known in services.sync.settings.all():
            if (known.portal_id, known.name) == (portal_id, name):
                entity_id = _erase_from_sync(services, known, hint.entity_id)
                customers |= {(known.realm_id, entity_id)} if entity_id and known.name in CUSTOMER_PAIRINGS else set()
        kind, database = PAIRINGS[name].kind, services.database
        done = Erasure(database).erase(portal_id, kind, hint.entity_id, customers)
        under_way += done.under_way
        counts = ", ".join(f"{number} {what}" for what, number in asdict(done).items())
        subject = f"{kind} {hint.entity_id} of portal {portal_id}"
        Audit(database).note("HubSpot", "person erased", subject, services.clock.now(), counts)
    return under_way == 0


def _erase_from_sync(services: Services, known: SyncObject, object_id: str) -> str | None:
    """What the sync knew of an object. Both its halves stay, as ids, so that nobody creates it anew.

    Returns the entity it was in step with.
    """
    tables, now = services.sync, services.clock.now()
    link = tables.links.by_objects(known, [object_id]).get(object_id) or SyncLink(object_id=object_id)
    if link.entity_id is None:
        link = replace(link, entity_id=_find_entity(services, known, object_id))
    erased = SyncLink(link.id, object_id, link.entity_id, ENDED, code=ERASED, sentence=SENTENCE)
    tables.candidates.forget(known, object_id, link.entity_id)
    tables.links.erase(known, erased, now)
    log(LOG, "erased", object=known.name)
    return link.entity_id


def _find_entity(services: Services, known: SyncObject, object_id: str) -> str | None:
    """Of somebody whom a pass has read and not matched yet: the customer that would be his."""
    tables = services.sync.candidates
    seen = tables.get(known, Side.HUBSPOT, [object_id]).get(object_id)
    if seen is None:
        return None
    alike = tables.alike(known, Side.QUICKBOOKS, [seen.strong] if seen.strong else [], [seen.name] if seen.name else [])
    return choose_match(Candidate(object_id, seen.strong, seen.name), alike).sure
