"""QuickBooks' query language: statements that no name or address can break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

# https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
# At most 1000 a page; STARTPOSITION begins at 1.
PAGE = 1000

# The length of a statement is not documented; these keep ours far below what any server refuses.
LONGEST_LIST = 3000
MOST_VALUES = 100

# Inactive list entries are left out unless the statement asks for both.
ACTIVE_OR_NOT = "Active in (true, false)"


@dataclass(frozen=True, slots=True)
class Question:
    """All entities of one kind that meet the conditions, at most `limit`, with these columns."""

    entity: str
    where: str
    columns: str = "*"
    limit: int | None = None

    @property
    def most(self) -> int:
        """How many the first page holds at most."""
        return PAGE if self.limit is None else min(PAGE, self.limit)


def literal(text: str) -> str:
    """A quoted value.

    Half a surrogate pair, which no URL can carry, becomes a question mark.
    """
    text = text.encode("utf-8", "replace").decode()
    # Same page: an apostrophe is escaped by a backslash, and so is the backslash itself.
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def moment_literal(instant: datetime) -> str:
    """A quoted moment with its offset.

    Without one QuickBooks would take it for Pacific time.
    """
    return literal(instant.astimezone(UTC).isoformat(timespec="seconds"))


def where_equals(attribute: str, value: str) -> str:
    """One condition: the attribute has the value.

    QuickBooks compares without regard to case.
    """
    return f"{attribute} = {literal(value)}"


def where_in(attribute: str, values: Sequence[str]) -> str:
    """One condition: the attribute has one of the values, at least one given."""
    if not values:
        raise ValueError("no values to look for")
    return f"{attribute} in ({', '.join(literal(value) for value in values)})"


def all_of(*conditions: str) -> str:
    """Conditions joined; there is no OR in the language. Empty ones are left out."""
    return " and ".join(condition for condition in conditions if condition)


def divide_values(values: Iterable[str]) -> Iterator[list[str]]:
    """The values without repeats, in lists short enough for one statement each."""
    part: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(literal(value)) + 2
        if part and (len(part) == MOST_VALUES or length + size > LONGEST_LIST):
            yield part
            part, length = [], 0
        part.append(value)
        length += size
    if part:
        yield part


def select(
    entity: str, where: str = "", *, columns: str = "*", order_by: str = "", start: int = 1, most: int = PAGE
) -> str:
    """A statement for one page: at most `most` entries from the `start`th on."""
    parts = ["select", columns, "from", entity]
    if where:
        parts += ["where", where]
    if order_by:
        parts += ["orderby", order_by]
    return " ".join([*parts, "startposition", str(start), "maxresults", str(most)])
