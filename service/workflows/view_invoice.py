"""An invoice as QuickBooks answered it, seen as the deal shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.ids import CallbackId, DealId, PortalId, RealmId
from service.invoicing.invoice import InvoiceView, derive_recipient_text
from service.invoicing.status import Status, derive_status
from service.quickbooks.invoices import InvoiceFacts, parse_invoice
from service.quickbooks.links import invoice_url
from service.store.invoices import KnownInvoice, document_of


def view_invoice(
    known: KnownInvoice, today: date, home_currency: str, *, sandbox: bool, paid_on: Sequence[date] = ()
) -> InvoiceView:
    """The invoice as last known, with its status on a day of the realm; `paid_on` are the days of its payments."""
    facts = facts_of(known)
    # That it was deleted stands in no answer of QuickBooks, only in our row.
    deleted = known.status == Status.DELETED
    status = Status.DELETED if deleted else status_of(facts, today, voided=known.status == Status.VOIDED)
    last_paid_on = max(paid_on, default=None)
    return InvoiceView(
        id=facts.id,
        number=facts.doc_number or "",
        total=facts.total,
        balance=facts.balance,
        currency=facts.currency or home_currency,
        txn_date=facts.txn_date,
        due_date=facts.due_date,
        recipient=derive_recipient_text(facts.customer_name or "", facts.bill_email or ""),
        status=status,
        url=invoice_url(facts.id, sandbox=sandbox),
        updated_at=facts.last_updated_at or known.known_at,
        pay_link=facts.invoice_link or "",
        last_payment_date=last_paid_on,
        paid_date=last_paid_on if status == Status.PAID else None,
    )


def status_of(facts: InvoiceFacts, today: date, *, voided: bool = False) -> Status:
    """The derived status of an invoice that exists; `voided`: somebody said so, and nothing is left of it."""
    return derive_status(
        facts.total,
        facts.balance,
        facts.deposit,
        facts.due_date,
        today,
        facts.email_status,
        facts.delivery_time,
        facts.e_invoice_status,
        facts.private_note,
        voided=voided and facts.total == 0,
    )


def known_invoice(
    entity: dict[str, Any],
    portal_id: PortalId,
    realm_id: RealmId,
    deal_id: DealId,
    callback_id: CallbackId | None,
    today: date,
    now: datetime,
    *,
    voided: bool = False,
) -> KnownInvoice:
    """The row that keeps an invoice as QuickBooks answered it. `now`: when that was asked for."""
    facts = parse_invoice(entity)
    return KnownInvoice(
        realm_id=realm_id,
        invoice_id=facts.id,
        portal_id=portal_id,
        deal_id=deal_id,
        callback_id=callback_id,
        sync_token=facts.sync_token,
        status=status_of(facts, today, voided=voided).value,
        document=document_of(entity),
        changed_at=facts.last_updated_at or now,
        known_at=now,
        customer_id=facts.customer_id,
        due_date=facts.due_date,
    )


def facts_of(known: KnownInvoice) -> InvoiceFacts:
    """What a kept invoice says."""
    return parse_invoice(json.loads(known.document, parse_float=Decimal))
