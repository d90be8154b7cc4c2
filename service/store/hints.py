"""Hints: "something about this entity may have changed", kept until somebody has looked.

A hint says where to look, never what is true. It comes from a webhook, from change data, from an
operator; it ends when the entity has been read and everything that follows from it is written.

    hear   any number of hints in one durable write; one row per entity, heard again it is the same row
    take   those that are due, for one worker alone; the row stays, and when the worker dies another takes it
    done   the row goes, unless the entity was heard of meanwhile: then it is due again at once
    later  the row stays and waits, with the reason why

How to work on them (see workflows/follow_invoice.py): for each of `scopes_due`, in a thread of its own,
`take` a batch, read all its entities in as few calls as the vendor allows, write what follows, `done`.
Being worked on twice must be harmless: a worker that is slower than its lease is overtaken by another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.store.database import Database, from_ms, from_ms_or_none, to_ms

LEASE = timedelta(minutes=2)
"""For so long nobody else takes a hint that was taken. Longer than any sensible batch of calls lasts."""
SYNC = "sync"
"""In the vendor's place: hints that are addressed to one object kept in step, see workflows/address_hints.py."""
Key = tuple[str, str, str, str]
"""Vendor, scope, kind and id of an entity."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have changed.

    `vendor` is "quickbooks", "hubspot" or `SYNC`; `scope` a realm id or a portal id, as text; `kind` the vendor's own
    name of the entity ("Invoice", "contacts"); `reasons` words without blanks that say what was heard ("updated",
    "voided", "into:58"). `changed_at`: when the vendor says it changed, None when it does not say.
    """

    vendor: str
    scope: str
    kind: str
    entity_id: str
    reasons: frozenset[str] = frozenset()
    changed_at: datetime | None = None

    @property
    def key(self) -> Key:
        """What makes two hints the same row."""
        return self.vendor, self.scope, self.kind, self.entity_id


@dataclass(frozen=True, slots=True)
class TakenHint(Hint):
    """A hint somebody works on, with all its reasons so far.

    `tries`: how often it was put off since it was last heard. `times`: how often it was heard, to know it by.
    """

    first_heard_at: datetime | None = None
    heard_at: datetime | None = None
    tries: int = 0
    times: int = 0
    leased_until: datetime | None = None


_KEYED = "vendor = :vendor AND scope = :scope AND kind = :kind AND entity_id = :entity_id"
_FREE = "due_at <= :now AND (leased_until IS NULL OR leased_until <= :now)"
# Blanks around the words: one is found whole, at either end too.
_HEAR = sa.text(
    """INSERT INTO hints (vendor, scope, kind, entity_id, reason, changed_at, first_heard_at, heard_at, times,
         due_at, tries)
       VALUES (:vendor, :scope, :kind, :entity_id, :reason, :changed_at, :now, :now, 1, :due_at, 0)
       ON CONFLICT (vendor, scope, kind, entity_id) DO UPDATE SET
         reason = CASE WHEN ' ' || hints.reason || ' ' LIKE '% ' || excluded.reason || ' %' THEN hints.reason
                  ELSE hints.reason || ' ' || excluded.reason END,
         changed_at = CASE WHEN hints.changed_at IS NULL OR excluded.changed_at > hints.changed_at
                      THEN excluded.changed_at ELSE hints.changed_at END,
         heard_at = excluded.heard_at, times = hints.times + 1, tries = 0,
         due_at = CASE WHEN excluded.due_at < hints.due_at THEN excluded.due_at ELSE hints.due_at END"""
)
_SCOPES = sa.text(
    f"SELECT DISTINCT scope FROM hints WHERE vendor = :vendor AND kind IN :kinds AND {_FREE} ORDER BY scope"  # noqa: S608
).bindparams(sa.bindparam("kinds", expanding=True))
_DONE = sa.text(f"DELETE FROM hints WHERE {_KEYED} AND times = :times")  # noqa: S608
# Still there: it was heard while it was worked on.
_AGAIN = sa.text(
    f"UPDATE hints SET due_at = :now, leased_until = NULL WHERE {_KEYED} AND leased_until = :leased_until"  # noqa: S608
)
# Heard again meanwhile: nothing is known against trying that at once.
_LATER = sa.text(
    f"""UPDATE hints SET tries = tries + 1, note = :note, leased_until = NULL,
          due_at = CASE WHEN times = :times THEN :due_at ELSE due_at END
        WHERE {_KEYED} AND leased_until = :leased_until"""  # noqa: S608
)
_RESUME = sa.text("UPDATE hints SET due_at = :now WHERE vendor = :vendor AND scope = :scope AND due_at > :now")
_FORGET = sa.text("DELETE FROM hints WHERE vendor = :vendor AND scope = :scope")
_BACKLOG = sa.text("SELECT kind, count(*) AS n FROM hints WHERE vendor = :vendor GROUP BY kind")


