"""Tell HubSpot how a callback ended: first the deal, then the workflow. Harmless to repeat."""

from __future__ import annotations

import logging
from datetime import timedelta

from service.errors import CannotInvoice, RefusedByHubSpot, TryLater
from service.hubspot.answers import Completion
from service.hubspot.faults import list_unknown_properties
from service.ids import DealId, RealmId
from service.invoicing.invoice import failure_properties
from service.logs import log
from service.store.callbacks import SUCCESS, StoredCallback
from service.workflows.ensure_properties import ensure_properties, names_of, rename_values
from service.workflows.find_deal import find_deals
from service.workflows.know_realm import know_portal
from service.workflows.services import Services
from service.workflows.show_deal import show_deals

LOG = logging.getLogger("service.workflows")
# Completing before HubSpot has digested our BLOCK may be refused (undocumented): try again for a minute.
EARLY = timedelta(minutes=1)
NOT_KNOWN_YET = "HubSpot does not know the callback yet."
"""The callback's note while it waits for that: its deal is written."""
# A deal without an invoice on which something else was done.
NO_ERROR = {"qbo_invoice_error": ""}


def tell_hubspot(services: Services, callback: StoredCallback) -> None:
    """Write the deal, complete the callback unless its answer was the outcome, note that it is done.

    Raises: TryLater, NotConnected; RefusedByHubSpot only when HubSpot does not take the completion itself.
    """
    if callback.note != NOT_KNOWN_YET:
        deal_id = choose_deal(services, callback)
        if deal_id is not None:
            tell_deal(services, callback, deal_id)
    told = callback.told or tell_workflow(services, callback)
    services.callbacks.complete(callback, told, services.clock.now())
    log(LOG, "completed", portal_id=callback.portal_id, callback_id=callback.callback_id, told=told)


def choose_deal(services: Services, callback: StoredCallback) -> DealId | None:
    """The deal that shows how it ended: the invoice's, else the enrolled object's only one.

    Raises: TryLater, NotConnected.
    """
    told = callback.outputs.get("invoiceId")
    for invoice in services.invoices.find(RealmId(str(callback.realm_id)), [told] if told else []).values():
        if invoice.portal_id == callback.portal_id:
            return invoice.deal_id
    try:
        deals = find_deals(services, callback)
    except CannotInvoice:
        return None
    return deals[0] if len(deals) == 1 else None


def tell_deal(services: Services, callback: StoredCallback, deal_id: DealId) -> None:
    """Write the deal's properties; a deal that cannot be written is noted and does not hold up the workflow."""
    for attempt in (1, 2):
        try:
            names = names_of(services, callback.portal_id, callback.realm_id)
            properties = rename_values(properties_of(services, callback, deal_id), names)
            services.portal.update_object(callback.portal_id, "deals", deal_id, properties)
            return
        except RefusedByHubSpot as error:
            missing = attempt == 1 and bool(list_unknown_properties(error))
            if not (missing and recreate_properties(services, callback)):
                said = " ".join(each for each in (str(error.status), error.category) if each)
                _note_unwritten(services, callback, f"HubSpot refused the deal's properties ({said})")
                return
        except CannotInvoice as error:
            # QuickBooks was asked what the deal shows, and refused: the workflow need not wait for that.
            _note_unwritten(services, callback, f"What the deal shows could not be read ({error.code})")
            return


def _note_unwritten(services: Services, callback: StoredCallback, note: str) -> None:
    services.callbacks.note_event(callback, "deal_not_written", note, services.clock.now())
    log(LOG, "deal not written", level=logging.WARNING, reason=note, **callback.key)


def properties_of(services: Services, callback: StoredCallback, deal_id: DealId) -> dict[str, str]:
    """What the deal shows now: its invoices, or why the action failed."""
    if callback.outcome != SUCCESS:
        know_portal(services, callback.portal_id)  # whose properties may still have to be created
        return failure_properties(callback.error_code or "", callback.error_message or "")
    told = show_deals(services, callback.portal_id, [deal_id], services.clock.now()).get(deal_id)
    properties = told.properties if told else NO_ERROR
    if not callback.error_code:
        return properties
    # Done, but not as the deal has it.
    return properties | failure_properties(callback.error_code, callback.error_message or "")


def tell_workflow(services: Services, callback: StoredCallback) -> str:
    """Complete the callback; returns "completed", or "gone" when HubSpot no longer waits for it."""
    outputs = {**callback.outputs, "hs_execution_state": str(callback.outcome)}
    completion = services.portal.complete_callback(callback.portal_id, callback.callback_id, outputs)
    if completion is Completion.COMPLETED:
        return "completed"
    if services.clock.now() - callback.received_at < EARLY and callback.tries < 3:
        raise TryLater(NOT_KNOWN_YET, timedelta(seconds=3))
    return "gone"


def recreate_properties(services: Services, callback: StoredCallback) -> bool:
    """Somebody removed our properties: create them again; False when HubSpot does not let us."""
    try:
        ensure_properties(services, callback.portal_id)
    except RefusedByHubSpot:
        return False
    return True
