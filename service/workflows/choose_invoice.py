"""Find the invoice an action means, and read it as it is in QuickBooks now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.errors import DealNotFound, InvoiceNotFound
from service.hubspot.invoices import KEY, OBJECT_TYPE
from service.ids import DealId, InvoiceId, RealmId
from service.invoicing.marks import find_deal, names_deal
from service.invoicing.status import Status
from service.invoicing.which_invoice import InvoiceInputs, choose_meant
from service.quickbooks.invoices import InvoiceFacts, find_by_number, parse_invoice
from service.store.callbacks import StoredCallback
from service.store.invoices import KnownInvoice
from service.workflows.ensure_properties import names_of
from service.workflows.find_deal import find_deals
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.view_invoice import status_of, view_invoice


@dataclass(frozen=True, slots=True)
class ChosenInvoice:
    """An invoice as QuickBooks has just answered it; `deal_id` None: it belongs to no deal we know."""

    entity: dict[str, Any]
    facts: InvoiceFacts
    status: Status
    deal_id: DealId | None


def choose_invoice(
    services: Services, callback: StoredCallback, realm: KnownRealm, inputs: InvoiceInputs
) -> ChosenInvoice:
    """The invoice named in the inputs, the one that the enrolled HubSpot invoice mirrors, or the one the deal shows.

    Raises: InvoiceNotFound, and what the gateways raise.
    """
    realm_id = RealmId(str(callback.realm_id))
    invoice_id = inputs.invoice_id or (None if inputs.invoice_number else find_mirrored(services, callback))
    if invoice_id:
        return _read_named(services, callback, realm, invoice_id)
    deals = find_deals(services, callback)
    views = {}
    for deal_id in deals:
        for row in services.invoices.of_deal(callback.portal_id, deal_id):
            if row.realm_id == realm_id and row.status != Status.DELETED:
                today = realm.day_of(services.clock.now())
                views[row] = view_invoice(row, today, realm.facts.home_currency, sandbox=services.quickbooks_sandbox)
    while views:
        meant = choose_meant(list(views.values()), inputs.invoice_number)
        known = next((row for row, view in views.items() if view is meant), None)
        if known is None:
            break
        entity = services.quickbooks.read(realm_id, "Invoice", known.invoice_id)
        if entity is not None:
            return _chosen(services, realm, entity, known.deal_id)
        note_deleted(services, known)
        del views[known]
    entity = _find_unknown(services, callback, deals, inputs.invoice_number)
    return _chosen(services, realm, entity, owner_of(services, callback, entity))


def find_mirrored(services: Services, callback: StoredCallback) -> InvoiceId | None:
    """The invoice that the enrolled HubSpot invoice mirrors; None: it is no mirror of this realm, or another object."""
    if callback.object_type != "INVOICE":
        return None
    record = services.portal.get_object(callback.portal_id, OBJECT_TYPE, callback.object_id, [KEY])
    realm_id, _, invoice_id = ((record.properties.get(KEY) if record else None) or "").partition(":")
    return InvoiceId(invoice_id) if realm_id == callback.realm_id and invoice_id else None


def read_told(services: Services, realm_id: RealmId, deal_id: DealId, told: str | None) -> dict[str, Any] | None:
    """The invoice whose id the deal shows, though no row of ours knows it: believed if it names this deal."""
    if not told or not told.isdecimal():
        return None
    entity = services.quickbooks.read(realm_id, "Invoice", told)
    if entity is None or not names_deal(parse_invoice(entity).private_note, deal_id):
        return None
    return entity


def note_deleted(services: Services, row: KnownInvoice) -> None:
    """Somebody deleted it in QuickBooks: from now on the deal counts without it."""
    gone = replace(row, status=Status.DELETED.value, known_at=services.clock.now())
    with services.database.write() as tx:
        services.invoices.keep(tx, gone)


def owner_of(services: Services, callback: StoredCallback, entity: dict[str, Any]) -> DealId | None:
    """The deal an invoice belongs to: as our row has it, else as its note says."""
    invoice_id = str(entity.get("Id"))
    row = services.invoices.find(RealmId(str(callback.realm_id)), [invoice_id]).get(InvoiceId(invoice_id))
    return row.deal_id if row else find_deal(parse_invoice(entity).private_note)


def _read_named(services: Services, callback: StoredCallback, realm: KnownRealm, invoice_id: str) -> ChosenInvoice:
    entity = services.quickbooks.read(RealmId(str(callback.realm_id)), "Invoice", invoice_id)
    if entity is None:
        for row in services.invoices.find(RealmId(str(callback.realm_id)), [invoice_id]).values():
            note_deleted(services, row)
        raise InvoiceNotFound(f"QuickBooks has no invoice with the id {invoice_id}: correct it in the action.")
    return _chosen(services, realm, entity, owner_of(services, callback, entity))


def _find_unknown(
    services: Services, callback: StoredCallback, deals: Sequence[DealId], number: str | None
) -> dict[str, Any]:
    """An invoice of which this database knows nothing: by its number, or by the id on the deal."""
    portal_id, realm_id = callback.portal_id, RealmId(str(callback.realm_id))
    if number:
        found = find_by_number(services.quickbooks, realm_id, number)
        if len(found) != 1:
            how = "several invoices" if found else "no invoice"
            raise InvoiceNotFound(f"QuickBooks has {how} with this number: give the invoice's id in the action.")
        return found[0]
    shown_id = names_of(services, portal_id, realm_id).get("qbo_invoice_id", "qbo_invoice_id")
    for deal_id in deals:
        record = services.portal.get_object(portal_id, "deals", deal_id, [shown_id])
        if record is None:
            raise DealNotFound("The deal does not exist any more: it was deleted or merged. Enrol the one there is.")
        entity = read_told(services, realm_id, deal_id, record.properties.get(shown_id))
        if entity is not None:
            return entity
    raise InvoiceNotFound(
        "There is no invoice for this record in QuickBooks: create one first, or name one in the action."
    )


def _chosen(services: Services, realm: KnownRealm, entity: dict[str, Any], deal_id: DealId | None) -> ChosenInvoice:
    facts = parse_invoice(entity)
    return ChosenInvoice(entity, facts, status_of(facts, realm.day_of(services.clock.now())), deal_id)
