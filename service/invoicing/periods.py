"""How long a recurring line item's period is. Knows no clock."""

from __future__ import annotations

from calendar import monthrange
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


def find_last_day(start: date, frequency: str) -> date | None:
    """The last day of the period that begins on a day; None for a frequency we do not know."""
    if frequency in _DAYS:
        return start + timedelta(days=_DAYS[frequency] - 1)
    if frequency not in _MONTHS:
        return None
    months = start.year * 12 + start.month - 1 + _MONTHS[frequency]
    year, month = months // 12, months % 12 + 1
    # A month that is shorter ends the period on its last day, as a subscription from the 31st does.
    return date(year, month, min(start.day, monthrange(year, month)[1])) - timedelta(days=1)
