"""Days as HubSpot writes them. Knows no clock: today is somebody else's word."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0{1,6})?)?(?:Z|\+00:00)?)?", re.ASCII)
_MILLISECONDS = re.compile(r"\d{1,15}", re.ASCII)
_YEARS = range(2000, 2200)


def parse_date(text: str) -> date | None:
    """A day is read from epoch milliseconds (UTC) or an ISO date; None when it is neither.

    Years outside 2000 to 2199 are typing errors, not days to invoice on.
    """
    trimmed = text.strip()
    iso = _ISO.fullmatch(trimmed)
    try:
        if iso:
            day = date.fromisoformat(iso[1])
        elif _MILLISECONDS.fullmatch(trimmed):
            day = (_EPOCH + timedelta(milliseconds=int(trimmed))).date()
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return day if day.year in _YEARS else None
