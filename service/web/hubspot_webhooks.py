"""HubSpot says that something changed: verify, write the hints down, answer. No vendor is called here.

HubSpot repeats up to ten times whatever is not answered with 2xx within five seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, request

from service.clock import Clock
from service.hubspot.webhook import Event, parse_webhook
from service.logs import log
from service.store.connections import Connections
from service.store.hints import Hint, Hints
from service.store.sync_settings import SyncSettings
from service.web.raw import SignedRequests, answer_json

LOG = logging.getLogger("service.web")


@dataclass(frozen=True, slots=True)
class HubSpotWebhookEdge:
    """What taking a webhook needs."""

    signed: SignedRequests
    connections: Connections
    hints: Hints
    sync: SyncSettings
    clock: Clock


def hubspot_webhook_routes(edge: HubSpotWebhookEdge) -> Blueprint:
    """POST /hubspot/webhooks."""
    routes = Blueprint("hubspot_webhooks", __name__)

    @routes.post("/hubspot/webhooks")
    def take() -> Response:
        # One batch may hold several portals' events; it is signed as a whole.
        events, strange = parse_webhook(edge.signed.read_verified(request, accept_v1=True))
        on = {(each.portal_id, each.name) for each in edge.sync.on()}
        connected = {each.portal_id for each in edge.connections.all()}
        heard = edge.hints.hear(derive_hints(events, on, connected), edge.clock.now())
        log(LOG, "webhook", events=len(events), strange=strange, heard=heard)
        return answer_json({"status": "ok"})

    return routes


def derive_hints(
    events: Iterable[Event], on: Collection[tuple[int, str]], connected: Collection[int]
) -> Iterator[Hint]:
    """What to look at because of these events.

    `on`: portals and the object types kept in step there. What is off is not heard, but for privacy deletions: in
    every portal that is `connected`, what is known of somebody is to be erased, whatever it was known for.
    """
    for event in events:
        private = event.reason == "privacy" and event.portal_id in connected
        if private or (event.portal_id, event.object_type) in on:
            reasons = frozenset({event.reason})
            yield Hint("hubspot", str(event.portal_id), event.object_type, event.object_id, reasons, event.at)
