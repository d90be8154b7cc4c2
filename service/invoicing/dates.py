"""Days as HubSpot writes them. Knows no clock: today is somebody else's word."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII | re.IGNORECASE
)
_MILLISECONDS = re.compile(r"\d{1,15}", re.ASCII)
_YEARS = range(2000, 2200)


def parse_date(text: str, zone: tzinfo = UTC) -> date | None:
    """The day a text says, or in which its moment falls in the `zone`; None when it is neither.

    A day is an ISO date or its midnight in UTC. Years outside 2000 to 2199 are typing errors, not days to
    invoice on.
    """
    said = _read(text)
    try:
        day = said.astimezone(zone).date() if isinstance(said, datetime) else said
    except OverflowError:
        return None
    return day if day is not None and day.year in _YEARS else None


def names_moment(text: str) -> bool:
    """Whether it depends on a time zone which day the text means."""
    return isinstance(_read(text), datetime)


# HubSpot keeps a date as its midnight in UTC, and a date with a time as that instant.
# https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide  (date and datetime)
def _read(text: str) -> date | datetime | None:
    """A day, a moment with its offset, or None."""
    trimmed = text.strip()
    iso = _ISO.fullmatch(trimmed)
    try:
        if iso:
            # Wall time without an offset is no moment: its day is the one it says.
            if iso[2] is None or iso[3] is None:
                return datetime.fromisoformat(trimmed).date()
            moment = datetime.fromisoformat(trimmed.upper())
        elif _MILLISECONDS.fullmatch(trimmed):
            moment = _EPOCH + timedelta(milliseconds=int(trimmed))
        else:
            return None
    except (ValueError, OverflowError):
        return None
    is_midnight = not moment.utcoffset() and moment.time() == datetime.min.time()
    return moment.date() if is_midnight else moment
