"""How HubSpot writes times: ISO with milliseconds, epoch milliseconds, ISO-8601 durations."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_DURATION = re.compile(
    r"^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$"
)


def stamp(instant: datetime) -> str:
    """An aware instant as HubSpot prints it, `2026-11-20T10:00:00.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def milliseconds(instant: datetime) -> int:
    """Epoch milliseconds of an aware instant."""
    return round(instant.timestamp() * 1000)


def parse_stamp(text: str) -> datetime:
    """An ISO time or epoch milliseconds as an aware instant. Raises ValueError."""
    if re.fullmatch(r"-?\d+", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    if len(text) < 16 or "T" not in text:
        raise ValueError(f"{text!r} is not a date and time")
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def parse_day(text: str) -> date:
    """`YYYY-MM-DD`, or epoch milliseconds at midnight UTC. Raises ValueError."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    if not re.fullmatch(r"-?\d+", text) or int(text) % 86_400_000:
        raise ValueError(f"{text!r} is not a date")
    return datetime.fromtimestamp(int(text) / 1000, UTC).date()


def day_milliseconds(day: str) -> str:
    """A stored date as an action input carries it: epoch milliseconds at UTC midnight, a string."""
    moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    return str(milliseconds(moment))


def parse_duration(text: str) -> timedelta:
    """An ISO-8601 duration such as `PT6H` or `P1WT1H`. Raises ValueError."""
    found = _DURATION.match(text)
    if not found:
        raise ValueError(f"{text!r} is not an ISO-8601 duration")
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in found.groups()[:6])
    return timedelta(
        days=365 * years + 30 * months + 7 * weeks + days,
        hours=hours,
        minutes=minutes,
        seconds=float(found.group(7) or 0),
    )
