"""Values as both sides mean them: one canonical text per value, whatever the JSON looked like.

None is "no value". Knows no object and no field by name.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

# Control characters break QuickBooks' lists; HubSpot's text areas hold line ends, which stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]+")
_MILLISECONDS = re.compile(r"-?\d{11,16}")
_DAY_MILLISECONDS = 86_400_000


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    EMAIL = "email"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    ENUMERATION = "enumeration"


class Unusable(ValueError):
    """A value that the other side cannot hold; the text names the fix."""


def read_value(kind: Kind, raw: Any) -> str | None:
    """The canonical text of a value as a vendor sent it; what cannot be understood stays as it is."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    text = str(raw).strip()
    if not text:
        return None
    try:
        return _READERS.get(kind, read_text)(text)
    except (ValueError, InvalidOperation, OverflowError):
        return text


def read_text(text: str) -> str | None:
    """Without control characters, and without blanks at both ends."""
    readable = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(" ", readable).strip() or None


def read_email(text: str) -> str | None:
    """The first of several addresses, in lower case: both vendors compare them so."""
    return text.split(",")[0].strip().lower() or None


def is_email(text: str) -> bool:
    """Whether both sides would take it for one address."""
    name, at, domain = text.partition("@")
    return bool(name and at and "." in domain.strip(".")) and "@" not in domain and not re.search(r"[\s,;<>\"]", text)


def _read_number(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    plain = format(number.normalize(), "f")
    return "0" if plain in ("-0", "0") else plain


def _read_date(text: str) -> str:
    if _MILLISECONDS.fullmatch(text) or text == "0":
        return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    return date.fromisoformat(text[:10]).isoformat()


def _read_datetime(text: str) -> str:
    if _MILLISECONDS.fullmatch(text) or text == "0":
        instant = datetime.fromtimestamp(int(text) / 1000, UTC)
    else:
        instant = datetime.fromisoformat(text)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_boolean(text: str) -> str:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError(text)
    return lowered


_READERS = {
    Kind.TEXT: read_text,
    Kind.EMAIL: read_email,
    Kind.NUMBER: _read_number,
    Kind.DATE: _read_date,
    Kind.DATETIME: _read_datetime,
    Kind.BOOLEAN: _read_boolean,
}


def convert(value: str, source: Kind, target: Kind) -> str:
    """A canonical value as the other kind has it. Raises: Unusable."""
    wanted = Kind.TEXT if target is Kind.ENUMERATION and source is Kind.TEXT else target
    if source in (wanted, target) or target is Kind.TEXT:
        converted = value
    elif (source, target) == (Kind.TEXT, Kind.EMAIL):
        converted = read_email(value) or ""
    elif (source, target) == (Kind.DATETIME, Kind.DATE):
        converted = value[:10]
    elif (source, target) == (Kind.DATE, Kind.DATETIME):
        converted = f"{value}T00:00:00.000Z"
    else:
        raise Unusable(f"a {source} cannot become a {target}")
    check(converted, target)
    return converted


def check(value: str, kind: Kind) -> None:
    """Whether a canonical value really is of its kind. Raises: Unusable."""
    if kind is Kind.EMAIL and not is_email(value):
        raise Unusable("it is not a valid e-mail address: correct it")
    if kind in (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.BOOLEAN):
        try:
            _READERS[kind](value)
        except (ValueError, InvalidOperation, OverflowError) as error:
            raise Unusable(f"it is not a {kind}: correct it") from error


def write_hubspot(value: str | None) -> str:
    """As HubSpot takes it: always text, empty to take a value away."""
    return value or ""


def write_quickbooks(kind: Kind, value: str | None) -> Any:
    """As QuickBooks takes it: numbers as numbers, yes or no as such; None takes a value away."""
    if value is None:
        return None
    if kind is Kind.NUMBER:
        return Decimal(value)
    return value == "true" if kind is Kind.BOOLEAN else value
