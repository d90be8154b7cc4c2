"""Create invoice: a deal becomes exactly one QuickBooks invoice. Read it top to bottom."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from service.errors import CannotInvoice, InvoiceExists, TotalDiffers
from service.ids import DealId, RealmId
from service.invoicing.billing import decide_total
from service.invoicing.draft import decide_deposit, draft_invoice
from service.invoicing.inputs import CreateInvoiceInputs, Send, parse_inputs
from service.invoicing.read_back import find_difference
from service.invoicing.sale_inputs import WhenSaleExists
from service.invoicing.status import Status
from service.logs import log
from service.quickbooks.invoices import parse_invoice
from service.store.callbacks import StoredCallback
from service.store.invoices import KnownInvoice
from service.workflows.choose_invoice import read_told
from service.workflows.ensure_properties import names_of
from service.workflows.find_returned import find_returned
from service.workflows.gather_deal import Gathered, gather_deal
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.learn_unknown import learn_unknown
from service.workflows.send_invoice import send_unsent
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.split_deal import split_gathered
from service.workflows.view_invoice import known_invoice, status_of
from service.workflows.write_reserved import Written, find_open_reservation
from service.workflows.write_sale import repeat_sale, write_sale

LOG = logging.getLogger("service.workflows")


def create_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with an invoice.

    Raises: CannotInvoice (nothing was created), TryLater, OutcomeUnknown, NotConnected.
    """
    realm_id = RealmId(str(callback.realm_id))
    open_reservation = find_open_reservation(services, callback)
    realm = know_realm(services, callback.portal_id, realm_id)
    inputs = parse_inputs(callback.inputs)
    repeated = open_reservation is not None
    if open_reservation is not None:
        written = repeat_sale(services, callback, open_reservation, inputs)
        if written is not None:
            settle(services, callback, realm, inputs, written)
            return
    else:
        today = realm.day_of(services.clock.now())
        returned = find_returned(
            services, callback, "Invoice", lambda found: status_of(parse_invoice(found), today).is_live
        )
        if returned is not None:
            settle_existing(services, callback, realm, inputs, returned)
            return
    names = names_of(services, callback.portal_id, realm_id)
    gathered = gather_deal(services, callback.portal_id, DealId(callback.object_id), inputs, names)
    gathered = split_gathered(services, callback, realm, "Invoice", inputs, gathered)
    if inputs.existing != WhenSaleExists.CREATE_ANOTHER:
        existing = find_existing(services, callback, realm_id, gathered, realm)
        if existing is not None:
            entity = json.loads(existing.document, parse_float=Decimal)
            settle_existing(services, callback, realm, inputs, entity)
            return
    if inputs.deposit:
        # Before a customer is created for what cannot be.
        today = realm.day_of(callback.received_at)
        total = decide_total(gathered.deal, gathered.line_items, inputs=inputs, realm=realm.facts, today=today)
        decide_deposit(total, inputs, realm.facts)
    draft = partial(draft_invoice, inputs=inputs)
    written = write_sale(services, callback, realm, "Invoice", inputs, gathered, draft, repeated=repeated)
    settle(services, callback, realm, inputs, written)


def find_existing(
    services: Services, callback: StoredCallback, realm_id: RealmId, gathered: Gathered, realm: KnownRealm
) -> KnownInvoice | None:
    """The deal's newest live invoice in this realm, read afresh, or None."""
    deal_id, portal_id = gathered.deal.id, callback.portal_id
    learn_unknown(services, callback, realm, "Invoice")
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


def settle(
    services: Services, callback: StoredCallback, realm: KnownRealm, inputs: CreateInvoiceInputs, written: Written
) -> None:
    """The outcome, the invoice and the end of its reservations, in one transaction; sent first where asked for.

    An invoice that is not as the deal has it is an invoice all the same: it is told with what a person should do.
    Raises: TryLater, OutcomeUnknown, NotConnected.
    """
    differs = find_difference(written.reservation.body, written.entity)
    but = TotalDiffers(differs) if differs else None
    send_and_settle(services, callback, realm, inputs, written.entity, [written], but)
    log(LOG, "invoiced", portal_id=callback.portal_id, callback_id=callback.callback_id, invoice=written.entity["Id"])


def settle_existing(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    existing: dict[str, Any],
) -> None:
    """The deal has an invoice already: give that one, sent if it never was, or say so. Raises: InvoiceExists."""
    if inputs.existing == WhenSaleExists.FAIL:
        raise InvoiceExists(
            "The deal already has an invoice in QuickBooks. Void or delete it there, "
            'or let "existingInvoice" in the action create another.'
        )
    send_and_settle(services, callback, realm, inputs, existing, [], None)


def send_and_settle(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    inputs: CreateInvoiceInputs,
    entity: dict[str, Any],
    done: list[Written],
    but: CannotInvoice | None,
) -> None:
    """`done`: what was written so far; `but`: why it is not sent. What cannot be sent is told with the reason."""
    if inputs.send == Send.NOW and but is None:
        try:
            sent = send_unsent(services, callback, "Invoice", entity, inputs.recipient_email or None)
            done, entity = ([*done, sent], sent.entity) if sent else (done, entity)
        except CannotInvoice as error:
            but = error
    settle_invoice(services, callback, realm, entity, DealId(callback.object_id), written=done, but=but)
