"""Keep news: what QuickBooks just told of invoices and payments becomes rows, and work for the deals.

Rows, the hints for the deals, and the end of the hints that led here, in one transaction: nothing that was
read is lost, and what was not kept is read again. Never backwards: see `store/invoices.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import DealId, InvoiceId, PaymentId, PortalId, RealmId
from service.invoicing.status import Status
from service.logs import log
from service.quickbooks.payments import parse_payment
from service.store.hints import Hint, TakenHint
from service.store.invoices import KnownInvoice, document_of
from service.store.payments import DELETED, LIVE, VOIDED, Applied, KnownPayment
from service.workflows.find_pay_link import keep_pay_link
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.view_invoice import known_invoice

LOG = logging.getLogger("service.follow")
# Kinds of hints that workers give each other; the scope is the portal.
DEAL, PAYMENT_NOTE = "DealProperties", "PaymentNote"


@dataclass(slots=True)
class News:
    """What was read at `asked_at`: entities by id, and ids of those that are gone.

    `voided`: kind and id of what an event said was voided, whatever language its note is in.
    """

    asked_at: datetime
    invoices: dict[InvoiceId, dict[str, Any]] = field(default_factory=dict)
    payments: dict[PaymentId, dict[str, Any]] = field(default_factory=dict)
    gone_invoices: set[InvoiceId] = field(default_factory=set)
    gone_payments: set[PaymentId] = field(default_factory=set)
    voided: set[tuple[str, str]] = field(default_factory=set)
    strangers: dict[InvoiceId, dict[str, Any]] = field(default_factory=dict)
    """Invoices that are not ours, when they came along unasked."""


def keep_news(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    news: News,
    taken: Sequence[TakenHint] = (),
    reason: str = "followed",
) -> list[KnownInvoice]:
    """Write down what differs from what we knew; returns the invoices that did. `taken` are done with it."""
    realm = know_realm(services, portal_id, realm_id)
    invoices = changed_invoices(services, realm_id, realm, news)
    payments = changed_payments(services, realm_id, news)
    settled = {invoice_id for before, now in payments for each in (before, now) for invoice_id in _settled(each)}
    rows = services.invoices.find(realm_id, settled)
    now = services.clock.now()
    with services.database.write() as tx:
        kept = [invoice for invoice in invoices if services.invoices.keep(tx, invoice)]
        moved = [pair for pair in payments if services.payments.keep(tx, pair[1])]
        services.hints.hear_in(tx, deal_hints((*kept, *(rows.values() if moved else ())), reason), now)
        services.hints.hear_in(tx, note_hints(services, tx, realm_id, rows, moved), now)
        services.hints.done_in(tx, taken, now)
    if kept or moved:
        log(LOG, "news kept", realm_id=realm_id, invoices=len(kept), payments=len(moved), reason=reason)
    return kept


def changed_invoices(services: Services, realm_id: RealmId, realm: KnownRealm, news: News) -> list[KnownInvoice]:
    """The rows of ours that are other ones now."""
    today = realm.day_of(news.asked_at)
    voided = {key for kind, key in news.voided if kind == "Invoice"}
    found = []
    for invoice_id, known in services.invoices.find(realm_id, {*news.invoices, *news.gone_invoices}).items():
        if invoice_id in news.invoices:
            entity = keep_pay_link(news.invoices[invoice_id], known)
            was_voided = known.status == Status.VOIDED or invoice_id in voided
            row = known_invoice(
                entity, known.portal_id, realm_id, known.deal_id, known.callback_id, today, news.asked_at,
                voided=was_voided,
            )  # fmt: skip
        else:
            row = replace(known, status=Status.DELETED.value, known_at=news.asked_at)
        if (row.sync_token, row.status, row.document) != (known.sync_token, known.status, known.document):
            found.append(row)
    return found


def changed_payments(
    services: Services, realm_id: RealmId, news: News
) -> list[tuple[KnownPayment | None, KnownPayment]]:
    """Payments that are other ones now, each with what it was; those that never touched our invoices are not kept."""
    before = services.payments.find(realm_id, {*news.payments, *news.gone_payments})
    voided = {key for kind, key in news.voided if kind == "Payment"}
    rows = [known_payment(entity, realm_id, news.asked_at, voided) for entity in news.payments.values()]
    ours = services.invoices.find(realm_id, {invoice_id for row in rows for invoice_id in row.invoice_ids})
    rows = [row for row in rows if row.payment_id in before or any(each in ours for each in row.invoice_ids)]
    rows += [
        replace(known, state=DELETED, applied=(), known_at=news.asked_at)
        for payment_id, known in before.items()
        if payment_id in news.gone_payments
    ]
    return [(before.get(row.payment_id), row) for row in rows if _differs(before.get(row.payment_id), row)]


def known_payment(entity: dict[str, Any], realm_id: RealmId, asked_at: datetime, voided: set[str]) -> KnownPayment:
    """The row that keeps a payment as QuickBooks answered it."""
    facts = parse_payment(entity)
    is_voided = facts.is_voided or (facts.id in voided and facts.total == 0)
    return KnownPayment(
        realm_id=realm_id,
        payment_id=facts.id,
        sync_token=facts.sync_token,
        state=VOIDED if is_voided else LIVE,
        document=document_of(entity),
        changed_at=facts.last_updated_at or asked_at,
        known_at=asked_at,
        applied=tuple(Applied(*each) for each in facts.applied),
    )


def deal_hints(rows: Iterable[KnownInvoice], reason: str) -> list[Hint]:
    """What these invoices' deals show may be something else now."""
    deals = {(row.portal_id, row.deal_id) for row in rows if row.deal_id}
    return [deal_hint(portal_id, deal_id, reason) for portal_id, deal_id in deals]


def deal_hint(portal_id: PortalId, deal_id: DealId, reason: str) -> Hint:
    """What the deal shows may be something else now."""
    return Hint("hubspot", str(portal_id), DEAL, deal_id, frozenset({reason}))


def note_hints(
    services: Services,
    tx: sa.Connection,
    realm_id: RealmId,
    rows: dict[InvoiceId, KnownInvoice],
    moved: Sequence[tuple[KnownPayment | None, KnownPayment]],
) -> list[Hint]:
    """The timelines of the deals that these payments settle, or settled, may say something else now."""
    return [
        Hint("hubspot", str(rows[invoice_id].portal_id), PAYMENT_NOTE, f"{realm_id}:{payment.payment_id}")
        for before, payment in moved
        for invoice_id in {*_settled(before), *_settled(payment)}
        if invoice_id in rows
    ]


def _settled(payment: KnownPayment | None) -> list[InvoiceId]:
    return payment.invoice_ids if payment else []


def _differs(before: KnownPayment | None, now: KnownPayment) -> bool:
    return before is None or (before.sync_token, before.state, before.document) != (
        now.sync_token,
        now.state,
        now.document,
    )
