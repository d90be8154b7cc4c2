"""Send invoice: QuickBooks mails it to the customer, never twice for one callback."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from service.errors import CannotInvoice, NoEmailAddress, RefusedByQuickBooks, TryLater
from service.ids import CustomerId, InvoiceId, RealmId
from service.invoicing.send import parse_send_inputs, plan_send
from service.quickbooks.invoices import InvoiceFacts, parse_invoice
from service.store.callbacks import StoredCallback
from service.store.reservations import REFUSED, SEND, Reservation
from service.workflows.choose_invoice import choose_invoice
from service.workflows.know_realm import know_realm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.write_reserved import Written, find_open_reservation, reserve

# QuickBooks cuts off what takes longer than two minutes: after that a try that has not sent never will.
# https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features#limits-and-throttles
QUIET = timedelta(seconds=150)
NO_ADDRESS = "6420"


def send_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the invoice sent.

    Raises: CannotInvoice (nothing was sent), TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_send_inputs(callback.inputs)
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))
    begun = find_open_reservation(services, callback, SEND)
    if begun is not None:
        # What was begun goes on, whichever invoice the deal shows by now.
        inputs = replace(inputs, invoice_id=InvoiceId(str(begun.entity_id)))
    chosen = choose_invoice(services, callback, realm, inputs)
    if begun is None and not plan_send(chosen.status, was_sent=_is_sent(chosen.facts), inputs=inputs):
        settle_invoice(services, callback, realm, chosen.entity, chosen.deal_id)
        return
    sent = send_once(services, callback, "Invoice", chosen.entity, inputs.send_to)
    settle_invoice(services, callback, realm, sent.entity, chosen.deal_id, written=[sent])


def send_once(
    services: Services, callback: StoredCallback, entity: str, before: dict[str, Any], send_to: str | None = None
) -> Written:
    """Have an invoice, estimate, credit memo or sales receipt mailed once, whatever gets lost; not settled yet.

    `before`: it, as QuickBooks answered it. A send without an answer is not repeated before two things are
    sure: QuickBooks does not show a delivery that was not there before, and the try cannot still be under way.
    Raises: NoEmailAddress and other CannotInvoice (not sent), TryLater, OutcomeUnknown, NotConnected.
    """
    begun = find_open_reservation(services, callback, SEND)
    if begun is None:
        return _send(services, _reserve(services, callback, entity, before, send_to), send_to)
    now = services.clock.now()
    found = services.quickbooks.read(begun.realm_id, begun.entity, str(begun.entity_id))
    if found is not None and _delivery(parse_invoice(found)) not in (json.loads(begun.body)["before"], None):
        return Written(begun, found)
    rest = (begun.tried_at or begun.reserved_at) + QUIET - now
    if rest > timedelta(0):
        raise TryLater("QuickBooks never said whether it sent the e-mail: looking again before it is repeated.", rest)
    services.reservations.try_again(begun, now)
    return _send(services, begun, json.loads(begun.body)["to"])


def send_unsent(
    services: Services, callback: StoredCallback, entity: str, before: dict[str, Any], send_to: str | None = None
) -> Written | None:
    """As `send_once`, for what may have been there before; None: it was sent then, and is not sent again."""
    if find_open_reservation(services, callback, SEND) is None and _is_sent(parse_invoice(before)):
        return None
    return send_once(services, callback, entity, before, send_to)


def _reserve(
    services: Services, callback: StoredCallback, entity: str, before: dict[str, Any], send_to: str | None
) -> Reservation:
    facts = parse_invoice(before)
    body = json.dumps({"to": send_to, "before": _delivery(facts)}).encode()
    customer_id = CustomerId(facts.customer_id)
    return reserve(services, callback, entity, customer_id, body, operation=SEND, entity_id=facts.id)


def _send(services: Services, reservation: Reservation, send_to: str | None) -> Written:
    entity_id = str(reservation.entity_id)
    try:
        sent = services.quickbooks.send(
            reservation.realm_id, reservation.entity, entity_id, send_to, reservation.request_id
        )
    except (CannotInvoice, TryLater) as error:
        # Nothing was sent: the next try begins anew, without waiting for this one.
        with services.database.write() as tx:
            services.reservations.end(tx, reservation, REFUSED, services.clock.now())
        if isinstance(error, RefusedByQuickBooks) and error.fault_code == NO_ADDRESS:
            raise NoEmailAddress(error.sentence) from error
        raise
    return Written(reservation, sent)


def _is_sent(facts: InvoiceFacts) -> bool:
    return _delivery(facts) is not None


def _delivery(facts: InvoiceFacts) -> str | None:
    """QuickBooks' stamp of the last delivery, "" where it has none; None: never sent."""
    if facts.delivery_time is not None:
        return facts.delivery_time.isoformat()
    return "" if facts.email_status == "EmailSent" else None
