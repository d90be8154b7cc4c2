"""Rounds: scopes side by side, one piece at a time in each; a failure holds up nobody; nothing outlives the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from service.engine.rounds import Round, Rounds


class Piles:
    """So much work in each scope, and who worked on it at the same time."""

    def __init__(self, **piles: int) -> None:
        self.left, self.lock = dict(piles), threading.Lock()
        self.busy: list[str] = []
        self.together: set[str] = set()
        self.overlaps: list[str] = []

    def find(self) -> list[str]:
        with self.lock:
            return [scope for scope, left in self.left.items() if left]

    def work(self, scope: str) -> int:
        with self.lock:
            if not self.left[scope]:
                return 0
            self.overlaps += [scope] if scope in self.busy else []
            self.busy.append(scope)
            self.together |= set(self.busy) if len(set(self.busy)) > 1 else set()
        time.sleep(0.01)
        with self.lock:
            self.left[scope] -= 1
            self.busy.remove(scope)
        return 1


@pytest.fixture
def start():
    made: list[Rounds] = []

    def begin(*rounds: Round) -> Rounds:
        each = Rounds("test", rounds, threads=4)
        each.start()
        made.append(each)
        return each

    yield begin
    for each in made:
        each.stop()


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def test_scopes_are_worked_on_side_by_side_and_each_by_one(start) -> None:
    piles = Piles(a=8, b=8, c=8)
    start(Round("piles", piles.find, piles.work))
    wait_for(lambda: not piles.find())
    assert piles.together == {"a", "b", "c"}
    assert piles.overlaps == []


def test_what_one_round_finishes_the_next_takes_up_at_once(start) -> None:
    first, second = Piles(a=1), Piles(b=0)

    def work(scope: str) -> int:
        done = first.work(scope)
        second.left["b"] = 1 if done else second.left["b"]
        return done

    start(Round("first", first.find, work), Round("second", second.find, second.work))
    wait_for(lambda: not first.find())
    began = time.monotonic()
    wait_for(lambda: not second.find())
    assert time.monotonic() - began < 0.5


def test_a_scope_that_fails_is_tried_again_and_holds_up_no_other(start, caplog: pytest.LogCaptureFixture) -> None:
    piles, failed = Piles(bad=3, good=5), []

    def work(scope: str) -> int:
        if scope == "bad" and len(failed) < 2:
            failed.append(scope)
            raise (ValueError("a bug") if len(failed) == 1 else sa.exc.OperationalError("select", {}, Exception()))
        return piles.work(scope)

    start(Round("piles", piles.find, work))
    wait_for(lambda: not piles.find())
    assert len(failed) == 2
    assert "round failed" in caplog.text


def test_nothing_is_begun_after_the_end(start) -> None:
    piles = Piles(a=1000)
    rounds = start(Round("piles", piles.find, piles.work))
    wait_for(lambda: piles.left["a"] < 1000)
    rounds.stop()
    wait_for(lambda: not piles.busy)
    left = piles.left["a"]
    time.sleep(0.05)
    assert piles.left["a"] == left > 0
