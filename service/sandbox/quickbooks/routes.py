"""All routes of QuickBooks: Intuit's own, and the sandbox's controls of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from service.sandbox.quickbooks.company import company_routes
from service.sandbox.quickbooks.consent import consent_routes
from service.sandbox.quickbooks.controls import control_routes
from service.sandbox.quickbooks.oauth import oauth_routes

if TYPE_CHECKING:
    from service.sandbox.world import World


def quickbooks_routes(world: World) -> Blueprint:
    """Paths are Intuit's; controls stand under /_sandbox/quickbooks."""
    routes = Blueprint("quickbooks", __name__)
    routes.register_blueprint(oauth_routes(world.quickbooks))
    routes.register_blueprint(consent_routes(world.quickbooks))
    routes.register_blueprint(control_routes(world.quickbooks))
    routes.register_blueprint(company_routes(world.quickbooks))
    return routes
