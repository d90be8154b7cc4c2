"""The bytes we send, the same bytes every time. Knows JSON, not what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from service.invoicing.money import to_json_number


def canonical_body(fields: Mapping[str, object]) -> bytes:
    """A repeated write repeats its bytes: UTF-8 JSON, fields as given, decimals exact.

    A request id promises the same body, so floats (whose text depends on the way they came
    about) and None (leave the field out) are refused. Raises: TypeError.
    """
    return _write(fields).encode("utf-8")


def _write(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, Decimal | int):
        return to_json_number(Decimal(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_write_name(name)}:{_write(field)}" for name, field in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(map(_write, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _write_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("field names are text")
    return json.dumps(name, ensure_ascii=False)
