"""A write is reserved before it is sent, ends once, and a callback has one invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_examples import NOW, PORTAL, REALM, arrival, at_once, reservation

from service.errors import TryLater
from service.ids import CallbackId, PortalId, RealmId, RequestId
from service.store.callbacks import Callbacks
from service.store.database import Database
from service.store.reservations import CREATED, OPEN, REFUSED, REPLACED, SEND, Reservation, Reservations

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def reservations(database: Database) -> Reservations:
    Callbacks(database).receive(arrival())
    return Reservations(database)


def end(database: Database, made: Reservation, state: str, entity_id: str | None = None) -> bool:
    with database.write() as tx:
        return Reservations(database).end(tx, made, state, LATER, entity_id)


def latest(reservations: Reservations) -> Reservation | None:
    return reservations.latest(PORTAL, CallbackId("ap-1"))


def test_a_reservation_gives_back_the_exact_body(reservations: Reservations) -> None:
    assert latest(reservations) is None
    made = reservation()
    reservations.reserve(made)
    assert latest(reservations) == made
    assert reservations.all(PORTAL, CallbackId("ap-1")) == [made]
    assert reservations.latest(PORTAL, CallbackId("ap-2")) is None


def test_a_request_id_is_unique_in_its_realm(reservations: Reservations) -> None:
    reservations.reserve(reservation())
    with pytest.raises(TryLater):
        reservations.reserve(reservation("ap-2", request_id=RequestId("ap-1-1")))
    assert reservations.latest(PORTAL, CallbackId("ap-2")) is None
    reservations.reserve(reservation("ap-2", request_id=RequestId("ap-1-1"), realm_id=RealmId("2")))


def test_a_generation_is_reserved_once(reservations: Reservations) -> None:
    reservations.reserve(reservation())
    with pytest.raises(TryLater):
        reservations.reserve(reservation(request_id=RequestId("another"), body=b"{}"))
    assert latest(reservations) == reservation()


@pytest.mark.parametrize("state", [OPEN, CREATED])
def test_no_second_generation_while_the_first_may_have_made_an_invoice(
    state: str, reservations: Reservations, database: Database
) -> None:
    """Two runs of one callback at once (one was thought dead): the slower one must not send a second write."""
    reservations.reserve(reservation())
    if state == CREATED:
        end(database, reservation(), CREATED, "145")
    with pytest.raises(TryLater):
        reservations.reserve(reservation(generation=2))
    assert [one.generation for one in reservations.all(PORTAL, CallbackId("ap-1"))] == [1]


@pytest.mark.parametrize("state", [REFUSED, REPLACED])
def test_a_new_generation_takes_over_from_one_that_made_nothing(
    state: str, reservations: Reservations, database: Database
) -> None:
    reservations.reserve(reservation())
    assert end(database, reservation(), state)
    reservations.reserve(reservation(generation=2))
    assert [(one.generation, one.state) for one in reservations.all(PORTAL, CallbackId("ap-1"))] == [
        (1, state),
        (2, OPEN),
    ]
    newest = latest(reservations)
    assert newest is not None
    assert newest.generation == 2


def test_a_generation_is_replaced_in_one_transaction(reservations: Reservations, database: Database) -> None:
    reservations.reserve(reservation())
    with database.write() as tx:
        assert reservations.end(tx, reservation(), REPLACED, LATER)
        reservations.reserve_in(tx, reservation(generation=2))
    newest = latest(reservations)
    assert newest is not None
    assert (newest.generation, newest.state) == (2, OPEN)


def test_a_reservation_ends_once(reservations: Reservations, database: Database) -> None:
    made = reservation()
    reservations.reserve(made)
    assert end(database, made, CREATED, "145")
    assert not end(database, made, REFUSED)
    assert not end(database, made, CREATED, "146")
    ended = latest(reservations)
    assert ended is not None
    assert (ended.state, ended.entity_id, ended.ended_at) == (CREATED, "145", LATER)


def test_two_runs_at_once_reserve_once(reservations: Reservations) -> None:
    def reserve(number: int) -> bool:
        try:
            reservations.reserve(reservation(generation=1 + number % 2, request_id=RequestId(f"r-{number}")))
        except TryLater:
            return False
        return True

    assert sorted(at_once(8, reserve)) == [False] * 7 + [True]


def test_looking_first_is_remembered(reservations: Reservations) -> None:
    made = reservation()
    reservations.reserve(made)
    for yes in (True, False):
        reservations.set_look_first(made, yes)
        kept = latest(reservations)
        assert kept is not None
        assert kept.look_first is yes


def test_reservations_of_other_portals_are_apart(reservations: Reservations) -> None:
    reservations.reserve(reservation())
    reservations.reserve(reservation(portal_id=PortalId(7), request_id=RequestId("other")))
    assert len(reservations.all(PORTAL, CallbackId("ap-1"))) == 1


def test_a_database_that_is_away_is_not_taken_for_a_second_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("none") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    with pytest.raises(sa.exc.OperationalError):
        Reservations(database).reserve(reservation(realm_id=REALM))
    database.close()


def test_a_callback_creates_and_then_sends_each_once(database: Database, reservations: Reservations) -> None:
    reservations.reserve(reservation())
    send = replace(
        reservation(request_id=RequestId("send")), generation=2, operation=SEND, entity_id="42", body=b'{"before":null}'
    )
    reservations.reserve(send)
    with pytest.raises(TryLater):
        reservations.reserve(replace(send, generation=3, request_id=RequestId("send again")))
    assert reservations.all(PORTAL, CallbackId("ap-1")) == [reservation(), send]

    reservations.try_again(send, LATER)
    assert [each.tried_at for each in reservations.all(PORTAL, CallbackId("ap-1"))] == [None, LATER]
    # What it was about stays written, however it ends.
    assert end(database, send, REFUSED)
    assert latest(reservations) == replace(send, state=REFUSED, ended_at=LATER, tried_at=LATER)


def test_only_creates_of_the_entity_are_looked_for(reservations: Reservations) -> None:
    reservations.reserve(replace(reservation(), operation=SEND, entity_id="42"))
    found = reservations.open_of_object(PORTAL, REALM, arrival().object_type, arrival().object_id, CallbackId("ap-2"))
    assert found == []
