"""Invoices that were born in QuickBooks: which deal each belongs to, or why nobody has said so yet."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from service.ids import DealId, InvoiceId, PortalId, RealmId
from service.store.database import Database, from_ms, from_ms_or_none, to_ms
from service.store.invoices import KnownInvoice
from service.store.mirrors import touch_mirror

NEW, REVIEW, UNRELATED = "new", "review", "unrelated"
CHOSEN, REFUSED, ADOPTED = "chosen", "refused", "adopted"


@dataclass(frozen=True, slots=True)
class Possible:
    """A deal that an invoice may belong to, and what speaks for it."""

    deal_id: DealId
    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adoption:
    """One invoice as last known, and what was decided. `due_at` None: nothing is to be decided now."""

    realm_id: RealmId
    invoice_id: InvoiceId
    portal_id: PortalId
    number: str
    document: str
    status: str
    state: str
    candidates: tuple[Possible, ...]
    reason: str
    deal_id: DealId | None
    due_at: datetime | None
    tries: int
    changed_at: datetime
    known_at: datetime

    @property
    def key(self) -> dict[str, str]:
        """What names it."""
        return {"realm_id": self.realm_id, "invoice_id": self.invoice_id}

    def content(self) -> dict[str, Any]:
        """QuickBooks' answer; amounts are Decimals."""
        found: dict[str, Any] = json.loads(self.document, parse_float=Decimal)
        return found


# What a person has said, or we for good, is not asked again because the invoice changed.
_NOTE = sa.text(
    """INSERT INTO adoptions (realm_id, invoice_id, portal_id, number, document, status, state, candidates, reason,
         due_at, changed_at, known_at)
       VALUES (:realm_id, :invoice_id, :portal_id, :number, :document, :status, 'new', '[]', '',
         :due_at, :changed_at, :known_at)
       ON CONFLICT (realm_id, invoice_id) DO UPDATE SET number = excluded.number, document = excluded.document,
         status = excluded.status, changed_at = excluded.changed_at, known_at = excluded.known_at, tries = 0,
         due_at = CASE WHEN adoptions.state IN ('new', 'review', 'unrelated')
                    AND adoptions.document <> excluded.document THEN excluded.due_at ELSE adoptions.due_at END"""
)
_DELETED = sa.text(
    """UPDATE adoptions SET status = 'deleted', due_at = NULL, reason = 'deleted in QuickBooks',
         state = CASE WHEN state = 'adopted' THEN state ELSE 'refused' END
       WHERE realm_id = :realm_id AND invoice_id = :invoice_id AND status <> 'deleted' RETURNING portal_id"""
)
_DECIDE = sa.text(
    """UPDATE adoptions SET state = :state, candidates = :candidates, reason = :reason, deal_id = :deal_id,
         due_at = :due_at, tries = :tries
       WHERE realm_id = :realm_id AND invoice_id = :invoice_id"""
)
_DUE = sa.text("SELECT * FROM adoptions WHERE due_at <= :now ORDER BY due_at LIMIT :most")
_FIND = sa.text("SELECT * FROM adoptions WHERE realm_id = :realm_id AND invoice_id = :invoice_id")
_OF_REALM = sa.text("SELECT * FROM adoptions WHERE realm_id = :realm_id AND invoice_id IN :ids").bindparams(
    sa.bindparam("ids", expanding=True)
)
_LIST = sa.text("SELECT * FROM adoptions WHERE state IN :states ORDER BY known_at DESC LIMIT :most").bindparams(
    sa.bindparam("states", expanding=True)
)
_BY_NUMBER = sa.text("SELECT * FROM adoptions WHERE number = :number ORDER BY known_at DESC")
_COUNT = sa.text("SELECT count(*) FROM adoptions WHERE state = 'review'")


