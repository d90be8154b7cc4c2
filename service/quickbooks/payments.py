"""Payments as QuickBooks keeps them: how much, when, and what they settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from service.ids import CustomerId, PaymentId
from service.quickbooks.fields import read_amount, read_date, read_entries, read_instant, read_text


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment as last read. Money is in `currency`, `None` there means the realm's home currency.

    `applied`: type and id of each transaction it settles, and how much of it.
    """

    id: PaymentId
    sync_token: str
    total: Decimal
    unapplied: Decimal
    currency: str | None
    txn_date: date | None
    customer_id: CustomerId
    customer_name: str | None
    number: str | None
    private_note: str
    applied: tuple[tuple[str, str, Decimal], ...]
    created_at: datetime | None
    last_updated_at: datetime | None

    @property
    def is_voided(self) -> bool:
        """Nothing is left of it. A payment of nothing that applies a credit has lines."""
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment#void-a-payment
        return self.total == 0 and not self.applied


# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment
def parse_payment(content: Mapping[str, Any]) -> PaymentFacts:
    """The facts of a payment; an amount left out is zero, other missing keys are `None`."""
    zero = Decimal(0)
    applied: dict[tuple[str, str], Decimal] = {}
    for line in read_entries(content, "Line"):
        for link in read_entries(line, "LinkedTxn"):
            key = read_text(link, "TxnType") or "", read_text(link, "TxnId") or ""
            applied[key] = applied.get(key, zero) + (read_amount(line, "Amount") or zero)
    return PaymentFacts(
        id=PaymentId(read_text(content, "Id") or ""),
        sync_token=read_text(content, "SyncToken") or "0",
        total=read_amount(content, "TotalAmt") or zero,
        unapplied=read_amount(content, "UnappliedAmt") or zero,
        currency=read_text(content, "CurrencyRef", "value"),
        txn_date=read_date(content, "TxnDate"),
        customer_id=CustomerId(read_text(content, "CustomerRef", "value") or ""),
        customer_name=read_text(content, "CustomerRef", "name"),
        number=read_text(content, "PaymentRefNum"),
        private_note=read_text(content, "PrivateNote") or "",
        applied=tuple((kind, txn_id, amount) for (kind, txn_id), amount in applied.items()),
        created_at=read_instant(content, "MetaData", "CreateTime"),
        last_updated_at=read_instant(content, "MetaData", "LastUpdatedTime"),
    )
