"""However calls arrive, no window ever holds more of them than the vendor allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.engine.windows import Slots, Window

HAIR = 1e-6
windows = st.lists(
    st.builds(Window, calls=st.integers(1, 12), seconds=st.sampled_from([0.5, 1.0, 10.0, 60.0])),
    min_size=1,
    max_size=3,
)
gaps = st.lists(st.one_of(st.just(0.0), st.floats(0, 5), st.floats(0, 90)), min_size=1, max_size=60)


def fullest(called_at: Sequence[float], seconds: float) -> int:
    """The most calls in any stretch of `seconds`; both ends of a stretch do not count together."""
    ordered = sorted(called_at)
    return max(bisect_left(ordered, at + seconds - HAIR) - number for number, at in enumerate(ordered))


@settings(max_examples=50)
@given(allowed=windows, gaps=gaps)
def test_no_window_is_ever_exceeded(allowed: list[Window], gaps: list[float]) -> None:
    slots, now, called_at = Slots(allowed), 1000.0, []
    for gap in gaps:
        now += gap
        wait = slots.book(now, patience=float("inf"))
        assert wait is not None
        assert wait >= 0
        called_at.append(now + wait)
    for window in allowed:
        assert fullest(called_at, window.seconds) <= window.calls
    assert called_at == sorted(called_at), "first come, first served"


@settings(max_examples=50)
@given(allowed=windows, gaps=gaps)
def test_nobody_waits_longer_than_the_windows_ask(allowed: list[Window], gaps: list[float]) -> None:
    """A call is late only when some window was full just before it."""
    slots, now, called_at = Slots(allowed), 1000.0, []
    for gap in gaps:
        now += gap
        expected = slots.wait_for(now)
        wait = slots.book(now, patience=float("inf"))
        assert wait == expected
        if wait:
            at = now + wait
            assert any(
                sum(1 for each in called_at if each > at - window.seconds - HAIR) >= window.calls for window in allowed
            )
        called_at.append(now + (wait or 0.0))


@settings(max_examples=50)
@given(allowed=windows, gaps=gaps, patience=st.floats(0, 20))
def test_what_would_wait_too_long_takes_no_place(allowed: list[Window], gaps: list[float], patience: float) -> None:
    slots, now, called_at = Slots(allowed), 1000.0, []
    for gap in gaps:
        now += gap
        before = slots.wait_for(now)
        wait = slots.book(now, patience)
        if wait is None:
            assert before > patience - HAIR
            assert slots.wait_for(now) == before
        else:
            assert wait <= patience + HAIR
            called_at.append(now + wait)
    for window in allowed:
        assert not called_at or fullest(called_at, window.seconds) <= window.calls


@given(window=st.builds(Window, calls=st.integers(1, 200), seconds=st.just(10.0)), workers=st.integers(1, 64))
def test_shares_never_add_up_to_more_than_the_limit(window: Window, workers: int) -> None:
    share = window.shared_by(workers)
    assert share.calls >= 1
    if workers <= window.calls:
        assert share.seconds == window.seconds
        assert share.calls * workers <= window.calls
    else:  # over a longer time, then: nobody can have less than one call
        assert share.calls * workers / share.seconds <= window.calls / window.seconds * (1 + HAIR)
    assert window.shared_by(1) == window


@settings(max_examples=60)
@example(sizes=[(12, 12), (1, 0), (12, 12)], gaps=[0.0] * 12)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=1, max_size=6),
    gaps=st.lists(st.floats(0, 3), min_size=12, max_size=12),
)
def test_other_limits_do_not_forget_what_was_booked(sizes: list[tuple[int, int]], gaps: list[float]) -> None:
    """The number of workers changes: calls of just now count on."""
    slots, now, called_at = Slots([Window(12, 10.0)]), 1000.0, []
    for size, calls in sizes:
        slots.resize([Window(size, 10.0)])
        for gap in gaps[:calls]:
            now += gap
            wait = slots.book(now, patience=float("inf"))
            assert wait is not None
            called_at.append(now + wait)
    assert not called_at or fullest(called_at, 10.0) <= 12


@pytest.mark.parametrize(("calls", "expected"), [(1, 0.0), (2, 0.0), (3, 10.0), (4, 10.0), (5, 20.0)])
def test_the_wait_by_example(calls: int, expected: float) -> None:
    slots = Slots([Window(2, 10.0)])
    for _ in range(calls - 1):
        slots.book(100.0, 100.0)
    assert slots.book(100.0, 100.0) == expected


def test_a_worker_that_starts_again_keeps_the_limits_of_its_last_life() -> None:
    allowed, began = [Window(9, 1.1), Window(490, 60.5)], 1000.0
    before = [began - 60.5 / 490 * number for number in range(1, 490)]  # as fast as allowed, then killed
    slots, called_at, now = Slots(allowed), list(before), began
    slots.assume_calls_until(began)
    for _ in range(600):
        now += slots.book(now, patience=float("inf")) or 0.0
        called_at.append(now)
    assert fullest(called_at, 1.1) <= 9
    assert fullest(called_at, 60.5) <= 490 + 9
    assert called_at[489] - began <= 1.1 + HAIR, "nobody waits for a minute"


def test_what_is_left_is_of_the_longest_window_and_comes_back() -> None:
    slots = Slots([Window(2, 1.0), Window(3, 60.0)])
    assert slots.left(100.0) == (3, Window(3, 60.0))
    for at in (100.0, 100.5, 110.0):
        assert slots.book(at, patience=0) == 0
    assert slots.left(110.0)[0] == 0
    assert slots.left(160.2)[0] == 1
    assert slots.left(170.0)[0] == 3
    slots.resize([Window(1, 60.0)])
    assert slots.left(165.0) == (0, Window(1, 60.0))
