"""How we know our own writes again: a short hash for every value on each side, and nothing of the value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Values = Mapping[str, "str | None"]
_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides held when they last agreed: name of a field to the hash of its value.

    `pairs`: which of them were compared with each other; None: written before that was kept.
    """

    hubspot: dict[str, str] = field(default_factory=dict)
    quickbooks: dict[str, str] = field(default_factory=dict)
    pairs: frozenset[str] | None = None

    def has(self, hubspot: str, quickbooks: str) -> bool:
        """Whether these two have agreed: each alone may have had another partner under an earlier mapping."""
        known = hubspot in self.hubspot and quickbooks in self.quickbooks
        return known and (self.pairs is None or pair_name(hubspot, quickbooks) in self.pairs)

    def to_json(self) -> str:
        """As it is stored."""
        kept: dict[str, object] = {"hubspot": self.hubspot, "quickbooks": self.quickbooks}
        if self.pairs is not None:
            kept["pairs"] = sorted(self.pairs)
        return json.dumps(kept, separators=(",", ":"))


def parse_agreement(text: str | None) -> Agreement | None:
    """As it was stored; None when the two have never agreed."""
    if not text:
        return None
    found = json.loads(text)
    pairs = found.get("pairs")
    return Agreement(found["hubspot"], found["quickbooks"], None if pairs is None else frozenset(pairs))


def pair_name(hubspot: str, quickbooks: str) -> str:
    """What two fields that are compared with each other are called."""
    return f"{hubspot}={quickbooks}"


def hash_value(name: str, value: str | None) -> str:
    """The hash of one value; of no value, the empty text."""
    if value is None:
        return ""
    return hashlib.sha256(f"{name}\0{value}".encode("utf-8", "replace")).hexdigest()[:_LENGTH]


def hash_values(values: Values) -> dict[str, str]:
    """The hash of each value."""
    return {name: hash_value(name, value) for name, value in values.items()}


def agree(hubspot: Values, quickbooks: Values, pairs: Iterable[tuple[str, str]]) -> Agreement:
    """What both sides hold from now on, and which fields were compared with each other."""
    names = frozenset(pair_name(*each) for each in pairs)
    return Agreement(hash_values(hubspot), hash_values(quickbooks), names)


def is_echo(values: Values, agreed: Mapping[str, str]) -> bool:
    """Whether a side holds exactly what was agreed: nothing happened there but our own write."""
    return all(name in agreed and agreed[name] == hash_value(name, value) for name, value in values.items())
