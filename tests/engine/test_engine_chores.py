"""Chores go on whatever one of them raises, and end when they are told to."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
import sqlalchemy as sa

from service.clock import SystemClock
from service.engine.chores import Chores


def wait_for(event: threading.Event) -> None:
    assert event.wait(5)


def test_each_chore_is_done_again_and_again_and_a_failing_one_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    done, times = threading.Event(), []

    def count(what: str) -> None:
        times.append(what)
        if len(times) > 2:
            done.set()

    def fail() -> None:
        raise ValueError("a bug")

    def lose_database() -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("away"))

    chores = Chores("test", SystemClock(), [(0.0, fail), (0.0, lose_database), (0.0, partial(count, "x"))])
    chores.start()
    wait_for(done)
    chores.stop()
    stopped_at = len(times)
    time.sleep(0.6)
    assert len(times) == stopped_at
    assert {"chore failed", "database unavailable"} <= {each.message for each in caplog.records}


@pytest.mark.thorough
def test_one_that_waits_for_a_vendor_does_not_hold_up_the_end() -> None:
    began, freed = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        freed.wait(20)

    chores = Chores("test", SystemClock(), [(1.0, wait)])
    chores.start()
    wait_for(began)
    started = time.monotonic()
    chores.stop()
    freed.set()
    assert time.monotonic() - started < 5
