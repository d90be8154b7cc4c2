"""Completing callbacks and registering workflow actions over HTTP. Contract 1.1, 1.2, 1.8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from service.sandbox.hubspot.batches import parse_inputs
from service.sandbox.hubspot.definitions import Definitions
from service.sandbox.hubspot.front import Call, Front, Reply, check_query, need_scope, parse_body
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import Refusal, bad_input, not_found, unknown_path
from service.sandbox.hubspot.tokens import APP_ID, DEVELOPER_API_KEY

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

# The version comes after `callbacks` here, and before the app id in the definition paths.
COMPLETE = "/automation/actions/callbacks/2026-03"
DEFINITIONS = "/automation/actions/2026-03/<app_id>"
COMPLETION: dict[str, type] = {
    "outputFields": dict, "typedOutputs": dict, "failureReasonType": str, "requestContext": dict,
}  # fmt: skip
NO_KEY = (
    "This API can't be called using an OAuth access token. A valid developer API key must be provided in the "
    "`hapikey` query parameter."
)
LARGEST_BATCH = 1_000  # not documented; only here so that a runaway is seen


def add_automation_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """Completion, single and batch; then the definitions."""
    front = Front(hubspot)

    def complete(call: Call, callback_id: str) -> Reply:
        need_scope(call, frozenset({"automation"}))
        outputs = parse_completion(call.body, COMPLETION)
        hubspot.callbacks.complete(call.portal.id, callback_id, outputs)
        return 204, None

    def complete_many(call: Call) -> Reply:
        need_scope(call, frozenset({"automation"}))
        known = {"callbackId": str, **COMPLETION}
        inputs = parse_inputs(call.body, {}, known, LARGEST_BATCH)
        wanted = [(entry.get("callbackId"), parse_completion(entry, known)) for entry in inputs]
        if not all(callback_id for callback_id, _ in wanted):
            raise bad_input("callbackId is required")
        if hubspot.settings.batch_completion == "all_or_nothing":
            for callback_id, _ in wanted:
                hubspot.callbacks.check(call.portal.id, callback_id)
        for callback_id, outputs in wanted:
            try:
                hubspot.callbacks.complete(call.portal.id, callback_id, outputs)
            except Refusal:
                continue  # the answer of a batch has no body to say so
        return 204, None

    routes.post(f"{COMPLETE}/<callback_id>/complete", endpoint="complete")(front.portal(complete))
    routes.post(f"{COMPLETE}/complete", endpoint="complete many")(front.portal(complete_many))
    _add_definition_routes(routes, hubspot, front)


def parse_completion(body: Any, known: dict[str, type]) -> dict[str, str]:
    """The outputs of a completion. Raises Refusal 400."""
    check_keys(body, known, "completion")
    outputs: dict[str, str] = body.get("outputFields", {})
    for name, value in outputs.items():
        # Contract 1.8: outputFields is a map of string to string.
        if not isinstance(value, str):
            raise bad_input(f"outputFields.{name} must be a string, not {type(value).__name__}")
    if outputs.get("hs_execution_state") not in ("SUCCESS", "FAIL_CONTINUE"):
        raise bad_input(f"hs_execution_state {outputs.get('hs_execution_state')!r}")
    return outputs


def _add_definition_routes(routes: Blueprint, hubspot: HubSpot, front: Front) -> None:
    def known() -> Definitions:
        return hubspot.definitions  # a reset makes new ones

    def listing(rows: list[Any]) -> Reply:
        return 200, {"results": rows}

    def requires_object(definition_id: str) -> Reply:
        return 200, {"requiresObject": known().find(definition_id).requires_object}

    def require_object(definition_id: str) -> Reply:
        body = parse_body()
        check_keys(body, {"requiresObject": bool}, "body")
        known().find(definition_id).requires_object = body.get("requiresObject", False)
        return 204, None

    def archive(definition_id: str) -> Reply:
        known().archive(definition_id)
        return 204, None

    def functions(definition_id: str) -> Reply:
        return listing(known().find(definition_id).to_json()["functions"])

    def put_function(definition_id: str, kind: str, field: str | None = None) -> Reply:
        # Contract 1.1: text/plain; JSON was answered 415.
        if request.mimetype != "text/plain":
            raise Refusal(415, "Unsupported Media Type", refused="functions are sent as text/plain")
        return 200, known().put_function(definition_id, kind, field, parse_body())

    def get_function(definition_id: str, kind: str, field: str | None = None) -> Reply:
        return 200, known().get_function(definition_id, kind, field)

    def delete_function(definition_id: str, kind: str, field: str | None = None) -> Reply:
        known().get_function(definition_id, kind, field)
        del known().find(definition_id).functions[kind, field]
        return 204, None

    def revision(definition_id: str, revision_id: str) -> Reply:
        for each in known().find(definition_id).revisions:
            if each["revisionId"] == revision_id:
                return 200, each
        raise not_found()

    def add(method: str, path: str, view: Any) -> None:
        def answer(app_id: str, **more: str) -> Reply:
            check_credential(hubspot, app_id, writes=method != "GET")
            check_query(("hapikey", "limit", "after", "archived"))
            reply: Reply = view(**more)
            return reply

        endpoint = f"definitions {method} {path}"
        routes.add_url_rule(DEFINITIONS + path, endpoint, front.open(answer), methods=[method])

    one, function = "/<definition_id>", "/<definition_id>/functions"
    add("GET", "", lambda: listing([each.to_json() for each in known().all()]))
    add("POST", "", lambda: (201, known().create(parse_body())))
    add("GET", one, lambda definition_id: (200, known().find(definition_id).to_json()))
    add("PATCH", one, lambda definition_id: (200, known().change(definition_id, parse_body())))
    add("DELETE", one, archive)
    add("GET", function, functions)
    for path in (f"{function}/<kind>", f"{function}/<kind>/<field>"):
        add("GET", path, get_function)
        add("PUT", path, put_function)
        add("DELETE", path, delete_function)
    add("GET", f"{one}/requires-object", requires_object)
    add("POST", f"{one}/requires-object", require_object)
    add("GET", f"{one}/revisions", lambda definition_id: listing(known().find(definition_id).revisions))
    add("GET", f"{one}/revisions/<revision_id>", revision)


def check_credential(hubspot: HubSpot, app_id: str, *, writes: bool) -> None:
    """The developer API key or a token with developer scopes, as switched. Contract 1.2."""
    if app_id != str(APP_ID):
        raise unknown_path(f"app {app_id}")
    kind = hubspot.settings.definitions_credential
    if kind != "bearer" and request.args.get("hapikey") == DEVELOPER_API_KEY:
        return
    text = request.headers.get("Authorization", "").partition(" ")[2]
    token = hubspot.tokens.find_access(text)
    if kind == "developer_key" and token is not None:
        raise Refusal(403, NO_KEY, "MISSING_SCOPES")
    if token is None or kind == "developer_key":
        raise Refusal(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
    wanted = "developers-write" if writes else "developers-read"
    if wanted not in token.scopes:
        raise Refusal(403, NO_KEY, "MISSING_SCOPES")
