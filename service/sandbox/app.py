"""The sandbox as one WSGI application: both vendors, the controls, and a page to look at."""

from __future__ import annotations

from typing import Any

from flask import Flask

from service.sandbox.controls import controls
from service.sandbox.hubspot.routes import hubspot_routes
from service.sandbox.pages import pages
from service.sandbox.quickbooks.routes import quickbooks_routes
from service.sandbox.trouble import Wire
from service.sandbox.world import World


def create_app(world: World | None = None) -> Flask:
    """The whole sandbox; `app.extensions["world"]` is its state, for tests in the same process."""
    world = world or World()
    app = Flask(__name__)
    app.extensions["world"] = world
    app.register_blueprint(hubspot_routes(world))
    app.register_blueprint(quickbooks_routes(world))
    app.register_blueprint(controls(world))
    app.register_blueprint(pages(world))
    wire: Any = Wire(app.wsgi_app, world.trouble, world.tape)
    app.wsgi_app = wire  # type: ignore[method-assign]
    return app
