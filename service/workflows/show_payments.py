"""Show payments: each payment once as a note on the timeline of every deal it settles, corrected when it changes.

As with invoices: reserved before it is created, and looked for before it is created again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal

from service.errors import RefusedByHubSpot
from service.hubspot.invoices import association
from service.ids import DealId, InvoiceId, ObjectId, PaymentId, PortalId, RealmId
from service.invoicing.invoice import time_text
from service.invoicing.money import Money
from service.invoicing.payment_note import (
    PaymentView,
    derive_note_time,
    derive_payment_mark,
    derive_total,
    draft_note,
)
from service.logs import log
from service.quickbooks.payments import PaymentFacts, parse_payment
from service.store.hints import TakenHint
from service.store.invoices import KnownInvoice
from service.store.payment_notes import PaymentNote
from service.store.payments import LIVE, KnownPayment
from service.workflows.keep_news import PAYMENT_NOTE
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.view_invoice import facts_of
from service.workflows.work_hints import work_hints

LOG = logging.getLogger("service.follow")
# https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (association type ids)
NOTE_TO_DEAL = 214
BODY, TIME = "hs_note_body", "hs_timestamp"
# A lease must outlast them: each may be a call of its own, and a look before it.
MOST = 20
_FORBIDDEN, _GONE = 403, 404


def portals_due(services: Services) -> list[str]:
    """The portals in which a payment is to be shown."""
    return services.hints.scopes_due("hubspot", (PAYMENT_NOTE,), services.clock.now())


def show_in_portal(services: Services, portal_id: str) -> int:
    """Bring the notes of a portal's payments up to date; returns how many payments were looked at."""
    return work_hints(services, "hubspot", (PAYMENT_NOTE,), portal_id, show_payments, MOST)


def show_payments(services: Services, scope: str, taken: Sequence[TakenHint]) -> None:
    """One payment after the other; those that are shown are done, whatever becomes of the next."""
    for hint in taken:
        realm_id, _, payment_id = hint.entity_id.partition(":")
        show_payment(services, PortalId(int(scope)), RealmId(realm_id), PaymentId(payment_id))
        services.hints.done([hint], services.clock.now())


def show_payment(services: Services, portal_id: PortalId, realm_id: RealmId, payment_id: PaymentId) -> None:
    """Bring a payment's notes up to date. Raises: what the gateway raises; OutcomeUnknown: look next time."""
    payment = services.payments.find(realm_id, [payment_id]).get(payment_id)
    if payment is None:
        return
    by_deal: dict[DealId, list[KnownInvoice]] = {}
    for row in services.invoices.find(realm_id, payment.invoice_ids).values():
        if row.portal_id == portal_id and row.deal_id and payment.state == LIVE:
            by_deal.setdefault(row.deal_id, []).append(row)
    notes = services.payment_notes.of_payment(portal_id, realm_id, payment_id)
    realm = know_realm(services, portal_id, realm_id)
    for deal_id in sorted({*by_deal, *notes}):
        properties = draft_properties(payment, by_deal.get(deal_id, []), realm)
        note = notes.get(deal_id) or PaymentNote(portal_id, deal_id, realm_id, payment_id)
        _bring(services, note, properties, known=deal_id in notes, wanted=deal_id in by_deal)


def draft_properties(payment: KnownPayment, rows: Sequence[KnownInvoice], realm: KnownRealm) -> dict[str, str]:
    """What the note of a deal with these invoices says."""
    facts = parse_payment(json.loads(payment.document, parse_float=Decimal))
    currency = facts.currency or realm.facts.home_currency
    amounts = _amounts(facts)
    applied = [
        (facts_of(row).doc_number or row.invoice_id, Money(amounts.get(row.invoice_id, Decimal(0)), currency))
        for row in sorted(rows, key=lambda row: row.invoice_id)
    ]
    view = PaymentView(
        id=payment.payment_id,
        realm_id=payment.realm_id,
        total=derive_total(facts.total, currency),
        applied=applied,
        paid_on=facts.txn_date,
        payer=facts.customer_name or "",
        reference=facts.number or "",
        is_voided=payment.state != LIVE,
    )
    return {BODY: draft_note(view), TIME: time_text(derive_note_time(facts.txn_date, facts.created_at, realm.zone))}


def _amounts(facts: PaymentFacts) -> dict[InvoiceId, Decimal]:
    return {InvoiceId(txn_id): amount for kind, txn_id, amount in facts.applied if kind == "Invoice"}


def _bring(services: Services, note: PaymentNote, properties: Mapping[str, str], *, known: bool, wanted: bool) -> None:
    """One note says what it should. `known`: there is a row of it; `wanted`: it is worth creating."""
    said = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()
    if note.said == said:
        return
    note_id = note.note_id
    if note_id is None and (known or not services.payment_notes.reserve(note, services.clock.now())):
        # A create may have been sent by a run that never heard of its answer.
        note_id = _look(services, note)
    if note_id is None:
        created = _create(services, note, properties) if wanted else None
        if created is None:
            services.payment_notes.forget(note)
        else:
            services.payment_notes.keep(note, created, said)
        return
    error = services.hubspot.update_objects(note.portal_id, "notes", {note_id: properties})[note_id]
    if error is not None and not (isinstance(error, RefusedByHubSpot) and error.status == _GONE):
        raise error
    # Somebody who deleted the note does not want it back.
    services.payment_notes.keep(note, note_id, said)


def _create(services: Services, note: PaymentNote, properties: Mapping[str, str]) -> ObjectId | None:
    """Create it; None when HubSpot does not take it, as when the deal is gone. Raises: OutcomeUnknown and others."""
    try:
        made = services.hubspot.create_object(
            note.portal_id, "notes", properties, [association(note.deal_id, NOTE_TO_DEAL)]
        )
    except RefusedByHubSpot as error:
        services.payment_notes.forget(note)
        if error.status == _FORBIDDEN:
            raise
        log(LOG, "payment not shown", level=logging.WARNING, portal_id=note.portal_id, status=error.status)
        return None
    log(LOG, "payment shown", portal_id=note.portal_id, realm_id=note.realm_id)
    return ObjectId(made.id)


def _look(services: Services, note: PaymentNote) -> ObjectId | None:
    """The note with this payment's mark on the deal's timeline."""
    mark = derive_payment_mark(note.realm_id, note.payment_id)
    associated = services.portal.get_associations(note.portal_id, "deals", "notes", note.deal_id)
    found = services.hubspot.read_objects(note.portal_id, "notes", [each.object_id for each in associated], [BODY])
    return next((ObjectId(each.id) for each in found.values() if mark in (each.properties.get(BODY) or "")), None)
