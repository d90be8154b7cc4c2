"""Turning the sandbox's HubSpot: enrolling, delivering again, and reading what came of it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from service.sandbox.hubspot.callbacks import Callback
from service.sandbox.hubspot.deliveries import deliver, signed_headers
from service.sandbox.hubspot.enrolling import changed_body, encode, enroll
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.portal import Portal
from service.sandbox.hubspot.refusals import Refusal, bad_input, not_found
from service.sandbox.hubspot.sending import post
from service.sandbox.hubspot.tokens import APP_ID

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

PREFIX = "/_sandbox/hubspot"
View = Callable[..., Any]


def control(hubspot: HubSpot) -> Callable[[View], View]:
    """A control answers JSON, holds the lock, and says 4xx with the reason in `error`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(**path: Any) -> Response:
            try:
                with hubspot.lock:
                    said = view(**path)
            except Refusal as refusal:
                return json_answer({"error": refusal.message, "details": refusal.errors}, refusal.status)
            return json_answer(said)

        return answer

    return decorate


def json_answer(said: Any, status: int = 200) -> Response:
    """JSON with readable text."""
    return Response(json.dumps(said, ensure_ascii=False), status=status, mimetype="application/json")


def add_callback_controls(routes: Blueprint, hubspot: HubSpot) -> None:
    """Enrol, deliver again, list, count; and ask for options as HubSpot's editor does."""
    guard = control(hubspot)

    @routes.post(f"{PREFIX}/enroll")
    @guard
    def enroll_now() -> Any:
        asked = request.get_json()
        portal, kind = find_portal(hubspot, asked), find_kind(asked)
        ids = asked.get("deal_ids") or [asked.get("deal_id") or asked.get("object_id")]
        made = [
            enroll(
                hubspot,
                portal,
                kind,
                find_object_id(portal, kind, each),
                asked.get("action", "create-invoice"),
                asked.get("inputs", {}),
                test_run=asked.get("test_run", False),
            )
            for each in ids
        ]
        said = {"callback_ids": [each.id for each in made], "callback_id": made[0].id}
        return said | {"callback": made[0].to_json()}

    @routes.get(f"{PREFIX}/callbacks")
    @guard
    def list_callbacks() -> Any:
        portal_id = request.args.get("portal", type=int)
        deal, state = request.args.get("deal"), request.args.get("state")
        known = hubspot.callbacks.all(portal_id)
        chosen = [each for each in known if deal in (None, each.object_id) and state in (None, each.state)]
        return {"callbacks": [each.to_json() for each in chosen]}

    @routes.get(f"{PREFIX}/callbacks/summary")
    @guard
    def count_callbacks() -> Any:
        return hubspot.callbacks.counts(request.args.get("portal", type=int))

    @routes.get(f"{PREFIX}/callbacks/<callback_id>")
    @guard
    def read_callback(callback_id: str) -> Any:
        return find_callback(hubspot, callback_id).to_json()

    @routes.post(f"{PREFIX}/callbacks/<callback_id>/deliver")
    @guard
    def deliver_again(callback_id: str) -> Any:
        callback, asked = find_callback(hubspot, callback_id), request.get_json(silent=True) or {}
        body = changed_body(callback, asked["inputs"]) if "inputs" in asked else None
        gap = 0.0 if asked.get("at_once", True) else float(asked.get("seconds_between", 0.2))
        for number in range(int(asked.get("times", 1))):
            deliver(hubspot, callback, number * gap, body)
        return {"callback_id": callback.id, "deliveries": int(asked.get("times", 1))}

    @routes.post(f"{PREFIX}/options")
    def fetch_options() -> Response:
        asked = request.get_json()
        with hubspot.lock:
            url = f"{hubspot.settings.actions_url}/hubspot/options/{asked['field']}"
            body = encode(options_body(hubspot, find_portal(hubspot, asked), asked))
            headers = signed_headers(hubspot, url, body)
        try:
            answer = post(url, body, headers, hubspot.settings.delivery_timeout_seconds)
        except (OSError, http.client.HTTPException) as error:
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 502)
        text = answer.body.decode("utf-8", "replace")
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        return json_answer({"status": answer.status, "answer": said, "text": text})


def options_body(hubspot: HubSpot, portal: Portal, asked: dict[str, Any]) -> dict[str, Any]:
    """What HubSpot's editor sends to an optionsUrl. Contract 1.9.

    `asked`: the `field` of the URL; `inputs` as for enrolling; the `action` that is being set up.
    """
    name, tied = hubspot.definitions.field_of(asked.get("action", "create-invoice"), asked["field"])
    known = {
        other: {"type": "OBJECT_PROPERTY", "propertyName": value["property"]}
        if isinstance(value, dict)
        else {"type": "STATIC_VALUE", "value": value}
        for other, value in asked.get("inputs", {}).items()
        if hubspot.settings.options_told_all_inputs or other in tied
    }
    fetch = {name: asked[name] for name in ("q", "after") if asked.get(name) is not None}
    return {
        "origin": {
            "portalId": portal.id,
            "actionDefinitionId": APP_ID,
            "actionDefinitionVersion": 1,
            "actionExecutionIndexIdentifier": None,
            "extensionDefinitionId": APP_ID,
            "extensionDefinitionVersionId": 1,
        },
        "objectTypeId": "0-3",
        "inputFieldName": name,
        "inputFields": known,
        "fetchOptions": fetch,
        "portalId": portal.id,
        "extensionDefinitionId": APP_ID,
        "extensionDefinitionVersion": 1,
    }


def find_portal(hubspot: HubSpot, asked: dict[str, Any]) -> Portal:
    """The portal named in a control's body; the first when none is named. Raises Refusal 404."""
    portal_id = int(asked.get("portal_id") or min(hubspot.portals))
    if portal_id not in hubspot.portals:
        raise not_found(f"no portal {portal_id}")
    return hubspot.portals[portal_id]


def find_kind(asked: dict[str, Any]) -> ObjectType:
    """The object type named in a control's body; deals when none is named. Raises Refusal 404."""
    kind = find_type(asked.get("object_type") or "deals")
    if kind is None:
        raise not_found(f"no object type {asked.get('object_type')}")
    return kind


def find_object_id(portal: Portal, kind: ObjectType, object_id: Any) -> str:
    """The id as text, of an object that exists (it may have been deleted since). Raises Refusal."""
    if object_id is None:
        raise bad_input("deal_id or object_id is missing")
    if str(object_id) not in portal.objects[kind.name]:
        raise not_found(f"no {kind.singular} {object_id} in portal {portal.id}")
    return str(object_id)


def find_callback(hubspot: HubSpot, callback_id: str) -> Callback:
    """The callback of that id, after what expired has expired. Raises Refusal 404."""
    hubspot.callbacks.expire()
    callback = hubspot.callbacks.get(callback_id)
    if callback is None:
        raise not_found(f"no callback {callback_id}")
    return callback
