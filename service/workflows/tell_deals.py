"""Tell deals: write what deals show where it differs from what they were last given, a hundred in a call."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from service.errors import NotConnected, RefusedByHubSpot, ServiceError
from service.hubspot.faults import list_unknown_properties
from service.ids import DealId, PortalId
from service.logs import log
from service.store.hints import TakenHint
from service.workflows.ensure_properties import ensure_properties, names_of, rename_values
from service.workflows.keep_news import DEAL, deal_hint
from service.workflows.services import Services
from service.workflows.show_deal import ShownDeal, show_deals
from service.workflows.work_hints import put_off, work_hints

LOG = logging.getLogger("service.follow")
Outcomes = dict[DealId, ServiceError | None]
NOT_FOUND = 404
# What the deal was given last is not known for sure.
AGAIN = "again"
CALLBACK_WRITES = timedelta(seconds=20)


def portals_due(services: Services) -> list[str]:
    """The portals that have deals to be looked at."""
    return services.hints.scopes_due("hubspot", (DEAL,), services.clock.now())


def tell_portal(services: Services, portal_id: str) -> int:
    """Write the deals of a portal that may show something else; returns how many were looked at."""
    return work_hints(services, "hubspot", (DEAL,), portal_id, tell_deals)


def tell_deals(services: Services, scope: str, taken: Sequence[TakenHint]) -> None:
    """Write those that differ. Raises: NotConnected, TryLater when no deal could be."""
    portal_id, by_deal = PortalId(int(scope)), {DealId(hint.entity_id): hint for hint in taken}
    now = services.clock.now()
    states = services.deals.find(portal_id, by_deal)
    changes: dict[DealId, ShownDeal] = {}
    for deal_id, shown in show_deals(services, portal_id, list(by_deal), now).items():
        state = states.get(deal_id)
        same = state is not None and state.shown == shown.fingerprint and AGAIN not in by_deal[deal_id].reasons
        if same or (state is not None and state.is_gone(now)):
            continue
        changes[deal_id] = shown
    settle_deals(services, portal_id, by_deal, changes, write_deals(services, portal_id, changes))


def write_deals(services: Services, portal_id: PortalId, changes: Mapping[DealId, ShownDeal]) -> Outcomes:
    """Write them together; what became of each."""
    if not changes:
        return {}
    values = {str(deal_id): values_of(services, portal_id, shown) for deal_id, shown in changes.items()}
    ended = services.hubspot.update_objects(portal_id, "deals", values)
    missing = [
        deal_id
        for deal_id, error in ended.items()
        if isinstance(error, RefusedByHubSpot) and list_unknown_properties(error)
    ]
    if missing:
        ensure_properties(services, portal_id)
        ended |= services.hubspot.update_objects(portal_id, "deals", {each: values[each] for each in missing})
    return {DealId(deal_id): error for deal_id, error in ended.items()}


def values_of(services: Services, portal_id: PortalId, shown: ShownDeal) -> dict[str, str]:
    """The deal's properties under the connection's names; why an action failed stays until one succeeds."""
    values = {name: value for name, value in shown.properties.items() if name != "qbo_invoice_error"}
    return rename_values(values, names_of(services, portal_id, shown.realm_id))


def settle_deals(
    services: Services,
    portal_id: PortalId,
    by_deal: Mapping[DealId, TakenHint],
    changes: Mapping[DealId, ShownDeal],
    ended: Outcomes,
) -> None:
    """Write down what was written, in the transaction that ends the hints.

    A deal that is gone is left alone; was it merged into another, its invoices are the other's from now on.
    Raises: NotConnected, TryLater.
    """
    now = services.clock.now()
    failed = {deal_id: error for deal_id, error in ended.items() if error is not None}
    gone = [deal_id for deal_id, error in failed.items() if _is_gone(error)]
    for error in failed.values():
        if isinstance(error, NotConnected):
            raise error
    later = [deal_id for deal_id in failed if deal_id not in gone]
    heirs = {deal_id: services.hubspot.find_heirs(portal_id, "deals", deal_id) for deal_id in gone}
    with services.database.write() as tx:
        written = {deal_id: shown.fingerprint for deal_id, shown in changes.items() if deal_id not in failed}
        services.deals.keep_shown(tx, portal_id, written, now)
        for deal_id in gone:
            services.deals.keep_gone(tx, portal_id, deal_id, now)
            for heir in map(DealId, heirs[deal_id][:1]):
                services.invoices.move(tx, portal_id, deal_id, heir)
                services.payment_notes.move(tx, portal_id, deal_id, heir)
                services.hints.hear_in(tx, [deal_hint(portal_id, heir, "merged")], now)
        services.hints.done_in(tx, [hint for deal_id, hint in by_deal.items() if deal_id not in later], now)
        # A callback's run writes its deal too; if it asked before these rows were there, what it writes is older.
        again = [deal_hint(portal_id, deal_id, AGAIN) for deal_id in services.deals.busy(portal_id, list(written))]
        services.hints.hear_in(tx, again, now, now + CALLBACK_WRITES)
    for deal_id in later:
        put_off(services, [by_deal[deal_id]], failed[deal_id])
    if written or failed:
        log(LOG, "deals told", portal_id=portal_id, written=len(written), gone=len(gone), later=len(later))


def _is_gone(error: ServiceError) -> bool:
    return isinstance(error, RefusedByHubSpot) and error.status == NOT_FOUND
