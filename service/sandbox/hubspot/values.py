"""What a property may hold: every value a string, checked by the property's type. Contract 4.2, 4.4."""

from __future__ import annotations

import re
from collections.abc import Callable

from service.sandbox.hubspot.moments import parse_day, parse_stamp, stamp
from service.sandbox.hubspot.properties import Definition
from service.sandbox.hubspot.refusals import value_error

LONGEST = 65_536
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class InvalidValue(Exception):
    """The value does not fit its property; carries the entry for `errors`."""

    def __init__(self, name: str, code: str, message: str) -> None:
        super().__init__(message)
        self.error = value_error(name, code, message)


def stored_value(definition: Definition, value: str) -> str:
    """The value as HubSpot keeps it; `""` clears. Raises InvalidValue."""
    if value == "":
        return value
    # Contract 4.4: white space around non-string values has been rejected since April 2025.
    if definition.type != "string" and value != value.strip():
        raise InvalidValue(definition.name, "INVALID_WHITESPACE", f"{value!r} has white space around it")
    check = _CHECKS[definition.type]
    return check(definition, value)


def _string(definition: Definition, value: str) -> str:
    if len(value) > LONGEST:
        raise InvalidValue(definition.name, "STRING_TOO_LONG", f"{definition.name} is longer than {LONGEST}")
    return value


def _number(definition: Definition, value: str) -> str:
    if not _NUMBER.fullmatch(value):
        code = "INVALID_INTEGER" if definition.integer else "INVALID_NUMBER"
        raise InvalidValue(definition.name, code, f"{value!r} was not a valid number.")
    # Contract 4.5: the unit price of a line item is not negative.
    if definition.positive and value.startswith("-") and float(value) < 0:
        raise InvalidValue(definition.name, "NEGATIVE_VALUE", f"{definition.name} must not be negative.")
    return value


def _date(definition: Definition, value: str) -> str:
    try:
        return parse_day(value).isoformat()
    except (ValueError, OverflowError) as error:
        raise InvalidValue(definition.name, "INVALID_DATE", f"{value!r} was not a valid date.") from error


def _datetime(definition: Definition, value: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return f"{parse_day(value).isoformat()}T00:00:00.000Z"
        return stamp(parse_stamp(value))
    except (ValueError, OverflowError) as error:
        raise InvalidValue(definition.name, "INVALID_DATE", f"{value!r} was not a valid date and time.") from error


def _bool(definition: Definition, value: str) -> str:
    if value not in ("true", "false"):
        raise InvalidValue(definition.name, "INVALID_BOOLEAN", f"{value!r} was not true or false.")
    return value


def _enumeration(definition: Definition, value: str) -> str:
    chosen = value.split(";") if definition.field_type == "checkbox" else [value]
    for each in chosen:
        if each not in definition.values:
            known = ", ".join(sorted(definition.values))
            raise InvalidValue(definition.name, "INVALID_OPTION", f"{each!r} was not one of the options [{known}].")
    return value


_CHECKS: dict[str, Callable[[Definition, str], str]] = {
    "string": _string,
    "phone_number": _string,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "bool": _bool,
    "enumeration": _enumeration,
}
