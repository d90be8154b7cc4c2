"""Estimates, sales receipts and credit memos as QuickBooks keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from service.ids import CustomerId, InvoiceId
from service.quickbooks.fields import read_amount, read_date, read_entries, read_text, spell

# Intuit's schema (XSD), QboEstimateStatusEnum; the page on estimates adds Converted.
_ESTIMATE_STATUSES = ("Accepted", "Closed", "Pending", "Rejected", "Converted")


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """A sale as last read, whichever of the three it is.

    Money is in `currency`; `None` there means the realm's home currency. `balance`: what a credit memo has
    left. `status`: an estimate's. `invoice_ids`: what an estimate has become.
    """

    id: str
    sync_token: str
    doc_number: str | None
    total: Decimal
    balance: Decimal
    currency: str | None
    txn_date: date | None
    expiration_date: date | None
    customer_id: CustomerId
    customer_name: str | None
    bill_email: str | None
    private_note: str
    status: str
    invoice_ids: tuple[InvoiceId, ...]

    @property
    def is_voided(self) -> bool:
        """Nothing is left of it but its number."""
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/salesreceipt
        return self.total == 0 and self.private_note.startswith("Voided")

    @property
    def is_open(self) -> bool:
        """An estimate that may still become an invoice."""
        return self.status in ("Pending", "Accepted")


def parse_sale(content: Mapping[str, Any]) -> SaleFacts:
    """The facts of a sale; an amount left out is zero, an estimate without a status is pending."""
    zero = Decimal(0)
    links = [each for each in read_entries(content, "LinkedTxn") if read_text(each, "TxnType") == "Invoice"]
    return SaleFacts(
        id=read_text(content, "Id") or "",
        sync_token=read_text(content, "SyncToken") or "0",
        doc_number=read_text(content, "DocNumber"),
        total=read_amount(content, "TotalAmt") or zero,
        balance=read_amount(content, "RemainingCredit") or read_amount(content, "Balance") or zero,
        currency=read_text(content, "CurrencyRef", "value"),
        txn_date=read_date(content, "TxnDate"),
        expiration_date=read_date(content, "ExpirationDate"),
        customer_id=CustomerId(read_text(content, "CustomerRef", "value") or ""),
        customer_name=read_text(content, "CustomerRef", "name"),
        bill_email=read_text(content, "BillEmail", "Address"),
        private_note=read_text(content, "PrivateNote") or "",
        status=spell(read_text(content, "TxnStatus"), _ESTIMATE_STATUSES) or "Pending",
        invoice_ids=tuple(InvoiceId(found) for each in links if (found := read_text(each, "TxnId"))),
    )


def names_estimate(invoice: Mapping[str, Any], estimate_id: str) -> bool:
    """Whether an invoice was made from the estimate."""
    links = read_entries(invoice, "LinkedTxn")
    return any((read_text(each, "TxnType"), read_text(each, "TxnId")) == ("Estimate", estimate_id) for each in links)
