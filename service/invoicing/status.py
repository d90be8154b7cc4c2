"""An invoice's status is derived, not stored. Knows product.md's table and nothing of calls."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """Where an invoice stands, as the deal shows it."""

    DELETED = "deleted"
    VOIDED = "voided"
    PAID = "paid"
    OVERDUE = "overdue"
    PARTIALLY_PAID = "partially_paid"
    VIEWED = "viewed"
    SENT = "sent"
    DRAFT = "draft"

    @property
    def label(self) -> str:
        """How HubSpot's people read it."""
        return _LABELS[self]

    @property
    def is_live(self) -> bool:
        """The invoice still counts: neither deleted nor voided."""
        return self not in (Status.DELETED, Status.VOIDED)


_LABELS = {
    Status.DELETED: "Deleted",
    Status.VOIDED: "Voided",
    Status.PAID: "Paid in full",
    Status.OVERDUE: "Overdue",
    Status.PARTIALLY_PAID: "Partial payment",
    Status.VIEWED: "Viewed by customer",
    Status.SENT: "Sent to customer",
    Status.DRAFT: "Waiting to be sent",
}


def derive_status(
    total: Decimal,
    balance: Decimal,
    deposit: Decimal,
    due_date: date | None,
    today: date,
    email_status: str | None = None,
    delivery_time: datetime | str | None = None,
    e_invoice_status: str | None = None,
    private_note: str | None = None,
    deleted: bool = False,
    voided: bool = False,
) -> Status:
    """The first rule of product.md's table that holds gives the status; one always does.

    `today` in the realm's time zone. `voided`: a webhook or our own void said so; otherwise the
    private note tells, which QuickBooks writes in English.
    """
    if deleted:
        return Status.DELETED
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#void-an-invoice
    if voided or (total == 0 and (private_note or "").startswith("Voided")):
        return Status.VOIDED
    if balance <= 0:
        return Status.PAID
    if days_overdue(balance, due_date, today) > 0:
        return Status.OVERDUE
    # A deposit reduces the balance without anybody having paid on the invoice.
    if balance < total - deposit:
        return Status.PARTIALLY_PAID
    return _derive_delivery(email_status, delivery_time, e_invoice_status)


def days_overdue(balance: Decimal, due_date: date | None, today: date) -> int:
    """An open invoice is so many days late; 0 when it is not."""
    if balance <= 0 or due_date is None:
        return 0
    return max(0, (today - due_date).days)


def _derive_delivery(email_status: str | None, delivery_time: object, e_invoice_status: str | None) -> Status:
    if e_invoice_status == "Viewed":
        return Status.VIEWED
    # A delivery type without a delivery time means queued, not sent.
    if email_status == "EmailSent" or delivery_time or e_invoice_status in ("Sent", "Delivered"):
        return Status.SENT
    return Status.DRAFT
