"""A person connects: off to the vendor's consent page, and back with a code.

What comes back counts only for the browser session that set out, once, within minutes.
"""

from __future__ import annotations

import logging

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import CannotInvoice, ConfigError, ConsentRefused, NotConnected, ServiceError, TryLater
from service.ids import PortalId
from service.logs import log
from service.store.consents import Consent, NotTaken
from service.store.credentials import Vendor
from service.web.connecting import keep_portal, keep_realm
from service.web.desk import Desk, visit
from service.web.numbers import read_portal, read_realm

LOG = logging.getLogger("service.web")
NAMES: dict[Vendor, str] = {"hubspot": "HubSpot", "quickbooks": "QuickBooks"}
NOTHING = "Nothing was stored."
WHY_NOT = {
    NotTaken.UNKNOWN: (
        "This answer was not asked for here",
        f"It belongs to another browser, another sign-in, or to nothing that was begun here. {NOTHING} "
        "Begin on the connections page, and stay in this browser until you are back.",
        403,
    ),
    NotTaken.EXPIRED: (
        "That took too long",
        f"Consent must come back within 10 minutes. {NOTHING} Connect again.",
        400,
    ),
    NotTaken.USED: (
        "This answer was used before",
        f"It came a second time, and did not end in a connection the first time. {NOTHING} Connect again.",
        400,
    ),
}


def add_connect(routes: Blueprint, desk: Desk) -> None:
    """GET /hubspot/connect, /quickbooks/connect, their callbacks, and the addresses Intuit starts from."""

    @routes.get("/hubspot/connect")
    def connect_hubspot() -> Response:
        portal_id = read_portal(request.args.get("portal")) if request.args.get("portal") else None
        state = desk.consents.begin("hubspot", visit().session, portal_id, None, desk.clock.now())
        return redirect(desk.vendors.hubspot_consent(state))

    @routes.get("/hubspot/oauth/callback")
    def hubspot_callback() -> Response:
        consent = _take(desk, "hubspot")
        if consent is None:
            return _already("hubspot")
        try:
            portal_id = keep_portal(desk, consent, _code("hubspot"))
        except ServiceError as error:
            raise _refusal("hubspot", error) from error
        log(LOG, "connected", vendor="hubspot", portal_id=portal_id)
        return redirect(url_for("operator.list_connections", done="portal-connected"), 303)

    @routes.get("/quickbooks/connect")
    def connect_quickbooks() -> Response | str:
        portal_id = _choose_portal(desk)
        if portal_id is None:
            return render_template("choose_portal.html", portals=_portals(desk), realm=request.args.get("realm", ""))
        realm_id = read_realm(request.args.get("realm")) if request.args.get("realm") else None
        state = desk.consents.begin("quickbooks", visit().session, portal_id, realm_id, desk.clock.now())
        try:
            return redirect(desk.vendors.quickbooks.authorize_url(state))
        except ServiceError as error:
            raise _refusal("quickbooks", error) from error

    @routes.get("/quickbooks/oauth/callback")
    def quickbooks_callback() -> Response:
        consent = _take(desk, "quickbooks")
        if consent is None:
            return _already("quickbooks")
        try:
            realm_id = keep_realm(desk, consent, _code("quickbooks"), read_realm(request.args.get("realmId")))
        except ServiceError as error:
            raise _refusal("quickbooks", error) from error
        log(LOG, "connected", vendor="quickbooks", portal_id=consent.portal_id, realm_id=realm_id)
        return redirect(url_for("operator.list_connections", done="realm-connected"), 303)

    # https://developer.intuit.com/app/developer/qbo/docs/go-live/publish-app/set-up-app-urls
    # Intuit's "launch" and "reconnect" addresses: people come from there and sign in here first.
    @routes.get("/quickbooks/launch")
    def launch() -> Response:
        return redirect(url_for("operator.home"))

    @routes.get("/quickbooks/reconnect")
    def reconnect() -> Response:
        wanted = request.args.get("realmId", "")
        pairs = [each for each in desk.connections.all() if each.realm_id == wanted]
        if len(pairs) != 1:
            return redirect(url_for("operator.list_connections"))
        return redirect(url_for("operator.connect_quickbooks", portal=pairs[0].portal_id, realm=wanted))


def _take(desk: Desk, vendor: Vendor) -> Consent | None:
    """The consent that this answer ends; None when it ended before, connected. Raises: ConsentRefused."""
    state, code = request.args.get("state", ""), request.args.get("code")
    taken = desk.consents.take(vendor, visit().session, state, code, desk.clock.now())
    if taken is NotTaken.CONNECTED:
        return None
    if isinstance(taken, NotTaken):
        log(LOG, "consent refused", level=logging.WARNING, vendor=vendor, reason=taken.name.lower())
        raise ConsentRefused(*WHY_NOT[taken])
    return taken


def _code(vendor: Vendor) -> str:
    """The code of the answer. Raises: ConsentRefused when the person declined, or there is none."""
    name, error, code = NAMES[vendor], request.args.get("error"), request.args.get("code")
    if error == "access_denied":
        raise ConsentRefused(
            "You declined", f"{name} was not connected, and nothing was changed. Connect again whenever you like."
        )
    if error or not code:
        raise ConsentRefused(
            f"{name} did not give its consent",
            f"{NOTHING} Connect again; if it stays so, compare the app's redirect URL and scopes at {name} "
            "with README's.",
        )
    return code


def _already(vendor: Vendor) -> Response:
    """The same answer a second time: a page reloaded, a link clicked twice."""
    return Response(render_template("already.html", name=NAMES[vendor]), mimetype="text/html")


def _refusal(vendor: Vendor, error: ServiceError) -> ConsentRefused:
    """What a person is told when the vendor's side did not go on."""
    name = NAMES[vendor]
    log(LOG, "connecting failed", level=logging.WARNING, vendor=vendor, kind=type(error).__name__)
    if isinstance(error, ConsentRefused):
        return error
    if isinstance(error, NotConnected):
        return ConsentRefused(
            f"{name} did not take the code", f"It was used before, or came too late. {NOTHING} Connect again."
        )
    if isinstance(error, TryLater):
        return ConsentRefused(f"{name} did not answer", f"{NOTHING} Connect again in a minute.", 503)
    if isinstance(error, ConfigError):
        return ConsentRefused(f"{name} does not know this app", f"{error.sentence}. {NOTHING}", 503)
    if isinstance(error, CannotInvoice):
        return ConsentRefused(f"{name} refused", f"{error.sentence.rstrip('.')}. {NOTHING}")
    return ConsentRefused(f"{name} could not be connected", f"{error.sentence.rstrip('.')}. {NOTHING}")


def _choose_portal(desk: Desk) -> PortalId | None:
    """The portal asked for, or the only one there is; None: the person must choose.

    Raises: ConsentRefused when there is none, or none such.
    """
    known, asked = _portals(desk), request.args.get("portal")
    if not known:
        raise ConsentRefused("Connect HubSpot first", "A QuickBooks company is connected for a HubSpot portal.")
    if asked is None:
        return known[0] if len(known) == 1 else None
    portal_id = read_portal(asked)
    if portal_id not in known:
        raise ConsentRefused("This HubSpot portal is not connected", "Connect it first, then its QuickBooks company.")
    return portal_id


def _portals(desk: Desk) -> list[PortalId]:
    return [PortalId(int(each.owner_id)) for each in desk.credentials.standings() if each.vendor == "hubspot"]
