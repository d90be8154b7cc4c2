"""Reserve, write, settle: how exactly one entity comes of a callback, whatever gets lost.

For what is created and carries our mark in its private note: invoices, estimates, sales receipts, credit
memos, payments. The reservation is committed before anything is sent. An unknown outcome repeats the same
request id with the byte-identical body; from the second one on, or when the repeat has to wait, it is looked for
by its mark before. A new request id is taken when QuickBooks says that it has seen the old one, or after an hour,
once the look has found nothing and no try can still be under way.

Not for what its own state makes safe to repeat: an update or a void is read again and planned again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.errors import AlreadySent, CannotInvoice, NumberTaken, OutcomeUnknown, RefusedByQuickBooks
from service.ids import CustomerId, Mark, RealmId, RequestId
from service.invoicing.marks import carries, derive_mark, derive_request_id
from service.logs import log
from service.quickbooks.faults import find_number_holder
from service.quickbooks.limits import QUIET
from service.quickbooks.marked import find_by_mark
from service.store.callbacks import StoredCallback
from service.store.reservations import CREATE, CREATED, OPEN, REFUSED, REPLACED, Reservation
from service.workflows.services import Services

LOG = logging.getLogger("service.workflows")
# How long QuickBooks remembers a request id is not documented, nor whether it repeats a failed answer to one for ever:
# after an hour another one takes over.
TRUST_REQUEST_ID = timedelta(hours=1)
# A callback this old may have been worked on by a database that is no more (a restored backup).
TRUST_ABSENCE = timedelta(hours=1)
# Something has what must be unique: perhaps our own earlier try.
DUPLICATE_FAULT = "630"
# QuickBooks' clock and ours differ, and its stamps are whole seconds.
SKEW = timedelta(hours=1)
# Customer, item, account or another reference is gone or inactive.
# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
REFERENCE_FAULTS = frozenset({"610", "2500", "6250"})
AMOUNT_FAULT = "6070"


@dataclass(frozen=True, slots=True)
class Written:
    """What QuickBooks holds now, as it answered."""

    reservation: Reservation
    entity: dict[str, Any]


def create_reserved(
    services: Services,
    callback: StoredCallback,
    entity: str,
    customer_id: CustomerId,
    draft: Callable[[Mark], bytes],
) -> Written:
    """The whole protocol, for a draft that needs no second thought: what was begun goes on, else reserve and create.

    `draft` gives the body, with the mark in its private note. Raises: as `send_reserved`.
    """
    begun = find_open_reservation(services, callback)
    if begun is not None:
        return send_reserved(services, callback, begun, repeated=True)
    mark = derive_mark(callback.portal_id, RealmId(str(callback.realm_id)), callback.callback_id)
    return send_reserved(services, callback, reserve(services, callback, entity, customer_id, draft(mark)))


def find_open_reservation(services: Services, callback: StoredCallback, operation: str = CREATE) -> Reservation | None:
    """The write that was begun and whose outcome is not known."""
    found = services.reservations.all(callback.portal_id, callback.callback_id)
    return next((each for each in found if each.operation == operation and each.state == OPEN), None)


def next_generation(services: Services, callback: StoredCallback) -> int:
    """The number of the callback's next reservation, from 1."""
    latest = services.reservations.latest(callback.portal_id, callback.callback_id)
    return 1 if latest is None else latest.generation + 1


def reserve(
    services: Services,
    callback: StoredCallback,
    entity: str,
    customer_id: CustomerId,
    body: bytes,
    *,
    operation: str = CREATE,
    entity_id: str | None = None,
    look_first: bool = False,
) -> Reservation:
    """Write down what is about to be sent, durably. Raises: TryLater when another run has done so meanwhile."""
    now = services.clock.now()
    realm_id = RealmId(str(callback.realm_id))
    generation = next_generation(services, callback)
    reservation = Reservation(
        portal_id=callback.portal_id,
        callback_id=callback.callback_id,
        generation=generation,
        realm_id=realm_id,
        entity=entity,
        request_id=_derive_request_id(callback, realm_id, generation, operation, entity),
        mark=derive_mark(callback.portal_id, realm_id, callback.callback_id),
        customer_id=customer_id,
        body=body,
        state=OPEN,
        reserved_at=now,
        look_first=look_first or (generation == 1 and operation == CREATE and should_look_first(callback, now)),
        entity_id=entity_id,
        operation=operation,
    )
    services.reservations.reserve(reservation)
    return reservation


def send_reserved(
    services: Services, callback: StoredCallback, reservation: Reservation, *, repeated: bool = False
) -> Written:
    """Have QuickBooks create what is reserved, or find that it has done so.

    A refusal ends the reservation: nothing was created. Where an earlier try may have arrived
    (`repeated`), it is believed only after a look: it speaks of this try, not of that one.
    Raises: CannotInvoice, OutcomeUnknown, TryLater, NotConnected.
    """
    now = services.clock.now()
    is_old = now - reservation.reserved_at > TRUST_REQUEST_ID
    # A worker that ended in the middle has written down no outcome, and nobody knows how long ago that was.
    if reservation.look_first or is_old or (repeated and callback.crashes > 0):
        found = look(services, reservation, callback.received_at)
        if found is not None:
            return Written(reservation, found)
        if is_old:
            reservation = _renew(services, reservation, now)
    if repeated:
        services.reservations.try_again(reservation, now)
    try:
        entity = services.quickbooks.create(
            reservation.realm_id, reservation.entity, reservation.body, reservation.request_id
        )
        _check_mark(reservation, entity)
    except AlreadySent:
        return _find_or_renew(services, callback, reservation)
    except OutcomeUnknown as error:
        # One repeat at once, which QuickBooks recognises. After that, or a while later, nothing is documented: a failed
        # answer may be repeated for ever, and a request id forgotten.
        if repeated or error.after:
            services.reservations.set_look_first(reservation, True)
        raise
    except CannotInvoice as error:
        held = _find_held(services, callback, reservation, error, repeated=repeated)
        if held is not None:
            return Written(reservation, held)
        _refuse(services, reservation, now)
        raise
    return Written(reservation, entity)


