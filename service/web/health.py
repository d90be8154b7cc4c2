"""Is it alive, is it ready, what are its figures."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from service.store.callbacks import Callbacks
from service.store.database import Database
from service.store.hints import SYNC, Hints
from service.store.schema import is_behind


def health_routes(database: Database, callbacks: Callbacks, hints: Hints) -> Blueprint:
    """GET /healthz, /readyz, /metrics."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def ready() -> tuple[Response, int]:
        # Reads the database; the error handler makes 503 of a database that is away.
        if is_behind(database):
            return jsonify(status="behind", fix="run `python -m service migrate`"), 503
        return jsonify(status="ok"), 200

    @routes.get("/metrics")
    def metrics() -> Response:
        lines = ["# HELP callbacks Callbacks by state.", "# TYPE callbacks gauge"]
        lines += [
            f'callbacks{{state="{state}"}} {count}' for state, count in sorted(callbacks.count_by_state().items())
        ]
        lines += ["# HELP hints Entities heard of and not looked at yet.", "# TYPE hints gauge"]
        lines += [
            f'hints{{vendor="{vendor}",kind="{kind}"}} {count}'
            for vendor in ("hubspot", "quickbooks", SYNC)
            for kind, count in sorted(hints.backlog(vendor).items())
        ]
        return Response("\n".join(lines) + "\n", mimetype="text/plain")

    return routes
