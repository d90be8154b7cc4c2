"""QuickBooks says that something changed: verify, write the hints down, answer. No vendor is called here.

Intuit holds back everything that follows until a delivery is answered with 200, within three seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, request

from service.clock import Clock
from service.config import Config
from service.errors import SignatureInvalid
from service.logs import log
from service.quickbooks.signature import verify_webhook
from service.quickbooks.webhook import Event, parse_webhook
from service.store.connections import Connections
from service.store.hints import Hint, Hints
from service.store.sync_settings import SyncSettings
from service.web.raw import answer_json, read_body

LOG = logging.getLogger("service.web")
SIGNATURE = "intuit-signature"
# What somebody works on; hints of other entities would lie there for ever.
FOLLOWED = frozenset({"Invoice", "Payment", "CreditMemo"})
# What was remembered of the one that is gone is the other's now.
MERGED = {"Customer": "MergedCustomer", "Item": "MergedItem"}
# What we remember of their tax may be wrong from now on.
TAXED = frozenset({"Customer", "Item"})


@dataclass(frozen=True, slots=True)
class WebhookEdge:
    """What taking a webhook needs."""

    config: Config
    connections: Connections
    hints: Hints
    sync: SyncSettings
    clock: Clock


def quickbooks_webhook_routes(edge: WebhookEdge) -> Blueprint:
    """POST /quickbooks/webhooks."""
    routes = Blueprint("quickbooks_webhooks", __name__)

    @routes.post("/quickbooks/webhooks")
    def take() -> Response:
        body = read_body(request)
        if not verify_webhook(body, request.headers.get(SIGNATURE), edge.config.quickbooks_webhook_verifier_tokens):
            raise SignatureInvalid("The signature is not Intuit's: check QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS.")
        events = parse_webhook(body)
        connected = {connection.realm_id for connection in edge.connections.all()}
        ours = [event for event in events if event.realm_id in connected]
        synced = {(known.realm_id, known.pairing.entity) for known in edge.sync.on()}
        heard = edge.hints.hear([*derive_hints(ours), *derive_sync_hints(ours, synced)], edge.clock.now())
        log(LOG, "webhook", events=len(events), strange=len(events) - len(ours), heard=heard)
        return answer_json({"status": "ok"})

    return routes


def derive_hints(events: Iterable[Event]) -> Iterator[Hint]:
    """What to look at because of these events."""
    for event in events:
        if event.entity in FOLLOWED:
            reasons = frozenset({event.operation})
            yield Hint("quickbooks", event.realm_id, event.entity, event.entity_id, reasons, event.at)
        if event.entity in TAXED and event.operation != "created":
            yield Hint("quickbooks", event.realm_id, f"{event.entity}Tax", event.entity_id, frozenset(), event.at)
        if event.entity in MERGED and event.operation == "merged" and event.deleted_id:
            reasons = frozenset({f"into:{event.entity_id}"})
            yield Hint("quickbooks", event.realm_id, MERGED[event.entity], event.deleted_id, reasons, event.at)


def derive_sync_hints(events: Iterable[Event], synced: Collection[tuple[str, str]]) -> Iterator[Hint]:
    """What to bring in step because of these events. `synced`: realms and the entities that are kept in step there."""
    for event in events:
        if (event.realm_id, event.entity) not in synced:
            continue
        yield Hint("quickbooks", event.realm_id, event.entity, event.entity_id, frozenset({event.operation}), event.at)
        if event.operation == "merged" and event.deleted_id:
            reasons = frozenset({f"into:{event.entity_id}"})
            yield Hint("quickbooks", event.realm_id, event.entity, event.deleted_id, reasons, event.at)
