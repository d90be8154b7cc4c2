"""Which period of a recurring line item a day lies in. Knows no clock."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

# https://developers.hubspot.com/docs/api-reference/crm-line-items-v3/guide  (recurringbillingfrequency)
_DAYS = {"weekly": 7, "biweekly": 14}
_MONTHS = {
    "monthly": 1,
    "quarterly": 3,
    "per_six_months": 6,
    "annually": 12,
    "per_two_years": 24,
    "per_three_years": 36,
    "per_four_years": 48,
    "per_five_years": 60,
}


@dataclass(frozen=True, slots=True)
class Period:
    """The first and the last day of what one invoice bills."""

    first: date
    last: date


def find_period(
    day: date, frequency: str, start: date | None, end: date | None = None, periods: int | None = None
) -> Period | None:
    """The period in which a day lies: the first one before it has begun, the last one when all are over.

    `start` None: billing begins on the day. `end` and `periods` (how many there are) None: it goes on for ever.
    None for a frequency we do not know.
    """
    if frequency not in _DAYS and frequency not in _MONTHS:
        return None
    start = start or day
    number = max(_count_begun(start, day, frequency) - 1, 0)
    if periods is not None:
        number = min(number, periods - 1)
    if end is not None and end > start:
        # Whether the last day still belongs to it is documented nowhere: no period begins on it.
        number = min(number, _count_begun(start, end - timedelta(days=1), frequency) - 1)
    last = _begin(start, number + 1, frequency) - timedelta(days=1)
    return Period(_begin(start, number, frequency), min(last, end) if end is not None and end > start else last)


def _count_begun(start: date, day: date, frequency: str) -> int:
    """How many periods have begun on a day."""
    if day < start:
        return 0
    if frequency in _DAYS:
        return (day - start).days // _DAYS[frequency] + 1
    number = ((day.year - start.year) * 12 + day.month - start.month) // _MONTHS[frequency]
    return number + (1 if _begin(start, number, frequency) <= day else 0)


def _begin(start: date, number: int, frequency: str) -> date:
    """The first day of the period with a number, from 0."""
    if frequency in _DAYS:
        return start + timedelta(days=_DAYS[frequency] * number)
    months = start.year * 12 + start.month - 1 + _MONTHS[frequency] * number
    year, month = months // 12, months % 12 + 1
    # A month that is shorter begins the period on its last day, as a subscription from the 31st does.
    return date(year, month, min(start.day, monthrange(year, month)[1]))
