"""Key rotation: what an older key sealed is sealed again with the first, while everybody goes on working."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.errors import ConfigError
from service.store.database import Database
from service.store.vault import Vault

_ALL = sa.text("SELECT vendor, owner_id, access_token, refresh_token, version FROM credentials")
# Neither version nor time change: the tokens are the same, and whoever has read them may go on.
_RESEAL = sa.text(
    """UPDATE credentials SET access_token = :access, refresh_token = :refresh
       WHERE vendor = :vendor AND owner_id = :owner_id AND version = :version"""
)


@dataclass(frozen=True, slots=True)
class Seals:
    """How many credentials the first key has sealed, how many an older one, and how many no key of ours opens."""

    first: int
    older: int
    closed: int


class Resealing:
    """The seals of the credentials table."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def reseal(self) -> int:
        """Seal again what an older key sealed; returns how many rows.

        A row that somebody changes meanwhile is left alone: he sealed it, and if with an older key, the
        next round takes it. What no key of ours opens is left alone, too.
        """
        done = 0
        for row in self._rows():
            if not self._is_old(row):
                continue
            try:
                renewed = {
                    name: row[f"{name}_token"] and self._vault.seal(self._open(row, name), _place(row, name))
                    for name in ("access", "refresh")
                }
            except ConfigError:
                continue
            key = {name: row[name] for name in ("vendor", "owner_id", "version")}
            with self._database.write() as tx:
                done += tx.execute(_RESEAL, {**key, **renewed}).rowcount
        return done

    def count(self) -> Seals:
        """How far a rotation is; `older` 0: the older keys may go."""
        first = older = closed = 0
        for row in self._rows():
            try:
                for name in ("access", "refresh"):
                    self._open(row, name)
            except ConfigError:
                closed += 1
            else:
                older, first = older + self._is_old(row), first + (not self._is_old(row))
        return Seals(first, older, closed)

    def _rows(self) -> Sequence[sa.RowMapping]:
        with self._database.read() as connection:
            return connection.execute(_ALL).mappings().all()

    def _is_old(self, row: sa.RowMapping) -> bool:
        return any(self._vault.is_old(row[name]) for name in ("access_token", "refresh_token") if row[name])

    def _open(self, row: sa.RowMapping, name: str) -> str:
        sealed: Any = row[f"{name}_token"]
        return self._vault.open(sealed, _place(row, name)) if sealed else ""


def _place(row: sa.RowMapping, name: str) -> str:
    """As `credentials` names it: row and column."""
    return f"{row['vendor']}:{row['owner_id']}:{name}"
