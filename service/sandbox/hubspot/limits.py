"""How many calls a portal may make: 110 in ten seconds, searches apart. Contract 4.10, 4.11."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from service.sandbox.hubspot.refusals import Refusal, correlation_id
from service.sandbox.hubspot.settings import Settings

WINDOW_SECONDS = 10.0


@dataclass(slots=True)
class Window:
    """The granted calls of one portal in a rolling span of real time, and the worst span so far."""

    seconds: float
    granted: deque[float] = field(default_factory=deque)
    asked: deque[float] = field(default_factory=deque)
    peak: int = 0
    over: int = 0

    def ask(self, now: float, limit: int | None) -> bool:
        """Count one call; False when it is over the limit (None: no limit)."""
        for calls in (self.granted, self.asked):
            while calls and calls[0] <= now - self.seconds:
                calls.popleft()
        self.asked.append(now)
        self.peak = max(self.peak, len(self.asked))
        if limit is not None and len(self.granted) >= limit:
            self.over += 1
            return False
        self.granted.append(now)
        return True


class Limits:
    """The windows of all portals. Real time: a limit cannot be waited away by moving the clock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: dict[int, Window] = {}
        self._searches: dict[int, Window] = {}

    def count(self, portal_id: int) -> dict[str, str]:
        """Count one call and return the limit headers of its answer. Raises Refusal 429."""
        window = self._calls.setdefault(portal_id, Window(WINDOW_SECONDS))
        limit = self._settings.limit_per_ten_seconds
        granted = window.ask(time.monotonic(), limit if self._settings.limits else None)
        headers = {
            "X-HubSpot-RateLimit-Max": str(limit),
            "X-HubSpot-RateLimit-Remaining": str(max(0, limit - len(window.granted))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        if not granted:
            raise over_limit("TEN_SECONDLY_ROLLING", headers)
        return headers

    def count_search(self, portal_id: int) -> None:
        """Count one search; its answers carry no limit headers. Raises Refusal 429."""
        window = self._searches.setdefault(portal_id, Window(1.0))
        limit = self._settings.search_limit_per_second if self._settings.limits else None
        if not window.ask(time.monotonic(), limit):
            raise over_limit("SECONDLY", {})

    def peaks(self) -> dict[str, Any]:
        """The most calls each portal made in any rolling ten seconds, and how many were over the limit."""
        return {
            str(portal_id): {
                "peak_per_ten_seconds": self._calls[portal_id].peak if portal_id in self._calls else 0,
                "over_limit": self._calls[portal_id].over if portal_id in self._calls else 0,
                "search_peak_per_second": self._searches[portal_id].peak if portal_id in self._searches else 0,
                "searches_over_limit": self._searches[portal_id].over if portal_id in self._searches else 0,
            }
            for portal_id in sorted(self._calls.keys() | self._searches.keys())
        }


def over_limit(policy: str, headers: dict[str, str]) -> Refusal:
    """The 429 of contract 4.11; no Retry-After is documented for API answers."""
    number = correlation_id()
    message = f"You have reached your {policy.lower()} limit."
    body = {
        "status": "error",
        "message": message,
        "errorType": "RATE_LIMIT",
        "correlationId": number,
        "policyName": policy,
        "requestId": number,
    }
    return Refusal(429, message, "RATE_LIMITS", refused=f"over limit {policy}", headers=headers, body=body)