class Adoptions:
    """The table of adoptions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, invoice: KnownInvoice, number: str, due_at: datetime) -> None:
        """Write down an invoice that belongs to no deal of ours yet, as it is now; `deal_id` is not looked at."""
        row = {
            "realm_id": invoice.realm_id,
            "invoice_id": invoice.invoice_id,
            "portal_id": invoice.portal_id,
            "number": number,
            "document": invoice.document,
            "status": invoice.status,
            "due_at": to_ms(due_at),
            "changed_at": to_ms(invoice.changed_at),
            "known_at": to_ms(invoice.known_at),
        }
        with self._database.write() as tx:
            tx.execute(_NOTE, row)
            touch_mirror(tx, invoice.realm_id, invoice.invoice_id, invoice.portal_id, due_at)

    def note_deleted(self, realm_id: RealmId, invoice_ids: Collection[InvoiceId], now: datetime) -> None:
        """These are gone from QuickBooks, and those of them that are kept here need no deal any more."""
        if not invoice_ids:
            return
        with self._database.write() as tx:
            for each in invoice_ids:
                row = tx.execute(_DELETED, {"realm_id": realm_id, "invoice_id": each}).first()
                if row is not None:
                    touch_mirror(tx, realm_id, each, PortalId(row.portal_id), now)

    def due(self, now: datetime, most: int) -> list[Adoption]:
        """What is to be decided, the longest due first."""
        return self._read(_DUE, now=to_ms(now), most=most)

    def find(self, realm_id: RealmId, invoice_id: InvoiceId) -> Adoption | None:
        """One invoice, if it was born in QuickBooks."""
        return next(iter(self._read(_FIND, realm_id=realm_id, invoice_id=invoice_id)), None)

    def of_states(self, states: Sequence[str], most: int = 200) -> list[Adoption]:
        """The invoices in these states, the newest first."""
        return self._read(_LIST, states=list(states), most=most)

    def by_number(self, number: str) -> list[Adoption]:
        """The invoices with a number, in whatever realm."""
        return self._read(_BY_NUMBER, number=number)

    def count_reviews(self) -> int:
        """How many wait for a person."""
        with self._database.read() as connection:
            return int(connection.execute(_COUNT).scalar_one())

    def find_invoices(self, realm_id: RealmId, invoice_ids: Sequence[InvoiceId]) -> dict[InvoiceId, KnownInvoice]:
        """Those of a realm's invoices that are kept here, seen as invoices without a deal: `deal_id` is empty."""
        if not invoice_ids:
            return {}
        found = self._read(_OF_REALM, realm_id=realm_id, ids=list(invoice_ids))
        return {each.invoice_id: as_invoice(each, DealId("")) for each in found}

    def decide(self, adoption: Adoption, **decided: Any) -> None:
        """Write down what was decided, or when to try again."""
        with self._database.write() as tx:
            self.decide_in(tx, adoption, **decided)

    def decide_in(self, tx: sa.Connection, adoption: Adoption, **decided: Any) -> None:
        """As `decide`, in a transaction of the caller's. Nothing stays due unless `due_at` is given."""
        new = replace(adoption, **{"due_at": None, "tries": 0, **decided})
        row = {
            **new.key,
            "state": new.state,
            "candidates": json.dumps([[each.deal_id, each.name, list(each.reasons)] for each in new.candidates]),
            "reason": new.reason,
            "deal_id": new.deal_id,
            "due_at": None if new.due_at is None else to_ms(new.due_at),
            "tries": new.tries,
        }
        tx.execute(_DECIDE, row)

    def _read(self, statement: sa.TextClause, **row: Any) -> list[Adoption]:
        with self._database.read() as connection:
            return [_adoption(each) for each in connection.execute(statement, row).mappings()]


def as_invoice(adoption: Adoption, deal_id: DealId) -> KnownInvoice:
    """The invoice of a deal, made of what was kept while it had none."""
    return KnownInvoice(
        realm_id=adoption.realm_id,
        invoice_id=adoption.invoice_id,
        portal_id=adoption.portal_id,
        deal_id=deal_id,
        callback_id=None,
        sync_token=str(adoption.content().get("SyncToken") or "0"),
        status=adoption.status,
        document=adoption.document,
        changed_at=adoption.changed_at,
        known_at=adoption.known_at,
    )


def _adoption(row: sa.RowMapping) -> Adoption:
    known: dict[str, Any] = {name: row[name] for name in Adoption.__slots__}
    known |= {
        "candidates": tuple(Possible(DealId(i), name, tuple(why)) for i, name, why in json.loads(row["candidates"])),
        "due_at": from_ms_or_none(row["due_at"]),
        "changed_at": from_ms(row["changed_at"]),
        "known_at": from_ms(row["known_at"]),
    }
    return Adoption(**known)
