"""Access tokens: refreshed ahead of time, by one process at a time, kept before they are used."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.clock import Clock
from service.errors import ConfigError, NotConnected, SettingsWrong, TryLater
from service.logs import log
from service.store.credentials import KEYS_WRONG, REVOKED, Credential, Credentials, Vendor

LOG = logging.getLogger("service.tokens")
# Refreshed when less than this is left, or a fifth of its life if that is shorter: a 401 is no trigger.
# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
MARGIN = timedelta(minutes=5)
# The schedule comes that much earlier still, so that no run waits for a refresh of what is in use.
AHEAD = timedelta(minutes=2)
IN_USE = timedelta(minutes=30)
# Between a refresh without an answer and its repeat: the many who wait for one token do not all try it.
REST = timedelta(seconds=10)
# As above, when the vendor does not take our own keys: only an operator can change that.
SETTINGS_REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, repr=False)
class Refreshed:
    """What a vendor answered to a refresh. `owner_id`: whose tokens these are, where it says so."""

    access_token: str
    refresh_token: str
    expires_in: timedelta
    refresh_expires_in: timedelta | None = None
    hard_expires_in: timedelta | None = None
    owner_id: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    token: str
    fresh_until: datetime


@dataclass(frozen=True, slots=True)
class _Rest:
    """Why a credential of this version is not refreshed until then."""

    version: int
    until: datetime
    why: TryLater


class Tokens:
    """Gives access tokens of one vendor. `refresh` is the vendor's; it raises NotConnected, TryLater, ConfigError.

    What our own settings spoil is SettingsWrong here, which is a TryLater: the work waits for the operator.
    """

    def __init__(
        self, vendor: Vendor, credentials: Credentials, refresh: Callable[[str], Refreshed], clock: Clock
    ) -> None:
        self._vendor, self._credentials, self._refresh, self._clock = vendor, credentials, refresh, clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._used_at: dict[str, datetime] = {}
        self._resting: dict[str, _Rest] = {}
        self._unwritten: dict[str, tuple[int, datetime, Refreshed]] = {}

    def access_token(self, owner_id: str, rejected: str | None = None) -> str:
        """A token that lives a while; never `rejected`, the one the vendor has just refused.

        Raises: NotConnected, TryLater.
        """
        now = self._clock.now()
        self._used_at[owner_id] = now
        held = self._held.get(owner_id)
        if held and held.token != rejected and held.fresh_until > now:
            return held.token
        with self._lock:
            self._held.pop(owner_id, None)  # also when nothing comes in its place
        return self._hold(owner_id, rejected, now).token

    def in_use(self) -> list[str]:
        """Whose tokens this process has needed lately."""
        since = self._clock.now() - IN_USE
        return [owner_id for owner_id, used_at in list(self._used_at.items()) if used_at >= since]

    def refresh_ahead(self, owner_id: str) -> None:
        """Refresh what would soon have to be refreshed before its next use. Raises: NotConnected, TryLater."""
        fresh_at = self._clock.now() + AHEAD
        held = self._held.get(owner_id)
        if held is None or held.fresh_until <= fresh_at:
            self._hold(owner_id, None, fresh_at)

    def keep_alive(self, owner_id: str, age: timedelta) -> None:
        """Refresh, unless that was done less than `age` ago. Raises: NotConnected, TryLater."""
        with self._credentials.refreshing(self._vendor, owner_id):
            if self._find(owner_id).updated_at <= self._clock.now() - age:
                renewed = self._renew(owner_id)
                with self._lock:
                    self._held[owner_id] = renewed

    def _hold(self, owner_id: str, rejected: str | None, fresh_at: datetime) -> _Held:
        """A token that needs no refresh before `fresh_at`: a stored one, or a new one."""
        usable = self._usable(owner_id, rejected, fresh_at)
        if usable is None:
            with self._credentials.refreshing(self._vendor, owner_id):
                usable = self._usable(owner_id, rejected, fresh_at) or self._renew(owner_id)
        with self._lock:
            self._held[owner_id] = usable
        return usable

    def _usable(self, owner_id: str, rejected: str | None, fresh_at: datetime) -> _Held | None:
        """The stored token, if somebody has refreshed it already."""
        found = self._find(owner_id)
        if found.access_token is None or found.access_expires_at is None or found.access_token == rejected:
            return None
        fresh_until = _fresh_until(found.updated_at, found.access_expires_at)
        return _Held(found.access_token, fresh_until) if fresh_until > fresh_at else None

    def _find(self, owner_id: str) -> Credential:
        try:
            found = self._credentials.find(self._vendor, owner_id)
        except ConfigError as error:
            raise SettingsWrong(error.sentence) from error
        if found is None or found.state == REVOKED:
            raise NotConnected(f"Reconnect {self._vendor}: it does not take our access any more.", self._vendor)
        return found

    def _renew(self, owner_id: str) -> _Held:
        """Refresh, and write the new tokens down before anybody uses them.

        Without an answer nobody knows whether the vendor has given out another refresh token. The one we
        have is tried again, once the vendor answers: then it works, or is refused and somebody reconnects.
        """
        found = self._find(owner_id)
        # What the vendor has answered before and our database would not take then: the old one is refused by now.
        unwritten = self._unwritten.get(owner_id)
        if unwritten is None or unwritten[0] != found.version:
            unwritten = (found.version, self._clock.now(), self._ask(found))
            self._unwritten[owner_id] = unwritten
        _, now, new = unwritten
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
        self._unwritten.pop(owner_id, None)
        self._resting.pop(owner_id, None)
        log(LOG, "refreshed", vendor=self._vendor, owner=owner_id)
        return _Held(new.access_token, _fresh_until(now, expires_at))

    def _ask(self, found: Credential) -> Refreshed:
        """The vendor's new tokens. Raises: NotConnected, TryLater."""
        self._respect_rest(found)
        try:
            return self._check_owner(found, self._refresh(found.refresh_token))
        except TryLater as error:
            self._rest(found, max(REST, error.after or REST), error)
            log(LOG, "refresh without an answer", level=logging.WARNING, vendor=self._vendor, owner=found.owner_id)
            raise
        except ConfigError as error:
            wrong = SettingsWrong(error.sentence)
            self._credentials.mark(found, KEYS_WRONG)
            self._rest(found, SETTINGS_REST, wrong)
            log(LOG, "our keys are refused", level=logging.ERROR, vendor=self._vendor, reason=error.sentence)
            raise wrong from error
        except NotConnected:
            self._credentials.revoke(found, self._clock.now())
            log(LOG, "access revoked", level=logging.ERROR, vendor=self._vendor, owner=found.owner_id)
            raise

    def _check_owner(self, found: Credential, new: Refreshed) -> Refreshed:
        """Raises NotConnected when these tokens would open somebody else's portal."""
        if new.owner_id in (None, found.owner_id):
            return new
        raise NotConnected(
            f"The {self._vendor} access kept for {found.owner_id} is that of {new.owner_id}: "
            f"connect {found.owner_id} again.",
            self._vendor,
        )

    def _rest(self, found: Credential, span: timedelta, why: TryLater) -> None:
        self._resting[found.owner_id] = _Rest(found.version, self._clock.now() + span, why)

    def _respect_rest(self, found: Credential) -> None:
        """Raises TryLater while a refresh of this very credential has just gone without an answer."""
        rest = self._resting.get(found.owner_id)
        left = rest.until - self._clock.now() if rest and rest.version == found.version else timedelta(0)
        if rest is None or left <= timedelta(0):
            return
        if isinstance(rest.why, SettingsWrong):
            raise SettingsWrong(rest.why.sentence)
        raise TryLater(f"{self._vendor} did not answer when the access token was refreshed.", left)


def _fresh_until(issued_at: datetime, expires_at: datetime) -> datetime:
    """The moment from which a token is refreshed before it is used."""
    return expires_at - min(MARGIN, (expires_at - issued_at) / 5)
