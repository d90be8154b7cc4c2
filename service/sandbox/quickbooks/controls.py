"""The sandbox's own routes for QuickBooks: realms, acts, limits, webhooks, codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, request

from service.sandbox.quickbooks.acts import UnknownAct, perform_act
from service.sandbox.quickbooks.conditions import UnknownCondition, change_realm
from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.state import QuickBooks, UnknownRealm


def control_routes(quickbooks: QuickBooks) -> Blueprint:
    """Everything under /_sandbox/quickbooks."""
    routes = Blueprint("quickbooks_controls", __name__, url_prefix="/_sandbox/quickbooks")

    @routes.errorhandler(UnknownRealm)
    def unknown_realm(error: UnknownRealm) -> Any:
        return jsonify(error=f"no realm {error.args[0]}"), 404

    @routes.errorhandler(Fault)
    def fault(error: Fault) -> Any:
        return jsonify(Fault=error.shape()), 400

    @routes.errorhandler(UnknownAct)
    @routes.errorhandler(UnknownCondition)
    @routes.errorhandler(KeyError)
    @routes.errorhandler(TypeError)
    @routes.errorhandler(ValueError)
    def bad(error: Exception) -> Any:
        return jsonify(error=f"{type(error).__name__}: {error}"), 400

    @routes.get("/realms")
    def list_realms() -> Response:
        return jsonify(quickbooks.credentials()["realms"])

    @routes.post("/realms")
    def clone_realm() -> Response:
        asked = _body()
        made = quickbooks.clone_realm(str(asked["realm_id"]), str(asked["like"]))
        return jsonify(realm_id=made.id, **quickbooks.describe(made.id))

    @routes.post("/realms/<realm_id>")
    def change(realm_id: str) -> Response:
        change_realm(quickbooks, quickbooks.realm(realm_id), _body())
        return jsonify(quickbooks.describe(realm_id))

    @routes.get("/realms/<realm_id>/books")
    def read_books(realm_id: str) -> Response:
        return jsonify(quickbooks.books_of(realm_id))

    @routes.get("/realms/<realm_id>/entities/<kind>/<key>")
    def read_entity(realm_id: str, kind: str, key: str) -> Response:
        realm = quickbooks.realm(realm_id)
        with realm.lock:
            return jsonify(realm.shown(kind, realm.shelves[kind].rows[key]))

    @routes.post("/realms/<realm_id>/acts")
    def act(realm_id: str) -> Response:
        asked = _body(Decimal)
        return jsonify(perform_act(quickbooks.realm(realm_id), str(asked["act"]), asked))

    @routes.post("/codes")
    def give_code() -> Response:
        asked = _body()
        realm = quickbooks.realm(asked["realm_id"])
        return jsonify(code=quickbooks.grants.give_code(realm.id, asked["redirect_uri"]), realmId=realm.id)

    @routes.get("/limits")
    def read_limits() -> Response:
        return jsonify(quickbooks.limits.peaks())

    @routes.get("/settings")
    def read_settings() -> Response:
        return jsonify(vars(quickbooks.settings))

    @routes.get("/webhooks")
    def read_webhooks() -> Response:
        return jsonify(quickbooks.webhooks.state())

    @routes.post("/webhooks")
    def subscribe() -> Response:
        quickbooks.webhooks.subscribe(**_body())
        return jsonify(quickbooks.webhooks.state()["subscription"])

    @routes.post("/webhooks/events")
    def announce() -> Response:
        asked = _body()
        realm = quickbooks.realm(asked["realm_id"])
        realm.announce(asked["kind"], asked["id"], asked["operation"], asked.get("deleted_id"))
        return jsonify(status="announced")

    return routes


def _body(number: Callable[[str], Any] = float) -> dict[str, Any]:
    """The body; acts want exact decimals, for they pass them on into the books."""
    asked = json.loads(request.get_data() or b"{}", parse_float=number)
    if type(asked) is not dict:
        raise ValueError("the body must be a JSON object")
    return asked