class Hints:
    """The table of hints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, hints: Iterable[Hint], now: datetime, due_at: datetime | None = None) -> int:
        """Write all of them down in one transaction, durable when this returns; due at once, or at `due_at`.

        Heard again, a hint is due at the earlier of both times, and counts as not tried yet. Returns how many
        entities that were. Raises: sqlalchemy.exc.SQLAlchemyError, and then none is written.
        """
        rows = _coalesce(hints, now, due_at or now)
        if rows:
            with self._database.write() as tx:
                self._write(tx, rows)
        return len(rows)

    def hear_in(self, tx: sa.Connection, hints: Iterable[Hint], now: datetime, due_at: datetime | None = None) -> int:
        """As `hear`, in a transaction of the caller's."""
        rows = _coalesce(hints, now, due_at or now)
        if rows:
            self._write(tx, rows)
        return len(rows)

    def scopes_due(self, vendor: str, kinds: Collection[str], now: datetime) -> list[str]:
        """The realms or portals that have something due."""
        with self._database.read() as connection:
            found = connection.execute(_SCOPES, {"vendor": vendor, "kinds": list(kinds), "now": to_ms(now)})
            return [row.scope for row in found]

    def take(
        self,
        vendor: str,
        kinds: Collection[str],
        now: datetime,
        limit: int,
        *,
        scope: str | None = None,
        lease: timedelta = LEASE,
    ) -> list[TakenHint]:
        """At most `limit` hints that are due, those first that have waited longest; `scope` None: of any.

        Nobody else gets them before the lease is over, and after it they are due again unless they are done.
        """
        lock = "" if self._database.is_sqlite else "FOR UPDATE SKIP LOCKED"
        here = "AND scope = :scope" if scope is not None else ""
        statement = sa.text(
            f"""UPDATE hints SET leased_until = :lease_ends_at WHERE (vendor, scope, kind, entity_id) IN (
                  SELECT vendor, scope, kind, entity_id FROM hints
                  WHERE vendor = :vendor AND kind IN :kinds AND {_FREE} {here}
                  ORDER BY due_at LIMIT :limit {lock})
                RETURNING vendor, scope, kind, entity_id, reason, changed_at, first_heard_at, heard_at, tries, times,
                  leased_until
            """  # noqa: S608
        ).bindparams(sa.bindparam("kinds", expanding=True))
        row = {"vendor": vendor, "kinds": list(kinds), "now": to_ms(now), "limit": limit}
        row |= {"lease_ends_at": to_ms(now + lease)} | ({"scope": scope} if scope is not None else {})
        with self._database.write() as tx:
            found = [_read(each) for each in tx.execute(statement, row).mappings()]
        return sorted(found, key=lambda hint: (hint.first_heard_at, hint.key))

    def done(self, taken: Sequence[TakenHint], now: datetime) -> None:
        """All that follows from these is written. One that was heard again since it was taken stays, due now."""
        if taken:
            with self._database.write() as tx:
                self.done_in(tx, taken, now)

    def done_in(self, tx: sa.Connection, taken: Sequence[TakenHint], now: datetime) -> None:
        """As `done`, in the transaction that writes what follows."""
        rows = [{**_row_of(hint), "now": to_ms(now)} for hint in _in_order(taken)]
        if rows:
            tx.execute(_DONE, rows)
            tx.execute(_AGAIN, rows)

    def later(self, taken: Sequence[TakenHint], due_at: datetime, note: str = "") -> None:
        """These could not be worked on: again at `due_at`; `note` tells an operator why, without customers' text."""
        rows = [{**_row_of(hint), "due_at": to_ms(due_at), "note": note} for hint in _in_order(taken)]
        if rows:
            with self._database.write() as tx:
                tx.execute(_LATER, rows)

    def backlog(self, vendor: str) -> dict[str, int]:
        """How many hints of each kind are not done, taken and waiting ones included."""
        with self._database.read() as connection:
            return {row.kind: row.n for row in connection.execute(_BACKLOG, {"vendor": vendor})}

    def resume(self, vendor: str, scope: str, now: datetime) -> int:
        """Somebody reconnected: whatever waits there is due now; returns how many hints that are."""
        with self._database.write() as tx:
            return tx.execute(_RESUME, {"vendor": vendor, "scope": scope, "now": to_ms(now)}).rowcount

    def forget(self, vendor: str, scope: str) -> int:
        """Nobody is connected there any more; returns how many hints went."""
        with self._database.write() as tx:
            return tx.execute(_FORGET, {"vendor": vendor, "scope": scope}).rowcount

    def _write(self, tx: sa.Connection, rows: list[dict[str, Any]]) -> None:
        tx.execute(_HEAR, rows)


def _coalesce(hints: Iterable[Hint], now: datetime, due_at: datetime) -> list[dict[str, Any]]:
    """One row per entity, always in the same order: of two that write the same ones none waits for the other."""
    words: dict[Key, set[str]] = {}
    changed: dict[Key, datetime | None] = {}
    for hint in hints:
        words.setdefault(hint.key, set()).update(hint.reasons)
        known = changed.get(hint.key)
        changed[hint.key] = max((each for each in (known, hint.changed_at) if each), default=None)
    stamps: dict[str, Any] = {"now": to_ms(now), "due_at": to_ms(due_at)}
    return [
        {
            **dict(zip(("vendor", "scope", "kind", "entity_id"), key, strict=True)),
            "reason": " ".join(sorted(words[key])),
            "changed_at": to_ms(at) if (at := changed[key]) else None,
            **stamps,
        }
        for key in sorted(words)
    ]


def _in_order(taken: Sequence[TakenHint]) -> list[TakenHint]:
    return sorted(taken, key=lambda hint: hint.key)


def _row_of(hint: TakenHint) -> dict[str, Any]:
    lease = {"times": hint.times, "leased_until": to_ms(hint.leased_until) if hint.leased_until else None}
    return {"vendor": hint.vendor, "scope": hint.scope, "kind": hint.kind, "entity_id": hint.entity_id} | lease


def _read(row: sa.RowMapping) -> TakenHint:
    return TakenHint(
        vendor=row["vendor"],
        scope=row["scope"],
        kind=row["kind"],
        entity_id=row["entity_id"],
        reasons=frozenset(row["reason"].split()),
        changed_at=from_ms_or_none(row["changed_at"]),
        first_heard_at=from_ms(row["first_heard_at"]),
        heard_at=from_ms(row["heard_at"]),
        tries=row["tries"],
        times=row["times"],
        leased_until=from_ms(row["leased_until"]),
    )
