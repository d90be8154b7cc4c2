"""Access and refresh tokens: issued, rotated, reused, revoked.

Contract 1.3 to 1.5.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.settings import Settings

CLIENT_ID = "sandbox-quickbooks-client"
CLIENT_SECRET = "sandbox-quickbooks-secret"  # noqa: S105 - the sandbox has no secrets
ACCESS_LIFE = timedelta(seconds=3600)
IDLE_LIFE = timedelta(days=100)
HARD_LIFE = timedelta(days=5 * 365)
CODE_LIFE = timedelta(minutes=10)
ANSWERED_IDLE_SECONDS = 8726400
NEW_VALUE_AFTER = timedelta(hours=24)


class GrantRefused(Exception):
    """The token endpoint says no; the argument is the OAuth error word."""


@dataclass
class Grant:
    """One consent: a chain of refresh tokens for one realm, five years at most."""

    realm_id: str
    consented_at: datetime
    used_at: datetime
    value_at: datetime
    refresh_token: str = ""
    rotated: dict[str, datetime] = field(default_factory=dict)  # earlier values, and when they were replaced
    access: set[str] = field(default_factory=set)
    revoked: bool = False


@dataclass
class Access:
    """An access token: whose it is, and until when."""

    realm_id: str
    expires_at: datetime
    grant: Grant


@dataclass
class Code:
    """An authorization code: good once, for a short time, for one address."""

    realm_id: str
    redirect_uri: str
    issued_at: datetime
    grant: Grant | None = None


class Grants:
    """All consents of all realms.

    Tokens are counted and hashed, so every run gives the same ones.
    """

    def __init__(self, clock: SandboxClock, settings: Callable[[], Settings]) -> None:
        self._clock, self._settings = clock, settings
        self._lock = threading.Lock()
        self._count: dict[str, int] = {}
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Grant] = {}
        self._current: dict[str, Grant] = {}
        self.access: dict[str, Access] = {}

    def consent(self, realm_id: str) -> Grant:
        """A new consent for the realm, with its first refresh token."""
        with self._lock:
            return self._consent(realm_id)

    def current_refresh_token(self, realm_id: str) -> str | None:
        """The refresh token that is valid now; None when the realm's consent was revoked."""
        grant = self._current.get(realm_id)
        return None if grant is None or grant.revoked else grant.refresh_token

    def realm_of(self, refresh_token: str) -> str | None:
        """Whose refresh token this is, valid or not."""
        grant = self._refresh.get(refresh_token)
        return grant.realm_id if grant else None

    def give_code(self, realm_id: str, redirect_uri: str) -> str:
        """A code as the consent page sends it back."""
        with self._lock:
            code = self._value("XAB1", realm_id)
            self._codes[code] = Code(realm_id, redirect_uri, self._clock.now())
            return code

    def exchange(self, code: str, redirect_uri: str, *, hard: bool) -> dict[str, Any]:
        """Tokens for a code.

        Raises GrantRefused; a second use may revoke what the first gave.
        """
        with self._lock:
            known = self._codes.get(code)
            if known is None or known.redirect_uri != redirect_uri:
                raise GrantRefused("invalid_grant")
            if known.grant is not None:
                if self._settings().code_reuse_revokes:
                    self._revoke(known.grant)
                raise GrantRefused("invalid_grant")
            if self._clock.now() > known.issued_at + CODE_LIFE:
                raise GrantRefused("invalid_grant")
            known.grant = self._consent(known.realm_id)
            return self._answer(known.grant, hard=hard)

    def refresh(self, token: str, *, hard: bool) -> dict[str, Any]:
        """New tokens for a refresh token, which is used up by that. Raises GrantRefused."""
        with self._lock:
            now, settings = self._clock.now(), self._settings()
            grant = self._refresh.get(token)
            if grant is None or grant.revoked:
                raise GrantRefused("invalid_grant")
            if now > grant.used_at + IDLE_LIFE or now > grant.consented_at + HARD_LIFE:
                raise GrantRefused("invalid_grant")
            if token != grant.refresh_token:
                replaced_at = grant.rotated[token]
                if now >= replaced_at + timedelta(seconds=settings.refresh_grace_seconds):
                    if settings.reuse_revokes_chain:
                        self._revoke(grant)
                    raise GrantRefused("invalid_grant")
            grant.used_at = now
            if settings.rotate_every_refresh or now >= grant.value_at + NEW_VALUE_AFTER:
                self._rotate(grant)
            return self._answer(grant, hard=hard)

    def revoke(self, token: str) -> str | None:
        """Kill the consent a token belongs to; returns its realm, or None."""
        with self._lock:
            access = self.access.get(token)
            grant = access.grant if access else self._refresh.get(token)
            if grant is None or grant.revoked:
                return None
            self._revoke(grant)
            return grant.realm_id

    def revoke_realm(self, realm_id: str) -> None:
        """Kill every consent of a realm."""
        with self._lock:
            for grant in self._refresh.values():
                if grant.realm_id == realm_id:
                    self._revoke(grant)

    def expire_access(self, realm_id: str) -> None:
        """Let all access tokens of a realm run out now."""
        with self._lock:
            for access in self.access.values():
                if access.realm_id == realm_id:
                    access.expires_at = self._clock.now() - timedelta(seconds=1)

    def clear(self) -> None:
        """Forget everything, the counting included."""
        with self._lock:
            for kept in (self._count, self._codes, self._refresh, self._current, self.access):
                kept.clear()

    def _consent(self, realm_id: str) -> Grant:
        now = self._clock.now()
        grant = Grant(realm_id, now, now, now)
        self._rotate(grant)
        self._current[realm_id] = grant
        return grant

    def _rotate(self, grant: Grant) -> None:
        now = self._clock.now()
        if grant.refresh_token:
            grant.rotated[grant.refresh_token] = now
        grant.refresh_token = self._value("RT1", grant.realm_id)
        grant.value_at = now
        self._refresh[grant.refresh_token] = grant

    def _answer(self, grant: Grant, *, hard: bool) -> dict[str, Any]:
        now = self._clock.now()
        token = self._value("eyJlbmMi", grant.realm_id)
        self.access[token] = Access(grant.realm_id, now + ACCESS_LIFE, grant)
        grant.access.add(token)
        answer: dict[str, Any] = {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": ANSWERED_IDLE_SECONDS,
        }
        if hard:
            left = grant.consented_at + HARD_LIFE - now
            answer["x_refresh_token_hard_expires_in"] = int(left.total_seconds())
        return answer

    def _revoke(self, grant: Grant) -> None:
        grant.revoked = True
        for token in grant.access:
            self.access.pop(token, None)
        grant.access.clear()

    def _value(self, kind: str, realm_id: str) -> str:
        count = self._count[realm_id] = self._count.get(realm_id, 0) + 1
        digest = hashlib.sha256(f"{kind} {realm_id} {count}".encode()).hexdigest()
        return f"{kind}-{count}-{digest[:40]}"
