"""Who is signed in, and how often somebody has tried to be."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.store.database import Database, from_ms, to_ms

LIFE = timedelta(hours=12)
# Wrong passwords within the window; after that nobody's password is looked at.
WINDOW = timedelta(minutes=15)
MOST_PER_ADDRESS, MOST_OVERALL = 10, 100

_BEGIN = sa.text("INSERT INTO sessions (session_hash, begun_at, expires_at) VALUES (:session_hash, :at, :expires_at)")
_FORGET = sa.text("DELETE FROM sessions WHERE expires_at <= :at")
_LIVES = sa.text("SELECT 1 FROM sessions WHERE session_hash = :session_hash AND expires_at > :at")
_END = sa.text("DELETE FROM sessions WHERE session_hash = :session_hash")


class Sessions:
    """Signed-in browsers. `mark` stands for the password: with another one, earlier sessions are over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, session: str, mark: str, now: datetime) -> None:
        """Let the session in until it expires."""
        with self._database.write() as tx:
            tx.execute(_FORGET, {"at": to_ms(now)})
            row = {"session_hash": _hash(session, mark), "at": to_ms(now), "expires_at": to_ms(now + LIFE)}
            tx.execute(_BEGIN, row)

    def lives(self, session: str, mark: str, now: datetime) -> bool:
        """Whether the session is signed in."""
        with self._database.read() as connection:
            row = {"session_hash": _hash(session, mark), "at": to_ms(now)}
            return connection.execute(_LIVES, row).first() is not None

    def end(self, session: str, mark: str) -> None:
        """Sign the session out."""
        with self._database.write() as tx:
            tx.execute(_END, {"session_hash": _hash(session, mark)})


_OLD = sa.text("DELETE FROM sign_in_attempts WHERE at <= :since")
_COUNT = sa.text(
    """SELECT count(*) AS overall, sum(CASE WHEN address = :address THEN 1 ELSE 0 END) AS own,
         min(at) AS first, min(CASE WHEN address = :address THEN at END) AS own_first
       FROM sign_in_attempts WHERE at > :since"""
)
_TRY = sa.text("INSERT INTO sign_in_attempts (address, at) VALUES (:address, :at)")
_FORGIVE = sa.text("DELETE FROM sign_in_attempts WHERE address = :address")


class Attempts:
    """Tries to sign in. Each takes a place before the password is looked at, so that a thousand at once
    get no more looks than ten one after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_in(self, address: str, now: datetime) -> timedelta | None:
        """Take a place; or how long there is none."""
        with self._database.read() as connection:
            wait = self._wait(connection, address, now)
        if wait is not None:
            return wait
        with self._database.write() as tx:
            self._database.lock_row(tx, "sign_in_attempts")
            tx.execute(_OLD, {"since": to_ms(now - WINDOW)})
            wait = self._wait(tx, address, now)
            if wait is None:
                tx.execute(_TRY, {"address": address, "at": to_ms(now)})
        return wait

    def forgive(self, address: str) -> None:
        """The right password came from this address."""
        with self._database.write() as tx:
            tx.execute(_FORGIVE, {"address": address})

    def _wait(self, connection: sa.Connection, address: str, now: datetime) -> timedelta | None:
        row = connection.execute(_COUNT, {"address": address, "since": to_ms(now - WINDOW)}).one()
        if (row.own or 0) >= MOST_PER_ADDRESS:
            return from_ms(row.own_first) + WINDOW - now
        return from_ms(row.first) + WINDOW - now if row.overall >= MOST_OVERALL else None


def _hash(session: str, mark: str) -> str:
    return hashlib.sha256(f"{session} {mark}".encode()).hexdigest()
