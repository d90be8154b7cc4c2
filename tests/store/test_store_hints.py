"""Hints: one row per entity, nothing heard is lost, nothing is worked on by two at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from store_examples import NOW, at_once, rows

from service.store.database import Database
from service.store.hints import LEASE, Hint, Hints, TakenHint

SOON, LATER = NOW + timedelta(seconds=1), NOW + timedelta(minutes=1)
INVOICES = ("Invoice",)


def hint(entity_id: str = "130", *reasons: str, **changes: object) -> Hint:
    made = Hint("quickbooks", "9341450000000001", "Invoice", entity_id, frozenset(reasons or ("updated",)))
    return replace(made, **changes)  # type: ignore[arg-type]


def take(hints: Hints, now: object = NOW, limit: int = 100, **more: object) -> list[TakenHint]:
    return hints.take("quickbooks", INVOICES, now, limit, **more)  # type: ignore[arg-type]


def test_an_entity_heard_of_many_times_is_one_row(database: Database) -> None:
    hints = Hints(database)
    assert hints.hear([hint("130"), hint("130", "emailed"), hint("131")], NOW) == 2
    hints.hear([hint("130", "voided", changed_at=SOON), hint("130", "updated", changed_at=NOW)], SOON)
    first, second = take(hints, SOON)
    assert first.key == ("quickbooks", "9341450000000001", "Invoice", "130")
    assert first.reasons == {"updated", "emailed", "voided"}
    assert (first.first_heard_at, first.heard_at, first.changed_at) == (NOW, SOON, SOON)
    assert (first.tries, first.times, second.times, second.changed_at) == (0, 2, 1, None)
    for _ in range(20):
        hints.hear([hint("130", "updated", "voided"), hint("130", "emailed")], SOON)
    assert len(rows(database, "SELECT reason FROM hints WHERE entity_id = '130'")[0].reason) < 60


def test_done_takes_the_row_away_unless_it_was_heard_again(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint("130"), hint("131")], NOW)
    taken = take(hints)
    hints.hear([hint("131")], NOW)  # in the very same millisecond
    hints.done(taken, NOW)
    assert [each.entity_id for each in take(hints)] == ["131"]
    hints.done([], NOW)


def test_what_is_heard_while_it_is_worked_on_is_due_when_that_is_done(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint()], NOW)
    taken = take(hints)
    hints.hear([hint()], NOW, due_at=LATER)
    assert (take(hints), hints.scopes_due("quickbooks", INVOICES, NOW)) == ([], []), "one worker at a time"
    hints.done(taken, SOON)
    assert [each.entity_id for each in take(hints, SOON)] == ["130"]


def test_what_was_taken_by_a_worker_that_died_is_due_again(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint()], NOW)
    assert len(take(hints)) == 1
    assert take(hints, NOW + LEASE - timedelta(seconds=1)) == []
    assert len(take(hints, NOW + LEASE)) == 1


def test_a_worker_that_was_overtaken_ends_nothing(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint()], NOW)
    slow = take(hints)
    hints.hear([hint()], SOON)
    assert len(take(hints, NOW + LEASE)) == 1
    hints.done(slow, NOW + LEASE)
    hints.later(slow, NOW + LEASE)
    assert take(hints, NOW + LEASE) == [], "it is the other's now"
    assert hints.backlog("quickbooks") == {"Invoice": 1}


def test_what_is_put_off_waits_and_counts_its_tries(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint("130"), hint("131")], NOW)
    taken = take(hints)
    hints.hear([hint("131")], NOW)
    hints.later(taken, LATER, "QuickBooks rests")
    assert [(each.entity_id, each.tries) for each in take(hints)] == [("131", 1)]
    assert [(each.entity_id, each.tries) for each in take(hints, LATER)] == [("130", 1)]
    assert rows(database, "SELECT note FROM hints WHERE entity_id = '130'")[0].note == "QuickBooks rests"
    hints.hear([hint("130")], LATER)
    again = take(hints, LATER + LEASE)
    assert [(each.entity_id, each.tries) for each in again if each.entity_id == "130"] == [("130", 0)]


def test_a_hint_may_be_due_later_and_becomes_due_sooner_when_heard_again(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint()], NOW, due_at=LATER)
    assert take(hints) == []
    hints.hear([hint()], NOW)
    hints.hear([hint()], NOW, due_at=LATER)
    assert len(take(hints)) == 1


def test_only_what_is_asked_for_is_taken(database: Database) -> None:
    hints = Hints(database)
    other = hint("7", scope="2")
    hints.hear([hint(), other, hint("8", kind="Customer"), hint("9", vendor="hubspot", kind="contacts")], NOW)
    assert hints.scopes_due("quickbooks", INVOICES, NOW) == ["2", "9341450000000001"]
    assert hints.scopes_due("quickbooks", ("Payment",), NOW) == []
    assert [each.entity_id for each in take(hints, scope="2")] == ["7"]
    assert hints.scopes_due("quickbooks", INVOICES, NOW) == ["9341450000000001"]
    assert [each.entity_id for each in hints.take("hubspot", ("contacts",), NOW, 5)] == ["9"]
    assert hints.backlog("quickbooks") == {"Invoice": 2, "Customer": 1}


def test_those_that_waited_longest_are_first(database: Database) -> None:
    hints = Hints(database)
    for number in (3, 1, 2):
        hints.hear([hint(str(number))], NOW + timedelta(seconds=number))
    found = [take(hints, LATER, limit=1)[0].entity_id for _ in range(3)]
    assert found == ["1", "2", "3"]


def test_a_reconnect_ends_the_waiting_and_a_disconnect_the_hints(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint(), hint("7", scope="2")], NOW, due_at=LATER)
    assert hints.resume("quickbooks", "2", NOW) == 1
    assert [each.entity_id for each in take(hints)] == ["7"]
    assert hints.forget("quickbooks", "2") == 1
    assert hints.backlog("quickbooks") == {"Invoice": 1}


def test_two_workers_never_take_the_same(database: Database) -> None:
    hints = Hints(database)
    hints.hear([hint(str(number)) for number in range(60)], NOW)
    found = at_once(4, lambda _number: [each.entity_id for _ in range(10) for each in take(hints, limit=5)])
    every = [entity_id for some in found for entity_id in some]
    assert len(every) == len(set(every)) == 60


def test_many_who_hear_the_same_things_do_not_lock_each_other_out(database: Database) -> None:
    hints = Hints(database)

    def hear(number: int) -> None:
        ids = [str(each) for each in range(40)]
        hints.hear([hint(each) for each in (ids if number % 2 else reversed(ids))], NOW)

    at_once(6, hear)
    assert {each.times for each in take(hints)} == {6}


def test_a_transaction_that_fails_leaves_no_hint(database: Database) -> None:
    hints = Hints(database)

    def fail() -> None:
        with database.write() as tx:
            assert hints.hear_in(tx, [hint("1"), hint("2")], NOW) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert take(hints) == []
    with database.write() as tx:
        hints.hear_in(tx, [hint("1")], NOW)
    assert len(take(hints)) == 1
