"""Trips to a vendor's consent page: begun by one browser session, ended once, within minutes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.credentials import Vendor
from service.store.database import Database, to_ms

LIFE = timedelta(minutes=10)
# An answer that comes again is recognised this long; then its state is merely unknown.
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a consent was begun for. `portal_id`, `realm_id` None: whichever the person chooses."""

    state_hash: str
    portal_id: PortalId | None
    realm_id: RealmId | None


class NotTaken(Enum):
    """Why an answer from a consent page does not count."""

    UNKNOWN = "begun by nobody, or by another browser session"
    EXPIRED = "begun too long ago"
    USED = "ended before, without a connection"
    CONNECTED = "ended before, and connected"


_BEGIN = sa.text(
    """INSERT INTO consents (state_hash, vendor, session_hash, portal_id, realm_id, begun_at, expires_at)
       VALUES (:state_hash, :vendor, :session_hash, :portal_id, :realm_id, :at, :expires_at)"""
)
_FORGET = sa.text("DELETE FROM consents WHERE expires_at < :at")
_TAKE = sa.text(
    """UPDATE consents SET used_at = :at, code_hash = :code_hash
       WHERE state_hash = :state_hash AND vendor = :vendor AND session_hash = :session_hash
         AND used_at IS NULL AND expires_at > :at
       RETURNING portal_id, realm_id"""
)
_FIND = sa.text("SELECT * FROM consents WHERE state_hash = :state_hash AND vendor = :vendor")
_FIND_CODE = sa.text("SELECT * FROM consents WHERE code_hash = :code_hash AND vendor = :vendor")
_CONNECTED = sa.text("UPDATE consents SET connected_at = :at WHERE state_hash = :state_hash")


class Consents:
    """The table of consents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, vendor: Vendor, session: str, portal_id: PortalId | None, realm_id: RealmId | None, now: datetime
    ) -> str:
        """A new state to send to the consent page; only its hash is kept."""
        state = secrets.token_urlsafe(32)
        asked = {"portal_id": portal_id, "realm_id": realm_id, "vendor": vendor}
        row = {"state_hash": _hash(state), "session_hash": _hash(session), **asked}
        with self._database.write() as tx:
            tx.execute(_FORGET, {"at": to_ms(now - KEPT)})
            tx.execute(_BEGIN, row | {"at": to_ms(now), "expires_at": to_ms(now + LIFE)})
        return state

    def take(self, vendor: Vendor, session: str, state: str, code: str | None, now: datetime) -> Consent | NotTaken:
        """End the consent of this state, which nobody can do again; or why that is not possible.

        Another session's state is left as it is.
        """
        state_hash, code_hash = _hash(state), _hash(code) if code else None
        row: dict[str, object] = {"state_hash": state_hash, "session_hash": _hash(session), "vendor": vendor}
        row |= {"code_hash": code_hash, "at": to_ms(now)}
        try:
            with self._database.write() as tx:
                taken = tx.execute(_TAKE, row).first()
        except sa.exc.IntegrityError:
            # The code came before with another state: exchanging it again would cost the tokens it gave.
            return self._why_not(_FIND_CODE, row)
        if taken is None:
            return self._why_not(_FIND, row)
        realm_id = None if taken.realm_id is None else RealmId(taken.realm_id)
        return Consent(state_hash, taken.portal_id and PortalId(taken.portal_id), realm_id)

    def connected(self, consent: Consent, now: datetime) -> None:
        """The consent led to stored tokens."""
        with self._database.write() as tx:
            tx.execute(_CONNECTED, {"state_hash": consent.state_hash, "at": to_ms(now)})

    def _why_not(self, statement: sa.TextClause, row: dict[str, object]) -> NotTaken:
        with self._database.read() as connection:
            found = connection.execute(statement, row).first()
        if found is None or found.session_hash != row["session_hash"]:
            return NotTaken.UNKNOWN
        if found.used_at is None:
            return NotTaken.EXPIRED
        same_code = found.code_hash is not None and found.code_hash == row["code_hash"]
        return NotTaken.CONNECTED if found.connected_at is not None and same_code else NotTaken.USED


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
