"""How we know our own writes again: a short hash for every value on each side, and nothing of the value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Values = Mapping[str, "str | None"]
_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides held when they last agreed: name of a field to the hash of its value."""

    hubspot: dict[str, str] = field(default_factory=dict)
    quickbooks: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps({"hubspot": self.hubspot, "quickbooks": self.quickbooks}, separators=(",", ":"))


def parse_agreement(text: str | None) -> Agreement | None:
    """As it was stored; None when the two have never agreed."""
    if not text:
        return None
    found = json.loads(text)
    return Agreement(found["hubspot"], found["quickbooks"])


def hash_value(name: str, value: str | None) -> str:
    """The hash of one value; of no value, the empty text."""
    if value is None:
        return ""
    return hashlib.sha256(f"{name}\0{value}".encode("utf-8", "replace")).hexdigest()[:_LENGTH]


def hash_values(values: Values) -> dict[str, str]:
    """The hash of each value."""
    return {name: hash_value(name, value) for name, value in values.items()}


def agree(hubspot: Values, quickbooks: Values) -> Agreement:
    """What both sides hold from now on."""
    return Agreement(hash_values(hubspot), hash_values(quickbooks))


def is_echo(values: Values, agreed: Mapping[str, str]) -> bool:
    """Whether a side holds exactly what was agreed: nothing happened there but our own write."""
    return all(name in agreed and agreed[name] == hash_value(name, value) for name, value in values.items())
