"""A callback is received once, moves only as the table says, and its outcome stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_examples import NOW, PORTAL, REALM, arrival, at_once, ids, rows, start, state_of

from service.ids import CallbackId, PortalId, RealmId
from service.store.callbacks import FAIL_CONTINUE, MOVES, SUCCESS, Callbacks, StoredCallback
from service.store.connections import LIVE, Connections
from service.store.database import Database
from service.store.due import Due, Start

STATES = ["received", "running", "waiting", "parked", "completed"]
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def callbacks(database: Database) -> Callbacks:
    Connections(database).add(PORTAL, REALM, NOW)
    return Callbacks(database)


def found(callbacks: Callbacks, callback_id: str = "ap-1", portal_id: int = PORTAL) -> StoredCallback:
    row = callbacks.find(PortalId(portal_id), CallbackId(callback_id))
    assert row is not None
    return row


def settle(database: Database, callbacks: Callbacks, outcome: str, callback_id: str = "ap-1") -> bool:
    error = ("NO_AMOUNT", "The deal has no amount.") if outcome == FAIL_CONTINUE else None
    with database.write() as tx:
        return callbacks.settle(tx, found(callbacks, callback_id), outcome, {"invoiceId": "145"}, NOW, error)


def test_a_row_gives_back_what_arrived(callbacks: Callbacks) -> None:
    came = arrival(inputs={"memo": "Zoë — “renewal” 🧾"}, object_id="42", callback_id="ap:1/2 ü")
    assert callbacks.receive(came) is None
    row = found(callbacks, "ap:1/2 ü")
    for name in came.__slots__:
        assert getattr(row, name) == getattr(came, name), name
    assert (row.state, row.run, row.tries, row.failures, row.crashes) == ("received", 0, 0, 0, 0)
    assert (row.outcome, row.outputs, row.told, row.settled_at, row.completed_at) == (None, {}, None, None, None)
    assert row.due_at == came.received_at


def test_thirty_two_deliveries_at_once_make_one_row(callbacks: Callbacks, database: Database) -> None:
    earlier = at_once(32, lambda _: callbacks.receive(arrival()))
    assert earlier.count(None) == 1
    assert {row.callback_id for row in earlier if row} == {"ap-1"}
    assert [row.n for row in rows(database, "SELECT count(*) AS n FROM callbacks")] == [1]
    assert callbacks.timeline(found(callbacks)) == []


def test_another_body_changes_nothing_and_is_noted(callbacks: Callbacks) -> None:
    callbacks.receive(arrival())
    earlier = callbacks.receive(arrival(body_hash="b" * 64, inputs={"dueInDays": "1"}, deal="1", after=60))
    assert earlier == found(callbacks)
    assert (earlier.inputs, earlier.object_id) == ({"dueInDays": "30"}, "9876543210")
    assert [(at, event) for at, event, _ in callbacks.timeline(earlier)] == [
        (NOW + timedelta(seconds=60), "delivered_with_another_body")
    ]


def test_the_same_id_in_another_portal_is_another_callback(callbacks: Callbacks) -> None:
    assert callbacks.receive(arrival()) is None
    assert callbacks.receive(arrival(portal_id=PortalId(7654321))) is None


def test_what_is_refused_on_arrival_is_settled_and_completed(callbacks: Callbacks, database: Database) -> None:
    outputs = {"errorCode": "PORTAL_NOT_CONNECTED"}
    assert callbacks.receive(arrival(realm_id=None), ("PORTAL_NOT_CONNECTED", "Connect it.", outputs)) is None
    row = found(callbacks)
    assert (row.state, row.outcome, row.outputs, row.error_code) == (
        "completed",
        FAIL_CONTINUE,
        outputs,
        "PORTAL_NOT_CONNECTED",
    )
    assert (row.settled_at, row.completed_at, row.told) == (NOW, NOW, "answered")
    assert start(database) == []


def test_a_refused_delivery_does_not_touch_the_row_that_is_there(callbacks: Callbacks) -> None:
    callbacks.receive(arrival())
    assert callbacks.receive(arrival(), ("PORTAL_NOT_CONNECTED", "Connect it.", {})) == found(callbacks)
    assert found(callbacks).outcome is None


def bring_to(state: str, database: Database, callbacks: Callbacks, callback_id: str = "ap-1") -> StoredCallback:
    """A callback in one of the states, by the shortest way; completed ones have failed."""
    callbacks.receive(arrival(callback_id, deal=callback_id))
    if state != "received":
        assert ids(start(database)) == [callback_id]
    row = found(callbacks, callback_id)
    if state == "waiting":
        callbacks.postpone(row, NOW, "later", NOW)
    elif state == "parked":
        callbacks.park(row, "reconnect", NOW)
    elif state == "completed":
        assert settle(database, callbacks, FAIL_CONTINUE, callback_id)
        callbacks.complete(row, "completed", NOW)
    assert state_of(database, row) == state
    return found(callbacks, callback_id)


def _orphan(database: Database, row: StoredCallback) -> bool:
    before = state_of(database, row)
    Due(database).orphan([Start(row.portal_id, row.callback_id, row.action, row.run)], NOW)
    return state_of(database, row) != before


def _start(database: Database, row: StoredCallback) -> bool:
    return ids(start(database, LATER)) == [row.callback_id]


def _resume(database: Database, row: StoredCallback) -> bool:
    before = state_of(database, row)
    assert Connections(database).change_state(PORTAL, REALM, LIVE, NOW)
    return state_of(database, row) != before


EVENTS: dict[str, Callable[[Database, StoredCallback], bool]] = {
    "start": _start,
    "postpone": lambda database, row: Callbacks(database).postpone(row, LATER, "later", NOW),
    "park": lambda database, row: Callbacks(database).park(row, "reconnect", NOW),
    "complete": lambda database, row: Callbacks(database).complete(row, "completed", NOW),
    "orphan": _orphan,
    "resume": _resume,
    "replay": lambda database, row: Callbacks(database).replay(row, LATER, NOW),
}
# An operator's replay of one that waits or is parked is what a reconnect does to it, too.
REPLAYS = {
    **{state: moves.get("replay") for state, moves in MOVES.items()},
    "waiting": "received",
    "parked": "received",
}


def next_state(state: str, event: str) -> str | None:
    return REPLAYS[state] if event == "replay" else MOVES[state].get(event)


def test_the_table_names_only_known_states_and_events() -> None:
    assert list(MOVES) == STATES
    assert {event for moves in MOVES.values() for event in moves} == set(EVENTS)
    assert {state for moves in MOVES.values() for state in moves.values()} <= set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_every_event_in_every_state(state: str, database: Database, callbacks: Callbacks) -> None:
    for number, (event, act) in enumerate(EVENTS.items()):
        row = bring_to(state, database, callbacks, f"ap-{number}")
        if event == "complete" and state == "running":
            settle(database, callbacks, SUCCESS, row.callback_id)
        timeline = callbacks.timeline(row)
        expected = next_state(state, event)
        assert act(database, row) is (expected is not None), f"{event} of {state}"
        assert state_of(database, row) == (expected or state), f"{event} of {state}"
        if expected is None:
            assert callbacks.timeline(row) == timeline, f"{event} of {state} is told though it did not happen"
        with database.write() as tx:  # out of the way of the next event's "resume"
            tx.exec_driver_sql("DELETE FROM callbacks")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.sampled_from([*EVENTS, "settle", "fail"]), max_size=14))
def test_any_sequence_of_events_follows_the_table(events: list[str], database: Database, callbacks: Callbacks) -> None:
    with database.write() as tx:
        tx.exec_driver_sql("DELETE FROM callbacks")
    callbacks.receive(arrival())
    state, outcome = "received", None
    for event in events:
        row = found(callbacks)
        assert (row.state, row.outcome) == (state, outcome)
        if event in ("settle", "fail"):
            wanted = SUCCESS if event == "settle" else FAIL_CONTINUE
            if state == "running":  # only a run settles
                assert settle(database, callbacks, wanted) is (outcome is None)
                outcome = outcome or wanted
            continue
        expected = next_state(state, event)
        if event == "complete" and outcome is None:
            expected = None  # nobody can have been told
        if event == "replay" and state == "completed" and outcome == SUCCESS:
            expected = None
        assert EVENTS[event](database, row) is (expected is not None), (state, event)
        if event == "replay" and state == "completed" and expected:
            outcome = None
        state = expected or state
    row = found(callbacks)
    assert (row.state, row.outcome) == (state, outcome)
    assert (row.state == "completed") <= (row.outcome is not None)


def test_the_first_outcome_counts(database: Database, callbacks: Callbacks) -> None:
    bring_to("running", database, callbacks)
    assert settle(database, callbacks, SUCCESS)
    assert not settle(database, callbacks, FAIL_CONTINUE)
    row = found(callbacks)
    assert (row.outcome, row.outputs, row.error_code) == (SUCCESS, {"invoiceId": "145"}, None)


def test_an_outcome_is_not_written_when_its_transaction_fails(database: Database, callbacks: Callbacks) -> None:
    row = bring_to("running", database, callbacks)

    def settle_and_fail() -> None:
        with database.write() as tx:
            assert callbacks.settle(tx, row, SUCCESS, {}, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settle_and_fail()
    assert found(callbacks).outcome is None


def test_two_runs_at_once_settle_once(database: Database, callbacks: Callbacks) -> None:
    bring_to("running", database, callbacks)
    assert sorted(at_once(8, lambda _: settle(database, callbacks, SUCCESS))) == [False] * 7 + [True]


def test_success_is_never_replayed(database: Database, callbacks: Callbacks) -> None:
    row = bring_to("running", database, callbacks)
    settle(database, callbacks, SUCCESS)
    callbacks.complete(row, "completed", NOW)
    assert not callbacks.replay(row, LATER, NOW)
    assert found(callbacks).outcome == SUCCESS
    assert callbacks.timeline(row) == []


def test_a_replayed_failure_begins_from_nothing(database: Database, callbacks: Callbacks) -> None:
    row = bring_to("completed", database, callbacks)
    Due(database).count_crash([(row.portal_id, row.callback_id)])
    assert callbacks.replay(row, LATER, NOW + timedelta(hours=1))
    again = found(callbacks)
    assert (again.state, again.due_at, again.deadline_at) == ("received", NOW + timedelta(hours=1), LATER)
    assert (again.outcome, again.outputs, again.error_code, again.error_message) == (None, {}, None, None)
    assert (again.settled_at, again.completed_at, again.told, again.tries, again.crashes) == (None, None, None, 0, 0)
    assert again.run == 1, "runs are numbered on, so that the engine takes it for a new one"
    assert [event for _, event, _ in callbacks.timeline(row)] == ["replayed"]


def test_a_waiting_one_is_hurried_and_keeps_its_deadline(database: Database, callbacks: Callbacks) -> None:
    row = bring_to("running", database, callbacks)
    callbacks.postpone(row, NOW + timedelta(hours=4), "QuickBooks rests", NOW)
    assert callbacks.replay(row, LATER, NOW + timedelta(minutes=1))
    hurried = found(callbacks)
    assert (hurried.state, hurried.due_at) == ("received", NOW + timedelta(minutes=1))
    assert hurried.deadline_at == row.deadline_at


def test_postponing_counts_tries_and_failures_apart(database: Database, callbacks: Callbacks) -> None:
    row = bring_to("running", database, callbacks)
    callbacks.postpone(row, NOW, "QuickBooks rests", NOW)
    start(database)
    callbacks.postpone(found(callbacks), NOW, "the service failed", NOW, failed=True)
    row = found(callbacks)
    assert (row.tries, row.failures, row.note, row.due_at) == (2, 1, "the service failed", NOW)
    assert [(event, note) for _, event, note in callbacks.timeline(row)] == [
        ("postponed", "QuickBooks rests, until 2026-11-22T12:00:00Z"),
        ("postponed", "the service failed, until 2026-11-22T12:00:00Z"),
    ]
    start(database)
    settle(database, callbacks, SUCCESS)
    row = found(callbacks)
    assert (row.tries, row.failures, row.note) == (0, 0, None), "telling has patience of its own"


def test_a_run_that_was_replaced_moves_nothing(database: Database, callbacks: Callbacks) -> None:
    """Its worker was thought dead: the run after it owns the row."""
    lost = bring_to("running", database, callbacks)
    Due(database).orphan([Start(lost.portal_id, lost.callback_id, lost.action, lost.run)], NOW)
    start(database)
    assert not callbacks.postpone(lost, LATER, "later", NOW)
    assert not callbacks.park(lost, "reconnect", NOW)
    assert not callbacks.complete(lost, "completed", NOW)
    assert state_of(database, lost) == "running"
    assert callbacks.timeline(lost) == []
    assert callbacks.park(found(callbacks), "reconnect", NOW)


def test_the_list_is_newest_first_and_filtered(callbacks: Callbacks, database: Database) -> None:
    for number in range(5):
        callbacks.receive(arrival(f"ap-{number}", after=number, deal=str(number)))
    callbacks.receive(arrival("other", portal_id=PortalId(7), realm_id=RealmId("2"), after=9))
    start(database, NOW + timedelta(seconds=1))
    assert [c.callback_id for c in callbacks.list()] == ["other", "ap-4", "ap-3", "ap-2", "ap-1", "ap-0"]
    assert [c.callback_id for c in callbacks.list(limit=2)] == ["other", "ap-4"]
    assert [c.callback_id for c in callbacks.list(portal_id=7)] == ["other"]
    assert [c.callback_id for c in callbacks.list(state="running")] == ["ap-1", "ap-0"]
    assert [c.callback_id for c in callbacks.list(state="running", portal_id=7)] == []
    assert callbacks.count_by_state() == {"received": 4, "running": 2}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_row_the_database_refuses_takes_no_other_with_it(callbacks: Callbacks, database: Database) -> None:
    """Callbacks that arrive together share a statement; PostgreSQL holds no character zero."""
    other = Database(database.url, pool_size=1)
    got: dict[str, object] = {}

    def receive(name: str) -> None:
        try:
            got[name] = callbacks.receive(arrival(name, object_type="\x00" if name == "bad" else "DEAL"))
        except sa.exc.SQLAlchemyError as error:
            got[name] = error

    threads = [threading.Thread(target=receive, args=(name,)) for name in ("first", "a", "bad", "b")]
    with other.write() as tx:
        tx.exec_driver_sql("LOCK TABLE callbacks IN EXCLUSIVE MODE")
        for thread in threads:
            thread.start()
            time.sleep(0.05)  # the first one's statement waits for us, the others for it
    for thread in threads:
        thread.join(20)
    other.close()
    assert isinstance(got.pop("bad"), sa.exc.SQLAlchemyError)
    assert got == {"first": None, "a": None, "b": None}


def test_what_is_not_there_is_not_found(callbacks: Callbacks) -> None:
    callbacks.receive(arrival())
    assert callbacks.find(PORTAL, CallbackId("ap-2")) is None
    assert callbacks.find(PortalId(7), CallbackId("ap-1")) is None
    assert callbacks.find(PORTAL, CallbackId("ap-1' OR '1'='1")) is None


def test_text_that_looks_like_sql_is_text(callbacks: Callbacks) -> None:
    nasty = "x'); DROP TABLE callbacks; --"
    callbacks.receive(arrival(nasty, object_type=nasty, inputs={nasty: nasty}))
    assert found(callbacks, nasty).inputs == {nasty: nasty}
