"""What the deal and the workflow are told about an invoice. All values are text, as HubSpot wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from service.ids import InvoiceId
from service.invoicing.money import Money
from service.invoicing.status import Status, days_overdue

if TYPE_CHECKING:
    from service.invoicing.rollup import Rollup

OUTPUT_NAMES = (
    "invoiceId",
    "invoiceNumber",
    "invoiceAmount",
    "invoiceBalance",
    "invoiceStatus",
    "invoiceDueDate",
    "invoiceRecipient",
    "invoiceLink",
    "errorCode",
    "errorMessage",
)


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as last seen in QuickBooks. Amounts in `currency`; `updated_at` aware."""

    id: InvoiceId
    number: str
    total: Decimal
    balance: Decimal
    currency: str
    txn_date: date | None
    due_date: date | None
    recipient: str
    status: Status
    url: str
    updated_at: datetime
    pay_link: str = ""
    last_payment_date: date | None = None
    paid_date: date | None = None

    @property
    def open_balance(self) -> Money:
        """What is still owed: nothing on a deleted or voided invoice."""
        return Money(self.balance if self.status.is_live else Decimal(0), self.currency)

    @property
    def amount_paid(self) -> Money:
        """What has been paid or credited so far."""
        return Money(max(self.total - self.balance, Decimal(0)), self.currency)

    def status_on(self, today: date) -> Status:
        """The status as of a later day: time alone can make an open invoice overdue."""
        if self.status.is_live and days_overdue(self.balance, self.due_date, today) > 0:
            return Status.OVERDUE
        return self.status


def derive_recipient_text(name: str, email: str) -> str:
    """The deal shows whom the invoice goes to: "Jane Doe <jane@example.com>"."""
    return f"{name} <{email}>" if name and email else name or email


def deal_properties(view: InvoiceView, rollup: Rollup) -> dict[str, str]:
    """All properties of the deal are written together, so that none is left from before.

    The single-invoice properties show `view`, the others all live invoices; "" empties a property.
    """
    today = rollup.as_of
    return {
        "qbo_invoice_amount": Money(view.total, view.currency).text(),
        "qbo_invoice_recipient": view.recipient,
        "qbo_invoice_number": view.number,
        "qbo_invoice_status": view.status_on(today).value,
        "qbo_invoice_due_date": date_text(view.due_date),
        "qbo_invoice_balance": view.open_balance.text(),
        "qbo_invoice_amount_paid": view.amount_paid.text(),
        "qbo_invoice_date": date_text(view.txn_date),
        "qbo_invoice_last_payment_date": date_text(view.last_payment_date),
        "qbo_invoice_paid_date": date_text(view.paid_date),
        "qbo_invoice_days_overdue": str(days_overdue(view.open_balance.amount, view.due_date, today)),
        "qbo_invoice_currency": view.currency,
        "qbo_invoice_id": view.id,
        "qbo_invoice_url": view.url,
        "qbo_invoice_pay_link": view.pay_link,
        "qbo_invoice_error": "",
        "qbo_invoice_updated_at": time_text(view.updated_at),
        "qbo_invoice_count": str(rollup.count),
        "qbo_invoiced_total": rollup.total.text() if rollup.total else "",
        "qbo_invoiced_balance": rollup.balance.text() if rollup.balance else "",
        "qbo_invoice_oldest_due_date": date_text(rollup.oldest_due_date),
        "qbo_invoice_worst_status": rollup.worst_status.value if rollup.worst_status else "",
    }


def failure_properties(code: str, sentence: str) -> dict[str, str]:
    """A failed action changes one property of the deal: why it failed."""
    return {"qbo_invoice_error": f"{code}: {sentence}"}


def outputs(view: InvoiceView) -> dict[str, str]:
    """The workflow's later actions get the invoice."""
    return fill_outputs(
        {
            "invoiceId": view.id,
            "invoiceNumber": view.number,
            "invoiceAmount": Money(view.total, view.currency).text(),
            "invoiceBalance": view.open_balance.text(),
            "invoiceStatus": view.status.value,
            "invoiceDueDate": date_text(view.due_date),
            "invoiceRecipient": view.recipient,
            "invoiceLink": view.url,
        }
    )


def failure_outputs(code: str, sentence: str, names: Sequence[str] = OUTPUT_NAMES) -> dict[str, str]:
    """The workflow's later actions can branch on the code; every other output of the action is empty."""
    return fill_outputs({"errorCode": code, "errorMessage": sentence}, names)


def date_text(day: date | None) -> str:
    """A day for HubSpot: YYYY-MM-DD, "" for none."""
    return day.isoformat() if day else ""


def time_text(instant: datetime) -> str:
    """An instant for HubSpot: ISO 8601 in UTC, to the millisecond."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fill_outputs(known: Mapping[str, str], names: Sequence[str] = OUTPUT_NAMES) -> dict[str, str]:
    """All outputs of an action, "" where there is nothing to tell."""
    return {name: known.get(name, "") for name in names}
