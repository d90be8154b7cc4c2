"""What was asked of either vendor, in order: the evidence tests and the bench read."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Request:
    """One request to a vendor. `refused` names the strictness rule it broke, if any."""

    at: float
    vendor: str
    method: str
    path: str
    query: str
    status: int | None
    trouble: str | None = None
    refused: str | None = None


class Tape:
    """The last requests, and counts of all of them."""

    def __init__(self, length: int = 50_000) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Request] = deque(maxlen=length)
        self._refusals: deque[Request] = deque(maxlen=1_000)
        self._counts: Counter[str] = Counter()

    def record(self, request: Request) -> None:
        """Keep a request as it arrives; its status follows, or stays None when no answer is given."""
        with self._lock:
            self._requests.append(request)
            self._counts[request.vendor] += 1

    def refuse(self, request: Request, reason: str) -> None:
        """Note that no documented client would have sent it."""
        request.refused = reason
        with self._lock:
            self._refusals.append(request)

    def requests(self) -> list[dict[str, Any]]:
        """The kept requests, oldest first."""
        with self._lock:
            return [asdict(r) for r in self._requests]

    def refusals(self) -> list[dict[str, Any]]:
        """Requests that no documented client would send: a test's own failures."""
        with self._lock:
            return [asdict(r) for r in self._refusals]

    def counts(self) -> dict[str, int]:
        """Requests per vendor since the last reset."""
        with self._lock:
            return dict(self._counts)

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._requests.clear()
            self._refusals.clear()
            self._counts.clear()
