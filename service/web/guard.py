"""The door of the operator's pages: who may come in, which forms count, what every answer carries.

Hangs on the pages' own blueprint: what HubSpot and QuickBooks send does not pass here.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request

from service.config import Config
from service.errors import PageOutdated, SignInNeeded
from service.logs import log
from service.store.sessions import LIFE
from service.web.cookie import Visit, new_session
from service.web.desk import Desk, address, visit

LOG = logging.getLogger("service.web")
LONGEST_FORM = 65_536
# Open to everybody: the sign-in itself, its style sheet, and where Intuit sends people who have disconnected.
OPEN = frozenset({"operator.static", "operator.sign_in", "operator.tell_disconnected"})
INTUIT_CONSENT = "https://appcenter.intuit.com"


def guard(routes: Blueprint, desk: Desk) -> None:
    """Put the door in front of every route of the blueprint."""
    headers = security_headers(desk.config)

    @routes.before_request
    def let_in() -> None:
        request.max_content_length = LONGEST_FORM
        g.visit = _recognise(desk)
        if request.endpoint not in OPEN and not visit().signed_in:
            log(LOG, "sign-in needed", level=logging.WARNING, method=request.method, address=address())
            raise SignInNeeded("Sign in to go on.")
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _check_form(desk)

    @routes.after_request
    def seal(response: Response) -> Response:
        response.headers.extend(headers)
        if request.endpoint == "operator.static":
            response.cache_control.no_cache = None
            response.headers["Cache-Control"] = "public, max-age=86400"
            return response
        response.headers["Cache-Control"] = "no-store"
        if "visit" in g and not visit().known:
            desk.cookie.write(response, visit().session, LIFE if visit().signed_in else None)
        return response


def security_headers(config: Config) -> dict[str, str]:
    """What browsers must not do with our pages."""
    # A form's redirect counts as its target: signing in may lead straight on to a vendor's consent page.
    consent_pages = {_origin(config.hubspot_authorize_url), _origin(config.quickbooks_discovery_url), INTUIT_CONSENT}
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": " ".join(["'self'", *sorted(consent_pages)]),
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # The address of a consent's answer holds its code: no other site is told where somebody came from.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if config.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def _recognise(desk: Desk) -> Visit:
    session = desk.cookie.read(request)
    if session is None:
        return Visit(new_session(), signed_in=False, known=False)
    return Visit(session, desk.sessions.lives(session, desk.password.mark, desk.clock.now()), known=True)


def _check_form(desk: Desk) -> None:
    """Raises: PageOutdated when the form was not given to this browser session."""
    if not desk.cookie.is_form_token(visit().session, request.form.get("form_token", "")):
        log(LOG, "form refused", level=logging.WARNING, path=request.path, address=address())
        raise PageOutdated("This form is older than your session, or was not ours. Nothing was changed: try again.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
