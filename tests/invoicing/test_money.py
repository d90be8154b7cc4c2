from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import parse_body, quick

from service.invoicing.body import canonical_body
from service.invoicing.money import (
    Money,
    NotANumber,
    drop_double_noise,
    minor_units,
    parse_decimal,
    round_half_up,
    to_json_number,
)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "USD", "0.01"),
        ("0.015", "USD", "0.02"),
        ("2.675", "USD", "2.68"),
        ("-0.004", "USD", "0.00"),
        ("10.5", "JPY", "11"),
        ("1.0005", "KWD", "1.001"),
        ("7", "GBP", "7.00"),
    ],
)
def test_rounds_half_up_to_the_currency(amount: str, currency: str, expected: str) -> None:
    assert str(round_half_up(Decimal(amount), currency)) == expected
    assert Money(Decimal(amount), currency).text() == expected


def test_minor_units() -> None:
    assert [minor_units(code) for code in ("JPY", "KWD", "USD", "XYZ")] == [0, 3, 2, 2]
    assert str(Money(Decimal("1500"), "USD")) == "1500.00 USD"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1500.00", "1500"), (" 12.75 ", "12.75"), ("1.0E7", "10000000"), ("-0", "0"), (".5", "0.5"), ("0e99", "0")],
)
def test_reads_numbers(text: str, expected: str) -> None:
    assert to_json_number(parse_decimal(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "inf",
        "-Infinity",
        "1,000.00",
        "1_000",
        "٣",
        "0x10",
        "1e400",
        "1e15",
        "1e-16",
        "$5",
        "1 2",
        "1234567890123456",
        "1.234567890123456",
        "1" * 65,
        "--1",
        "1.2.3",
        "e5",
        ".",
    ],
)
def test_refuses_what_is_no_number(text: str) -> None:
    with pytest.raises(NotANumber):
        parse_decimal(text)


@quick
@given(st.text(alphabet="0123456789.+-eE xN", max_size=24))
def test_parser_returns_a_finite_number_or_refuses(text: str) -> None:
    try:
        value = parse_decimal(text)
    except NotANumber:
        return
    assert value.is_finite()
    assert abs(value) < 10**15


@quick
@given(st.decimals(-99999, 99999, places=5, allow_nan=False))
def test_a_double_gives_back_what_was_typed(typed: Decimal) -> None:
    assert parse_decimal(drop_double_noise(repr(float(typed) + 0.0))) == typed


@pytest.mark.parametrize(
    ("noisy", "typed"),
    [("19.989999999999998", "19.99"), ("0.30000000000000004", "0.3"), ("1234567890123456", "1234567890123456")],
)
def test_noise_of_doubles_is_dropped(noisy: str, typed: str) -> None:
    assert drop_double_noise(noisy).rstrip("0") == typed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("75", "75"),
        ("75.00", "75"),
        ("12.750", "12.75"),
        ("1E+3", "1000"),
        ("0.00", "0"),
        ("-0.0", "0"),
        ("100", "100"),
    ],
)
def test_writes_json_numbers(value: str, text: str) -> None:
    assert to_json_number(Decimal(value)) == text


def test_body_keeps_fields_as_given_and_text_as_utf8() -> None:
    body = canonical_body({"b": "Zoë 🎉", "a": [Decimal("75.0"), 1, True, {"c": '"\n'}]})
    assert body == '{"b":"Zoë 🎉","a":[75,1,true,{"c":"\\"\\n"}]}'.encode()


@pytest.mark.parametrize("value", [1.5, None, b"x", {1: "x"}, object(), Decimal("NaN")])
def test_body_refuses_what_has_no_one_form(value: object) -> None:
    with pytest.raises((TypeError, NotANumber)):
        canonical_body({"a": value})


safe_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
values = st.recursive(
    st.one_of(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12), safe_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(safe_text, inner, max_size=3)),
    max_leaves=8,
)


@quick
@given(st.dictionaries(safe_text, values, max_size=4))
def test_body_is_deterministic_and_exact(fields: dict[str, object]) -> None:
    body = canonical_body(fields)
    assert parse_body(body) == fields
    assert canonical_body(parse_body(body)) == body
