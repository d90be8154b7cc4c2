"""Reserve, send, settle: how exactly one invoice comes of a callback, whatever gets lost.

The reservation is committed before anything is sent. An unknown outcome repeats the same request
id with the byte-identical body; once that may no longer be recognised, look first.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.errors import AlreadySent, CannotInvoice, NumberTaken, OutcomeUnknown, RefusedByQuickBooks
from service.ids import RequestId
from service.invoicing.marks import carries, derive_request_id
from service.logs import log
from service.quickbooks.faults import find_number_holder
from service.quickbooks.invoices import find_by_mark
from service.store.callbacks import StoredCallback
from service.store.reservations import CREATED, OPEN, REFUSED, REPLACED, Reservation
from service.workflows.services import Services

LOG = logging.getLogger("service.workflows")
# How long QuickBooks remembers a request id is not documented: after a day we look first.
TRUST_REQUEST_ID = timedelta(days=1)
# A callback this old may have been worked on by a database that is no more (a restored backup).
TRUST_ABSENCE = timedelta(hours=1)
# QuickBooks' clock and ours differ, and its stamps are whole seconds.
SKEW = timedelta(hours=1)
# Customer, item, account or another reference is gone or inactive.
# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
REFERENCE_FAULTS = frozenset({"610", "2500", "6250"})


@dataclass(frozen=True, slots=True)
class Written:
    """The invoice QuickBooks holds, as it answered."""

    reservation: Reservation
    entity: dict[str, Any]


def find_open_reservation(services: Services, callback: StoredCallback) -> Reservation | None:
    """The write that was begun and whose outcome is not known."""
    latest = services.reservations.latest(callback.portal_id, callback.callback_id)
    return latest if latest is not None and latest.state == OPEN else None


def next_generation(services: Services, callback: StoredCallback) -> int:
    """The number of the callback's next reservation, from 1."""
    latest = services.reservations.latest(callback.portal_id, callback.callback_id)
    return 1 if latest is None else latest.generation + 1


def send_reserved(
    services: Services, callback: StoredCallback, reservation: Reservation, *, repeated: bool = False
) -> Written:
    """Have QuickBooks create what is reserved, or find that it has done so.

    A refusal ends the reservation: nothing was created. Where an earlier try may have arrived
    (`repeated`), it is believed only after a look: it speaks of this try, not of that one.
    Raises: CannotInvoice, OutcomeUnknown, TryLater, NotConnected.
    """
    now = services.clock.now()
    if reservation.look_first or now - reservation.reserved_at > TRUST_REQUEST_ID:
        found = look(services, reservation, callback.received_at)
        if found is not None:
            return Written(reservation, found)
        reservation = _replace_or_keep(services, reservation, now)
    try:
        entity = services.quickbooks.create(
            reservation.realm_id, reservation.entity, reservation.body, reservation.request_id
        )
    except AlreadySent:
        services.reservations.set_look_first(reservation, True)
        raise
    except CannotInvoice as error:
        held = _read_holder(services, reservation, error) if isinstance(error, NumberTaken) else None
        if held is None and repeated:
            held = look(services, reservation, callback.received_at)
        if held is not None:
            return Written(reservation, held)
        _refuse(services, reservation, now)
        raise
    _check_mark(services, reservation, entity)
    return Written(reservation, entity)


def is_about_reference(error: CannotInvoice) -> bool:
    """Whether something the invoice refers to is gone: what we remembered of it is worth nothing."""
    return isinstance(error, RefusedByQuickBooks) and error.fault_code in REFERENCE_FAULTS


def should_look_first(callback: StoredCallback, now: datetime) -> bool:
    """Whether an invoice may exist although we know of no reservation."""
    return now - callback.received_at > TRUST_ABSENCE


def request_id_of(callback: StoredCallback, realm_id: Any, generation: int) -> RequestId:
    """The request id of one generation: derived, so that even a lost row gives the same."""
    return derive_request_id(callback.portal_id, realm_id, callback.callback_id, generation)


def look(services: Services, reservation: Reservation, not_before: datetime) -> dict[str, Any] | None:
    """The invoice that carries the reservation's mark, if there is one."""
    since = min(not_before, reservation.reserved_at) - SKEW
    facts = find_by_mark(services.quickbooks, reservation.realm_id, reservation.customer_id, reservation.mark, since)
    if facts is None:
        return None
    log(LOG, "found by its mark", callback_id=reservation.callback_id, invoice=facts.id)
    return services.quickbooks.read(reservation.realm_id, reservation.entity, facts.id)


def _replace_or_keep(services: Services, reservation: Reservation, now: datetime) -> Reservation:
    """Looked and found nothing: a fresh request id takes over once the old one cannot be trusted."""
    if now - reservation.reserved_at <= TRUST_REQUEST_ID:
        services.reservations.set_look_first(reservation, False)
        return reservation
    generation = reservation.generation + 1
    fresh = Reservation(
        portal_id=reservation.portal_id,
        callback_id=reservation.callback_id,
        generation=generation,
        realm_id=reservation.realm_id,
        entity=reservation.entity,
        request_id=derive_request_id(reservation.portal_id, reservation.realm_id, reservation.callback_id, generation),
        mark=reservation.mark,
        customer_id=reservation.customer_id,
        body=reservation.body,
        state=OPEN,
        reserved_at=now,
        look_first=False,
    )
    with services.database.write() as tx:
        services.reservations.end(tx, reservation, REPLACED, now)
        services.reservations.reserve_in(tx, fresh)
    return fresh


def _read_holder(services: Services, reservation: Reservation, error: NumberTaken) -> dict[str, Any] | None:
    """The invoice that has our number, if it is our own."""
    holder = find_number_holder(error)
    entity = services.quickbooks.read(reservation.realm_id, reservation.entity, holder) if holder else None
    return entity if entity is not None and carries(entity.get("PrivateNote"), reservation.mark) else None


def _refuse(services: Services, reservation: Reservation, now: datetime) -> None:
    with services.database.write() as tx:
        services.reservations.end(tx, reservation, REFUSED, now)


def _check_mark(services: Services, reservation: Reservation, entity: dict[str, Any]) -> None:
    """An answer with somebody else's mark is not the answer to our write."""
    note = entity.get("PrivateNote")
    if isinstance(note, str) and "[hs:" in note and not carries(note, reservation.mark):
        services.reservations.set_look_first(reservation, True)
        raise OutcomeUnknown("QuickBooks answered with another invoice: look for ours before repeating.")


def end_created(services: Services, tx: Any, written: Written, now: datetime) -> None:
    """In the transaction that settles the callback: the reservation has its invoice."""
    services.reservations.end(tx, written.reservation, CREATED, now, str(written.entity["Id"]))
