"""Invoices as QuickBooks keeps them.

What is known of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.ids import CustomerId, InvoiceId, RealmId
from service.quickbooks.fields import read_amount, read_date, read_entries, read_flag, read_instant, read_text, spell
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import where_equals

PAY_LINK = "InvoiceLink"
_EMAIL_STATUSES = ("NotSet", "NeedToSend", "EmailSent")
# Intuit's schema (XSD), ETransactionStatusEnum; seen on real invoices, absent from the page on invoices.
_E_INVOICE_STATUSES = (
    *("Sent", "Viewed", "Paid", "Delivery Error", "Updated", "Error", "Accepted", "Rejected"),
    *("Sent With ICN Error", "Delivered", "Disputed"),
)


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice as last read.

    Money is in `currency`; `None` there means the realm's home currency.
    QuickBooks stores no status: it is derived from these. `payment_ids` are the payments applied to it.
    """

    id: InvoiceId
    sync_token: str
    doc_number: str | None
    total: Decimal
    balance: Decimal
    deposit: Decimal
    total_tax: Decimal
    currency: str | None
    txn_date: date | None
    due_date: date | None
    customer_id: CustomerId
    customer_name: str | None
    bill_email: str | None
    private_note: str
    email_status: str
    delivery_time: datetime | None
    e_invoice_status: str | None
    invoice_link: str | None
    payment_ids: tuple[str, ...]
    created_at: datetime | None
    last_updated_at: datetime | None


def parse_invoice(content: Mapping[str, Any]) -> InvoiceFacts:
    """The facts of an invoice.

    An amount left out is zero, other missing keys are `None`.
    """
    zero = Decimal(0)
    tax = content.get("TxnTaxDetail")
    return InvoiceFacts(
        id=InvoiceId(read_text(content, "Id") or ""),
        sync_token=read_text(content, "SyncToken") or "0",
        doc_number=read_text(content, "DocNumber"),
        total=read_amount(content, "TotalAmt") or zero,
        balance=read_amount(content, "Balance") or zero,
        deposit=read_amount(content, "Deposit") or zero,
        total_tax=(read_amount(tax, "TotalTax") if isinstance(tax, Mapping) else None) or zero,
        currency=read_text(content, "CurrencyRef", "value"),
        txn_date=read_date(content, "TxnDate"),
        due_date=read_date(content, "DueDate"),
        customer_id=CustomerId(read_text(content, "CustomerRef", "value") or ""),
        customer_name=read_text(content, "CustomerRef", "name"),
        bill_email=read_text(content, "BillEmail", "Address"),
        private_note=read_text(content, "PrivateNote") or "",
        email_status=spell(read_text(content, "EmailStatus"), _EMAIL_STATUSES) or "NotSet",
        delivery_time=read_instant(content, "DeliveryInfo", "DeliveryTime"),
        e_invoice_status=spell(read_text(content, "EInvoiceStatus"), _E_INVOICE_STATUSES),
        invoice_link=read_text(content, PAY_LINK),
        payment_ids=_payment_ids(content),
        created_at=read_instant(content, "MetaData", "CreateTime"),
        last_updated_at=read_instant(content, "MetaData", "LastUpdatedTime"),
    )


def read_with_pay_link(gateway: Gateway, realm_id: RealmId, invoice_id: InvoiceId) -> dict[str, Any] | None:
    """The invoice as it is now, with the customer's pay link where it has one; `None` when it was deleted."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (InvoiceLink)
    # Neither a query nor a create tells the link.
    return gateway.read(realm_id, "Invoice", invoice_id, include="invoiceLink")


def may_have_pay_link(content: Mapping[str, Any]) -> bool:
    """Whether there can be a link: money is open, somebody gets it, and not both ways of paying are ruled out."""
    facts = parse_invoice(content)
    ways = [read_flag(content, name) for name in ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")]
    return facts.balance > 0 and bool(facts.bill_email) and ways != [False, False]


def find_by_number(gateway: Gateway, realm_id: RealmId, doc_number: str) -> list[InvoiceFacts]:
    """All invoices with a number, the oldest first; numbers may repeat in QuickBooks."""
    found = gateway.query(realm_id, "Invoice", where_equals("DocNumber", doc_number))
    return sorted(map(parse_invoice, found), key=_age)


def _payment_ids(content: Mapping[str, Any]) -> tuple[str, ...]:
    links = read_entries(content, "LinkedTxn")
    found = (read_text(link, "TxnId") for link in links if read_text(link, "TxnType") == "Payment")
    return tuple(dict.fromkeys(txn_id for txn_id in found if txn_id))


def _age(invoice: InvoiceFacts) -> tuple[int, str]:
    return (int(invoice.id), "") if invoice.id.isdecimal() else (0, invoice.id)
