from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import JANE, line_properties, make_deal, make_line, quick, wild

from service.errors import DealHasNoAmount, LineItemUnusable
from service.ids import ObjectId
from service.invoicing.dates import parse_date
from service.invoicing.deal import (
    LINE_ITEM_PROPERTIES,
    RecipientKind,
    derive_amount_line,
    read_line_item,
    read_recipient,
    sort_line_items,
)
from service.invoicing.text import clean_name, clean_text, cut_text, is_email


def test_reads_a_deal() -> None:
    deal = make_deal(amount="1500.00", deal_currency_code="usd", qbo_invoice_id="130")
    assert (deal.name, deal.amount, deal.currency, deal.invoice_id) == ("Acme renewal", Decimal(1500), "USD", "130")


@pytest.mark.parametrize("amount", [None, "", "n/a", "NaN", "1e400"])
def test_a_deal_without_an_amount_can_still_be_read(amount: str | None) -> None:
    deal = make_deal(amount=amount, dealname=None)
    assert deal.amount is None
    assert deal.name == "Deal 9123456789"
    with pytest.raises(DealHasNoAmount, match="Amount"):
        derive_amount_line(deal)


@pytest.mark.parametrize("name", ["quantity", "price", "discount", "hs_discount_percentage"])
def test_a_bad_number_names_the_line_item(name: str) -> None:
    with pytest.raises(LineItemUnusable, match=r'"Custom Design" \(id 501\).*"a lot"'):
        make_line(**{name: "a lot"})


def test_reads_a_line_item() -> None:
    line = make_line(
        quantity="7",
        price="19.989999999999998",
        hs_sku=" DS-1\n",
        description="One\r\ntwo\x00",
        recurringbillingfrequency="monthly",
        hs_recurring_billing_start_date="2026-12-01",
        amount="rubbish",
    )
    assert (line.quantity, line.price, line.sku, line.description) == (Decimal(7), Decimal("19.99"), "DS-1", "One\ntwo")
    assert (line.frequency, line.start_date, line.amount) == ("monthly", date(2026, 12, 1), None)
    assert read_line_item(ObjectId("9"), {}).quantity is None


def test_lines_stand_as_on_the_quote() -> None:
    lines = [make_line("10"), make_line("9"), make_line("8", hs_position_on_quote="2")]
    lines += [make_line("7", hs_position_on_quote="10"), make_line("6", hs_position_on_quote="x")]
    assert [line.id for line in sort_line_items(lines)] == ["8", "7", "6", "9", "10"]


def test_reads_recipients() -> None:
    assert (JANE.person_name, JANE.email, JANE.company_name, JANE.address.city) == (
        "Jane Doe",
        "jane@example.com",
        "Acme",
        "Austin",
    )
    properties = {"name": "Acme\tInc", "address": "1 Main St", "address2": "Floor 2", "firstname": "x"}
    company = read_recipient(RecipientKind.COMPANY, ObjectId("7"), properties)
    assert (company.company_name, company.person_name, company.address.street) == ("Acme Inc", "", "1 Main St, Floor 2")


@quick
@given(st.one_of(line_properties, st.dictionaries(st.sampled_from(LINE_ITEM_PROPERTIES), wild)))
def test_a_line_item_is_read_or_refused(properties: dict[str, str | None]) -> None:
    try:
        line = read_line_item(ObjectId("1"), properties)
    except LineItemUnusable as error:
        refusal = error.sentence
    else:
        line.name.encode()
        return
    assert "(id 1)" in refusal or "line item 1" in refusal


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1761264000000", date(2025, 10, 24)),
        ("2026-11-22", date(2026, 11, 22)),
        ("2026-11-22T00:00:00Z", date(2026, 11, 22)),
        ("2026-11-22T00:00:00.000Z", date(2026, 11, 22)),
        ("2026-02-30", None),
        ("22.11.2026", None),
        ("0", None),
        ("20261122", None),
        ("9" * 15, None),
        ("-1", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_reads_dates(text: str, day: date | None) -> None:
    assert parse_date(text) == day


NEW_YORK, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-11-22T03:30:00Z", NEW_YORK, date(2026, 11, 21)),
        ("2026-11-22T03:30:00.123Z", NEW_YORK, date(2026, 11, 21)),
        ("2026-11-21T20:00:00Z", TOKYO, date(2026, 11, 22)),
        ("2026-11-22T03:30:00+09:00", TOKYO, date(2026, 11, 22)),
        ("1795318200000", NEW_YORK, date(2026, 11, 21)),  # 2026-11-22 03:30 in UTC
        # A day stays the day it says, also as its midnight in UTC.
        ("2026-11-22", NEW_YORK, date(2026, 11, 22)),
        ("2026-11-22T00:00:00Z", NEW_YORK, date(2026, 11, 22)),
        ("2026-11-22T00:00:00.000+00:00", TOKYO, date(2026, 11, 22)),
        ("1761264000000", NEW_YORK, date(2025, 10, 24)),
        ("2026-11-22T23:30", TOKYO, date(2026, 11, 22)),
        ("2026-11-22T25:00:00Z", TOKYO, None),
        ("0001-01-01T00:00:01Z", NEW_YORK, None),
        ("9999-12-31T23:59:59Z", TOKYO, None),
    ],
)
def test_a_time_of_day_is_taken_where_the_books_are(text: str, zone: ZoneInfo, day: date | None) -> None:
    assert parse_date(text, zone) == day


def test_cleans_names() -> None:
    assert clean_name(" O'Brien\t&\r\nSons\x07 \u202e") == "O'Brien & Sons"
    assert clean_name("👩\u200d🚀 \ud800ok") == "👩\u200d🚀 ok"
    assert clean_text("a\r\nb\x00\tc") == "a\nb c"
    assert clean_name(None) == ""


@quick
@given(st.text(), st.integers(0, 20))
def test_cut_text_fits_both_counts(text: str, limit: int) -> None:
    cut = cut_text(clean_text(text), limit)
    assert len(cut.encode("utf-16-le")) // 2 <= limit
    assert clean_text(text).startswith(cut)


@pytest.mark.parametrize(
    ("email", "valid"),
    [
        ("a@b.co", True),
        ("a.b+c@sub.example.com", True),
        ("a@b", False),
        ("a b@c.de", False),
        ("", False),
        ("a@b.co, c@d.co", False),
        ("@b.co", False),
        ("a@.co", False),
        ("x" * 95 + "@b.co", True),
        ("x" * 96 + "@b.co", False),
    ],
)
def test_emails(email: str, valid: bool) -> None:
    assert is_email(email) is valid
