"""JSON as HubSpot sends it, read without forgiving anything: one meaning or none."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from service.errors import BodyMalformed

DEEPEST = 50
"""Nesting of lists and objects; HubSpot's bodies have four levels."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; numbers with a fraction come as Decimal.

    Raises: BodyMalformed (not UTF-8, not JSON, a key given twice, NaN, nested too deep, no object).
    """
    value = _parse(body)
    if not isinstance(value, dict):
        raise BodyMalformed("The body is not a JSON object")
    return value


def parse_list(body: bytes) -> list[Any]:
    """Read a JSON list. As `parse_object`."""
    value = _parse(body)
    if not isinstance(value, list):
        raise BodyMalformed("The body is not a JSON list")
    return value


def _parse(body: bytes) -> Any:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BodyMalformed("The body is not UTF-8") from error
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise BodyMalformed("The body is nested too deep") from error
    except (ValueError, ArithmeticError) as error:  # an integer or exponent without end raises these as well
        raise BodyMalformed("The body is not valid JSON") from error
    if body.count(b"{") + body.count(b"[") > DEEPEST:
        _check_depth(value)
    if "\\u" in text:
        _check_text(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    raise BodyMalformed("The body is nested too deep")


def _check_text(value: Any) -> None:
    """Refuse what no database can hold: half a surrogate pair, and the character zero."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            if "\x00" in each or any("\ud800" <= character <= "\udfff" for character in each):
                raise BodyMalformed("The body holds a character that is none")
        elif isinstance(each, dict):
            left.extend(each)
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BodyMalformed("The body gives a key twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise BodyMalformed("The body holds a number that is none")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=Decimal)
