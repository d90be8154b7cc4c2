"""Notes of payments on deals' timelines: each payment once on each deal, whatever gets lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.ids import DealId, ObjectId, PaymentId, PortalId, RealmId
from service.store.database import Database, to_ms


@dataclass(frozen=True, slots=True)
class PaymentNote:
    """One payment on one deal. `note_id` None: a create may have been sent. `said` names what the note says."""

    portal_id: PortalId
    deal_id: DealId
    realm_id: RealmId
    payment_id: PaymentId
    note_id: ObjectId | None = None
    said: str | None = None

    @property
    def key(self) -> dict[str, object]:
        """The columns of the key."""
        return {
            "portal_id": self.portal_id,
            "deal_id": self.deal_id,
            "realm_id": self.realm_id,
            "payment_id": self.payment_id,
        }


_KEYED = "portal_id = :portal_id AND deal_id = :deal_id AND realm_id = :realm_id AND payment_id = :payment_id"
_FIND = sa.text(
    "SELECT * FROM payment_notes WHERE portal_id = :portal_id AND realm_id = :realm_id AND payment_id = :payment_id"
)
_RESERVE = sa.text(
    """INSERT INTO payment_notes (portal_id, deal_id, realm_id, payment_id, reserved_at)
       VALUES (:portal_id, :deal_id, :realm_id, :payment_id, :at)
       ON CONFLICT (portal_id, deal_id, realm_id, payment_id) DO NOTHING"""
)
_SAID = sa.text(f"UPDATE payment_notes SET note_id = :note_id, said = :said WHERE {_KEYED}")  # noqa: S608
_FORGET = sa.text(f"DELETE FROM payment_notes WHERE {_KEYED} AND note_id IS NULL")  # noqa: S608
# Where both deals show the payment, each keeps its own note: HubSpot has put both on one timeline.
_MOVE = sa.text(
    """UPDATE payment_notes SET deal_id = :heir WHERE portal_id = :portal_id AND deal_id = :deal_id
       AND NOT EXISTS (SELECT 1 FROM payment_notes other WHERE other.portal_id = payment_notes.portal_id
         AND other.deal_id = :heir AND other.realm_id = payment_notes.realm_id
         AND other.payment_id = payment_notes.payment_id)"""
)


class PaymentNotes:
    """The table of payment notes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_payment(self, portal_id: PortalId, realm_id: RealmId, payment_id: PaymentId) -> dict[DealId, PaymentNote]:
        """The payment's notes in a portal, by deal."""
        asked = {"portal_id": portal_id, "realm_id": realm_id, "payment_id": payment_id}
        with self._database.read() as connection:
            rows = connection.execute(_FIND, asked)
            return {
                row.deal_id: PaymentNote(portal_id, row.deal_id, realm_id, payment_id, row.note_id, row.said)
                for row in rows
            }

    def reserve(self, note: PaymentNote, now: datetime) -> bool:
        """Write down that the note is about to be created; False when somebody has."""
        with self._database.write() as tx:
            return tx.execute(_RESERVE, {**note.key, "at": to_ms(now)}).rowcount == 1

    def keep(self, note: PaymentNote, note_id: ObjectId, said: str) -> None:
        """The note is there, and says this."""
        with self._database.write() as tx:
            tx.execute(_SAID, {**note.key, "note_id": note_id, "said": said})

    def forget(self, note: PaymentNote) -> None:
        """HubSpot refused to create it: there is none."""
        with self._database.write() as tx:
            tx.execute(_FORGET, note.key)

    def move(self, tx: sa.Connection, portal_id: PortalId, deal_id: DealId, heir: DealId) -> None:
        """A deal was merged into another: its notes are the other's."""
        tx.execute(_MOVE, {"portal_id": portal_id, "deal_id": deal_id, "heir": heir})
