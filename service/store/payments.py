"""Payments as we last knew them, and what each of them settles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from service.ids import InvoiceId, PaymentId, RealmId
from service.store.database import Database, from_ms, to_ms

LIVE, VOIDED, DELETED = "live", "voided", "deleted"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a payment settles of one transaction, in the payment's currency. `txn_type`: Invoice, CreditMemo, …"""

    txn_type: str
    txn_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """One payment's last known state; `document` is QuickBooks' answer as JSON text."""

    realm_id: RealmId
    payment_id: PaymentId
    sync_token: str
    state: str
    document: str
    changed_at: datetime
    known_at: datetime
    applied: tuple[Applied, ...] = ()

    @property
    def invoice_ids(self) -> list[InvoiceId]:
        """The invoices it settles, each once."""
        return list(dict.fromkeys(InvoiceId(each.txn_id) for each in self.applied if each.txn_type == "Invoice"))


# As for invoices: never backwards, and what is deleted stays so until there is a newer version.
_KEEP = sa.text(
    """INSERT INTO payments (realm_id, payment_id, sync_token, state, document, changed_at, known_at)
       VALUES (:realm_id, :payment_id, :sync_token, :state, :document, :changed_at, :known_at)
       ON CONFLICT (realm_id, payment_id) DO UPDATE SET sync_token = excluded.sync_token, state = excluded.state,
         document = excluded.document, changed_at = excluded.changed_at, known_at = excluded.known_at
       WHERE CAST(excluded.sync_token AS INTEGER) > CAST(payments.sync_token AS INTEGER)
          OR (excluded.sync_token = payments.sync_token AND excluded.known_at >= payments.known_at
              AND (payments.state <> 'deleted' OR excluded.state = 'deleted'))"""
)
_UNAPPLY = sa.text("DELETE FROM applied_payments WHERE realm_id = :realm_id AND payment_id = :payment_id")
_APPLY = sa.text(
    """INSERT INTO applied_payments (realm_id, payment_id, txn_type, txn_id, amount)
       VALUES (:realm_id, :payment_id, :txn_type, :txn_id, :amount)"""
)
_FIND = sa.text("SELECT * FROM payments WHERE realm_id = :realm_id AND payment_id IN :ids").bindparams(
    sa.bindparam("ids", expanding=True)
)
_APPLIED = sa.text(
    "SELECT * FROM applied_payments WHERE realm_id = :realm_id AND payment_id IN :ids ORDER BY txn_type, txn_id"
).bindparams(sa.bindparam("ids", expanding=True))
_OF_TXNS = sa.text(
    """SELECT DISTINCT payment_id FROM applied_payments
       WHERE realm_id = :realm_id AND txn_type = :txn_type AND txn_id IN :ids"""
).bindparams(sa.bindparam("ids", expanding=True))


class Payments:
    """The table of payments, with what they settle."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, tx: sa.Connection, payment: KnownPayment) -> bool:
        """Write down the newest state of a payment and all it settles; False when a newer one is known."""
        key = {"realm_id": payment.realm_id, "payment_id": payment.payment_id}
        row = key | {
            "sync_token": payment.sync_token,
            "state": payment.state,
            "document": payment.document,
            "changed_at": to_ms(payment.changed_at),
            "known_at": to_ms(payment.known_at),
        }
        if tx.execute(_KEEP, row).rowcount != 1:
            return False
        tx.execute(_UNAPPLY, key)
        rows = [key | {"txn_type": a.txn_type, "txn_id": a.txn_id, "amount": str(a.amount)} for a in payment.applied]
        if rows:
            tx.execute(_APPLY, rows)
        return True

    def find(self, realm_id: RealmId, payment_ids: Collection[str]) -> dict[PaymentId, KnownPayment]:
        """Those among the ids that we know, by id."""
        if not payment_ids:
            return {}
        asked = {"realm_id": realm_id, "ids": list(payment_ids)}
        with self._database.read() as connection:
            found = {row.payment_id: _read(row) for row in connection.execute(_FIND, asked)}
            for row in connection.execute(_APPLIED, asked):
                if row.payment_id in found:
                    applied = Applied(row.txn_type, row.txn_id, Decimal(row.amount))
                    known = found[row.payment_id]
                    found[row.payment_id] = replace(known, applied=(*known.applied, applied))
        return found

    def of_invoices(self, realm_id: RealmId, invoice_ids: Collection[str]) -> list[KnownPayment]:
        """The payments that settle some of these invoices."""
        return list(self.find(realm_id, self.ids_of(realm_id, "Invoice", invoice_ids)).values())

    def ids_of(self, realm_id: RealmId, txn_type: str, txn_ids: Collection[str]) -> Sequence[PaymentId]:
        """The ids of the payments that settle some of these transactions."""
        if not txn_ids:
            return []
        asked = {"realm_id": realm_id, "txn_type": txn_type, "ids": list(txn_ids)}
        with self._database.read() as connection:
            return [PaymentId(row.payment_id) for row in connection.execute(_OF_TXNS, asked)]


def _read(row: sa.Row[tuple[object, ...]]) -> KnownPayment:
    return KnownPayment(
        realm_id=row.realm_id,
        payment_id=row.payment_id,
        sync_token=row.sync_token,
        state=row.state,
        document=row.document,
        changed_at=from_ms(row.changed_at),
        known_at=from_ms(row.known_at),
    )
