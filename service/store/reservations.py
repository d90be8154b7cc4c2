"""Reservations: "this callback is about to make this write", written before the first try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.errors import TryLater
from service.ids import CallbackId, CustomerId, DealId, Mark, PortalId, RealmId, RequestId
from service.store.database import Database, from_ms, from_ms_or_none, to_ms

OPEN, CREATED, REFUSED, REPLACED = "open", "created", "refused", "replaced"
CREATE, SEND, UPDATE, VOID, ATTACH, APPLY = "create", "send", "update", "void", "attach", "apply"


@dataclass(frozen=True, slots=True)
class Reservation:
    """One generation of a callback's write: request id, exact body, mark.

    `state`: open (outcome not known), created (done), refused (QuickBooks made nothing), replaced (looked
    for, not found, and a new generation took over). `look_first`: do not repeat before looking.
    `operation`: create, send, update, void or attach; `entity_id` is known from the start of what exists.
    `tried_at`: the last try, None for the one of `reserved_at`.
    """

    portal_id: PortalId
    callback_id: CallbackId
    generation: int
    realm_id: RealmId
    entity: str
    request_id: RequestId
    mark: Mark
    customer_id: CustomerId
    body: bytes
    state: str
    reserved_at: datetime
    look_first: bool
    entity_id: str | None = None
    ended_at: datetime | None = None
    operation: str = CREATE
    tried_at: datetime | None = None


_RESERVE = sa.text(
    """INSERT INTO reservations (portal_id, callback_id, generation, realm_id, entity, request_id, mark, customer_id,
         body, state, reserved_at, look_first, entity_id, operation)
       VALUES (:portal_id, :callback_id, :generation, :realm_id, :entity, :request_id, :mark, :customer_id,
         :body, 'open', :reserved_at, :look_first, :entity_id, :operation)"""
)
_LATEST = sa.text(
    """SELECT * FROM reservations WHERE portal_id = :portal_id AND callback_id = :callback_id
       ORDER BY generation DESC LIMIT 1"""
)
_ALL = sa.text(
    "SELECT * FROM reservations WHERE portal_id = :portal_id AND callback_id = :callback_id ORDER BY generation"
)
_OPEN_OF_OBJECT = sa.text(
    """SELECT r.* FROM reservations r
       JOIN callbacks c ON c.portal_id = r.portal_id AND c.callback_id = r.callback_id
       WHERE r.state = 'open' AND r.operation = :operation AND r.entity = :entity
         AND r.portal_id = :portal_id AND r.realm_id = :realm_id
         AND r.callback_id <> :callback_id AND c.object_type = :object_type AND c.object_id = :object_id
       ORDER BY r.reserved_at"""
)
_CREATED_OF_OBJECT = sa.text(
    """SELECT r.* FROM reservations r
       JOIN callbacks c ON c.portal_id = r.portal_id AND c.callback_id = r.callback_id
       WHERE r.state = 'created' AND r.operation = :operation AND r.entity = :entity AND r.portal_id = :portal_id
         AND r.realm_id = :realm_id AND c.object_type = :object_type AND c.object_id = :object_id
       ORDER BY r.reserved_at DESC"""
)
_WRITERS_OF = sa.text(
    """SELECT portal_id, callback_id FROM reservations
       WHERE realm_id = :realm_id AND entity = :entity AND entity_id = :entity_id
         AND state = 'created' AND operation IN ('create', 'update') ORDER BY ended_at, reserved_at"""
)
_OF_MARKS = sa.text(
    """SELECT r.*, c.object_id FROM reservations r
       JOIN callbacks c ON c.portal_id = r.portal_id AND c.callback_id = r.callback_id
       WHERE r.realm_id = :realm_id AND r.mark IN :marks AND c.object_type = 'DEAL' ORDER BY r.reserved_at"""
).bindparams(sa.bindparam("marks", expanding=True))
_DEALS_OF = sa.text(
    """SELECT DISTINCT c.object_id FROM reservations r
       JOIN callbacks c ON c.portal_id = r.portal_id AND c.callback_id = r.callback_id
       WHERE r.realm_id = :realm_id AND r.entity = :entity AND r.entity_id IN :ids AND r.state = 'created'
         AND c.object_type = 'DEAL' ORDER BY c.object_id"""
).bindparams(sa.bindparam("ids", expanding=True))
_END = sa.text(
    """UPDATE reservations SET state = :state, entity_id = coalesce(:entity_id, entity_id), ended_at = :at
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND generation = :generation AND state = 'open'"""
)
_TRY_AGAIN = sa.text(
    """UPDATE reservations SET tried_at = :at
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND generation = :generation AND state = 'open'"""
)
_LOOK_FIRST = sa.text(
    """UPDATE reservations SET look_first = :yes
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND generation = :generation"""
)


class Reservations:
    """The table of reservations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, reservation: Reservation) -> None:
        """Write the reservation durably; only after that may anything be sent.

        Raises: TryLater when another run of the callback has reserved meanwhile.
        """
        with self._database.write() as tx:
            self.reserve_in(tx, reservation)

    def reserve_in(self, tx: sa.Connection, reservation: Reservation) -> None:
        """As `reserve`, in a transaction of the caller's."""
        row = {
            "portal_id": reservation.portal_id,
            "callback_id": reservation.callback_id,
            "generation": reservation.generation,
            "realm_id": reservation.realm_id,
            "entity": reservation.entity,
            "request_id": reservation.request_id,
            "mark": reservation.mark,
            "customer_id": reservation.customer_id,
            "body": reservation.body.decode(),
            "reserved_at": to_ms(reservation.reserved_at),
            "look_first": reservation.look_first,
            "entity_id": reservation.entity_id,
            "operation": reservation.operation,
        }
        try:
            tx.execute(_RESERVE, row)
        except sa.exc.IntegrityError as error:
            raise TryLater("Another run of this callback is about to write its invoice.") from error

    def latest(self, portal_id: PortalId, callback_id: CallbackId) -> Reservation | None:
        """The callback's newest generation, or None."""
        with self._database.read() as connection:
            row = connection.execute(_LATEST, {"portal_id": portal_id, "callback_id": callback_id}).mappings().first()
        return None if row is None else _read(row)

    def open_of_object(
        self,
        portal_id: PortalId,
        realm_id: RealmId,
        object_type: str,
        object_id: str,
        but: CallbackId,
        entity: str = "Invoice",
    ) -> list[Reservation]:
        """Creates of other callbacks of an enrolled object whose outcome never became known."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "callback_id": but, "entity": entity, "operation": CREATE}
        with self._database.read() as connection:
            found = connection.execute(_OPEN_OF_OBJECT, {**row, "object_type": object_type, "object_id": object_id})
            return [_read(each) for each in found.mappings()]

    def created_of_object(
        self, portal_id: PortalId, realm_id: RealmId, object_type: str, object_id: str, entity: str
    ) -> list[Reservation]:
        """Creates of an enrolled object's callbacks that were made, the newest first."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "entity": entity, "operation": CREATE}
        with self._database.read() as connection:
            found = connection.execute(_CREATED_OF_OBJECT, {**row, "object_type": object_type, "object_id": object_id})
            return [_read(each) for each in found.mappings()]

    def of_marks(self, realm_id: RealmId, marks: Sequence[Mark]) -> list[tuple[Reservation, DealId]]:
        """The writes that carry one of these marks, each with the deal it was made for."""
        if not marks:
            return []
        with self._database.read() as connection:
            found = connection.execute(_OF_MARKS, {"realm_id": realm_id, "marks": list(marks)}).mappings()
            return [(_read(each), DealId(each["object_id"])) for each in found]

    def deals_of(self, realm_id: RealmId, entity: str, ids: Sequence[str]) -> list[DealId]:
        """The deals for which we made these entities of QuickBooks."""
        if not ids:
            return []
        row = {"realm_id": realm_id, "entity": entity, "ids": list(ids)}
        with self._database.read() as connection:
            return [DealId(each.object_id) for each in connection.execute(_DEALS_OF, row)]

    def writers_of(self, realm_id: RealmId, entity: str, entity_id: str) -> list[tuple[PortalId, CallbackId]]:
        """The callbacks that created or updated an entity, the oldest write first."""
        row = {"realm_id": realm_id, "entity": entity, "entity_id": entity_id}
        with self._database.read() as connection:
            found = connection.execute(_WRITERS_OF, row).all()
        return [(PortalId(each.portal_id), CallbackId(each.callback_id)) for each in found]

    def all(self, portal_id: PortalId, callback_id: CallbackId) -> list[Reservation]:
        """Every generation, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(_ALL, {"portal_id": portal_id, "callback_id": callback_id}).mappings().all()
        return [_read(row) for row in rows]

    def end(
        self, tx: sa.Connection, reservation: Reservation, state: str, now: datetime, entity_id: str | None = None
    ) -> bool:
        """Say how the write ended; False when that is known already."""
        row = {
            "portal_id": reservation.portal_id,
            "callback_id": reservation.callback_id,
            "generation": reservation.generation,
            "state": state,
            "entity_id": entity_id,
            "at": to_ms(now),
        }
        return tx.execute(_END, row).rowcount == 1

    def try_again(self, reservation: Reservation, at: datetime | None) -> None:
        """Write down when the write was last sent, before it is; None: at no other time than `reserved_at`."""
        row = {
            "portal_id": reservation.portal_id,
            "callback_id": reservation.callback_id,
            "generation": reservation.generation,
            "at": None if at is None else to_ms(at),
        }
        with self._database.write() as tx:
            tx.execute(_TRY_AGAIN, row)

    def set_look_first(self, reservation: Reservation, yes: bool) -> None:
        """Remember whether to look before the next repeat."""
        row = {
            "portal_id": reservation.portal_id,
            "callback_id": reservation.callback_id,
            "generation": reservation.generation,
            "yes": yes,
        }
        with self._database.write() as tx:
            tx.execute(_LOOK_FIRST, row)


def _read(row: sa.RowMapping) -> Reservation:
    return Reservation(
        portal_id=PortalId(row["portal_id"]),
        callback_id=CallbackId(row["callback_id"]),
        generation=row["generation"],
        realm_id=RealmId(row["realm_id"]),
        entity=row["entity"],
        request_id=RequestId(row["request_id"]),
        mark=Mark(row["mark"]),
        customer_id=CustomerId(row["customer_id"]),
        body=row["body"].encode(),
        state=row["state"],
        reserved_at=from_ms(row["reserved_at"]),
        look_first=bool(row["look_first"]),
        entity_id=row["entity_id"],
        ended_at=from_ms_or_none(row["ended_at"]),
        operation=row["operation"],
        tried_at=from_ms_or_none(row["tried_at"]),
    )
