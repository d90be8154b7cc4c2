"""Single fields of QuickBooks' entities: what is missing or odd is `None`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_LONGEST_NUMBER = 40


def read_text(content: Mapping[str, Any], *path: str) -> str | None:
    """A text at the end of a path of keys.

    Numbers become their digits, empty text `None`.
    """
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.strip() else None


def read_flag(content: Mapping[str, Any], *path: str) -> bool | None:
    """A yes or no; also when written as text."""
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def read_amount(content: Mapping[str, Any], name: str) -> Decimal | None:
    """An amount of money or a number."""
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        amount = Decimal(value) if not isinstance(value, str) or len(value) <= _LONGEST_NUMBER else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() else None


def read_date(content: Mapping[str, Any], *path: str) -> date | None:
    """A calendar date, as the realm writes it."""
    text = read_text(content, *path)
    try:
        return date.fromisoformat(text.strip()[:10]) if text else None
    except ValueError:
        return None


def read_instant(content: Mapping[str, Any], *path: str) -> datetime | None:
    """A moment, in UTC; one without an offset is no moment."""
    return parse_instant(read_text(content, *path))


def parse_instant(text: str | None) -> datetime | None:
    """A moment written as QuickBooks does, in UTC.

    Any offset, with or without a colon, up to nanoseconds.
    """
    try:
        instant = datetime.fromisoformat(text.strip()) if text else None
        return instant.astimezone(UTC) if instant and instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def read_entries(content: Mapping[str, Any], *path: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; nothing when there is no list."""
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, Mapping))


def read_named_values(entries: Iterator[Mapping[str, Any]]) -> dict[str, str]:
    """A list of `{"Name": ..., "Value": ...}` as a dict."""
    found = ((read_text(entry, "Name"), read_text(entry, "Value")) for entry in entries)
    return {name: value for name, value in found if name and value}


def spell(value: str | None, known: tuple[str, ...]) -> str | None:
    """A word of a list in the one spelling we use; an unknown word stays as it came."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#void-an-invoice
    # The answer to a void spells NOT_SET what every other answer spells NotSet.
    if value is None:
        return None
    return next((word for word in known if _letters(word) == _letters(value)), value)


# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#the-invoice-object
LINE_KINDS = (
    *("SalesItemLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "GroupLineDetail"),
    *("DescriptionOnly", "DescriptionLineDetail"),
)


def read_detail(line: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """What a line says of its kind, in whatever spelling the kind is; empty when it says nothing."""
    found = line.get(kind) or next((line[name] for name in line if _letters(name) == _letters(kind)), None)
    return found if isinstance(found, Mapping) else {}


def _letters(word: str) -> str:
    return re.sub(r"[\s_-]", "", word).casefold()


# Control characters break lines and columns in QuickBooks' own lists.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def clean_line(text: str | None, most: int) -> str:
    """One line of at most `most` characters, without control characters."""
    readable = (text or "").encode("utf-8", "replace").decode()
    return " ".join(_CONTROL.sub(" ", readable).split())[:most].rstrip()


def clean_name(text: str | None, most: int) -> str:
    """A name as QuickBooks takes it: one line, no colon."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
    # A colon separates parent and child in QuickBooks' own full names.
    return clean_line((text or "").replace(":", " "), most)
