"""What a field may hold: one small check per kind of value, and tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date as day
from datetime import datetime
from decimal import Decimal
from typing import Any

from service.sandbox.quickbooks.faults import Fault

Json = dict[str, Any]
Check = Callable[[Any, str], Any]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGITS = 15
_FINEST = Decimal("0.00001")


def text(limit: int, forbidden: str = "") -> Check:
    """A string of at most `limit` characters, none forbidden (2120, 2050, 2040)."""

    def check(value: Any, element: str) -> str:
        if type(value) is not str:
            raise Fault("2120", f"{element} must be a string", element)
        if len(value) > limit:
            raise Fault("2050", f"String length is either shorter or longer than supported by specification : "
                        f"Min:0 Max:{limit} Supplied length:{len(value)}", element)  # fmt: skip
        if forbidden and any(c in value for c in forbidden):
            raise Fault("2040", f"{element} contains invalid characters", element)
        return value

    return check


def decimal(value: Any, element: str) -> Decimal:
    """A JSON number in 10.5 format, never a string (2100, 2110; contract 3.2.2)."""
    if type(value) is int:
        value = Decimal(value)
    elif type(value) is not Decimal:
        raise Fault("2100", f"{element} must be a JSON number", element)
    if not value:
        return Decimal(0)
    if value.adjusted() >= _DIGITS or value != value.quantize(_FINEST):
        raise Fault("2110", f"{element} has too many digits", element)
    return Decimal(value)


def integer(value: Any, element: str) -> int:
    """A whole JSON number (2080)."""
    if type(value) is not int:
        raise Fault("2080", f"{element} must be an integer", element)
    return value


def boolean(value: Any, element: str) -> bool:
    """true or false (2230)."""
    if type(value) is not bool:
        raise Fault("2230", f"{element} must be true or false", element)
    return value


def date(value: Any, element: str) -> str:
    """YYYY-MM-DD and a day that exists (2060, 2070)."""
    if type(value) is not str or not _DATE.fullmatch(value):
        raise Fault("2060", f"{element} must be YYYY-MM-DD", element)
    try:
        day.fromisoformat(value)
    except ValueError:
        raise Fault("2070", f"{element} is no date", element) from None
    return value


def instant(value: Any, element: str) -> str:
    """An ISO 8601 time stamp (2060)."""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Fault("2060", f"{element} must be a time stamp", element) from None
    return str(value)


def choice(*allowed: str) -> Check:
    """One of the documented words (2170)."""

    def check(value: Any, element: str) -> str:
        if value not in allowed or type(value) is not str:
            raise Fault("2170", f"{element} must be one of {', '.join(allowed)}", element)
        return str(value)

    return check


def identifier(value: Any, element: str) -> str:
    """An Id or a SyncToken: always a string (2030)."""
    if type(value) is not str or not value:
        raise Fault("2030", f"{element} must be a string", element)
    return value


def reference(value: Any, element: str) -> Json:
    """`{"value": "<Id>", "name": "..."}`; only `value` matters on write (contract 3)."""
    if type(value) is not dict:
        raise Fault("2120", f"{element} must be a reference", element)
    for key in value:
        if key not in ("value", "name"):
            raise Fault("2010", f"Property Name:{element}.{key} specified is unsupported or invalid", element)
    if "value" not in value:
        raise Fault("2020", f"Required parameter {element}.value is missing in the request", element)
    identifier(value["value"], f"{element}.value")
    if type(value.get("name", "")) is not str or value.get("name") == "":
        raise Fault("2120", f"{element}.name must be a string that is not empty", element)
    return value


def mail(limit: int) -> Check:
    """One address, or several with commas between them (2210; contract 3.4)."""
    length = text(limit)

    def check(value: Any, element: str) -> str:
        for one in str(length(value, element)).split(","):
            _, at, domain = one.strip().rpartition("@")
            if not at or "." not in domain or " " in one.strip():
                raise Fault("2210", f"Email Address does not conform to the syntax rules of RFC 822 : {one}", element)
        return str(value)

    return check


def list_of(check: Check, most: int | None = None) -> Check:
    """A list whose every element passes."""

    def check_all(value: Any, element: str) -> list[Any]:
        if type(value) is not list:
            raise Fault("2120", f"{element} must be a list", element)
        if most is not None and len(value) > most:
            raise Fault("2240", f"{element} holds more than {most}", element)
        return [check(one, element) for one in value]

    return check_all


class Table:
    """The writable fields of one object; whatever is not in it is refused (2010)."""

    def __init__(self, fields: dict[str, Check], required: tuple[str, ...] = ()) -> None:
        self.fields, self.required = fields, required

    def __call__(self, value: Any, element: str, *, whole: bool = True) -> Json:
        """The checked object; `whole` False lets required fields be absent."""
        if type(value) is not dict:
            raise Fault("2120", f"{element} must be an object", element)
        checked: Json = {}
        for name, one in value.items():
            check = self.fields.get(name)
            if check is None:
                raise Fault("2010", f"Property Name:{name} specified is unsupported or invalid", name)
            checked[name] = check(one, name)
        for name in self.required if whole else ():
            if name not in checked:
                raise Fault("2020", f"Required parameter {name} is missing in the request", name)
        return checked


def anything(value: Any, element: str) -> Any:
    """Noise that QuickBooks itself sends and takes back without a look."""
    return value
