"""QuickBooks Online as a whole: its realms, its consents, its switches."""

from __future__ import annotations

import threading
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.grants import CLIENT_ID, CLIENT_SECRET, GrantRefused, Grants
from service.sandbox.quickbooks.limits import Limits
from service.sandbox.quickbooks.realm import SHELVES, Realm
from service.sandbox.quickbooks.repeats import Repeats
from service.sandbox.quickbooks.seed import seeded_realms
from service.sandbox.quickbooks.settings import Settings
from service.sandbox.quickbooks.webhooks import VERIFIER_TOKEN, Webhooks


class UnknownRealm(KeyError):
    """No realm has this id."""


class QuickBooks:
    """Made once per process; `reset` brings back the seeded books."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.settings = Settings()
        self.grants = Grants(clock, lambda: self.settings)
        self.limits = Limits()
        self.webhooks = Webhooks(clock, lambda: self.settings)
        self.realms: dict[str, Realm] = {}
        self.repeats: dict[str, Repeats] = {}
        self._lock = threading.Lock()
        self._seed()

    def reset(self) -> None:
        """Back to the seed: books, consents, switches, limits and webhooks."""
        for name, value in vars(Settings()).items():
            setattr(self.settings, name, value)
        self.grants.clear()
        self.limits.reset()
        self.webhooks.reset()
        self._seed()

    def credentials(self) -> dict[str, Any]:
        """What a service needs to connect: keys, and every realm's refresh token."""
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "verifier_token": VERIFIER_TOKEN,
            "realms": {realm_id: self.describe(realm_id) for realm_id in sorted(self.realms)},
        }

    def describe(self, realm_id: str) -> dict[str, Any]:
        """One realm in a few words, with the refresh token that is valid now."""
        realm = self.realm(realm_id)
        return {
            "name": realm.name,
            "country": realm.country,
            "currency": realm.currency,
            "tax": realm.tax,
            "refresh_token": self.grants.current_refresh_token(realm_id),
        }

    def books(self) -> dict[str, Any]:
        """Everything in every realm, in order of id and age."""
        return {realm_id: self.books_of(realm_id) for realm_id in sorted(self.realms)}

    def books_of(self, realm_id: str) -> dict[str, Any]:
        """One realm's objects by kind, how many there are, and what was deleted."""
        realm = self.realm(realm_id)
        with realm.lock:
            rows = {kind: [realm.shown(kind, row) for row in realm.shelves[kind]] for kind in SHELVES}
            deleted = [{"kind": kind, "Id": key, "at": at} for kind, key, at in realm.deleted]
        return {
            "name": realm.name,
            "counts": {kind: len(kept) for kind, kept in rows.items()},
            "deleted": deleted,
            "replayed": self.repeats[realm_id].replayed,
            **rows,
        }

    def realm(self, realm_id: str) -> Realm:
        """The realm of that id. Raises UnknownRealm."""
        try:
            return self.realms[realm_id]
        except KeyError:
            raise UnknownRealm(realm_id) from None

    def clone_realm(self, realm_id: str, like: str) -> Realm:
        """A new realm with the books of another; an id already there is replaced."""
        return self._add(self.realm(like), realm_id)

    def refresh(self, token: str, *, hard: bool) -> dict[str, Any]:
        """New tokens for a refresh token.

        Raises GrantRefused, also for a disconnected realm.
        """
        realm_id = self.grants.realm_of(token)
        if realm_id is not None and self.realm(realm_id).disconnected:
            raise GrantRefused("invalid_grant")
        return self.grants.refresh(token, hard=hard)

    def exchange(self, code: str, redirect_uri: str, *, hard: bool) -> dict[str, Any]:
        """Tokens for a code; a disconnected realm is connected again by that."""
        answer = self.grants.exchange(code, redirect_uri, hard=hard)
        self.realm(self.grants.access[answer["access_token"]].realm_id).disconnected = False
        return answer

    def _seed(self) -> None:
        self.realms, self.repeats = {}, {}
        for realm in seeded_realms():
            self._add(realm, realm.id)

    def _add(self, like: Realm, realm_id: str) -> Realm:
        with self._lock:
            made = like.clone(realm_id, self.clock, self.settings, self.webhooks.announce)
            self.repeats[realm_id] = Repeats(self.clock, self.settings)
            self.realms[realm_id] = made
            self.grants.consent(realm_id)
            return made
