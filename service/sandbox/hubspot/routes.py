"""Every route of the sandbox's HubSpot, and the answer to all others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from service.sandbox.hubspot.account_routes import add_account_routes
from service.sandbox.hubspot.association_routes import add_association_routes
from service.sandbox.hubspot.automation_routes import add_automation_routes
from service.sandbox.hubspot.controls import add_callback_controls
from service.sandbox.hubspot.file_routes import add_file_routes
from service.sandbox.hubspot.front import refuse
from service.sandbox.hubspot.oauth_routes import add_oauth_routes
from service.sandbox.hubspot.object_routes import add_object_routes
from service.sandbox.hubspot.property_routes import add_property_routes
from service.sandbox.hubspot.refusals import unknown_path
from service.sandbox.hubspot.world_controls import add_world_controls

if TYPE_CHECKING:
    from service.sandbox.world import World

AREAS = ("crm", "automation", "oauth", "account-info", "appinstalls", "tax-rates", "webhooks", "integrators", "files")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

# Contract 7: the paths of the published package, and their dated successors.
SUCCESSORS = (
    (r"^/crm/v3/objects/", "/crm/objects/2026-03/"),
    (r"^/crm/v4/objects/", "/crm/objects/2026-03/"),
    (r"^/crm/v4/associations/", "/crm/associations/2026-03/"),
    (r"^/crm/v3/properties/", "/crm/properties/2026-03/"),
    (r"^/automation/v4/actions/callbacks/", "/automation/actions/callbacks/2026-03/"),
    (r"^/automation/v4/actions/", "/automation/actions/2026-03/"),
    (r"^/oauth/v[13]/token", "/oauth/2026-03/token"),
    (r"^/appinstalls/v3/", "/appinstalls/2026-03/"),
    (r"^/account-info/v3/", "/account-info/2026-03/"),
    (r"^/files/v3/", "/files/2026-03/"),
)


def hubspot_routes(world: World) -> Blueprint:
    """The vendor's paths and the controls under /_sandbox/hubspot."""
    hubspot = world.hubspot
    routes = Blueprint("hubspot", __name__)
    add_oauth_routes(routes, hubspot)
    add_object_routes(routes, hubspot)
    add_association_routes(routes, hubspot)
    add_property_routes(routes, hubspot)
    add_account_routes(routes, hubspot)
    add_file_routes(routes, hubspot)
    add_automation_routes(routes, hubspot)
    add_callback_controls(routes, hubspot)
    add_world_controls(routes, hubspot)

    def unknown(rest: str = "") -> Any:
        if hubspot.settings.legacy_paths:
            return answer_legacy(request.path)
        return refuse(unknown_path(request.path), {})

    for area in AREAS:
        routes.add_url_rule(f"/{area}/<path:rest>", f"unknown {area}", unknown, methods=METHODS)
    return routes


def answer_legacy(path: str) -> Any:
    """Answer a v1 to v4 path as its dated successor would."""
    for old, new in SUCCESSORS:
        successor = re.sub(old, new, path)
        if successor == path:
            continue
        try:
            endpoint, values = current_app.url_map.bind("sandbox").match(successor, request.method)
        except HTTPException:
            break
        if not endpoint.rpartition(".")[2].startswith("unknown "):
            answer: Response = current_app.ensure_sync(current_app.view_functions[endpoint])(**values)
            return answer
    return refuse(unknown_path(path), {})
