"""Invoices as we last knew them, and the deal each belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.ids import CallbackId, DealId, InvoiceId, PortalId, RealmId
from service.store.database import Database, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """One invoice's last known state; `document` is QuickBooks' answer as JSON text."""

    realm_id: RealmId
    invoice_id: InvoiceId
    portal_id: PortalId
    deal_id: DealId
    callback_id: CallbackId | None
    sync_token: str
    status: str
    document: str
    changed_at: datetime
    known_at: datetime


_KEEP = sa.text(
    """INSERT INTO invoices (realm_id, invoice_id, portal_id, deal_id, callback_id, sync_token, status, document,
         changed_at, known_at)
       VALUES (:realm_id, :invoice_id, :portal_id, :deal_id, :callback_id, :sync_token, :status, :document,
         :changed_at, :known_at)
       ON CONFLICT (realm_id, invoice_id) DO UPDATE SET sync_token = excluded.sync_token, status = excluded.status,
         document = excluded.document, changed_at = excluded.changed_at, known_at = excluded.known_at"""
)
_OF_DEAL = sa.text(
    """SELECT * FROM invoices WHERE portal_id = :portal_id AND deal_id = :deal_id
       ORDER BY changed_at, invoice_id"""
)


class Invoices:
    """The table of invoices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, tx: sa.Connection, invoice: KnownInvoice) -> None:
        """Write down the newest state of an invoice."""
        row: dict[str, Any] = {name: getattr(invoice, name) for name in KnownInvoice.__slots__}
        tx.execute(_KEEP, {**row, "changed_at": to_ms(invoice.changed_at), "known_at": to_ms(invoice.known_at)})

    def of_deal(self, portal_id: PortalId, deal_id: DealId) -> list[KnownInvoice]:
        """The deal's invoices in every realm, the one QuickBooks changed last at the end."""
        with self._database.read() as connection:
            rows = connection.execute(_OF_DEAL, {"portal_id": portal_id, "deal_id": deal_id}).mappings().all()
        return [_read(row) for row in rows]


def document_of(entity: dict[str, Any]) -> str:
    """A QuickBooks answer as stored; Decimals keep their digits."""
    return json.dumps(entity, default=str, separators=(",", ":"))


def _read(row: sa.RowMapping) -> KnownInvoice:
    return KnownInvoice(
        **{
            **{name: row[name] for name in KnownInvoice.__slots__},
            "changed_at": from_ms(row["changed_at"]),
            "known_at": from_ms(row["known_at"]),
        }
    )
