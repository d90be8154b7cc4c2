"""What the last preflight of a connection found: each finding with its meaning and its fix."""

from __future__ import annotations

from flask import Blueprint, render_template

from service.errors import PageNotFound
from service.ids import PortalId, RealmId
from service.web.desk import Desk
from service.web.home import view_portals


def add_preflight(routes: Blueprint, desk: Desk) -> None:
    """GET /preflight/<portal>/<realm>"""

    @routes.get("/preflight/<int:portal_id>/<realm_id>")
    def show_preflight(portal_id: int, realm_id: str) -> str:
        pair = (PortalId(portal_id), RealmId(realm_id))
        views = [r for p in view_portals(desk) if p.portal_id == pair[0] for r in p.realms if r.realm_id == pair[1]]
        if not views:
            raise PageNotFound("This HubSpot portal and this QuickBooks company are not connected with each other.")
        preflight = desk.preflights.all().get(pair)
        return render_template("preflight.html", portal_id=portal_id, realm=views[0], preflight=preflight)
