"""Create invoice: a deal becomes exactly one QuickBooks invoice. Read it top to bottom."""

from __future__ import annotations

import logging
from dataclasses import replace

from service.errors import CannotInvoice, InvoiceExists, NumberTaken, TotalDiffers
from service.ids import DealId, RealmId
from service.invoicing.billing import decide_total, plan_lines
from service.invoicing.currency import decide_currency
from service.invoicing.draft import draft_invoice, read_item_ids
from service.invoicing.inputs import CreateInvoiceInputs, Send, WhenInvoiceExists, parse_inputs
from service.invoicing.marks import derive_mark
from service.invoicing.numbering import is_template
from service.invoicing.read_back import find_difference
from service.invoicing.sale_inputs import LinesFrom
from service.invoicing.status import Status
from service.logs import log
from service.store.callbacks import SUCCESS, StoredCallback
from service.store.invoices import KnownInvoice
from service.store.reservations import Reservation
from service.workflows.choose_invoice import read_told
from service.workflows.ensure_customer import ensure_customer
from service.workflows.ensure_items import ensure_items
from service.workflows.ensure_properties import names_of
from service.workflows.gather_deal import Gathered, gather_deal
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.send_invoice import send_once
from service.workflows.services import Services
from service.workflows.settle_invoice import outputs_of, settle_invoice
from service.workflows.split_deal import count_shares
from service.workflows.view_invoice import known_invoice
from service.workflows.write_reserved import (
    Written,
    end_created,
    find_open_reservation,
    is_about_reference,
    look,
    next_generation,
    reserve,
    send_reserved,
)

LOG = logging.getLogger("service.workflows")
# A number of ours that somebody has taken: the next one, a few times.
NUMBERS_TRIED = 4


def create_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with an invoice.

    Raises: CannotInvoice (nothing was created), TryLater, OutcomeUnknown, NotConnected.
    """
    realm_id = RealmId(str(callback.realm_id))
    open_reservation = find_open_reservation(services, callback)
    realm = know_realm(services, callback.portal_id, realm_id)
    if open_reservation is not None:
        written = repeat(services, callback, open_reservation)
        if written is not None:
            settle(services, callback, realm, written)
            return
    inputs = parse_inputs(callback.inputs)
    repeated = open_reservation is not None
    names = names_of(services, callback.portal_id, realm_id)
    gathered = gather_deal(services, callback.portal_id, DealId(callback.object_id), inputs, names)
    if inputs.lines == LinesFrom.DEAL_PERCENTAGE:
        adopt_unknown(services, callback, realm_id, realm)
        gathered = replace(gathered, deal=count_shares(services, callback.portal_id, realm_id, gathered.deal))
    if inputs.existing_invoice != WhenInvoiceExists.CREATE_ANOTHER:
        existing = find_existing(services, callback, realm_id, gathered, realm)
        if existing is not None:
            settle_existing(services, callback, realm, inputs, existing)
            return
    settle(services, callback, realm, write(services, callback, realm_id, realm, inputs, gathered, repeated=repeated))


def repeat(services: Services, callback: StoredCallback, reservation: Reservation) -> Written | None:
    """Send again what was reserved by an earlier run.

    None: nothing exists, and another draft may be taken: what the old one referred to is gone, or
    its number is somebody else's by now.
    """
    try:
        return send_reserved(services, callback, reservation, repeated=True)
    except CannotInvoice as error:
        if not may_draft_again(services, parse_inputs(callback.inputs), reservation, error):
            raise
        return None


def may_draft_again(
    services: Services, inputs: CreateInvoiceInputs, reservation: Reservation, error: CannotInvoice
) -> bool:
    """Whether a new draft may fare better than the one just refused; forgets what misled it."""
    if isinstance(error, NumberTaken):
        return not inputs.number or is_template(inputs.number)
    return is_about_reference(error) and forget(services, reservation)


def write(
    services: Services,
    callback: StoredCallback,
    realm_id: RealmId,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    gathered: Gathered,
    *,
    repeated: bool,
) -> Written:
    """Prepare, reserve, send; once more when what we remembered is gone or our number is taken.

    `repeated`: an earlier draft of this callback was refused when it was sent again.
    """
    # What cannot become an invoice is refused before a customer or an item is created for it.
    today = realm.day_of(callback.received_at)
    decide_total(gathered.deal, gathered.line_items, inputs=inputs, realm=realm.facts, today=today)
    forgot = False
    for _ in range(NUMBERS_TRIED):
        reservation = prepare(services, callback, realm_id, realm, inputs, gathered, repeated=repeated)
        try:
            return send_reserved(services, callback, reservation)
        except CannotInvoice as error:
            if forgot or not may_draft_again(services, inputs, reservation, error):
                raise
            forgot = not isinstance(error, NumberTaken)
    raise NumberTaken("The invoice numbers tried are taken in QuickBooks: give one in the action.")


def prepare(
    services: Services,
    callback: StoredCallback,
    realm_id: RealmId,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    gathered: Gathered,
    *,
    repeated: bool,
) -> Reservation:
    """Decide everything the invoice will say, and write it down before anything is sent."""
    deal, portal_id = gathered.deal, callback.portal_id
    billed = plan_lines(deal, gathered.line_items, inputs)
    currency = (deal.currency or realm.facts.home_currency) if realm.facts.multicurrency else None
    customer = ensure_customer(services, portal_id, realm_id, gathered.recipient, inputs, currency, gathered.parent)
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
    reservation = reserve(services, callback, "Invoice", customer.id, draft.body(), look_first=repeated)
    if draft.remarks:
        services.callbacks.note_event(callback, "remark", " ".join(draft.remarks), services.clock.now())
    return reservation


def forget(services: Services, reservation: Reservation) -> bool:
    """Drop what we remembered of the customer and items of an invoice; False when that was nothing."""
    realm_id = reservation.realm_id
    dropped = services.links.forget(realm_id, ("contact", "company"), reservation.customer_id)
    for item_id in read_item_ids(reservation.body):
        dropped += services.links.forget(realm_id, ("product", "sku", "name"), item_id)
    return dropped > 0


def find_existing(
    services: Services, callback: StoredCallback, realm_id: RealmId, gathered: Gathered, realm: KnownRealm
) -> KnownInvoice | None:
    """The deal's newest live invoice in this realm, read afresh, or None."""
    deal_id, portal_id = gathered.deal.id, callback.portal_id
    adopt_unknown(services, callback, realm_id, realm)
    rows = [row for row in services.invoices.of_deal(portal_id, deal_id) if row.realm_id == realm_id]
    for known in reversed([row for row in rows if Status(row.status).is_live]):
        row = read_again(services, known, realm)
        if Status(row.status).is_live:
            return row
        # Somebody undid it in QuickBooks: from now on the deal counts without it.
        with services.database.write() as tx:
            services.invoices.keep(tx, row)
    if rows:
        return None
    entity = read_told(services, realm_id, deal_id, gathered.deal.invoice_id)
    if entity is None:
        return None
    now = services.clock.now()
    row = known_invoice(entity, portal_id, realm_id, deal_id, None, realm.day_of(now), now)
    return row if Status(row.status).is_live else None


