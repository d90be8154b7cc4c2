"""Money as decimals with their currency beside them. Knows no invoice; no float ever enters here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
"""Three factors of 15 digits fit twice over, so nothing is rounded before we say so."""

_MAX_DIGITS = 15
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
# https://www.iso.org/iso-4217-currency-codes.html
_WHOLE_CURRENCIES = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_MINOR_UNITS = {
    **dict.fromkeys(_WHOLE_CURRENCIES, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class NotANumber(ValueError):
    """The text is no number we can bill by; whoever reads it says whose number it was."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217, upper case)."""

    amount: Decimal
    currency: str

    def text(self) -> str:
        """Plain decimal text with the currency's own decimals: 1500.00, 1500 for JPY."""
        return format(round_half_up(self.amount, self.currency), "f")

    def __str__(self) -> str:
        return f"{self.text()} {self.currency}".rstrip()


def minor_units(currency: str) -> int:
    """A currency has this many decimals: 0 for JPY, 3 for KWD, 2 for most."""
    return _MINOR_UNITS.get(currency, 2)


def round_half_up(amount: Decimal, currency: str) -> Decimal:
    """An exact amount becomes a payable one; to be done once per line."""
    rounded = amount.quantize(Decimal(1).scaleb(-minor_units(currency)), context=EXACT)
    return rounded if rounded else abs(rounded)


def is_tie(amount: Decimal, currency: str) -> bool:
    """An amount lies exactly between two payable ones, so that ways of rounding differ."""
    return EXACT.remainder(EXACT.scaleb(amount, minor_units(currency)), Decimal(1)).copy_abs() == Decimal("0.5")


def parse_decimal(text: str) -> Decimal:
    """A number is read as it is written, or refused.

    At most 15 significant digits, below 10**15 and with no more than 15 decimals.
    Raises: NotANumber (also for NaN, infinities, foreign digits, thousands separators).
    """
    trimmed = text.strip()
    if len(trimmed) > 64 or not _NUMBER.fullmatch(trimmed):
        raise NotANumber("not a plain decimal number")
    value = Decimal(trimmed)
    if not value:
        return Decimal(0)
    digits = len(str(int("".join(map(str, value.as_tuple().digits)))).rstrip("0"))
    if digits > _MAX_DIGITS or value.adjusted() >= _MAX_DIGITS or value.adjusted() - digits + 1 < -_MAX_DIGITS:
        raise NotANumber("more than 15 digits")
    return value


def drop_double_noise(text: str) -> str:
    """A price that passed through a double is the price somebody typed.

    Fifteen digits survive a double unharmed; the sixteenth and seventeenth ("19.989999999999998")
    are noise. Whole numbers and anything longer are left as they are.
    """
    trimmed = text.strip()
    if len(trimmed) > 64 or "." not in trimmed or not _NUMBER.fullmatch(trimmed):
        return text
    value = Decimal(trimmed)
    if len(value.as_tuple().digits) not in (16, 17):
        return text
    return str(Context(prec=_MAX_DIGITS, rounding=ROUND_HALF_UP).plus(value))


def to_json_number(value: Decimal) -> str:
    """A decimal is written exactly, without exponent or trailing zeros: 75, 12.75, 0."""
    if not value.is_finite():
        raise NotANumber("not a finite number")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
