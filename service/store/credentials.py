"""Tokens of portals and realms, sealed; one row each, changed under its own lock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from service.store.database import Database, from_ms, from_ms_or_none, to_ms
from service.store.locks import Locks
from service.store.vault import Vault

Vendor = Literal["hubspot", "quickbooks"]
LIVE, REVOKED = "live", "revoked"
LIMITED = "limited"
"""Good, but what was asked for last is not granted."""
KEYS_WRONG = "keys_wrong"
"""Not asked any more: the vendor does not take our app's own keys."""


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What one vendor gave us for one portal or realm; tokens in clear, in memory only."""

    vendor: Vendor
    owner_id: str
    access_token: str | None
    refresh_token: str
    access_expires_at: datetime | None
    refresh_expires_at: datetime | None
    hard_expires_at: datetime | None
    state: str
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How our access to one portal or realm stands: everything but the tokens."""

    vendor: Vendor
    owner_id: str
    state: str
    refresh_expires_at: datetime | None
    hard_expires_at: datetime | None
    updated_at: datetime


_SELECT = sa.text("SELECT * FROM credentials WHERE vendor = :vendor AND owner_id = :owner_id")
_ALL = sa.text("SELECT * FROM credentials ORDER BY vendor, owner_id")
_STANDINGS = sa.text(
    """SELECT vendor, owner_id, state, refresh_expires_at, hard_expires_at, updated_at
       FROM credentials ORDER BY vendor, owner_id"""
)
_ERASE = sa.text("DELETE FROM credentials WHERE vendor = :vendor AND owner_id = :owner_id")
_UPSERT = sa.text(
    """INSERT INTO credentials (vendor, owner_id, access_token, refresh_token, access_expires_at,
         refresh_expires_at, hard_expires_at, state, version, updated_at)
       VALUES (:vendor, :owner_id, :access_token, :refresh_token, :access_expires_at,
         :refresh_expires_at, :hard_expires_at, 'live', 1, :updated_at)
       ON CONFLICT (vendor, owner_id) DO UPDATE SET
         access_token = excluded.access_token, refresh_token = excluded.refresh_token,
         access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at,
         hard_expires_at = coalesce(excluded.hard_expires_at, credentials.hard_expires_at),
         state = 'live', version = credentials.version + 1, updated_at = excluded.updated_at"""
)
_REVOKE = sa.text(
    """UPDATE credentials SET state = 'revoked', access_token = NULL, version = version + 1, updated_at = :at
       WHERE vendor = :vendor AND owner_id = :owner_id AND version = :version"""
)
# Neither version nor time change: the tokens are the same. The next refresh makes it live again.
_MARK = sa.text(
    """UPDATE credentials SET state = :state
       WHERE vendor = :vendor AND owner_id = :owner_id AND version = :version AND state <> 'revoked'"""
)
_LIFT = sa.text("UPDATE credentials SET state = 'live' WHERE state = 'limited'")


class Credentials:
    """The table of sealed tokens."""

    def __init__(self, database: Database, vault: Vault, locks: Locks) -> None:
        self._database, self._vault, self._locks = database, vault, locks

    def find(self, vendor: Vendor, owner_id: str) -> Credential | None:
        """The credential, opened; None when nobody ever connected."""
        with self._database.read() as connection:
            row = connection.execute(_SELECT, {"vendor": vendor, "owner_id": owner_id}).mappings().first()
        return None if row is None else self._open(row)

    def all(self) -> list[Credential]:
        """Every credential, opened."""
        with self._database.read() as connection:
            return [self._open(row) for row in connection.execute(_ALL).mappings()]

    def standings(self) -> list[Standing]:
        """How every access stands; nothing is opened."""
        with self._database.read() as connection:
            rows = connection.execute(_STANDINGS).all()
        return [
            Standing(
                row.vendor,
                row.owner_id,
                row.state,
                from_ms_or_none(row.refresh_expires_at),
                from_ms_or_none(row.hard_expires_at),
                from_ms(row.updated_at),
            )
            for row in rows
        ]

    def keep(
        self,
        vendor: Vendor,
        owner_id: str,
        *,
        refresh_token: str,
        access_token: str | None = None,
        access_expires_at: datetime | None = None,
        refresh_expires_at: datetime | None = None,
        hard_expires_at: datetime | None = None,
        now: datetime,
    ) -> None:
        """Write what a vendor gave us, durably, before anybody uses it."""
        place = f"{vendor}:{owner_id}"
        row = {
            "vendor": vendor,
            "owner_id": owner_id,
            "access_token": access_token and self._vault.seal(access_token, f"{place}:access"),
            "refresh_token": self._vault.seal(refresh_token, f"{place}:refresh"),
            "access_expires_at": access_expires_at and to_ms(access_expires_at),
            "refresh_expires_at": refresh_expires_at and to_ms(refresh_expires_at),
            "hard_expires_at": hard_expires_at and to_ms(hard_expires_at),
            "updated_at": to_ms(now),
        }
        with self._database.write() as connection:
            connection.execute(_UPSERT, row)

    def revoke(self, credential: Credential, now: datetime) -> bool:
        """Note that the vendor no longer takes it; False when somebody changed the row meanwhile."""
        row = {
            "vendor": credential.vendor,
            "owner_id": credential.owner_id,
            "version": credential.version,
            "at": to_ms(now),
        }
        with self._database.write() as connection:
            return connection.execute(_REVOKE, row).rowcount == 1

    def mark(self, credential: Credential, state: str) -> None:
        """Note what keeps a credential from being good, LIMITED or KEYS_WRONG, unless somebody has changed the row."""
        row = {"vendor": credential.vendor, "owner_id": credential.owner_id, "version": credential.version}
        with self._database.write() as connection:
            connection.execute(_MARK, {**row, "state": state})

    def lift_limits(self) -> int:
        """Have what was not granted asked for again; returns for how many accesses."""
        with self._database.write() as connection:
            return connection.execute(_LIFT).rowcount

    def erase(self, vendor: Vendor, owner_id: str) -> bool:
        """Forget the tokens for good; False when there were none."""
        with self._database.write() as connection:
            return connection.execute(_ERASE, {"vendor": vendor, "owner_id": owner_id}).rowcount == 1

    def refreshing(self, vendor: Vendor, owner_id: str) -> AbstractContextManager[None]:
        """Hold the only right to refresh this credential, among all threads and processes.

        Lost with the process: a killed refresher leaves no lock behind.
        """
        return self._locks.hold(f"refresh:{vendor}:{owner_id}")

    def _open(self, row: sa.RowMapping) -> Credential:
        place = f"{row['vendor']}:{row['owner_id']}"
        access = row["access_token"]
        return Credential(
            vendor=row["vendor"],
            owner_id=row["owner_id"],
            access_token=access and self._vault.open(access, f"{place}:access"),
            refresh_token=self._vault.open(row["refresh_token"], f"{place}:refresh"),
            access_expires_at=from_ms_or_none(row["access_expires_at"]),
            refresh_expires_at=from_ms_or_none(row["refresh_expires_at"]),
            hard_expires_at=from_ms_or_none(row["hard_expires_at"]),
            state=row["state"],
            version=row["version"],
            updated_at=from_ms(row["updated_at"]),
        )
