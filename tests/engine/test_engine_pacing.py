"""Nobody is called too often, a pause is kept by all workers, and one call probes after it."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from service.clock import FixedClock, SystemClock
from service.engine.pacing import LONGEST_PAUSE, PATIENCE_SECONDS, STRIKES_BEFORE_PAUSE, Limit, Pacing
from service.engine.windows import Window
from service.errors import TryLater
from service.store.database import Database
from service.store.locks import Locks
from service.store.pauses import Pauses

MINUTE = timedelta(minutes=1)
REALM, OTHER = "realm:1", "realm:2"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


def pacing_of(database: Database, clock: FixedClock, *windows: Window, in_flight: int | None = None) -> Pacing:
    limit = Limit(windows or (Window(1000, 1.0),), in_flight)
    return Pacing(lambda _scope: limit, Pauses(database), clock, Locks(database))


def call(pacing: Pacing, scope: str = REALM) -> None:
    with pacing.turn(scope):
        pass


def refused(pacing: Pacing, scope: str = REALM) -> timedelta | None:
    with pytest.raises(TryLater) as error:
        call(pacing, scope)
    return error.value.after


def test_a_paused_scope_rests_and_others_go_on(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    pacing.pause(REALM, MINUTE, "429")
    clock.advance(timedelta(seconds=20))
    assert refused(pacing) == timedelta(seconds=40)
    assert pacing.is_paused(REALM, clock.now())
    with pytest.raises(TryLater):
        pacing.ready(REALM)
    call(pacing, OTHER)
    assert not pacing.is_paused(OTHER, clock.now())
    assert not pacing.is_suspect(OTHER)


def test_a_shorter_pause_does_not_shorten_a_longer_one(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    pacing.pause(REALM, MINUTE, "429")
    pacing.pause(REALM, timedelta(seconds=1), "503")
    assert refused(pacing) == MINUTE


def test_after_the_pause_one_call_probes_at_a_time(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    pacing.pause(REALM, MINUTE, "429")
    clock.advance(MINUTE)
    assert not pacing.is_paused(REALM, clock.now())
    assert pacing.is_suspect(REALM)
    with pacing.turn(REALM):
        assert refused(pacing) is not None
        pacing.well(REALM)
        call(pacing)
    assert not pacing.is_suspect(REALM)
    call(pacing)


def test_a_probe_without_result_lets_the_next_one_probe(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    pacing.pause(REALM, MINUTE, "429")
    clock.advance(MINUTE)

    def probe() -> None:
        with pacing.turn(REALM):
            raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            probe()
        assert pacing.is_suspect(REALM)


def test_a_probe_that_finds_it_ill_prolongs_the_pause(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    pacing.pause(REALM, MINUTE, "429")
    clock.advance(MINUTE)
    with pacing.turn(REALM):
        pacing.pause(REALM, MINUTE, "429")
    assert refused(pacing) == MINUTE


def test_of_fifty_threads_one_probes(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    pacing.pause(REALM, MINUTE, "429")
    clock.advance(MINUTE)
    went, refusals, inside = [], [], threading.Event()
    barrier = threading.Barrier(50)

    def run() -> None:
        barrier.wait(10)
        try:
            with pacing.turn(REALM):
                went.append(1)
                assert inside.wait(10)
        except TryLater:
            refusals.append(1)
            if len(refusals) == 49:
                inside.set()

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(went), len(refusals)) == (1, 49)


def test_the_third_call_in_a_row_that_finds_it_down_pauses(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    for _ in range(STRIKES_BEFORE_PAUSE - 1):
        pacing.ill(REALM, "503")
    call(pacing)
    pacing.well(REALM)
    for _ in range(STRIKES_BEFORE_PAUSE - 1):
        pacing.ill(REALM, "503")
    call(pacing)
    pacing.ill(REALM, "503")
    first = refused(pacing)
    assert first == timedelta(seconds=15)


def test_pauses_grow_up_to_five_minutes_and_a_good_call_forgets_them(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    spans: list[timedelta] = []
    for _ in range(STRIKES_BEFORE_PAUSE + 8):
        pacing.ill(REALM, "503")
        if pacing.is_paused(REALM, clock.now()):
            spans.append(refused(pacing) or timedelta())
            clock.advance(spans[-1])
    assert spans == sorted(spans)
    assert spans[0] < spans[1] < spans[-1] == LONGEST_PAUSE
    call(pacing)
    pacing.well(REALM)
    pacing.ill(REALM, "503")
    call(pacing)


def test_an_answer_from_before_the_pause_does_not_end_it(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock)
    with pacing.turn(REALM):
        pacing.pause(REALM, MINUTE, "429")
        pacing.well(REALM)
    assert refused(pacing) == MINUTE


def test_two_workers_keep_one_pause(database: Database, clock: FixedClock) -> None:
    one, two = pacing_of(database, clock), pacing_of(database, clock)
    one.pause(REALM, MINUTE, "429")
    two.refresh(1)
    assert refused(two) == MINUTE
    clock.advance(MINUTE)
    call(two)
    two.well(REALM)
    assert not two.is_suspect(REALM)
    one.refresh(1)
    assert not one.is_suspect(REALM)
    assert Pauses(database).all() == {}


def test_a_workers_good_call_does_not_end_a_pause_it_has_not_heard_of(database: Database, clock: FixedClock) -> None:
    one, two = pacing_of(database, clock), pacing_of(database, clock)
    one.pause(REALM, MINUTE, "429")
    two.refresh(1)
    clock.advance(MINUTE)
    with two.turn(REALM):
        one.pause(REALM, MINUTE, "429")
        two.well(REALM)
    for pacing in (one, two):
        pacing.refresh(1)
        assert refused(pacing) == MINUTE


def test_a_pause_outlives_its_worker(database: Database, clock: FixedClock) -> None:
    pacing_of(database, clock).pause(REALM, MINUTE, "429")
    fresh = pacing_of(database, clock)
    fresh.refresh(1)
    assert refused(fresh) == MINUTE


def test_learning_of_others_pauses_keeps_our_own_longer_one(database: Database, clock: FixedClock) -> None:
    one, two = pacing_of(database, clock), pacing_of(database, clock)
    one.pause(REALM, 2 * MINUTE, "429")
    two.pause(REALM, MINUTE, "503")
    two.refresh(1)
    assert refused(two) == 2 * MINUTE
    one.refresh(1)
    assert refused(one) == 2 * MINUTE


def test_calls_wait_for_their_place(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock, Window(2, 10.0))
    began = clock.monotonic()
    for _ in range(4):
        call(pacing)
    assert clock.monotonic() - began == 10.0
    call(pacing, OTHER)
    assert clock.monotonic() - began == 10.0, "each scope has its own windows"


def test_a_wait_beyond_patience_is_refused(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock, Window(1, PATIENCE_SECONDS + 1))
    call(pacing)
    for _ in range(3):
        assert refused(pacing) is not None
    clock.advance(timedelta(seconds=PATIENCE_SECONDS + 1))
    call(pacing)


def test_ready_waits_and_takes_nothing(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock, Window(1, 5.0))
    for _ in range(3):
        pacing.ready(REALM)
    assert clock.monotonic() == 0
    call(pacing)
    pacing.ready(REALM)
    assert clock.monotonic() == 5.0
    call(pacing)
    assert clock.monotonic() == 5.0


def test_workers_divide_the_limit_and_what_was_called_counts_on(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock, Window(4, 10.0))
    for _ in range(4):
        call(pacing)
    pacing.refresh(2)
    clock.advance(timedelta(seconds=1))
    call(pacing)
    assert clock.monotonic() == 10.0
    pacing.refresh(1)
    for _ in range(3):
        call(pacing)
    assert clock.monotonic() == 10.0
    call(pacing)
    assert clock.monotonic() == 20.0


@pytest.mark.parametrize(("workers", "most"), [(1, 4), (2, 2), (9, 1)])
def test_no_more_calls_are_in_flight_than_allowed(database: Database, workers: int, most: int) -> None:
    limit = Limit((Window(1000, 1.0),), in_flight=4)
    pacing = Pacing(lambda _scope: limit, Pauses(database), SystemClock(), Locks(database))
    pacing.refresh(workers)
    lock, inside, seen = threading.Lock(), 0, []

    def run() -> None:
        nonlocal inside
        with pacing.turn(REALM):
            with lock:
                inside += 1
                seen.append(inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(seen) == 12
    assert max(seen) == most


def test_more_workers_than_places_keep_the_limit_together(database: Database) -> None:
    """Each has its own locks and its own number, as processes have; two places for five of them."""
    limit = Limit((Window(1000, 1.0),), in_flight=2)
    workers = [Pacing(lambda _scope: limit, Pauses(database), SystemClock(), Locks(database)) for _ in range(5)]
    for number, pacing in enumerate(workers, 1):
        pacing.refresh(5, number)
    lock, inside, seen = threading.Lock(), 0, []

    def run(pacing: Pacing) -> None:
        nonlocal inside
        for scope in (REALM, REALM):
            with pacing.turn(scope):
                with lock:
                    inside += 1
                    seen.append(inside)
                time.sleep(0.02)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=run, args=(pacing,)) for pacing in workers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(seen) == 20
    assert max(seen) == 2
    for pacing in workers:
        pacing._locks._session._end()


def test_the_number_of_workers_may_change_while_calls_are_out(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock, in_flight=4)
    with ExitStack() as calls:
        for workers in (1, 2, 4, 1):
            pacing.refresh(workers)
            calls.enter_context(pacing.turn(REALM))
    with ExitStack() as calls:
        for _ in range(4):
            calls.enter_context(pacing.turn(REALM))


def test_whether_a_call_could_go_so_soon(database: Database, clock: FixedClock) -> None:
    pacing = pacing_of(database, clock, Window(2, 10.0))
    call(pacing)
    assert pacing.is_free(REALM, 0)
    call(pacing)
    assert not pacing.is_free(REALM, 9)
    assert pacing.is_free(REALM, 10)
    assert pacing.is_free(OTHER, 0)
    clock.advance(timedelta(seconds=6))
    assert pacing.is_free(REALM, 4)
