"""Webhooks out: what changed, signed, repeated until it is acknowledged.

Contract 4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.settings import Settings
from service.sandbox.quickbooks.webhook_bodies import MAY, Event, body_of

VERIFIER_TOKEN = "sandbox-verifier-token"  # noqa: S105 - the sandbox has no secrets
# Contract 4.4: 10 s, 20 s, 30 s, 5 m, 20 m, 2 h, 4 h, 6 h, then every 6 h.
RETRY_WAITS = (10, 20, 30, 300, 1200, 7200, 14400, 21600)
MOST_EVENTS = 100
_NAMESPACE = uuid.UUID("5d1f0a0e-2b6c-4a55-9d55-1f6b35a1d0aa")


@dataclass
class Subscription:
    """Who listens, in which shape, and what goes wrong on the way."""

    url: str | None = None
    shape: str = "cloudevents"
    enabled: bool = False
    duplicate: int = 0  # how many more times each batch is delivered
    reorder: bool = False  # events of a batch in reverse
    drop_every: int = 0  # every so-manieth event is lost
    delay_seconds: float = 0.0
    gather_seconds: float = 0.02  # events this close together travel in one batch
    wait_factor: float = 1.0  # compresses the waits between retries
    timeout_seconds: float = 3.0


@dataclass(frozen=True)
class Delivery:
    """One attempt: which events, and what the listener answered (None: nothing)."""

    at: float
    events: list[str]
    attempt: int
    status: int | None


def sign(body: bytes, token: str = VERIFIER_TOKEN) -> str:
    """The `intuit-signature` of a body (contract 4.3)."""
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


class Webhooks:
    """Events in the order they happened; one background thread delivers them."""

    def __init__(self, clock: SandboxClock, settings: Callable[[], Settings]) -> None:
        self._clock, self._settings = clock, settings
        self._changed = threading.Condition()
        self._age = 0  # a reset ends the thread of the age before
        self.reset()

    def reset(self) -> None:
        """Nobody listens, nothing happened."""
        with self._changed:
            self._age += 1
            self.subscription = Subscription()
            self.events: deque[Event] = deque(maxlen=10_000)
            self.deliveries: deque[Delivery] = deque(maxlen=10_000)
            self._waiting: deque[Event] = deque()
            self._count = 0
            self._sender: threading.Thread | None = None
            self._changed.notify_all()

    def subscribe(self, **changes: Any) -> None:
        """Change the subscription.

        Raises TypeError or ValueError for what it does not know.
        """
        made = Subscription(**{**asdict(self.subscription), **changes})
        if made.shape not in ("cloudevents", "legacy"):
            raise ValueError("shape must be cloudevents or legacy")
        with self._changed:
            self.subscription = made
            if made.enabled and made.url and self._sender is None:
                name = f"quickbooks-webhooks-{self._age}"
                self._sender = threading.Thread(target=self._run, args=(self._age,), name=name, daemon=True)
                self._sender.start()
            self._changed.notify_all()

    def announce(self, realm_id: str, kind: str, key: str, operation: str, deleted_id: str | None = None) -> None:
        """Something changed; told to the listener, if the kind has webhooks."""
        if operation not in MAY.get(kind, ()):
            return
        with self._changed:
            self._count += 1
            name = str(uuid.uuid5(_NAMESPACE, f"{realm_id} {self._count}")) if self.subscription.enabled else ""
            event = Event(name, realm_id, kind, key, operation, self._clock.now(), deleted_id)
            self.events.append(event)
            if self.subscription.enabled and not self._dropped():
                self._waiting.append(event)
                self._changed.notify_all()

    def waiting(self) -> int:
        """How many events nobody has acknowledged yet."""
        with self._changed:
            return len(self._waiting)

    def _dropped(self) -> bool:
        every = self.subscription.drop_every
        return bool(every) and self._count % every == 0

    def _run(self, age: int) -> None:
        while True:
            with self._changed:
                while age == self._age and not (self._waiting and self.subscription.enabled):
                    self._changed.wait()
                if age != self._age:
                    return
                heard = self.subscription
            time.sleep(heard.gather_seconds + heard.delay_seconds)
            with self._changed:
                batch = [event for event, _ in zip(self._waiting, range(MOST_EVENTS), strict=False)]
            if batch and not self._deliver(batch, age):
                return
            with self._changed:
                if age == self._age:
                    for _ in batch:
                        self._waiting.popleft()

    def _deliver(self, batch: list[Event], age: int) -> bool:
        """Head of line: the same body again and again until 200.

        False when a reset came between.
        """
        events = batch[::-1] if self.subscription.reorder else batch
        settings = self._settings()
        body = body_of(events, self.subscription.shape, settings.webhook_void_word)
        attempt = 0
        while True:
            attempt += 1
            if self._send(body, events, attempt, settings.webhook_content_type) == 200:
                break
            wait = RETRY_WAITS[min(attempt, len(RETRY_WAITS)) - 1] * self.subscription.wait_factor
            with self._changed:
                self._changed.wait_for(lambda: age != self._age, wait)
                if age != self._age:
                    return False
        for _ in range(self.subscription.duplicate):
            self._send(body, events, 1, settings.webhook_content_type)
        return True

    def _send(self, body: bytes, events: list[Event], attempt: int, content_type: str) -> int | None:
        heard = self.subscription
        status: int | None = None
        if heard.url:
            try:
                status = post(heard.url, body, content_type, heard.timeout_seconds)
            except (OSError, http.client.HTTPException):
                pass
        with self._changed:
            self.deliveries.append(Delivery(time.time(), [event.id for event in events], attempt, status))
        return status

    def state(self) -> dict[str, Any]:
        """Subscription, events and deliveries, for reading."""
        with self._changed:
            return {
                "subscription": asdict(self.subscription),
                "waiting": len(self._waiting),
                "events": [event.told() for event in self.events],
                "deliveries": [asdict(delivery) for delivery in self.deliveries],
            }


def post(url: str, body: bytes, content_type: str, timeout: float) -> int:
    """Deliver one body; returns the HTTP status. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=timeout)
    try:
        path = parts.path or "/"
        headers = {"Content-Type": content_type, "intuit-signature": sign(body), "User-Agent": "intuit_notification"}
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
