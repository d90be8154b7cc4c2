"""Numbers of our own, for realms that give none. Knows no counter: a number is derived."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date

from marshmallow import ValidationError

from service.errors import InputInvalid
from service.ids import DealId, Mark
from service.invoicing.text import cut_text, quote_text

MAX_NUMBER = 21
"""Longest DocNumber."""

_PLACES = ("deal", "year", "month", "day", "mark")
_BRACES = re.compile(r"\{\s*(\w*)\s*\}")


def derive_number(prefix: str, deal_id: DealId, mark: Mark, generation: int = 0) -> str:
    """A realm with custom numbers gets a number people can trace to the deal.

    "D9123456789-4F1C9A": the deal and six digits of the mark, so that a second invoice of the
    deal differs even where QuickBooks accepts duplicates silently. A later generation (the number
    was taken) takes other digits. At most 21 characters; a very long deal id gives way to digits.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (DocNumber)
    digest = _digest(mark, generation)
    number = f"{prefix}{deal_id}-{_derive_digits(mark, generation)}"
    if re.fullmatch(r"[A-Za-z0-9-]+", number) and len(number) <= MAX_NUMBER:
        return number
    return (prefix + digest)[:MAX_NUMBER]


def check_number(text: str) -> None:
    """A number or a template for one can be used: "2026-17", "INV-{year}-{deal}".

    Raises: ValidationError.
    """
    unknown = [name for name in _BRACES.findall(text) if name not in _PLACES]
    if unknown or "{" in _BRACES.sub("", text) or "}" in _BRACES.sub("", text):
        places = ", ".join(f"{{{name}}}" for name in _PLACES)
        raise ValidationError(f"Must have no other braces than {places}.")
    if not is_template(text) and len(text) > MAX_NUMBER:
        raise ValidationError(f"Must have at most {MAX_NUMBER} characters.")


def find_template_problems(by_name: Mapping[str, object]) -> list[str]:
    """What is wrong with an operator's templates; empty when nothing is."""
    return [
        f"the template {name!r} must be text with places such as {{year}} and {{deal}}"
        for name, text in by_name.items()
        if not (isinstance(text, str) and is_template(text) and _is_number(text))
    ]


def _is_number(text: str) -> bool:
    try:
        check_number(text)
    except ValidationError:
        return False
    return True


def is_template(text: str) -> bool:
    """The text has places to fill in, so that another number can be made when one is taken."""
    return _BRACES.search(text) is not None


def fill_template(text: str, deal_id: DealId, mark: Mark, txn_date: date, generation: int = 0) -> str:
    """The number a template means; a text without places is the number itself.

    A later generation (the number was taken) ends in "-2", "-3" and so on. At most 21 characters: what is too long
    loses words of the template, the longest first, never the deal's digits, by which one number differs from another.
    Raises: InputInvalid when the places alone are too long.
    """
    if not is_template(text):
        return text
    values = {
        "deal": deal_id,
        "year": f"{txn_date:%Y}",
        "month": f"{txn_date:%m}",
        "day": f"{txn_date:%d}",
        "mark": _derive_digits(mark, 0),
    }
    ending = f"-{generation + 1}" if generation else ""
    # Words and names of places by turns.
    parts = _BRACES.split(text)
    parts[1::2] = [values[name] for name in parts[1::2]]
    while (over := sum(map(_count_units, parts)) + len(ending) - MAX_NUMBER) > 0:
        longest = max(range(0, len(parts), 2), key=lambda at: _count_units(parts[at]))
        if not parts[longest]:
            raise InputInvalid(
                f"The number {quote_text(text)} comes to more than QuickBooks' {MAX_NUMBER} characters. "
                "Leave out some of its places in the action, or have the operator shorten the template."
            )
        parts[longest] = cut_text(parts[longest], max(_count_units(parts[longest]) - over, 0))
    return "".join(parts) + ending


def _count_units(text: str) -> int:
    """As `cut_text` counts."""
    return len(text.encode("utf-16-le")) // 2


def _derive_digits(mark: Mark, generation: int) -> str:
    return mark.removeprefix("hs:")[:6].upper() if generation == 0 else _digest(mark, generation)[:6]


def _digest(mark: Mark, generation: int) -> str:
    return hashlib.sha256(f"{mark}/{generation}".encode()).hexdigest().upper()