def is_about_reference(error: CannotInvoice) -> bool:
    """Whether something the draft refers to is gone: what we remembered of it is worth nothing."""
    return isinstance(error, RefusedByQuickBooks) and error.fault_code in REFERENCE_FAULTS


def is_about_amount(error: CannotInvoice) -> bool:
    """Whether QuickBooks rounds quantity times price otherwise than we do."""
    return isinstance(error, RefusedByQuickBooks) and error.fault_code == AMOUNT_FAULT


def should_look_first(callback: StoredCallback, now: datetime) -> bool:
    """Whether our write may have been made although we know of no reservation."""
    return now - callback.received_at > TRUST_ABSENCE


def remember_made(services: Services, written: Written) -> None:
    """It exists, but more is to be done before the callback is settled: a run begun again looks for it.

    It would else be sent once more, on the strength of a request id that QuickBooks may have forgotten meanwhile.
    """
    services.reservations.set_look_first(written.reservation, True)


def look(services: Services, reservation: Reservation, not_before: datetime) -> dict[str, Any] | None:
    """The entity that carries the reservation's mark, if there is one."""
    since = min(not_before, reservation.reserved_at) - SKEW
    found = find_by_mark(
        services.quickbooks,
        reservation.realm_id,
        reservation.entity,
        reservation.customer_id,
        reservation.mark,
        since,
    )
    if found is not None:
        made = found.get("Id")
        log(LOG, "found by its mark", callback_id=reservation.callback_id, entity=reservation.entity, id=made)
    return found


def _find_or_renew(services: Services, callback: StoredCallback, reservation: Reservation) -> Written:
    """The request id no longer leads to our write: find that, or make it under a fresh one.

    `reservation` is as it was before the try that has just been turned away.
    """
    services.reservations.set_look_first(reservation, True)
    # That try did nothing: the one before it is the last that may still be under way.
    services.reservations.try_again(reservation, reservation.tried_at)
    found = look(services, reservation, callback.received_at)
    if found is not None:
        return Written(reservation, found)
    return send_reserved(services, callback, _renew(services, reservation, services.clock.now()))


def _renew(services: Services, reservation: Reservation, now: datetime) -> Reservation:
    """Looked and found nothing: the next generation takes over, with a request id of its own.

    Raises: OutcomeUnknown as long as the last try may still be under way.
    """
    rest = (reservation.tried_at or reservation.reserved_at) + QUIET - now
    if rest > timedelta(0):
        raise OutcomeUnknown("QuickBooks may still be at work on it: looking again before it is sent anew.", rest)
    latest = services.reservations.latest(reservation.portal_id, reservation.callback_id)
    generation = (latest or reservation).generation + 1
    fresh = replace(
        reservation,
        generation=generation,
        request_id=_derive_request_id(
            reservation, reservation.realm_id, generation, reservation.operation, reservation.entity
        ),
        reserved_at=now,
        tried_at=None,
        look_first=False,
    )
    with services.database.write() as tx:
        services.reservations.end(tx, reservation, REPLACED, now)
        services.reservations.reserve_in(tx, fresh)
    return fresh


def _derive_request_id(
    key: StoredCallback | Reservation, realm_id: RealmId, generation: int, operation: str, entity: str
) -> RequestId:
    """The request id of one generation: derived, so that even a lost row gives the same."""
    purpose = entity.lower() if operation == CREATE else f"{operation} {entity.lower()}"
    return derive_request_id(key.portal_id, realm_id, key.callback_id, generation, purpose)


def _find_held(
    services: Services, callback: StoredCallback, reservation: Reservation, error: CannotInvoice, *, repeated: bool
) -> dict[str, Any] | None:
    """What stands in the way of a create that was refused, where it is our own earlier try."""
    held = _read_holder(services, reservation, error) if isinstance(error, NumberTaken) else None
    is_duplicate = isinstance(error, RefusedByQuickBooks) and error.fault_code == DUPLICATE_FAULT
    if held is None and (repeated or is_duplicate):
        held = look(services, reservation, callback.received_at)
    return held


def _read_holder(services: Services, reservation: Reservation, error: NumberTaken) -> dict[str, Any] | None:
    """The entity that has our number, if it is our own."""
    holder = find_number_holder(error)
    entity = services.quickbooks.read(reservation.realm_id, reservation.entity, holder) if holder else None
    return entity if entity is not None and carries(entity.get("PrivateNote"), reservation.mark) else None


def _refuse(services: Services, reservation: Reservation, now: datetime) -> None:
    with services.database.write() as tx:
        services.reservations.end(tx, reservation, REFUSED, now)


def _check_mark(reservation: Reservation, entity: dict[str, Any]) -> None:
    """An answer with somebody else's mark is not the answer to our write. Raises: AlreadySent."""
    note = entity.get("PrivateNote")
    if isinstance(note, str) and "[hs:" in note and not carries(note, reservation.mark):
        raise AlreadySent("QuickBooks answered with something else: look for ours before repeating.")


def end_created(services: Services, tx: sa.Connection, written: Written, now: datetime) -> None:
    """In the transaction that settles the callback: the reserved write has been made."""
    services.reservations.end(tx, written.reservation, CREATED, now, str(written.entity["Id"]))
