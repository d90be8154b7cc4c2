"""Limits in real time (contract 2.9)."""

from __future__ import annotations

import pytest
from quickbooks_caller import Company

from service.sandbox.quickbooks.limits import Meter
from service.sandbox.quickbooks.state import QuickBooks


def test_ten_a_second_then_429_in_xml(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.limits = True
    answers = [company.raw("GET", "/preferences") for _ in range(13)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert (answers[12].status_code, answers[12].mimetype) == (429, "application/xml")
    assert b'<Error code="3001">' in answers[12].get_data()
    assert b"errorCode=003001; statusCode=429" in answers[12].get_data()
    assert "Retry-After" not in answers[12].headers
    assert company.refused == "over limit"
    peaks = company.control("GET", "/limits")[company.realm_id]
    assert (peaks["second"], peaks["calls"], peaks["refused"], peaks["in_flight"]) == (13, 13, 3, 1)


def test_429_may_come_in_json_with_a_time(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.limits = True
    quickbooks.settings.throttle_body = "json"
    quickbooks.settings.retry_after = 30
    answer = [company.raw("GET", "/preferences") for _ in range(11)][-1]
    assert answer.get_json()["fault"]["error"][0]["code"] == "3001"
    assert answer.headers["Retry-After"] == "30"


def test_every_realm_has_its_own_limit(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.limits = True
    for _ in range(10):
        company.raw("GET", "/preferences")
    other = Company(company.app, "9341450000000002")
    assert other.raw("GET", "/preferences").status_code == 200


class Ticks:
    """Seconds, counted by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def admitted(meter: Meter, *, batch: bool = False, refuse: bool = True) -> bool:
    try:
        return meter.enter(batch=batch, refuse=refuse, refuse_in_flight=False)
    finally:
        meter.leave()


def test_five_hundred_a_minute(ticks: Ticks) -> None:
    meter = Meter(ticks)
    for _ in range(500):
        assert admitted(meter)
        ticks.now += 0.11
    assert not admitted(meter)
    ticks.now += 5.2
    assert admitted(meter)
    assert meter.peaks["minute"] == 501


def test_forty_batches_a_minute(ticks: Ticks) -> None:
    meter = Meter(ticks)
    for _ in range(40):
        assert admitted(meter, batch=True)
        ticks.now += 0.2
    assert not admitted(meter, batch=True)
    assert admitted(meter)
    ticks.now += 60
    assert admitted(meter, batch=True)


def test_peaks_are_seen_with_the_limits_off(ticks: Ticks) -> None:
    meter = Meter(ticks)
    assert all(admitted(meter, refuse=False) for _ in range(25))
    assert (meter.peaks["second"], meter.peaks["refused"]) == (25, 0)


def test_more_than_ten_at_once_may_be_refused(ticks: Ticks) -> None:
    meter = Meter(ticks)
    for _ in range(10):
        assert meter.enter(batch=False, refuse=True, refuse_in_flight=True)
        ticks.now += 1
    assert not meter.enter(batch=False, refuse=True, refuse_in_flight=True)
    meter.leave()
    meter.leave()
    ticks.now += 1
    assert meter.enter(batch=False, refuse=True, refuse_in_flight=True)
    assert meter.peaks["in_flight"] == 11
