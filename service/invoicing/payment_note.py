"""A payment as the deal's timeline tells it: a short note, every foreign word of it escaped. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from html import escape
from zoneinfo import ZoneInfo

from service.ids import PaymentId, RealmId
from service.invoicing.money import Money
from service.invoicing.text import clean_name, cut_text

LONGEST_NAME = 200
NOON = time(12)


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as far as one deal is concerned.

    `total` None: no money came, a credit was applied. `applied`: number of each of the deal's invoices that it
    settles, and how much of it; empty when it settles none any more. `is_voided`: nothing is left of it.
    """

    id: PaymentId
    realm_id: RealmId
    total: Money | None
    applied: Sequence[tuple[str, Money]]
    paid_on: date | None
    payer: str
    reference: str
    is_voided: bool = False


def derive_payment_mark(realm_id: RealmId, payment_id: PaymentId) -> str:
    """By these words a payment's note is found again on a deal's timeline."""
    return f"QuickBooks payment {payment_id} (company {realm_id})"


# https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide (hs_note_body: HTML, at most 65,536 characters)
def draft_note(view: PaymentView) -> str:
    """What the note says now; a payment that settles nothing here any more is struck out."""
    said = _tell(view)
    lines = [f"<p>{said}</p>"] if view.applied else [f"<p><s>{said}</s></p>", f"<p>{_why(view)}</p>"]
    return "".join([*lines, f"<p>{escape(derive_payment_mark(view.realm_id, view.id))}</p>"])


def derive_note_time(paid_on: date | None, created_at: datetime | None, zone: ZoneInfo) -> datetime:
    """The payment's own time: when it was entered if that was its day, else noon of its day in the realm."""
    if created_at is not None and paid_on in (None, created_at.astimezone(zone).date()):
        return created_at
    return datetime.combine(paid_on or date(1970, 1, 1), NOON, zone).astimezone(UTC)


def _tell(view: PaymentView) -> str:
    invoices = ", ".join(
        f"{escape(amount.text())} on invoice {escape(_short(number))}" for number, amount in view.applied
    )
    if view.total is None:
        # A void leaves no amount.
        what = "Payment received" if view.is_voided else "Credit applied"
    else:
        what = f"Payment of {escape(str(view.total))} received"
    payer = f" from {escape(_short(view.payer))}" if view.payer else ""
    day = f" on {view.paid_on.isoformat()}" if view.paid_on else ""
    reference = f" (reference {escape(_short(view.reference))})" if view.reference else ""
    return f"{what}{payer}{day}{reference}" + (f": {invoices}" if invoices else "")


def _why(view: PaymentView) -> str:
    if view.is_voided:
        return "It was voided or deleted in QuickBooks."
    return "In QuickBooks it is no longer applied to an invoice of this deal."


def _short(text: str) -> str:
    return cut_text(clean_name(text), LONGEST_NAME)


def derive_total(total: Decimal, currency: str) -> Money | None:
    """The money that came; None for a payment of nothing, which applies a credit."""
    return Money(total, currency) if total > 0 else None
