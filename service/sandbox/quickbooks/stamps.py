"""Times as QuickBooks writes them: ISO 8601 with the offset of the Pacific coast."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


def stamp(instant: datetime) -> str:
    """A time stamp to the second, as MetaData carries it."""
    return instant.astimezone(PACIFIC).isoformat(timespec="seconds")


def stamp_precisely(instant: datetime) -> str:
    """A time stamp to the millisecond, as the envelope's `time` carries it."""
    return instant.astimezone(PACIFIC).isoformat(timespec="milliseconds")


@lru_cache(maxsize=4096)
def parse_instant(text: str) -> datetime:
    """An aware instant; without an offset the Pacific one is meant.

    Raises ValueError.
    """
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=PACIFIC)


def server_date(instant: datetime) -> date:
    """The day it is where QuickBooks' servers stand."""
    return instant.astimezone(PACIFIC).date()


def days_after(day: str, days: int) -> str:
    """A date some days later, as YYYY-MM-DD."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
