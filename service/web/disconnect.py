"""A person ends, pauses or resumes a connection; and Intuit sends here who ended it on its side."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import PageNotFound
from service.ids import PortalId, RealmId
from service.store.connections import LIVE, PAUSED, REMOVED
from service.store.credentials import Vendor
from service.web.connecting import give_back
from service.web.desk import Desk
from service.web.numbers import read_portal, read_realm


def add_disconnect(routes: Blueprint, desk: Desk) -> None:
    """POST /connections/<act>, POST /portals/disconnect, GET /quickbooks/disconnect."""

    @routes.post("/connections/<any(pause, resume, disconnect):act>")
    def change_connection(act: str) -> Response:
        portal_id, realm_id = read_portal(request.form.get("portal")), read_realm(request.form.get("realm"))
        if act == "disconnect":
            return _done("disconnected", told=not end_connection(desk, portal_id, realm_id))
        state, done = (PAUSED, "paused") if act == "pause" else (LIVE, "resumed")
        if not desk.connections.change_state(portal_id, realm_id, state, desk.clock.now()):
            raise PageNotFound("There is no such connection. Nothing was changed.")
        desk.note(done, f"portal {portal_id} and realm {realm_id}")
        return _done(done)

    @routes.post("/portals/disconnect")
    def disconnect_portal() -> Response:
        return _done("disconnected", told=not end_portal(desk, read_portal(request.form.get("portal"))))

    @routes.get("/quickbooks/disconnect")
    def tell_disconnected() -> str:
        # Anybody can call this address: it changes nothing. That access has ended shows at the next call.
        return render_template("disconnected.html")


def end_connection(desk: Desk, portal_id: PortalId, realm_id: RealmId) -> list[Vendor]:
    """Part the pair; without another portal that uses the realm, give its access back.

    The portal's own access stays, so that another company can be connected. Returns the vendors that could
    not be told. Raises: PageNotFound.
    """
    if not desk.connections.change_state(portal_id, realm_id, REMOVED, desk.clock.now()):
        raise PageNotFound("There is no such connection. Nothing was changed.")
    untold = _release(desk, realm_id)
    desk.note("disconnected", f"portal {portal_id} and realm {realm_id}", _detail(untold))
    return untold


def end_portal(desk: Desk, portal_id: PortalId) -> list[Vendor]:
    """End all the portal's connections and give its access back. As `end_connection`."""
    pairs = desk.connections.of_portal(portal_id)
    known = any(each.owner_id == str(portal_id) for each in desk.credentials.standings() if each.vendor == "hubspot")
    if not pairs and not known:
        raise PageNotFound("This HubSpot portal is not connected. Nothing was changed.")
    untold = [vendor for each in pairs for vendor in end_connection(desk, portal_id, each.realm_id)]
    if not give_back(desk, "hubspot", str(portal_id)):
        untold.append("hubspot")
    desk.note("disconnected", f"portal {portal_id}", _detail(untold))
    return untold


def _release(desk: Desk, realm_id: RealmId) -> list[Vendor]:
    if any(each.realm_id == realm_id for each in desk.connections.all()):
        return []
    return [] if give_back(desk, "quickbooks", realm_id) else ["quickbooks"]


def _detail(untold: list[Vendor]) -> str:
    return "tokens erased, vendor could not be told" if untold else "tokens erased"


def _done(done: str, told: bool = True) -> Response:
    name = done if told else f"{done}-untold"
    return redirect(url_for("operator.list_connections", done=name), 303)
