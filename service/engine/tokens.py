"""Access tokens: refreshed ahead of time, by one process at a time, kept before they are used."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.clock import Clock
from service.errors import NotConnected
from service.logs import log
from service.store.credentials import REVOKED, Credential, Credentials, Vendor

LOG = logging.getLogger("service.tokens")
# Refreshed when less than this is left, or a fifth of its life if that is shorter: a 401 is no trigger.
# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, repr=False)
class Refreshed:
    """What a vendor answered to a refresh."""

    access_token: str
    refresh_token: str
    expires_in: timedelta
    refresh_expires_in: timedelta | None = None
    hard_expires_in: timedelta | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    token: str
    fresh_until: datetime


class Tokens:
    """Gives access tokens of one vendor. `refresh` is the vendor's; it raises NotConnected or TryLater."""

    def __init__(
        self, vendor: Vendor, credentials: Credentials, refresh: Callable[[str], Refreshed], clock: Clock
    ) -> None:
        self._vendor, self._credentials, self._refresh, self._clock = vendor, credentials, refresh, clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def access_token(self, owner_id: str, rejected: str | None = None) -> str:
        """A token that lives a while; never `rejected`, the one the vendor has just refused.

        Raises: NotConnected, TryLater.
        """
        held = self._held.get(owner_id)
        if held and held.token != rejected and held.fresh_until > self._clock.now():
            return held.token
        with self._lock:
            self._held.pop(owner_id, None)  # also when nothing comes in its place
        usable = self._usable(owner_id, rejected)
        if usable is None:
            with self._credentials.refreshing(self._vendor, owner_id):
                usable = self._usable(owner_id, rejected) or self._renew(owner_id)
        with self._lock:
            self._held[owner_id] = usable
        return usable.token

    def _usable(self, owner_id: str, rejected: str | None) -> _Held | None:
        """The stored token, if somebody has refreshed it already."""
        found = self._find(owner_id)
        if found.access_token is None or found.access_expires_at is None or found.access_token == rejected:
            return None
        fresh_until = _fresh_until(found.updated_at, found.access_expires_at)
        return _Held(found.access_token, fresh_until) if fresh_until > self._clock.now() else None

    def _find(self, owner_id: str) -> Credential:
        found = self._credentials.find(self._vendor, owner_id)
        if found is None or found.state == REVOKED:
            raise NotConnected(f"Reconnect {self._vendor}: it does not take our access any more.", self._vendor)
        return found

    def _renew(self, owner_id: str) -> _Held:
        """Refresh, and write the new tokens down before anybody uses them."""
        found = self._find(owner_id)
        try:
            new = self._refresh(found.refresh_token)
        except NotConnected:
            self._credentials.revoke(found, self._clock.now())
            log(LOG, "access revoked", level=logging.ERROR, vendor=self._vendor, owner=owner_id)
            raise
        now = self._clock.now()
        expires_at = now + new.expires_in
        self._credentials.keep(
            self._vendor,
            owner_id,
            refresh_token=new.refresh_token,
            access_token=new.access_token,
            access_expires_at=expires_at,
            refresh_expires_at=now + new.refresh_expires_in if new.refresh_expires_in else None,
            hard_expires_at=now + new.hard_expires_in if new.hard_expires_in else None,
            now=now,
        )
        log(LOG, "refreshed", vendor=self._vendor, owner=owner_id)
        return _Held(new.access_token, _fresh_until(now, expires_at))


def _fresh_until(issued_at: datetime, expires_at: datetime) -> datetime:
    """The moment from which a token is refreshed before it is used."""
    return expires_at - min(MARGIN, (expires_at - issued_at) / 5)
