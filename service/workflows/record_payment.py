"""Record payment: money received for an invoice becomes exactly one payment in QuickBooks."""

from __future__ import annotations

import json
from dataclasses import replace

from service.errors import InvoiceNotFound
from service.ids import CustomerId, InvoiceId, Mark, RealmId
from service.invoicing.money import Money
from service.invoicing.payment import Receivable, draft_payment, parse_payment_inputs
from service.store.callbacks import StoredCallback
from service.workflows.choose_invoice import ChosenInvoice, choose_invoice
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.write_reserved import Written, create_reserved, find_open_reservation


def record_payment(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the payment made and the invoice as it is after it.

    Raises: CannotInvoice (no payment was made), TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_payment_inputs(callback.inputs)
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))
    begun = find_open_reservation(services, callback)
    if begun is not None:
        # What was begun goes on, whichever invoice the deal shows by now.
        inputs = replace(inputs, invoice_id=_settled_invoice(begun.body))
    chosen = choose_invoice(services, callback, realm, inputs)
    today = realm.day_of(callback.received_at)

    def draft(mark: Mark) -> bytes:
        return draft_payment(_receivable(chosen, realm), inputs, today, mark)

    written = create_reserved(services, callback, "Payment", CustomerId(chosen.facts.customer_id), draft)
    _settle(services, callback, realm, chosen, written)


def _settle(
    services: Services, callback: StoredCallback, realm: KnownRealm, chosen: ChosenInvoice, written: Written
) -> None:
    # A payment's answer does not show the invoice, whose balance and sync token have changed.
    after = services.quickbooks.read(written.reservation.realm_id, "Invoice", chosen.facts.id)
    payment_id = str(written.entity["Id"])
    if after is None:
        raise InvoiceNotFound(f"The payment {payment_id} was recorded, but the invoice was deleted in QuickBooks.")
    told = {"paymentId": payment_id}
    settle_invoice(services, callback, realm, after, chosen.deal_id, written=[written], more=told)


def _receivable(chosen: ChosenInvoice, realm: KnownRealm) -> Receivable:
    facts = chosen.facts
    return Receivable(
        id=facts.id,
        customer_id=CustomerId(facts.customer_id),
        status=chosen.status,
        open=Money(facts.balance, facts.currency or realm.facts.home_currency),
        currency_ref=facts.currency if realm.facts.multicurrency else None,
        deal_id=chosen.deal_id,
    )


def _settled_invoice(body: bytes) -> InvoiceId:
    """The invoice that a reserved payment is for."""
    return InvoiceId(str(json.loads(body)["Line"][0]["LinkedTxn"][0]["TxnId"]))
