"""HTTP to a vendor: one pool of connections, a time-out on every call, no repeats of its own.

Knows nothing of either vendor. A gateway gives it a prepared request and gets an answer, or
learns whether the request can have arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer: HTTP status, headers (case-insensitive), raw body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """No usable answer came. `sent` False: the request certainly did not arrive.

    `timed_out`: it was we who ended the wait, and the vendor may still be at work.
    """

    def __init__(self, reason: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.sent, self.timed_out = sent, timed_out


class Wire:
    """A pool of connections to all vendors; safe to share between threads."""

    def __init__(self, connect_seconds: float = 3.05, read_seconds: float = 30.0, connections: int = 32) -> None:
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._pool = urllib3.PoolManager(num_pools=8, maxsize=connections, block=False, retries=False)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        read_seconds: float | None = None,
    ) -> Answer:
        """One request, one answer, redirects not followed.

        Raises: NoAnswer, with `sent` telling whether the vendor may have acted.
        """
        timeout = self._timeout if read_seconds is None else urllib3.Timeout(connect=3.05, read=read_seconds)
        try:
            got = self._pool.request(
                method, url, headers=dict(headers), body=body, timeout=timeout, redirect=False, retries=False
            )
        except (NewConnectionError, ConnectTimeoutError, NameResolutionError) as error:
            raise NoAnswer(type(error).__name__, sent=False) from error
        except (HTTPError, OSError) as error:
            timed_out = isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError))
            raise NoAnswer(type(error).__name__, sent=True, timed_out=timed_out) from error
        return Answer(got.status, got.headers, got.data)


class Pace(Protocol):
    """Who may call a vendor now. Scopes are "portal:<id>", "search:<id>", "realm:<id>", "batch:<id>"."""

    def turn(self, scope: str) -> AbstractContextManager[None]:
        """Wait for a place under the scope's limits and hold it for the call.

        Raises: TryLater when the scope is paused or the wait would be long.
        """

    def is_free(self, scope: str, within_seconds: float) -> bool:
        """Whether a call in this scope could go so soon."""

    def pause(self, scope: str, span: timedelta, reason: str) -> None:
        """Nobody calls in this scope for `span`; after that one call probes."""

    def well(self, scope: str) -> None:
        """A call went through: whatever pause there was is over."""

    def ill(self, scope: str, reason: str) -> None:
        """A call found the vendor down; several in a row pause the scope."""
