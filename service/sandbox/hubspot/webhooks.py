"""CRM webhooks: HubSpot tells a subscriber what changed, in batches, with repeats. Contract 6."""

from __future__ import annotations

import http.client
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from service.sandbox.hubspot.enrolling import encode
from service.sandbox.hubspot.moments import milliseconds, stamp
from service.sandbox.hubspot.portal import BY_API, Change
from service.sandbox.hubspot.sending import post
from service.sandbox.hubspot.signatures import webhook_headers
from service.sandbox.hubspot.tokens import APP_ID, CLIENT_SECRET

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

SUBSCRIBED = ("contacts", "companies", "products", "deals")
LARGEST_BATCH, MOST_TRIES, TIMEOUT_SECONDS = 100, 10, 5.0
GATHER_SECONDS = 0.02
FLAGS = {"creation": "NEW", "propertyChange": "UPDATED", "deletion": "DELETED", "privacyDeletion": "DELETED",
         "merge": "UPDATED"}  # fmt: skip


class Webhooks:
    """The subscriber and what it was sent. The caller holds HubSpot's lock."""

    def __init__(self, hubspot: HubSpot) -> None:
        self._hubspot = hubspot
        self.url: str | None = None
        self.properties: dict[str, list[str]] = {}
        self._pending: list[dict[str, Any]] = []
        self._sent: list[dict[str, Any]] = []
        self._numbers = itertools.count(100)

    def subscribe(self, url: str | None, properties: dict[str, list[str]]) -> None:
        """Send events there from now on (None: nowhere); `properties` narrows propertyChange by type."""
        self.url, self.properties = url, properties

    def sent(self) -> list[dict[str, Any]]:
        """Every batch that was sent, with the status it got."""
        return list(self._sent)

    def notice(self, change: Change) -> None:
        """Make an event of a change somebody subscribed to."""
        kind = change.object_type
        if self.url is None or kind.name not in SUBSCRIBED:
            return
        wanted = self.properties.get(kind.singular)
        if change.kind == "propertyChange" and wanted is not None and change.property not in wanted:
            return
        self._pending.append(self._event(change))
        if len(self._pending) == 1:
            self._hubspot.sending.submit(self._flush, GATHER_SECONDS)

    def _event(self, change: Change) -> dict[str, Any]:
        number = next(self._numbers)
        area = "object" if self._hubspot.settings.webhook_kind == "object" else change.object_type.singular
        event: dict[str, Any] = {
            "eventId": number,
            "subscriptionId": 12345,
            "portalId": change.portal_id,
            "appId": APP_ID,
            "occurredAt": milliseconds(self._hubspot.clock.now()),
            "subscriptionType": f"{area}.{change.kind}",
            "attemptNumber": 0,
            "objectId": int(change.object_id),
            "objectTypeId": change.object_type.id,
            "changeSource": change.source,
            "sourceId": str(APP_ID) if change.source == BY_API else "userId:42",
            "changeFlag": FLAGS[change.kind],
        }
        if change.kind == "propertyChange":
            event |= {"propertyName": change.property, "propertyValue": change.value}
        return event | change.details

    def _flush(self) -> None:
        with self._hubspot.lock:
            batch, self._pending = self._pending[:LARGEST_BATCH], self._pending[LARGEST_BATCH:]
            if self._pending:
                self._hubspot.sending.submit(self._flush)
            if self._hubspot.settings.webhook_shuffle:
                batch.reverse()
            repeats = self._hubspot.settings.webhook_repeats
        for _ in range(repeats if batch else 0):
            self._send(batch, 0)

    def _send(self, batch: list[dict[str, Any]], attempt: int) -> None:
        """Contract 6: anything but a 2xx within five seconds is tried again, up to ten times."""
        hubspot, url = self._hubspot, self.url
        if url is None or hubspot.webhooks is not self:
            return
        body = encode([{**event, "attemptNumber": attempt} for event in batch])
        now = hubspot.clock.now() if hubspot.settings.signing_clock == "sandbox" else datetime.now(UTC)
        headers = webhook_headers(CLIENT_SECRET, url, body, str(milliseconds(now)))
        status: int | None = None
        try:
            status = post(url, body, headers, TIMEOUT_SECONDS).status
        except (OSError, http.client.HTTPException):
            pass
        with hubspot.lock:
            row = {"at": stamp(hubspot.clock.now()), "attempt": attempt, "status": status, "events": batch}
            self._sent.append(row)
            if (status is None or not 200 <= status < 300) and attempt < MOST_TRIES:
                settings = hubspot.settings
                delay = min(settings.redelivery_seconds * 2**attempt, settings.redelivery_cap_seconds)
                hubspot.sending.submit(lambda: self._send(batch, attempt + 1), delay)
