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
from service.store.hints import Hint, Hints
from service.store.sync_settings import ON, SyncSettings
from service.web.raw import SignedRequests, answer_json

LOG = logging.getLogger("service.web")


@dataclass(frozen=True, slots=True)
class HubSpotWebhookEdge:
    """What taking a webhook needs."""

    signed: SignedRequests
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
        known = edge.sync.all()
        on = {(each.portal_id, each.name) for each in known if each.state == ON}
        ever = {(each.portal_id, each.name) for each in known}
        heard = edge.hints.hear(derive_hints(events, on, ever), edge.clock.now())
        log(LOG, "webhook", events=len(events), strange=strange, heard=heard)
        return answer_json({"status": "ok"})

    return routes


def derive_hints(
    events: Iterable[Event], on: Collection[tuple[int, str]], ever: Collection[tuple[int, str]]
) -> Iterator[Hint]:
    """What to look at because of these events.

    `on`: portals and the object types kept in step there. What is off is not heard, but for privacy deletions:
    what was known of somebody from before (`ever`) is to be erased all the same.
    """
    for event in events:
        wanted = ever if event.reason == "privacy" else on
        if (event.portal_id, event.object_type) in wanted:
            reasons = frozenset({event.reason})
            yield Hint("hubspot", str(event.portal_id), event.object_type, event.object_id, reasons, event.at)
