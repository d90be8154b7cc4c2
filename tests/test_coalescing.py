"""Many ask for one thing each, few calls go out, and everybody gets their own answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from service.coalescing import Lane, Lanes


class Vendor:
    """Answers batches; each may be held until the test lets it go."""

    def __init__(self) -> None:
        self.batches: list[dict[Any, Any]] = []
        self.let_go = threading.Event()
        self.let_go.set()
        self.called = threading.Semaphore(0)
        self.busy = threading.Lock()

    def call(self, asked: Mapping[Any, Any]) -> Mapping[Any, Any]:
        assert self.busy.acquire(blocking=False), "two calls of one lane at once"
        self.batches.append(dict(asked))
        self.called.release()
        assert self.let_go.wait(20)
        self.busy.release()
        return {key: ("answer", key, value) for key, value in asked.items()}


class Askers:
    """Threads that ask, and what each got."""

    def __init__(self, lane: Lane[Any]) -> None:
        self.lane, self.got, self.threads = lane, {}, []  # type: ignore[var-annotated]

    def ask(self, name: str, key: Any, value: Any = None) -> None:
        def run() -> None:
            try:
                self.got[name] = self.lane.ask(key, value)
            except BaseException as error:
                self.got[name] = error

        thread = threading.Thread(target=run)
        thread.start()
        self.threads.append(thread)

    def wait_until_asked(self, count: int) -> None:
        """Until so many wait in the lane for the next call."""
        end = time.monotonic() + 10
        while len(self.lane._waiting) < count:
            assert time.monotonic() < end
            time.sleep(0.001)

    def join(self) -> dict[str, Any]:
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive(), "an asker was never woken"
        return self.got


def lane_of(vendor: Vendor, most: int = 100) -> Lane[Any]:
    return Lane(vendor.call, lambda: None, most)


def test_one_who_asks_alone_is_answered_at_once() -> None:
    vendor = Vendor()
    assert lane_of(vendor).ask("a", 1) == ("answer", "a", 1)
    assert vendor.batches == [{"a": 1}]


def test_the_batch_grows_while_a_call_is_out() -> None:
    vendor = Vendor()
    vendor.let_go.clear()
    lane = lane_of(vendor)
    askers = Askers(lane)
    askers.ask("first", "first")
    assert vendor.called.acquire(timeout=10)
    for number in range(30):
        askers.ask(str(number), number, number * 10)
    askers.wait_until_asked(30)
    vendor.let_go.set()
    got = askers.join()
    assert [len(batch) for batch in vendor.batches] == [1, 30]
    assert all(got[str(number)] == ("answer", number, number * 10) for number in range(30))


def test_no_batch_is_larger_than_the_vendor_takes() -> None:
    vendor = Vendor()
    vendor.let_go.clear()
    askers = Askers(lane_of(vendor, most=10))
    askers.ask("first", "first")
    assert vendor.called.acquire(timeout=10)
    for number in range(25):
        askers.ask(str(number), number)
    askers.wait_until_asked(25)
    vendor.let_go.set()
    assert len(askers.join()) == 26
    assert [len(batch) for batch in vendor.batches] == [1, 10, 10, 5]


def test_the_batch_grows_while_the_leader_waits_for_its_turn() -> None:
    vendor, turn, waiting = Vendor(), threading.Event(), threading.Event()

    def ready() -> None:
        waiting.set()
        assert turn.wait(10)

    askers = Askers(Lane(vendor.call, ready))
    askers.ask("a", "a")
    assert waiting.wait(10)
    for name in "bcd":
        askers.ask(name, name)
    askers.wait_until_asked(4)
    turn.set()
    askers.join()
    assert [set(batch) for batch in vendor.batches] == [set("abcd")]


def test_a_key_asked_twice_goes_out_in_two_calls_the_first_one_first() -> None:
    vendor = Vendor()
    vendor.let_go.clear()
    askers = Askers(lane_of(vendor))
    askers.ask("first", "first")
    assert vendor.called.acquire(timeout=10)
    for number in range(3):
        askers.ask(f"deal-{number}", "deal", number)
        askers.wait_until_asked(number + 1)
    vendor.let_go.set()
    got = askers.join()
    assert vendor.batches == [{"first": None}, {"deal": 0}, {"deal": 1}, {"deal": 2}]
    assert [got[f"deal-{number}"] for number in range(3)] == [("answer", "deal", number) for number in range(3)]


def test_an_error_of_one_is_raised_to_that_one() -> None:
    refused = ValueError("HubSpot refused this deal")

    def call(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: refused if key == "bad" else key for key in asked if key != "missing"}

    lane: Lane[str] = Lane(call, lambda: None)
    askers = Askers(lane)
    for key in ("good", "bad", "missing"):
        askers.ask(key, key)
    assert askers.join() == {"good": "good", "bad": refused, "missing": None}


@pytest.mark.parametrize("error", [TimeoutError(), KeyboardInterrupt()])
def test_an_error_of_the_call_is_raised_to_all_in_it_and_the_next_call_goes_out(error: BaseException) -> None:
    vendor = Vendor()
    vendor.let_go.clear()

    def call(asked: Mapping[Any, Any]) -> Mapping[Any, Any]:
        answer = vendor.call(asked)
        if "b" in asked:
            raise error
        return answer

    askers = Askers(Lane(call, lambda: None, most=2))
    askers.ask("first", "first")
    assert vendor.called.acquire(timeout=10)
    for number, name in enumerate("abcd"):
        askers.ask(name, name)
        askers.wait_until_asked(number + 1)
    vendor.let_go.set()
    got = askers.join()
    assert got == {
        "first": ("answer", "first", None),
        "a": error,
        "b": error,
        "c": ("answer", "c", None),
        "d": ("answer", "d", None),
    }


def test_when_no_call_may_go_the_lane_does_not_hang() -> None:
    vendor = Vendor()
    paused = [True]

    def ready() -> None:
        if paused[0]:
            raise TimeoutError("paused")

    lane: Lane[str] = Lane(vendor.call, ready)
    askers = Askers(lane)
    for name in "abc":
        askers.ask(name, name)
    assert all(isinstance(answer, TimeoutError) for answer in askers.join().values())
    assert vendor.batches == []
    paused[0] = False
    assert lane.ask("a") == ("answer", "a", None)


@pytest.mark.parametrize("seed", range(8))
def test_two_hundred_threads_lose_no_answer(seed: int) -> None:
    draw = random.Random(seed)
    most, kinds = draw.choice([1, 7, 100]), draw.choice([5, 1000])
    calls: list[int] = []

    def call(asked: Mapping[int, Any]) -> Mapping[int, Any]:
        calls.append(len(asked))
        if draw.random() < 0.3:
            time.sleep(draw.random() * 0.002)
        if draw.random() < 0.1:
            raise TimeoutError
        return {key: ValueError(key) if key % 13 == 0 else (key, value) for key, value in asked.items()}

    lane: Lane[int] = Lane(call, lambda: None, most)
    wrong: list[Any] = []
    barrier = threading.Barrier(200)

    def run(number: int) -> None:
        barrier.wait(20)
        for again in range(2):
            key = (number * 7 + again) % kinds
            try:
                if lane.ask(key, number) != (key, number):
                    wrong.append((key, number))
            except TimeoutError:
                pass
            except ValueError as error:
                if error.args != (key,):
                    wrong.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a lost wake-up"
    assert wrong == []
    assert sum(calls) == 400
    assert max(calls) <= most


def test_each_name_has_one_lane() -> None:
    lanes, made = Lanes(), []

    def make() -> Lane[Any]:
        made.append(1)
        return lane_of(Vendor())

    found: list[Lane[Any]] = []
    barrier = threading.Barrier(16)

    def run() -> None:
        barrier.wait(10)
        found.append(lanes.lane("deals", make))

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert lanes.lane("other", make) is not found[0]


def test_the_answer_is_the_one_of_the_last_write_in_its_call() -> None:
    """Two values for one key never share a call, so that no write is lost."""
    seen: list[tuple[str, int]] = []
    call: Callable[[Mapping[str, int]], Mapping[str, int]] = lambda asked: (seen.extend(asked.items()), asked)[1]  # noqa: E731
    lane: Lane[str] = Lane(call, lambda: None)
    threads = [threading.Thread(target=lane.ask, args=("deal", number)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(seen) == [("deal", number) for number in range(40)]
