"""What may start: in the order of its deal, within its realm's share, each callback once."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_examples import NOW, PORTAL, REALM, arrival, at_once, ids, plenty, rows, start, state_of

from service.ids import CallbackId, DealId, PortalId, RealmId
from service.store.callbacks import SUCCESS, Callbacks, StoredCallback
from service.store.database import Database
from service.store.due import LATE_ONES, Due, Start

OTHER = RealmId("9341450000000002")
SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def callbacks(database: Database) -> Callbacks:
    return Callbacks(database)


def found(callbacks: Callbacks, callback_id: str) -> StoredCallback:
    row = callbacks.find(PORTAL, CallbackId(callback_id))
    assert row is not None
    return row


def complete(database: Database, callbacks: Callbacks, callback_id: str) -> None:
    row = found(callbacks, callback_id)
    with database.write() as tx:
        callbacks.settle(tx, row, SUCCESS, {}, NOW)
    assert callbacks.complete(row, "completed", NOW)


def test_nothing_is_due_before_its_time(callbacks: Callbacks, database: Database) -> None:
    due = Due(database)
    assert not due.is_any(SOON)
    callbacks.receive(arrival(after=30))
    assert not due.is_any(NOW)
    assert start(database, NOW) == []
    assert due.is_any(SOON)
    assert start(database, SOON) == [Start(PORTAL, CallbackId("ap-1"), "create-invoice", 1)]
    assert not due.is_any(SOON)


def test_a_quotes_callback_comes_after_what_is_open_for_its_deal(callbacks: Callbacks, database: Database) -> None:
    """Also after one that was received later and has begun meanwhile: what it wrote may not be known yet."""
    callbacks.receive(arrival("quote", deal="77", object_type="QUOTE"))
    callbacks.receive(arrival("begun", after=1))
    assert ids(start(database, SOON)) == ["quote", "begun"]
    deal_id = DealId(found(callbacks, "begun").object_id)
    callbacks.turn(found(callbacks, "quote"), deal_id, NOW)
    callbacks.receive(arrival("later", after=2))
    callbacks.postpone(found(callbacks, "begun"), SOON, "nobody knows", SOON)

    order = []
    while started := ids(start(database, SOON)):
        order += started
        complete(database, callbacks, *started)

    assert order == ["begun", "quote", "later"]
    row = found(callbacks, "quote")
    assert (row.object_type, row.object_id) == ("DEAL", deal_id)
    assert row.context["enrolled"] == {"type": "QUOTE", "id": "77"}
    assert [event for _, event, _ in callbacks.timeline(row)] == ["turned"]


def test_a_run_thought_dead_turns_nothing(callbacks: Callbacks, database: Database) -> None:
    callbacks.receive(arrival("quote", deal="77", object_type="QUOTE"))
    start(database)
    dead = found(callbacks, "quote")
    callbacks.postpone(dead, NOW, "later", NOW)
    start(database)
    callbacks.turn(dead, DealId("1"), NOW)
    assert found(callbacks, "quote") == replace(dead, run=2, tries=1, note="later")


def test_a_started_row_is_running_and_its_runs_are_counted(callbacks: Callbacks, database: Database) -> None:
    callbacks.receive(arrival())
    start(database)
    callbacks.postpone(found(callbacks, "ap-1"), NOW, "later", NOW)
    assert start(database) == [Start(PORTAL, CallbackId("ap-1"), "create-invoice", 2)]
    row = found(callbacks, "ap-1")
    assert (row.state, row.run) == ("running", 2)


@pytest.mark.parametrize("seconds", [(0, 1, 2), (0, 0, 0), (2, 1, 0), (0, 1, 1)])
def test_callbacks_of_one_deal_start_in_their_order_one_at_a_time(
    seconds: tuple[int, ...], callbacks: Callbacks, database: Database
) -> None:
    names = ["ap-1", "ap-2", "ap-3"]
    for name, after in zip(names, seconds, strict=True):
        callbacks.receive(arrival(name, after=after))
    order = sorted(names, key=lambda name: (seconds[names.index(name)], name))
    for name in order:
        assert ids(start(database, SOON)) == [name]
        assert start(database, SOON) == []
        complete(database, callbacks, name)
    assert start(database, SOON) == []


@pytest.mark.parametrize("state", ["received", "running", "waiting", "parked"])
def test_nothing_starts_while_an_earlier_one_of_the_deal_is_open(
    state: str, callbacks: Callbacks, database: Database
) -> None:
    callbacks.receive(arrival("ap-1", realm_id=OTHER if state == "received" else REALM))
    if state != "received":
        start(database)
    if state == "waiting":
        callbacks.postpone(found(callbacks, "ap-1"), NOW + timedelta(days=1), "QuickBooks rests", NOW)
    if state == "parked":
        callbacks.park(found(callbacks, "ap-1"), "reconnect", NOW)
    callbacks.receive(arrival("ap-2", after=1))
    only_ours = start(database, SOON, lambda _p, realm_id, _n: 9 if realm_id == REALM else 0)
    assert only_ours == [], "also where the earlier one goes to another realm"
    callbacks.receive(arrival("ap-3", after=1, deal="42"))
    callbacks.receive(arrival("ap-4", after=1, object_type="CONTACT"))
    assert sorted(ids(start(database, SOON, lambda _p, realm_id, _n: 9 if realm_id == REALM else 0))) == [
        "ap-3",
        "ap-4",
    ], "other deals and other kinds of object are not held up"


def test_the_same_deal_number_in_another_portal_is_another_deal(callbacks: Callbacks, database: Database) -> None:
    callbacks.receive(arrival("ap-1"))
    callbacks.receive(arrival("ap-2", portal_id=PortalId(7), after=1))
    assert sorted(ids(start(database, SOON))) == ["ap-1", "ap-2"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    came=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=12),
    room=st.integers(1, 4),
)
def test_whatever_arrives_every_deal_keeps_its_order(
    came: list[tuple[int, int]], room: int, callbacks: Callbacks, database: Database
) -> None:
    with database.write() as tx:
        tx.exec_driver_sql("DELETE FROM callbacks")
    for number, (deal, after) in enumerate(came):
        callbacks.receive(arrival(f"ap-{number:02}", deal=str(deal), after=after))
    wanted: dict[int, list[str]] = {}
    for number, (deal, _) in sorted(enumerate(came), key=lambda one: (one[1][1], one[0])):
        wanted.setdefault(deal, []).append(f"ap-{number:02}")
    began: dict[int, list[str]] = {}
    for _ in came:
        started = ids(start(database, SOON, room=room))
        deals = [came[int(name[3:])][0] for name in started]
        assert len(started) <= room
        assert len(set(deals)) == len(deals), "two of one deal at once"
        for name, deal in zip(started, deals, strict=True):
            began.setdefault(deal, []).append(name)
            complete(database, callbacks, name)
    assert began == wanted


def test_a_realm_gets_what_room_it_has(callbacks: Callbacks, database: Database) -> None:
    for number in range(10):
        callbacks.receive(arrival(f"ap-{number}", deal=str(number)))
    told: list[int] = []

    def three(_portal_id: PortalId, _realm_id: str, running: int) -> int:
        told.append(running)
        return 3 - running

    assert len(start(database, NOW, three)) == 3
    assert start(database, NOW, three) == []
    callbacks.postpone(found(callbacks, "ap-0"), NOW, "later", NOW)
    assert len(start(database, NOW, three)) == 1
    assert told == [0, 3, 3, 2], "asked for the first, then for the rest, with what runs by then"


def test_the_oldest_start_first(callbacks: Callbacks, database: Database) -> None:
    for number in reversed(range(6)):
        callbacks.receive(arrival(f"ap-{number}", deal=str(number), after=number))
    assert ids(start(database, SOON, room=2)) == ["ap-0", "ap-1"]


def test_room_counts_what_runs_already(callbacks: Callbacks, database: Database) -> None:
    for number in range(6):
        callbacks.receive(arrival(f"ap-{number}", deal=str(number)))
    assert len(start(database, NOW, room=4)) == 4
    assert start(database, NOW, room=4) == []
    assert len(start(database, NOW, room=6)) == 2


def test_a_realm_with_thousands_leaves_room_for_one_with_a_single_callback(
    callbacks: Callbacks, database: Database
) -> None:
    for number in range(200):
        callbacks.receive(arrival(f"many-{number}", deal=str(number)))
    callbacks.receive(arrival("single", realm_id=OTHER, portal_id=PortalId(7), after=1))
    started = ids(start(database, SOON, room=20))
    assert "single" in started
    assert len(started) >= 10


def test_two_portals_of_one_realm_share_its_room(callbacks: Callbacks, database: Database) -> None:
    for number, portal_id in itertools.product(range(5), (PORTAL, PortalId(7))):
        callbacks.receive(arrival(f"ap-{number}", portal_id=portal_id, deal=str(number)))
    assert len(start(database, NOW, lambda _p, _r, running: 4 - running)) == 4


def test_a_callback_without_realm_never_starts(callbacks: Callbacks, database: Database) -> None:
    callbacks.receive(arrival(realm_id=None))
    assert start(database) == []


def test_a_paused_realm_starts_nothing_but_what_is_late(callbacks: Callbacks, database: Database) -> None:
    for number in range(LATE_ONES + 3):
        callbacks.receive(arrival(f"late-{number}", deal=str(number)))
    callbacks.receive(arrival("fresh", deal="fresh", after=86_400))

    def none(_portal_id: PortalId, _realm_id: str, _running: int) -> int:
        return 0

    assert start(database, NOW + timedelta(days=2), none) == []
    deadline = found(callbacks, "late-0").deadline_at
    assert start(database, deadline - timedelta(milliseconds=1), none) == []
    first = ids(start(database, deadline, none))
    assert len(first) == LATE_ONES
    second = ids(start(database, deadline, none))
    assert sorted(first + second) == sorted(f"late-{number}" for number in range(LATE_ONES + 3))


def test_what_waits_past_its_deadline_is_brought(callbacks: Callbacks, database: Database) -> None:
    due = Due(database)
    for name in ("parked", "waiting", "running"):
        callbacks.receive(arrival(name, deal=name))
    start(database)
    callbacks.park(found(callbacks, "parked"), "reconnect", NOW)
    callbacks.postpone(found(callbacks, "waiting"), NOW + timedelta(days=30), "QuickBooks rests", NOW)
    deadline = found(callbacks, "parked").deadline_at
    assert due.bring_late_ones(deadline - timedelta(milliseconds=1)) == 0
    assert due.bring_late_ones(deadline) == 2
    assert due.bring_late_ones(deadline) == 0
    assert sorted(ids(start(database, deadline))) == ["parked", "waiting"]


def test_the_hand_over_and_the_mark_are_one_transaction(callbacks: Callbacks, database: Database) -> None:
    callbacks.receive(arrival())

    def fail(_tx: sa.Connection, _start: Start) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Due(database).start(NOW, plenty, 10, fail)
    row = found(callbacks, "ap-1")
    assert (row.state, row.run) == ("received", 0)
    handed: list[str] = []
    Due(database).start(NOW, plenty, 10, lambda _tx, one: handed.append(one.callback_id))
    assert handed == ["ap-1"]


def test_several_starters_at_once_start_each_callback_once(callbacks: Callbacks, database: Database) -> None:
    deals, each = 12, 4
    for number in range(deals * each):
        callbacks.receive(arrival(f"ap-{number:02}", deal=str(number % deals), after=number))
    started: list[str] = []
    lock = threading.Lock()

    def work(_: int) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            mine = start(database, SOON, room=7)
            with lock:
                started.extend(ids(mine))
            for one in mine:
                complete(database, callbacks, one.callback_id)
            if len(started) == deals * each:
                return

    at_once(4, work)
    assert sorted(started) == [f"ap-{number:02}" for number in range(deals * each)]
    assert [row.n for row in rows(database, "SELECT count(*) AS n FROM callbacks WHERE state = 'completed'")] == [48]
    assert {row.run for row in rows(database, "SELECT run FROM callbacks")} == {1}


def test_a_lost_run_begins_again_and_only_while_it_is_the_one(callbacks: Callbacks, database: Database) -> None:
    due = Due(database)
    callbacks.receive(arrival())
    (first,) = start(database)
    assert due.stale(NOW + timedelta(seconds=59), timedelta(minutes=1)) == []
    assert due.stale(NOW + timedelta(seconds=61), timedelta(minutes=1)) == [first]
    due.orphan([first], SOON)
    assert state_of(database, found(callbacks, "ap-1")) == "received"
    (second,) = start(database, SOON)
    assert second.run == 2
    due.orphan([first], SOON)
    assert state_of(database, found(callbacks, "ap-1")) == "running", "the second run is not the first"
    due.orphan([], SOON)


def test_crashes_are_counted_of_what_ran_only(callbacks: Callbacks, database: Database) -> None:
    due = Due(database)
    for name in ("ran", "waited"):
        callbacks.receive(arrival(name, deal=name))
    start(database)
    callbacks.postpone(found(callbacks, "waited"), SOON, "later", NOW)
    keys = [(PORTAL, CallbackId("ran")), (PORTAL, CallbackId("waited")), (PORTAL, CallbackId("unknown"))]
    due.count_crash(keys)
    due.count_crash([])
    assert (found(callbacks, "ran").crashes, found(callbacks, "waited").crashes) == (1, 0)
