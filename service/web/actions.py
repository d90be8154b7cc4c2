"""HubSpot executes a workflow action: verify, parse, write one durable row, answer from it.

No vendor is called here. What cannot be worked on at all is settled on the spot.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from service.clock import Clock
from service.errors import CannotInvoice, PortalNotConnected, RealmNotChosen, UnknownAction
from service.hubspot import callback as hubspot_callback
from service.ids import RealmId
from service.logs import log
from service.store.callbacks import FAIL_CONTINUE, Arrival, Callbacks, StoredCallback
from service.store.connections import Connection, Connections
from service.web.answers import BLOCK_FOR, HEADROOM, block, derive_answer, finished
from service.web.raw import SignedRequests, answer_json

LOG = logging.getLogger("service.web")


@dataclass(frozen=True, slots=True)
class ActionEdge:
    """What accepting a callback needs."""

    signed: SignedRequests
    callbacks: Callbacks
    connections: Connections
    actions: frozenset[str]
    clock: Clock


def action_routes(edge: ActionEdge) -> Blueprint:
    """POST /hubspot/actions/<action>."""
    routes = Blueprint("actions", __name__)

    @routes.post("/hubspot/actions/<action>")
    def execute(action: str) -> Response:
        body = edge.signed.read_verified(request)
        return answer_json(accept(edge, action, body))

    return routes


def accept(edge: ActionEdge, action: str, body: bytes) -> dict[str, dict[str, str]]:
    """The answer to a verified execution; the row is durable when this returns.

    Raises: BodyMalformed; sqlalchemy errors when nothing could be written.
    """
    now = edge.clock.now()
    asked = hubspot_callback.parse(body)
    refusal: CannotInvoice | None = None
    realm_id: RealmId | None = None
    try:
        realm_id = choose_realm(edge.connections.of_portal_lately(asked.portal_id), asked.inputs)
        if action not in edge.actions:
            raise UnknownAction("This action does not exist any more: choose another one in the workflow.")
    except CannotInvoice as error:
        refusal = error
    arrival = Arrival(
        portal_id=asked.portal_id,
        callback_id=asked.callback_id,
        action=action[:100] if action.isprintable() else "unprintable",
        object_type=asked.object_type,
        object_id=asked.object_id,
        realm_id=realm_id,
        inputs=asked.inputs,
        context={"workflow_id": asked.workflow_id, "action_id": asked.action_id, "test": asked.is_test},
        body_hash=hashlib.sha256(body).hexdigest(),
        received_at=now,
        deadline_at=now + BLOCK_FOR - HEADROOM,
        expires_at=now + BLOCK_FOR,
    )
    outputs = failure_outputs(refusal) if refusal else {}
    earlier = edge.callbacks.receive(arrival, (refusal.code, refusal.sentence, outputs) if refusal else None)
    if earlier is not None:
        _note_redelivery(earlier, arrival)
        return derive_answer(earlier, now)
    about: dict[str, Any] = {"portal_id": asked.portal_id, "callback_id": asked.callback_id, "action": arrival.action}
    if refusal:
        log(LOG, "refused", code=refusal.code, **about)
        return finished(FAIL_CONTINUE, outputs)
    # The row says it too, and a line for each costs a tenth of what accepting does.
    log(LOG, "received", level=logging.DEBUG, **about)
    return block(BLOCK_FOR)


def choose_realm(connections: list[Connection], inputs: Mapping[str, str]) -> RealmId:
    """The realm the action names, or the portal's only one.

    Raises: PortalNotConnected, RealmNotChosen.
    """
    if not connections:
        raise PortalNotConnected(
            "This HubSpot portal is not connected to QuickBooks: let the operator connect it, then enrol again."
        )
    wanted = inputs.get("realmId", "").strip()
    if wanted:
        for connection in connections:
            if connection.realm_id == wanted:
                return connection.realm_id
        raise RealmNotChosen(
            'The QuickBooks company chosen as "realmId" in the action is not connected: choose a connected one.'
        )
    if len(connections) > 1:
        raise RealmNotChosen('Several QuickBooks companies are connected: choose one as "realmId" in the action.')
    return connections[0].realm_id


def failure_outputs(error: CannotInvoice) -> dict[str, str]:
    """Outputs of a failed action, for branches in the workflow."""
    return {"errorCode": error.code, "errorMessage": error.sentence}


def _note_redelivery(earlier: StoredCallback, arrival: Arrival) -> None:
    fields: dict[str, Any] = {"portal_id": earlier.portal_id, "callback_id": earlier.callback_id}
    if earlier.body_hash != arrival.body_hash:
        log(LOG, "delivered with another body, the first counts", level=logging.ERROR, **fields)
    else:
        log(LOG, "delivered again", outcome=earlier.outcome, **fields)
