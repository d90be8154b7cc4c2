"""Whether a portal takes HubSpot invoices from us, and which of their properties: looked up, and learnt by refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from service.errors import RefusedByHubSpot
from service.hubspot.invoices import OBJECT_TYPE, find_obstacle, list_writable
from service.ids import PortalId
from service.invoicing.mirror import NEEDED
from service.logs import log
from service.store.mirrors import Ability
from service.workflows.services import Services

LOG = logging.getLogger("service.mirror")
OLDEST = timedelta(days=1)
LINE_ITEMS = "line_items"
"""Refused under this name: the mirror's line items."""


def know_ability(services: Services, portal_id: PortalId) -> Ability:
    """What the portal lets us write, asked at most once a day. Raises: NotConnected, TryLater."""
    kept = services.mirrors.ability(portal_id)
    if kept is None or services.clock.now() - kept.learned_at > OLDEST:
        return learn_ability(services, portal_id)
    return kept


def learn_ability(services: Services, portal_id: PortalId) -> Ability:
    """Ask the portal, and remember; what it once refused stays refused. Raises: NotConnected, TryLater."""
    kept, now = services.mirrors.ability(portal_id), services.clock.now()
    refused = kept.refused if kept else frozenset()
    try:
        known = services.hubspot.read_properties(portal_id, OBJECT_TYPE)
    except RefusedByHubSpot as error:
        ability = Ability(error.sentence, frozenset(), refused, False, now)
    else:
        proven = kept is not None and kept.proven
        # A scope may have been granted since.
        refused -= {LINE_ITEMS}
        ability = Ability(find_obstacle(known), list_writable(known), refused, proven, now)
    services.mirrors.keep_ability(portal_id, ability)
    if kept is not None and kept.obstacle and not ability.obstacle:
        services.mirrors.wake(portal_id, now)
    if ability.obstacle:
        log(LOG, "invoices not mirrored", level=logging.WARNING, portal_id=portal_id, reason=ability.obstacle)
    return ability


def note_obstacle(services: Services, portal_id: PortalId, ability: Ability, error: RefusedByHubSpot) -> Ability:
    """The portal does not let us in after all: nothing is mirrored until it is asked again."""
    return _keep(services, portal_id, replace(ability, obstacle=error.sentence, learned_at=services.clock.now()))


def note_refused(services: Services, portal_id: PortalId, ability: Ability, names: Iterable[str]) -> Ability:
    """Remember what the portal did not take; it is not sent there any more."""
    fresh = frozenset(names) - ability.refused - NEEDED
    if not fresh:
        return ability
    log(LOG, "properties refused", portal_id=portal_id, object_type=OBJECT_TYPE, names=", ".join(sorted(fresh)))
    return _keep(services, portal_id, replace(ability, refused=ability.refused | fresh))


def note_proven(services: Services, portal_id: PortalId, ability: Ability) -> Ability:
    """A mirror was written with what is left: from now on many at once."""
    return ability if ability.proven else _keep(services, portal_id, replace(ability, proven=True))


def _keep(services: Services, portal_id: PortalId, ability: Ability) -> Ability:
    services.mirrors.keep_ability(portal_id, ability)
    return ability
