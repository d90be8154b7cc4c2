"""Which period of a subscription an invoice bills: the one its date lies in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import draft, make_line, parse_body, quick

from service.invoicing.periods import Period, find_period
from service.invoicing.realm import RealmFacts

FREQUENCIES = (
    *("weekly", "biweekly", "monthly", "quarterly", "per_six_months", "annually"),
    *("per_two_years", "per_three_years", "per_four_years", "per_five_years"),
)


@pytest.mark.parametrize(
    ("day", "frequency", "start", "end", "periods", "first", "last"),
    [
        ("2026-10-15", "monthly", "2026-01-15", None, None, "2026-10-15", "2026-11-14"),
        ("2026-10-14", "monthly", "2026-01-15", None, None, "2026-09-15", "2026-10-14"),
        ("2026-10-15", "monthly", None, None, None, "2026-10-15", "2026-11-14"),
        ("2026-10-15", "monthly", "2027-01-01", None, None, "2027-01-01", "2027-01-31"),
        ("2026-02-28", "monthly", "2026-01-31", None, None, "2026-02-28", "2026-03-30"),
        ("2026-03-31", "monthly", "2026-01-31", None, None, "2026-03-31", "2026-04-29"),
        ("2028-03-01", "annually", "2024-02-29", None, None, "2028-02-29", "2029-02-27"),
        ("2026-10-15", "biweekly", "2026-10-01", None, None, "2026-10-15", "2026-10-28"),
        # Twelve payments, all billed: the last one is meant.
        ("2026-10-15", "monthly", "2025-01-15", None, 12, "2025-12-15", "2026-01-14"),
        ("2026-10-15", "monthly", "2026-01-15", "2026-09-15", None, "2026-08-15", "2026-09-14"),
        ("2026-10-15", "monthly", "2026-01-15", "2026-10-31", None, "2026-10-15", "2026-10-31"),
        ("2026-10-15", "monthly", "2026-01-15", "2025-10-31", None, "2026-10-15", "2026-11-14"),
    ],
)
def test_the_period_of_a_day(
    day: str, frequency: str, start: str | None, end: str | None, periods: int | None, first: str, last: str
) -> None:
    found = find_period(
        date.fromisoformat(day),
        frequency,
        date.fromisoformat(start) if start else None,
        date.fromisoformat(end) if end else None,
        periods,
    )
    assert found == Period(date.fromisoformat(first), date.fromisoformat(last))


def test_a_frequency_we_do_not_know() -> None:
    assert find_period(date(2026, 10, 15), "per_blue_moon", date(2026, 1, 1)) is None


@quick
@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)), st.integers(0, 20_000), st.sampled_from(FREQUENCIES))
def test_every_day_lies_in_its_period_and_the_next_day_after_in_the_next(
    start: date, days: int, frequency: str
) -> None:
    day = start + timedelta(days=days)
    period = find_period(day, frequency, start)
    assert period is not None
    assert period.first <= day <= period.last
    following = find_period(period.last + timedelta(days=1), frequency, start)
    assert following is not None
    assert following.first == period.last + timedelta(days=1)


def test_an_invoice_says_which_period_it_bills() -> None:
    properties = {"recurringbillingfrequency": "monthly", "hs_recurring_billing_start_date": "2026-01-15"}
    months = properties | {"hs_recurring_billing_number_of_payments": "6"}

    def say(told: dict[str, str]) -> tuple[str, str]:
        made = draft(None, [make_line(**told)], RealmFacts("USD", service_dates=True), {"invoiceDate": "2026-10-15"})
        (line,) = parse_body(made.body())["Line"]
        return line["Description"].splitlines()[-1], line["SalesItemLineDetail"]["ServiceDate"]

    assert say(properties) == ("Recurring (monthly): one period from 2026-10-15 to 2026-11-14", "2026-10-15")
    assert say(months)[0].endswith("from 2026-06-15 to 2026-07-14")
    # What renews itself goes on after its first term.
    assert say(months | {"hs_recurring_billing_terms": "AUTOMATICALLY_RENEW"}) == say(properties)
