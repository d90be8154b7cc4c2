"""A QuickBooks invoice as a HubSpot invoice shows it: its properties and its own line items. Pure.

Our own properties carry what HubSpot has no place for; HubSpot's may be refused by a portal, so none of them
is needed to understand the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from service.ids import InvoiceId, RealmId
from service.invoicing.invoice import InvoiceView, date_text, time_text
from service.invoicing.money import Money
from service.invoicing.status import Status, days_overdue

KEY = "qbo_invoice_key"
"""The unique property by which a mirror is found again."""
CURRENCY, STATUS = "hs_currency", "hs_invoice_status"
ALL, DEALS, OFF = "all", "deals", "off"
"""Which invoices a connection has mirrored: all, those of deals, none."""
NEEDED = frozenset((KEY, CURRENCY))
"""Without these there is no mirror; every other property may be refused."""
DRAFT, OPEN, PAID, VOIDED = "draft", "open", "paid", "voided"

# https://developers.hubspot.com/docs/api-reference/crm-invoices-v3/guide (hs_invoice_status)
_STATUS = {
    Status.DELETED: VOIDED,
    Status.VOIDED: VOIDED,
    Status.PAID: PAID,
    Status.DRAFT: DRAFT,
}
_LONGEST_NAME, _LONGEST_TEXT = 400, 4000


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of an invoice as billed; `amount` net, in the invoice's currency. None: QuickBooks does not say."""

    name: str
    description: str
    amount: Decimal
    quantity: Decimal | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What makes a mirror's line items right: change by id, create, take away."""

    changes: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: tuple[dict[str, str], ...] = ()
    surplus: tuple[str, ...] = ()


def mirror_key(realm_id: RealmId, invoice_id: InvoiceId) -> str:
    """One invoice of one realm has one mirror in a portal."""
    return f"{realm_id}:{invoice_id}"


def mirror_properties(
    view: InvoiceView,
    today: date,
    *,
    realm_id: RealmId,
    company: str = "",
    created_at: datetime | None = None,
    mapped: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Everything the HubSpot invoice shows; "" empties a property.

    `today` in the realm's time zone. `mapped`: properties of the portal's own, filled from the invoice.
    """
    status = view.status_on(today)
    total, balance = Money(view.total, view.currency).text(), view.open_balance.text()
    return {
        **(mapped or {}),
        CURRENCY: view.currency,
        # Billing happens elsewhere: no document, no e-mail, no validation on HubSpot's side.
        "hs_invoice_billable": "false",
        STATUS: _STATUS.get(status, OPEN),
        "hs_title": f"Invoice {view.number}".strip(),
        "hs_number": view.number,
        "hs_invoice_date": date_text(view.txn_date),
        "hs_due_date": date_text(view.due_date),
        "hs_external_createdate": time_text(created_at) if created_at else "",
        "hs_external_recipient": view.recipient,
        "hs_amount_billed": total,
        "hs_balance_due": balance,
        "hs_amount_paid": view.amount_paid.text(),
        "hs_invoice_link": view.pay_link,
        KEY: mirror_key(realm_id, view.id),
        "qbo_invoice_id": view.id,
        "qbo_company": company or realm_id,
        "qbo_invoice_status": status.value,
        "qbo_invoice_balance": balance,
        "qbo_invoice_amount_paid": view.amount_paid.text(),
        "qbo_invoice_last_payment_date": date_text(view.last_payment_date),
        "qbo_invoice_days_overdue": str(days_overdue(view.open_balance.amount, view.due_date, today)),
        "qbo_invoice_url": view.url,
        "qbo_invoice_pay_link": view.pay_link,
        "qbo_invoice_updated_at": time_text(view.updated_at),
    }


def mirror_lines(lines: Sequence[BilledLine], currency: str) -> list[dict[str, str]]:
    """The mirror's own line items: a deal's line items have the deal as their one parent."""
    return [_line(line, place, currency) for place, line in enumerate(lines)]


def plan_lines(wanted: Sequence[Mapping[str, str]], there: Mapping[str, Mapping[str, str | None]]) -> LinePlan:
    """What to do so that the line items there say what is wanted, in that order; nothing when they do."""
    known = sorted(there, key=lambda each: (_place(there[each]), len(each), each))
    changes = {
        line_id: dict(line)
        for line_id, line in zip(known, wanted, strict=False)
        if any(not _same(there[line_id].get(name), value) for name, value in line.items())
    }
    return LinePlan(changes, tuple(dict(each) for each in wanted[len(known) :]), tuple(known[len(wanted) :]))


def next_change(view: InvoiceView, today: date) -> date | None:
    """The day on which the mirror says something else though nothing happened: overdue, and each day since."""
    if not view.status.is_live or view.balance <= 0 or view.due_date is None:
        return None
    return max(view.due_date, today) + timedelta(days=1)


def hash_content(content: object) -> str:
    """Equal contents have equal hashes, in whatever order their names come."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def _line(line: BilledLine, place: int, currency: str) -> dict[str, str]:
    name = line.name or line.description.partition("\n")[0] or f"Line {place + 1}"
    description = line.description
    # https://developers.hubspot.com/docs/api-reference/crm-line-items-v3/guide
    # HubSpot takes no price below zero: a discount or credit is said in words, the invoice's own amounts are right.
    quantity, price = Decimal(1), line.amount
    if line.amount < 0:
        price = Decimal(0)
        description = f"{Money(line.amount, currency).text()} {currency} {description}".strip()
    elif line.quantity and line.unit_price is not None and line.quantity > 0 and line.unit_price >= 0:
        quantity, price = line.quantity, line.unit_price
    return {
        "name": name[:_LONGEST_NAME],
        "description": description[:_LONGEST_TEXT],
        "quantity": _plain(quantity),
        "price": _plain(price),
        "hs_line_item_currency_code": currency,
        "hs_position_on_quote": str(place),
    }


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _same(there: str | None, wanted: str) -> bool:
    if (there or "") == wanted:
        return True
    try:
        return Decimal(there or "x") == Decimal(wanted)
    except InvalidOperation:
        return False


def _place(line: Mapping[str, str | None]) -> Decimal:
    try:
        found = Decimal(line.get("hs_position_on_quote") or "Infinity")
    except InvalidOperation:
        return Decimal("Infinity")
    return found if found == found else Decimal("Infinity")
