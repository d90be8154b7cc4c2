"""The sandbox's own routes: what a test or a trainer turns, and what they read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from service.sandbox.trouble import BadRule
from service.sandbox.world import World


def controls(world: World) -> Blueprint:
    """Everything under /_sandbox that belongs to both vendors."""
    routes = Blueprint("controls", __name__, url_prefix="/_sandbox")

    @routes.get("/health")
    def health() -> Response:
        return jsonify(status="ok", now=world.clock.now().isoformat())

    @routes.post("/reset")
    def reset() -> Response:
        world.reset()
        return jsonify(status="reset")

    @routes.get("/clock")
    def read_clock() -> Response:
        return jsonify(now=world.clock.now().isoformat())

    @routes.post("/clock")
    def set_clock() -> Response:
        asked = request.get_json()
        if "now" in asked:
            world.clock.set(datetime.fromisoformat(asked["now"]))
        if "advance_seconds" in asked:
            world.clock.advance(timedelta(seconds=asked["advance_seconds"]))
        if asked.get("reset"):
            world.clock.reset()
        return jsonify(now=world.clock.now().isoformat())

    @routes.get("/trouble")
    def read_trouble() -> Response:
        return jsonify(rules=world.trouble.rules())

    @routes.post("/trouble")
    def add_trouble() -> Any:
        try:
            return jsonify(id=world.trouble.add(**request.get_json()).id)
        except BadRule as error:
            return jsonify(error=str(error)), 400

    @routes.delete("/trouble")
    def clear_trouble() -> Response:
        world.trouble.clear()
        return jsonify(rules=[])

    @routes.get("/requests")
    def read_requests() -> Response:
        return jsonify(requests=world.tape.requests())

    @routes.get("/refusals")
    def read_refusals() -> Response:
        return jsonify(refusals=world.tape.refusals())

    @routes.get("/counts")
    def read_counts() -> Response:
        return jsonify(world.tape.counts())

    @routes.get("/credentials")
    def credentials() -> Response:
        return jsonify(hubspot=world.hubspot.credentials(), quickbooks=world.quickbooks.credentials())

    @routes.get("/books")
    def books() -> Response:
        return jsonify(hubspot=world.hubspot.books(), quickbooks=world.quickbooks.books())

    @routes.post("/settings")
    def settings() -> Any:
        switches: dict[str, Any] = {"hubspot": world.hubspot.settings, "quickbooks": world.quickbooks.settings}
        for vendor, changes in request.get_json().items():
            known = switches.get(vendor)
            for name, value in changes.items():
                if not hasattr(known, name):
                    return jsonify(error=f"{vendor} has no setting {name}"), 400
                try:
                    setattr(known, name, value)
                except ValueError as error:
                    return jsonify(error=str(error)), 400
        return jsonify(status="set")

    return routes
