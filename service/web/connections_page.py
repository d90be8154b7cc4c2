"""The connections page: portals, their companies, and what can be done with each."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from service.web.desk import Desk
from service.web.home import view_portals

# What has just been done, by the word in the address; sentences are never taken from there.
DONE = {
    "portal-connected": "The HubSpot portal is connected. What was parked for it goes on.",
    "realm-connected": "The QuickBooks company is connected. What was parked for it goes on.",
    "paused": "Paused: callbacks are kept, no work is started.",
    "resumed": "Resumed: what was kept is worked on now.",
    "disconnected": "Disconnected: the access was given back, and its tokens are erased.",
    "disconnected-untold": "Disconnected, and the tokens are erased; but the vendor could not be told. "
    "Remove the app in HubSpot or QuickBooks too.",
}


def add_connections(routes: Blueprint, desk: Desk) -> None:
    """GET /connections"""

    @routes.get("/connections")
    def list_connections() -> str:
        done = DONE.get(request.args.get("done", ""), "")
        return render_template("connections.html", portals=view_portals(desk), done=done)