def adopt_unknown(services: Services, callback: StoredCallback, realm_id: RealmId, realm: KnownRealm) -> None:
    """Look for what an earlier callback of the deal may have created without ever hearing of it."""
    portal_id, deal_id = callback.portal_id, DealId(callback.object_id)
    unknown = services.reservations.open_of_object(portal_id, realm_id, "DEAL", deal_id, callback.callback_id)
    for reservation in unknown:
        entity = look(services, reservation, reservation.reserved_at)
        if entity is None:
            continue
        now = services.clock.now()
        row = known_invoice(entity, portal_id, realm_id, deal_id, reservation.callback_id, realm.day_of(now), now)
        with services.database.write() as tx:
            end_created(services, tx, Written(reservation, entity), now)
            services.invoices.keep(tx, row)


def read_again(services: Services, known: KnownInvoice, realm: KnownRealm) -> KnownInvoice:
    """The invoice as it is in QuickBooks now; deleted when it is gone."""
    entity = services.quickbooks.read(known.realm_id, "Invoice", known.invoice_id)
    now = services.clock.now()
    if entity is None:
        return replace(known, status=Status.DELETED.value, known_at=now)
    today = realm.day_of(now)
    voided = known.status == Status.VOIDED
    return known_invoice(
        entity, known.portal_id, known.realm_id, known.deal_id, known.callback_id, today, now, voided=voided
    )


def settle(services: Services, callback: StoredCallback, realm: KnownRealm, written: Written) -> None:
    """The outcome, the invoice and the end of its reservations, in one transaction; sent first where asked for.

    An invoice that is not as the deal has it, or cannot be sent, is an invoice all the same: it is told
    with what a person should do. Raises: TryLater, OutcomeUnknown, NotConnected.
    """
    differs = find_difference(written.reservation.body, written.entity)
    but: CannotInvoice | None = TotalDiffers(differs) if differs else None
    done = [written]
    if parse_inputs(callback.inputs).send == Send.NOW and but is None:
        try:
            done.append(send_once(services, callback, "Invoice", written.entity))
        except CannotInvoice as error:
            but = error
    entity, deal_id = done[-1].entity, DealId(callback.object_id)
    settle_invoice(services, callback, realm, entity, deal_id, written=done, but=but)
    log(LOG, "invoiced", portal_id=callback.portal_id, callback_id=callback.callback_id, invoice=entity["Id"])


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
