"""Create invoice: a deal becomes exactly one QuickBooks invoice. Read it top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.engine.runtime import workflow
from service.errors import CannotInvoice, InputInvalid, InvoiceExists, NumberTaken
from service.ids import DealId, InvoiceId, ItemId, RealmId
from service.invoicing.billing import decide_total, plan_lines
from service.invoicing.currency import decide_currency
from service.invoicing.draft import draft_invoice
from service.invoicing.inputs import CreateInvoiceInputs, WhenInvoiceExists, parse_inputs
from service.invoicing.invoice import outputs
from service.invoicing.marks import derive_mark, names_deal
from service.invoicing.status import Status
from service.logs import log
from service.quickbooks.invoices import parse_invoice
from service.store.callbacks import SUCCESS, StoredCallback
from service.store.invoices import KnownInvoice
from service.store.reservations import OPEN, Reservation
from service.workflows.ensure_customer import KnownCustomer, ensure_customer
from service.workflows.ensure_items import ensure_items
from service.workflows.gather_deal import Gathered, gather_deal
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.run_callback import run_callback
from service.workflows.services import Services
from service.workflows.view_invoice import facts_of, known_invoice, view_invoice
from service.workflows.write_invoice import (
    Written,
    end_created,
    find_open_reservation,
    is_about_reference,
    next_generation,
    request_id_of,
    send_reserved,
    should_look_first,
)

LOG = logging.getLogger("service.workflows")
# A number of ours that somebody has taken: the next one, a few times.
NUMBERS_TRIED = 4


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reservation and what it was made from, in case QuickBooks no longer knows it."""

    reservation: Reservation
    remembered: tuple[tuple[str, str], ...] = ()


@workflow("create-invoice")
def create_invoice(portal_id: int, callback_id: str) -> str:
    """The durable run: carry the callback to its outcome and tell HubSpot."""
    return run_callback(portal_id, callback_id, invoice_deal)


