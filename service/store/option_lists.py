"""The lists behind HubSpot's dropdowns: what a realm or portal offers, searchable, a page at a time.

An owner is a realm or a portal (`realm_owner`, `portal_owner`). Knows not where the entries come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, from_ms_or_none, to_ms
from service.store.folding import escape_like, normalize

# An entry of PostgreSQL's index holds at most about 2,700 bytes: 400 characters of four bytes fit.
LONGEST_SEARCH = 400
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One choice: `value` is the id that comes back to us."""

    value: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class ListState:
    """How a list stands. `read_at` None: it was never read; `wanted`: somebody asked for a newer one."""

    read_at: datetime | None
    wanted: bool


_STATE = sa.text("SELECT read_at, wanted_at FROM option_lists WHERE owner = :owner AND list = :list")
_WANT = sa.text(
    """INSERT INTO option_lists (owner, list, wanted_at, next_at) VALUES (:owner, :list, :now, 0)
       ON CONFLICT (owner, list) DO UPDATE SET wanted_at = coalesce(option_lists.wanted_at, excluded.wanted_at)"""
)
_RESTED = sa.text("UPDATE option_lists SET next_at = 0 WHERE owner = :owner AND list = :list")
_REST = sa.text("UPDATE option_lists SET next_at = :until WHERE owner = :owner AND list = :list")
_DUE = sa.text(
    """SELECT owner, list FROM option_lists
       WHERE next_at <= :now AND (wanted_at IS NOT NULL OR read_at IS NULL OR read_at <= :before)
       ORDER BY owner, list"""
)
_CLAIM = sa.text(
    """INSERT INTO option_lists (owner, list, next_at) VALUES (:owner, :list, :until)
       ON CONFLICT (owner, list) DO UPDATE SET next_at = excluded.next_at WHERE option_lists.next_at <= :now"""
)
_DONE = sa.text(
    """INSERT INTO option_lists (owner, list, read_at, next_at) VALUES (:owner, :list, :now, :now)
       ON CONFLICT (owner, list) DO UPDATE SET
         read_at = excluded.read_at, wanted_at = NULL, next_at = excluded.next_at"""
)
_KNOWN = sa.text("SELECT value, label, description, search FROM option_entries WHERE owner = :owner AND list = :list")
_PUT = sa.text(
    """INSERT INTO option_entries (owner, list, value, label, description, search)
       VALUES (:owner, :list, :value, :label, :description, :search)
       ON CONFLICT (owner, list, value) DO UPDATE SET
         label = excluded.label, description = excluded.description, search = excluded.search"""
)
_DROP = sa.text("DELETE FROM option_entries WHERE owner = :owner AND list = :list AND value = :value")


class OptionLists:
    """The tables of lists and their entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, owner: str, name: str) -> ListState:
        """How old the list is."""
        with self._database.read() as connection:
            row = connection.execute(_STATE, {"owner": owner, "list": name}).first()
        return ListState(None, False) if row is None else ListState(from_ms_or_none(row[0]), row[1] is not None)

    def page(self, owner: str, name: str, query: str, start: int, most: int) -> list[Entry]:
        """Entries that hold every word of the query, in the order of their labels, from the `start`th on."""
        return [entry for _, entry in self.page_together([owner], name, query, start, most)]

    def page_together(
        self, owners: Sequence[str], name: str, query: str, start: int, most: int
    ) -> list[tuple[str, Entry]]:
        """The same of several owners' lists as if they were one, each entry with its owner."""
        words = normalize(query).split()[:MOST_WORDS]
        likes = "".join(f" AND search LIKE :word{number} ESCAPE '!'" for number in range(len(words)))
        # One owner is asked for as such: the index then has its entries in order already.
        among = "= :owner0" if len(owners) == 1 else f"IN ({', '.join(f':owner{n}' for n in range(len(owners)))})"
        statement = sa.text(
            f"""SELECT owner, value, label, description FROM option_entries
                WHERE owner {among} AND list = :list{likes}
                ORDER BY search, value, owner LIMIT :most OFFSET :start"""  # noqa: S608 - the words are parameters
        )
        row: dict[str, Any] = {"list": name, "start": start, "most": most}
        row |= {f"owner{number}": owner for number, owner in enumerate(owners)}
        row |= {f"word{number}": f"%{escape_like(word)}%" for number, word in enumerate(words)}
        with self._database.read() as connection:
            found = connection.execute(statement, row)
            return [(each.owner, Entry(each.value, each.label, each.description)) for each in found]

    def want(self, owner: str, names: Iterable[str], now: datetime, *, rested: bool = False) -> None:
        """Mark lists to be read again soon; `rested`: also those that rest after a refusal."""
        rows = [{"owner": owner, "list": name, "now": to_ms(now)} for name in names]
        with self._database.write() as tx:
            tx.execute(_WANT, rows)
            if rested:
                tx.execute(_RESTED, rows)

    def due(self, now: datetime, oldest: timedelta) -> list[tuple[str, str]]:
        """Owner and name of the lists that are wanted, were never read, or are older than `oldest`."""
        row = {"now": to_ms(now), "before": to_ms(now - oldest)}
        with self._database.read() as connection:
            return [(each.owner, each.list) for each in connection.execute(_DUE, row)]

    def claim(self, owner: str, name: str, now: datetime, rest: timedelta) -> bool:
        """Be the one who reads the list; when that does not end in `replace`, the next try is due after `rest`."""
        row = {"owner": owner, "list": name, "now": to_ms(now), "until": to_ms(now + rest)}
        with self._database.write() as tx:
            return tx.execute(_CLAIM, row).rowcount == 1

    def rest(self, owner: str, name: str, until: datetime) -> None:
        """It was refused: nobody reads the list before then, however much it is wanted."""
        with self._database.write() as tx:
            tx.execute(_REST, {"owner": owner, "list": name, "until": to_ms(until)})

    def replace(self, owner: str, name: str, entries: Iterable[Entry], now: datetime) -> int:
        """Keep the list as it was read; only what differs is written. Returns how many entries differed."""
        at = {"owner": owner, "list": name}
        with self._database.read() as connection:
            known = {each.value: tuple(each[1:]) for each in connection.execute(_KNOWN, at)}
        wanted = {each.value: (each.label, each.description, search_text(each)) for each in entries}
        changed = [
            {**at, "value": value, "label": told[0], "description": told[1], "search": told[2]}
            for value, told in wanted.items()
            if known.get(value) != told
        ]
        gone = [{**at, "value": value} for value in known if value not in wanted]
        with self._database.write() as tx:
            if changed:
                tx.execute(_PUT, changed)
            if gone:
                tx.execute(_DROP, gone)
            tx.execute(_DONE, {**at, "now": to_ms(now)})
        return len(changed) + len(gone)


def realm_owner(realm_id: RealmId) -> str:
    """The owner of a realm's lists."""
    return f"realm:{realm_id}"


def portal_owner(portal_id: PortalId) -> str:
    """The owner of a portal's lists."""
    return f"portal:{portal_id}"


def search_text(entry: Entry) -> str:
    """What an entry is found and sorted by: its label first."""
    return f"{normalize(entry.label)} {normalize(entry.description)}"[:LONGEST_SEARCH]
