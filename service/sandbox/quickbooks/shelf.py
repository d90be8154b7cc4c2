"""All objects of one kind in one realm, with indexes for look-ups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.sandbox.quickbooks.fields import Json

# By which attributes each kind is looked up at once; the rest is found by reading on.
INDEXED: dict[str, tuple[str, ...]] = {
    "Customer": ("DisplayName", "PrimaryEmailAddr"),
    "Item": ("Name", "Sku"),
    "Invoice": ("DocNumber", "CustomerRef"),
    "Estimate": ("DocNumber", "CustomerRef"),
    "CreditMemo": ("DocNumber", "CustomerRef"),
    "SalesReceipt": ("DocNumber", "CustomerRef"),
    "Payment": ("CustomerRef",),
}


def value_at(row: Json, path: str) -> Any:
    """The plain value of an attribute: of a reference, of a mail address."""
    value: Any = row
    for name in path.split("."):
        if type(value) is not dict:
            return None
        value = value.get(name)
    if type(value) is dict:
        return value.get("value", value.get("Address", value))
    return value


class Shelf:
    """Rows never change in place: a change puts a new row, so they are shared."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: dict[str, Json] = {}
        self._indexes: dict[str, dict[str, dict[str, None]]] = {name: {} for name in INDEXED.get(kind, ())}

    def put(self, row: Json) -> Json | None:
        """Keep a row under its Id; returns the one it replaces."""
        key = row["Id"]
        old = self.rows.get(key)
        self.rows[key] = row
        for name, index in self._indexes.items():
            new_word, old_word = _word(row, name), _word(old, name)
            if new_word != old_word:
                _drop(index, old_word, key)
                if new_word is not None:
                    index.setdefault(new_word, {})[key] = None
        return old

    def remove(self, key: str) -> Json:
        """Take a row away for good."""
        row = self.rows.pop(key)
        for name, index in self._indexes.items():
            _drop(index, _word(row, name), key)
        return row

    def indexed(self, name: str) -> bool:
        """Whether `find` knows this attribute."""
        return name in self._indexes

    def find(self, name: str, value: str) -> list[Json]:
        """The rows with that value, whatever its case, oldest first."""
        return [self.rows[key] for key in self._indexes[name].get(value.lower(), ())]

    def copy(self) -> Shelf:
        """A shelf with the same rows on it."""
        made = Shelf(self.kind)
        made.rows = self.rows.copy()
        made._indexes = {
            name: {word: keys.copy() for word, keys in index.items()} for name, index in self._indexes.items()
        }
        return made

    def __iter__(self) -> Iterator[Json]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)


def _word(row: Json | None, name: str) -> str | None:
    value = value_at(row, name) if row else None
    return value.lower() if type(value) is str else None


def _drop(index: dict[str, dict[str, None]], word: str | None, key: str) -> None:
    if word is not None and word in index:
        index[word].pop(key, None)
        if not index[word]:
            del index[word]