def invoice_deal(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with an invoice.

    Raises: CannotInvoice (nothing was created), TryLater, OutcomeUnknown, NotConnected.
    """
    if callback.object_type != "DEAL":
        raise InputInvalid("Create invoice works on deals: use it in a deal-based workflow.")
    realm_id = RealmId(str(callback.realm_id))
    open_reservation = find_open_reservation(services, callback)
    realm = know_realm(services, callback.portal_id, realm_id)
    if open_reservation is not None:
        settle(services, callback, realm, send_reserved(services, callback, open_reservation))
        return
    inputs = parse_inputs(callback.inputs)
    gathered = gather_deal(services, callback.portal_id, DealId(callback.object_id), inputs)
    existing = find_existing(services, callback, realm_id, gathered, realm)
    if existing is not None and inputs.existing_invoice != WhenInvoiceExists.CREATE_ANOTHER:
        settle_existing(services, callback, realm, inputs, existing)
        return
    settle(services, callback, realm, write(services, callback, realm_id, realm, inputs, gathered))


def write(
    services: Services,
    callback: StoredCallback,
    realm_id: RealmId,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    gathered: Gathered,
) -> Written:
    """Prepare, reserve, send; once more when what we remembered is gone or our number is taken."""
    # What cannot become an invoice is refused before a customer or an item is created for it.
    today = realm.day_of(callback.received_at)
    decide_total(gathered.deal, gathered.line_items, inputs=inputs, realm=realm.facts, today=today)
    forgot = False
    for _ in range(NUMBERS_TRIED):
        prepared = prepare(services, callback, realm_id, realm, inputs, gathered)
        try:
            return send_reserved(services, callback, prepared.reservation)
        except NumberTaken:
            if inputs.invoice_number:
                raise
        except CannotInvoice as error:
            if forgot or not is_about_reference(error) or not forget(services, realm_id, prepared):
                raise
            forgot = True
    raise NumberTaken("The invoice numbers tried are taken in QuickBooks: give one in the action.")


def prepare(
    services: Services,
    callback: StoredCallback,
    realm_id: RealmId,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    gathered: Gathered,
) -> Prepared:
    """Decide everything the invoice will say, and write it down before anything is sent."""
    now = services.clock.now()
    deal, portal_id = gathered.deal, callback.portal_id
    billed = plan_lines(deal, gathered.line_items, inputs)
    currency = (deal.currency or realm.facts.home_currency) if realm.facts.multicurrency else None
    customer = ensure_customer(services, portal_id, realm_id, gathered.recipient, inputs, currency)
    decide_currency(deal, billed, realm.facts, customer.currency)
    item_ids = ensure_items(services, portal_id, realm_id, billed, inputs, realm)
    generation = next_generation(services, callback)
    mark = derive_mark(portal_id, realm_id, callback.callback_id)
    draft = draft_invoice(
        deal,
        gathered.line_items,
        customer_id=customer.id,
        item_ids=item_ids,
        inputs=inputs,
        realm=realm.facts,
        today=realm.day_of(callback.received_at),
        mark=mark,
        recipient=gathered.recipient,
        customer_currency=customer.currency,
        generation=generation - 1,
    )
    reservation = Reservation(
        portal_id=portal_id,
        callback_id=callback.callback_id,
        generation=generation,
        realm_id=realm_id,
        entity="Invoice",
        request_id=request_id_of(callback, realm_id, generation),
        mark=mark,
        customer_id=customer.id,
        body=draft.body(),
        state=OPEN,
        reserved_at=now,
        look_first=generation == 1 and should_look_first(callback, now),
    )
    services.reservations.reserve(reservation)
    if draft.remarks:
        services.callbacks.note_event(callback, "remark", " ".join(draft.remarks), now)
    return Prepared(reservation, remembered(customer, item_ids))


def remembered(customer: KnownCustomer, item_ids: Mapping[str, ItemId]) -> tuple[tuple[str, str], ...]:
    """The entities an invoice refers to, as (what, id)."""
    return (("customer", str(customer.id)), *(("item", str(item_id)) for item_id in dict.fromkeys(item_ids.values())))


def forget(services: Services, realm_id: RealmId, prepared: Prepared) -> bool:
    """Drop the links to what the invoice referred to; False when nothing was remembered."""
    kinds = {"customer": ("contact", "company"), "item": ("product", "sku", "name")}
    return sum(services.links.forget(realm_id, kinds[what], entity_id) for what, entity_id in prepared.remembered) > 0


def find_existing(
    services: Services, callback: StoredCallback, realm_id: RealmId, gathered: Gathered, realm: KnownRealm
) -> KnownInvoice | None:
    """The deal's newest live invoice in this realm, read afresh, or None."""
    deal_id, portal_id = gathered.deal.id, callback.portal_id
    rows = [row for row in services.invoices.of_deal(portal_id, deal_id) if row.realm_id == realm_id]
    known = [row.invoice_id for row in rows if row.status not in (Status.DELETED, Status.VOIDED)]
    told = gathered.deal.invoice_id
    if not rows and told and told.isdecimal():
        known = [InvoiceId(told)]  # made before this database was: believed if it names this deal
    for invoice_id in reversed(known):
        entity = services.quickbooks.read(realm_id, "Invoice", invoice_id)
        if entity is None:
            continue
        facts = parse_invoice(entity)
        ours = bool(rows) or names_deal(facts.private_note, deal_id)
        now = services.clock.now()
        row = known_invoice(entity, portal_id, realm_id, deal_id, None, realm.day_of(now), now)
        if ours and row.status not in (Status.DELETED, Status.VOIDED):
            return row
    return None


def settle(services: Services, callback: StoredCallback, realm: KnownRealm, written: Written) -> None:
    """The outcome, the invoice and the end of the reservation, in one transaction."""
    now = services.clock.now()
    today = realm.day_of(now)
    deal_id = DealId(callback.object_id)
    realm_id = written.reservation.realm_id
    row = known_invoice(written.entity, callback.portal_id, realm_id, deal_id, callback.callback_id, today, now)
    with services.database.write() as tx:
        end_created(services, tx, written, now)
        services.invoices.keep(tx, row)
        services.callbacks.settle(tx, callback, SUCCESS, outputs_of(services, row, realm, today), now)
    log(LOG, "invoiced", portal_id=callback.portal_id, callback_id=callback.callback_id, invoice=row.invoice_id)


def settle_existing(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    existing: KnownInvoice,
) -> None:
    """The deal has an invoice already: give that one, or say so. Raises: InvoiceExists."""
    if inputs.existing_invoice == WhenInvoiceExists.FAIL:
        raise InvoiceExists(
            "The deal already has an invoice in QuickBooks. Void or delete it there, "
            'or let "existingInvoice" in the action create another.'
        )
    now = services.clock.now()
    with services.database.write() as tx:
        services.invoices.keep(tx, existing)
        services.callbacks.settle(tx, callback, SUCCESS, outputs_of(services, existing, realm, realm.day_of(now)), now)


def outputs_of(services: Services, row: KnownInvoice, realm: KnownRealm, today: date) -> dict[str, str]:
    """The workflow's outputs for an invoice."""
    view = view_invoice(
        facts_of(row),
        today,
        realm.facts.home_currency,
        sandbox=services.quickbooks_sandbox,
        known_at=row.known_at,
    )
    return outputs(view)
