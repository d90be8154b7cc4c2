"""Invoices as we last knew them, and the deal each belongs to."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from service.ids import CallbackId, DealId, InvoiceId, PortalId, RealmId
from service.store.database import Database, from_ms, to_ms
from service.store.erasure import redact
from service.store.mirrors import touch_mirror


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
    customer_id: str = ""
    due_date: date | None = None


# Never backwards: an answer that was overtaken by a later one changes nothing. What is deleted stays so until the
# books hold a newer version of it.
_KEEP = sa.text(
    """INSERT INTO invoices (realm_id, invoice_id, portal_id, deal_id, callback_id, sync_token, status, document,
         changed_at, known_at, customer_id, due_date)
       VALUES (:realm_id, :invoice_id, :portal_id, :deal_id, :callback_id, :sync_token, :status, :document,
         :changed_at, :known_at, :customer_id, :due_date)
       ON CONFLICT (realm_id, invoice_id) DO UPDATE SET sync_token = excluded.sync_token, status = excluded.status,
         document = CASE WHEN invoices.erased THEN :redacted ELSE excluded.document END,
         changed_at = excluded.changed_at, known_at = excluded.known_at,
         customer_id = excluded.customer_id, due_date = excluded.due_date
       WHERE CAST(excluded.sync_token AS INTEGER) > CAST(invoices.sync_token AS INTEGER)
          OR (excluded.sync_token = invoices.sync_token AND excluded.known_at >= invoices.known_at
              AND (invoices.status <> 'deleted' OR excluded.status = 'deleted'))"""
)
_FIND = sa.text("SELECT * FROM invoices WHERE realm_id = :realm_id AND invoice_id IN :ids").bindparams(
    sa.bindparam("ids", expanding=True)
)
_OF_CUSTOMER = sa.text(
    """SELECT invoice_id FROM invoices WHERE realm_id = :realm_id AND customer_id = :customer_id
       AND status <> 'deleted'"""
)
# The condition as in the index, word for word, so that it serves.
_OPEN = "status IN ('draft', 'sent', 'viewed', 'partially_paid', 'overdue')"
_MOVED_BY_TIME = sa.text(
    f"""SELECT * FROM invoices WHERE realm_id = :realm_id AND {_OPEN} AND due_date < :today AND status <> 'overdue'
        UNION ALL
        SELECT * FROM invoices WHERE realm_id = :realm_id AND {_OPEN} AND due_date >= :today AND status = 'overdue'
        LIMIT :limit"""  # noqa: S608
)
_OVERDUE_DEALS = sa.text(
    f"""SELECT DISTINCT portal_id, deal_id FROM invoices
        WHERE realm_id = :realm_id AND {_OPEN} AND due_date < :today AND status = 'overdue'"""  # noqa: S608
)
_OPEN_ONES = sa.text(f"SELECT * FROM invoices WHERE realm_id = :realm_id AND {_OPEN}")  # noqa: S608
_LIVE_ONES = sa.text("SELECT * FROM invoices WHERE realm_id = :realm_id AND status <> 'deleted'")
_SET_STATUS = sa.text(
    """UPDATE invoices SET status = :status
       WHERE realm_id = :realm_id AND invoice_id = :invoice_id AND sync_token = :sync_token AND status = :was"""
)
_MOVE = sa.text("UPDATE invoices SET deal_id = :heir WHERE portal_id = :portal_id AND deal_id = :deal_id")
_OF_DEALS = sa.text(
    """SELECT * FROM invoices WHERE portal_id = :portal_id AND deal_id IN :deals
       ORDER BY deal_id, changed_at, invoice_id"""
).bindparams(sa.bindparam("deals", expanding=True))
_OF_DEAL = sa.text(
    """SELECT * FROM invoices WHERE portal_id = :portal_id AND deal_id = :deal_id
       ORDER BY changed_at, invoice_id"""
)


class Invoices:
    """The table of invoices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, tx: sa.Connection, invoice: KnownInvoice) -> bool:
        """Write down the newest state of an invoice, its mirror follows; False when a newer one is known.

        `known_at` is when the answer was asked for: of two with one sync token, the later question counts.
        """
        row: dict[str, Any] = {name: getattr(invoice, name) for name in KnownInvoice.__slots__}
        row |= {"changed_at": to_ms(invoice.changed_at), "known_at": to_ms(invoice.known_at)}
        row["due_date"] = invoice.due_date.isoformat() if invoice.due_date else None
        row["redacted"] = redact(invoice.document)
        if tx.execute(_KEEP, row).rowcount != 1:
            return False
        touch_mirror(tx, invoice.realm_id, invoice.invoice_id, invoice.portal_id, invoice.known_at)
        return True

    def of_deal(self, portal_id: PortalId, deal_id: DealId) -> list[KnownInvoice]:
        """The deal's invoices in every realm, the one QuickBooks changed last at the end."""
        with self._database.read() as connection:
            rows = connection.execute(_OF_DEAL, {"portal_id": portal_id, "deal_id": deal_id}).mappings().all()
        return [_read(row) for row in rows]

    def of_deals(self, portal_id: PortalId, deal_ids: Collection[str]) -> dict[DealId, list[KnownInvoice]]:
        """As `of_deal`, for several deals in one question; deals without invoices are absent."""
        found: dict[DealId, list[KnownInvoice]] = {}
        if not deal_ids:
            return found
        with self._database.read() as connection:
            rows = connection.execute(_OF_DEALS, {"portal_id": portal_id, "deals": list(deal_ids)}).mappings()
            for row in map(_read, rows):
                found.setdefault(row.deal_id, []).append(row)
        return found

    def find(self, realm_id: RealmId, invoice_ids: Collection[str]) -> dict[InvoiceId, KnownInvoice]:
        """Those among the ids that we know, by id."""
        if not invoice_ids:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(_FIND, {"realm_id": realm_id, "ids": list(invoice_ids)}).mappings()
            return {row["invoice_id"]: _read(row) for row in rows}

    def of_customer(self, realm_id: RealmId, customer_id: str) -> list[InvoiceId]:
        """The ids of a customer's invoices that are not deleted."""
        with self._database.read() as connection:
            rows = connection.execute(_OF_CUSTOMER, {"realm_id": realm_id, "customer_id": customer_id})
            return [InvoiceId(row.invoice_id) for row in rows]

    def open_ones(self, realm_id: RealmId) -> list[KnownInvoice]:
        """The realm's invoices on which, as far as we know, something is owed."""
        return self._select(_OPEN_ONES, realm_id=realm_id)

    def live_ones(self, realm_id: RealmId) -> list[KnownInvoice]:
        """The realm's invoices that are not deleted, as far as we know."""
        return self._select(_LIVE_ONES, realm_id=realm_id)

    def moved_by_time(self, realm_id: RealmId, today: date, limit: int) -> list[KnownInvoice]:
        """Invoices whose status is another one because it is `today` in the realm."""
        return self._select(_MOVED_BY_TIME, realm_id=realm_id, today=today.isoformat(), limit=limit)

    def overdue_deals(self, realm_id: RealmId, today: date) -> list[tuple[PortalId, DealId]]:
        """Deals that have an overdue invoice: one day more each day."""
        with self._database.read() as connection:
            rows = connection.execute(_OVERDUE_DEALS, {"realm_id": realm_id, "today": today.isoformat()})
            return [(PortalId(row.portal_id), DealId(row.deal_id)) for row in rows]

    def set_statuses(self, tx: sa.Connection, changes: Sequence[tuple[KnownInvoice, str]]) -> None:
        """Another status, where nothing else has changed meanwhile."""
        rows = [
            {
                "realm_id": each.realm_id,
                "invoice_id": each.invoice_id,
                "sync_token": each.sync_token,
                "was": each.status,
                "status": status,
            }
            for each, status in changes
        ]
        if rows:
            tx.execute(_SET_STATUS, rows)

    def move(self, tx: sa.Connection, portal_id: PortalId, deal_id: DealId, heir: DealId) -> None:
        """A deal was merged into another: its invoices are the other's."""
        tx.execute(_MOVE, {"portal_id": portal_id, "deal_id": deal_id, "heir": heir})

    def _select(self, statement: sa.TextClause, **values: object) -> list[KnownInvoice]:
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(statement, values).mappings()]


def document_of(entity: dict[str, Any]) -> str:
    """A QuickBooks answer as stored; Decimals keep their digits."""
    return json.dumps(entity, default=str, separators=(",", ":"))


def _read(row: sa.RowMapping) -> KnownInvoice:
    return KnownInvoice(
        **{
            **{name: row[name] for name in KnownInvoice.__slots__},
            "changed_at": from_ms(row["changed_at"]),
            "known_at": from_ms(row["known_at"]),
            "due_date": date.fromisoformat(row["due_date"]) if row["due_date"] else None,
        }
    )
