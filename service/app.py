"""The web process: Flask, with its routes and nothing that calls a vendor."""

from __future__ import annotations

from flask import Flask

from service.stores import Stores
from service.web.actions import ActionEdge, action_routes
from service.web.health import health_routes
from service.web.problems import render_problems
from service.web.raw import SignedRequests

# One name for each file in action_definitions/ that has a workflow behind it.
ACTIONS = frozenset({"create-invoice"})


def create_app(stores: Stores) -> Flask:
    """The service's routes over its stores."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    edge = ActionEdge(
        signed=SignedRequests(stores.config, stores.clock),
        callbacks=stores.callbacks,
        connections=stores.connections,
        actions=ACTIONS,
        clock=stores.clock,
    )
    app.register_blueprint(action_routes(edge))
    app.register_blueprint(health_routes(stores.database, stores.callbacks))
    render_problems(app)
    return app
