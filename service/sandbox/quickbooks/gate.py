"""What stands before the API: bearer tokens, the right realm, the limits.

Contract 2.9, 2.10.
"""

from __future__ import annotations

from flask import Response, request

from service.sandbox.quickbooks.answers import refuse, trace_headers
from service.sandbox.quickbooks.faults import gateway_json, gateway_xml
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.state import QuickBooks

_SHORTEST = 10


class TurnedAway(Exception):
    """The gateway answers instead of the API."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def check_bearer(quickbooks: QuickBooks, realm_id: str) -> Realm:
    """The realm the access token opens. Raises TurnedAway (401, 403)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        refuse("no bearer token")
        raise TurnedAway(_unauthenticated(quickbooks, None))
    if len(token) < _SHORTEST:
        refuse("malformed bearer token")
        raise TurnedAway(_unauthenticated(quickbooks, "Malformed bearer token: too short or too long"))
    access = quickbooks.grants.access.get(token)
    if access is None:
        raise TurnedAway(_unauthenticated(quickbooks, None))
    if quickbooks.clock.now() >= access.expires_at:
        raise TurnedAway(_unauthenticated(quickbooks, "Token expired"))
    realm = quickbooks.realms.get(realm_id)
    if realm is None or access.realm_id != realm_id or realm.disconnected:
        body = _gateway(quickbooks, "ApplicationAuthorizationFailed", "3100", 403, None, "SERVICE")
        raise TurnedAway(body)
    return realm


def throttled(quickbooks: QuickBooks) -> Response:
    """HTTP 429, in XML unless a setting says otherwise."""
    refuse("over limit")
    detail = "The request limit was reached.  Try again later"
    now, settings = quickbooks.clock.now(), quickbooks.settings
    write = gateway_xml if settings.throttle_body == "xml" else gateway_json
    body = write("ThrottleExceeded", "3001", 429, detail, "SERVICE", now)
    headers = trace_headers()
    if settings.retry_after is not None:
        headers.append(("Retry-After", str(settings.retry_after)))
    return Response(body, 429, headers, mimetype=f"application/{settings.throttle_body}")


def _unauthenticated(quickbooks: QuickBooks, detail: str | None) -> Response:
    return _gateway(quickbooks, "AuthenticationFailed", "3200", 401, detail, "AUTHENTICATION")


def _gateway(quickbooks: QuickBooks, name: str, code: str, status: int, detail: str | None, kind: str) -> Response:
    shape = quickbooks.settings.gateway_errors
    write = gateway_xml if shape == "xml" else gateway_json
    body = write(name, code, status, detail, kind, quickbooks.clock.now())
    return Response(body, status, trace_headers(), mimetype=f"application/{shape}")
