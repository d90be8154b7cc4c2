"""Somebody is to be forgotten: our copies of him go, the trail says so, and he is not brought back from the books."""

from __future__ import annotations

import logging
from dataclasses import replace

from service.ids import PortalId
from service.logs import log
from service.store.hints import TakenHint
from service.store.sync_links import ENDED, ERASED, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.matching import Candidate, choose_match
from service.workflows.address_hints import PRIVACY
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
AT_ONCE = 100
SENTENCE = (
    "HubSpot erased the contact for privacy; what was known of it here is erased too. "
    "The customer in QuickBooks belongs to the books: decide there."
)


def erase_people(services: Services) -> None:
    """Whoever HubSpot has told us to forget, whatever is on, off or paused; no vendor is asked. Safe to repeat."""
    hints, now = services.hints, services.clock.now()
    for scope in hints.scopes_due("hubspot", [PRIVACY], now):
        for hint in hints.take("hubspot", [PRIVACY], now, AT_ONCE, scope=scope):
            _erase_person(services, PortalId(int(scope)), hint)
            hints.done([hint], services.clock.now())


def _erase_person(services: Services, portal_id: PortalId, hint: TakenHint) -> None:
    realms = [each.realm_id for each in services.connections.all() if each.portal_id == portal_id]
    for realm_id in realms:
        for name in hint.reasons:
            services.sync.mapping_requests.erase(portal_id, realm_id, name, hint.entity_id)
    for known in services.sync.settings.all():
        if known.portal_id == portal_id and known.name in hint.reasons:
            _erase_from_sync(services, known, hint.entity_id)


def _erase_from_sync(services: Services, known: SyncObject, object_id: str) -> None:
    """What the sync knew of an object. Both its halves stay, as ids, so that nobody creates it anew."""
    tables, now = services.sync, services.clock.now()
    link = tables.links.by_objects(known, [object_id]).get(object_id) or SyncLink(object_id=object_id)
    if link.entity_id is None:
        link = replace(link, entity_id=_find_entity(services, known, object_id))
    erased = SyncLink(link.id, object_id, link.entity_id, ENDED, code=ERASED, sentence=SENTENCE)
    tables.candidates.forget(known, object_id, link.entity_id)
    tables.links.erase(known, erased, now)
    if link.entity_id is not None:
        services.links.forget(known.realm_id, (known.pairing.kind,), link.entity_id)
    log(LOG, "erased", object=known.name)


def _find_entity(services: Services, known: SyncObject, object_id: str) -> str | None:
    """Of somebody whom a pass has read and not matched yet: the customer that would be his."""
    tables = services.sync.candidates
    seen = tables.get(known, Side.HUBSPOT, [object_id]).get(object_id)
    if seen is None:
        return None
    alike = tables.alike(known, Side.QUICKBOOKS, [seen.strong] if seen.strong else [], [seen.name] if seen.name else [])
    return choose_match(Candidate(object_id, seen.strong, seen.name), alike).sure
