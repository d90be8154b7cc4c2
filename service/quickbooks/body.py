"""The exact bytes of what we write to QuickBooks, money as plain numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def encode(content: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8: the same content is always the same bytes.

    Keys stay in the order given.
    Raises: ValueError for an amount with more than 15 significant digits, which no JSON reader keeps.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
    # Anything but UTF-8 is code 500; half a surrogate pair has no UTF-8 and becomes a question mark.
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_encode_number)
    return text.encode("utf-8", "replace")


def _encode_number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not JSON")
    if value.is_finite():
        number = int(value) if value == value.to_integral_value() and abs(value) < 10**15 else float(value)
        if Decimal(repr(number)) == value:
            return number
    raise ValueError("an amount does not fit a JSON number")
