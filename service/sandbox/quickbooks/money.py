"""Amounts: Decimal while we reckon, JSON numbers when we answer."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
ZERO = Decimal(0)


def decimal_of(value: Any) -> Decimal:
    """The exact Decimal of a number from a body or from the books; absent is 0."""
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if value else ZERO


def round_cents(amount: Decimal) -> Decimal:
    """Rounded half up to the currency's precision (contract 3.2.3)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def number(amount: Decimal) -> float | int:
    """A JSON number; nothing is written as 0, as QuickBooks does."""
    return float(amount) if amount else 0
