"""A realm's day begins at its own midnight, also when clocks change and months end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.status import Status, days_overdue, derive_status
from service.quickbooks.settings import RealmSettings
from service.workflows.know_realm import KnownRealm

ZONES = ("America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "America/Havana")
OWED = Decimal("150.00")


def realm(zone: str) -> KnownRealm:
    facts = RealmFacts("USD", False, SalesTax.NONE, False)
    settings: RealmSettings = None  # type: ignore[assignment]  # not asked here
    return KnownRealm(settings, facts, ZoneInfo(zone))


def status_at(instant: datetime, zone: str, due: date) -> Status:
    return derive_status(OWED, OWED, Decimal(0), due, realm(zone).day_of(instant))


@pytest.mark.parametrize(
    ("zone", "due", "last_second"),
    [
        ("America/New_York", "2026-03-07", "2026-03-08T04:59:59Z"),  # clocks go forward that night, after midnight
        ("America/New_York", "2026-03-08", "2026-03-09T03:59:59Z"),  # the day of 23 hours
        ("America/New_York", "2026-11-01", "2026-11-02T04:59:59Z"),  # the day of 25 hours
        ("Europe/Berlin", "2026-03-29", "2026-03-29T21:59:59Z"),
        ("Europe/Berlin", "2026-10-25", "2026-10-25T22:59:59Z"),
        ("America/Havana", "2026-11-01", "2026-11-02T04:59:59Z"),  # one o'clock becomes midnight once more
        ("Asia/Kathmandu", "2026-02-28", "2026-02-28T18:14:59Z"),
        ("America/Los_Angeles", "2028-02-28", "2028-02-29T07:59:59Z"),  # a leap year
        ("America/Los_Angeles", "2026-12-31", "2027-01-01T07:59:59Z"),
    ],
)
def test_overdue_begins_at_the_realms_midnight(zone: str, due: str, last_second: str) -> None:
    last, day = datetime.fromisoformat(last_second), date.fromisoformat(due)
    assert status_at(last, zone, day) == Status.DRAFT
    assert status_at(last + timedelta(seconds=1), zone, day) == Status.OVERDUE


def test_at_the_second_midnight_of_a_night_it_is_still_the_next_day() -> None:
    # In Havana the hour from 0:00 to 1:00 of 1 November 2026 comes twice.
    first, second = datetime(2026, 11, 1, 4, 30, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert [realm("America/Havana").day_of(each) for each in (first, second)] == [date(2026, 11, 1)] * 2


@given(
    instant=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    zone=st.sampled_from(ZONES),
    ahead=st.integers(-400, 400),
)
def test_days_overdue_count_calendar_days(instant: datetime, zone: str, ahead: int) -> None:
    today = realm(zone).day_of(instant)
    due = today + timedelta(days=ahead)
    assert days_overdue(OWED, due, today) == max(0, -ahead)
    assert (status_at(instant, zone, due) == Status.OVERDUE) == (ahead < 0)
    # Never two days at once: in the next 23 hours the day goes on by one at most.
    assert (realm(zone).day_of(instant + timedelta(hours=23)) - today).days in (0, 1)
