"""The OAuth addresses of Intuit: discovery, tokens, revocation (contract 1)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from flask import Blueprint, Response, jsonify, request

from service.sandbox.quickbooks.answers import refuse, trace_headers
from service.sandbox.quickbooks.grants import CLIENT_ID, CLIENT_SECRET, GrantRefused
from service.sandbox.quickbooks.state import QuickBooks

_FORM_FIELDS = {
    "authorization_code": {"grant_type", "code", "redirect_uri"},
    "refresh_token": {"grant_type", "refresh_token"},
}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_DISCOVERY = ("openid_configuration", "openid_sandbox_configuration")


def oauth_routes(quickbooks: QuickBooks) -> Blueprint:
    """Discovery, token and revocation endpoints; the consent page has its own module."""
    routes = Blueprint("quickbooks_oauth", __name__)

    def discovery() -> Response:
        host = request.host_url.rstrip("/")
        return jsonify(
            issuer=f"{host}/op/v1",
            authorization_endpoint=f"{host}/connect/oauth2",
            token_endpoint=f"{host}/oauth2/v1/tokens/bearer",
            userinfo_endpoint=f"{host}/v1/openid_connect/userinfo",
            revocation_endpoint=f"{host}/v2/oauth2/tokens/revoke",
            jwks_uri=f"{host}/op/v1/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            scopes_supported=["openid", "email", "profile", "address", "phone"],
            token_endpoint_auth_methods_supported=["client_secret_post", "client_secret_basic"],
            claims_supported=["aud", "exp", "iat", "iss", "realmid", "sub"],
        )

    for name in _DISCOVERY:
        routes.add_url_rule(f"/.well-known/{name}", name, discovery, strict_slashes=False)
        routes.add_url_rule(f"/.well-known/{name}/", f"{name}_slash", discovery)

    @routes.post("/oauth2/v1/tokens/bearer")
    def bearer() -> Response:
        if request.mimetype != "application/x-www-form-urlencoded":
            return _say_no(400, "invalid_request", "the token endpoint takes a form")
        form = request.form.to_dict()
        if not _knows_client(form):
            return _say_no(401, "invalid_client")
        kind = form.get("grant_type", "")
        wanted = _FORM_FIELDS.get(kind)
        if wanted is None:
            return _say_no(400, "unsupported_grant_type", f"grant_type {kind}")
        if set(form) - {"client_id", "client_secret"} != wanted or request.args:
            return _say_no(400, "invalid_request", f"fields {sorted(form)} for {kind}")
        hard = request.headers.get("x-include-refresh-token-hard-expires-in") == "true"
        try:
            if kind == "refresh_token":
                answer = quickbooks.refresh(form["refresh_token"], hard=hard)
            else:
                answer = quickbooks.exchange(form["code"], form["redirect_uri"], hard=hard)
        except GrantRefused as error:
            return _say_no(400, str(error))
        return Response(json.dumps(answer), 200, trace_headers(), mimetype="application/json")

    @routes.post("/v2/oauth2/tokens/revoke")
    def revoke() -> Response:
        if not _knows_client({}):
            return _say_no(401, "invalid_client")
        asked: Any = request.get_json(silent=True)
        if type(asked) is not dict or set(asked) != {"token"} or type(asked["token"]) is not str:
            return _say_no(400, "invalid_request", 'the revocation endpoint takes {"token": "..."}')
        if quickbooks.grants.revoke(asked["token"]) is None:
            return _say_no(400, "invalid_request")
        return Response("", 200, trace_headers())

    @routes.get("/op/v1/jwks")
    def keys() -> Response:
        return jsonify(keys=[])

    @routes.route("/.well-known/<path:_>", methods=_METHODS)
    @routes.route("/oauth2/<path:_>", methods=_METHODS)
    @routes.route("/v2/oauth2/<path:_>", methods=_METHODS)
    def nowhere(_: str) -> Response:
        refuse(f"no such address: {request.method} {request.path}")
        return Response("<html><body><h1>404 Not Found</h1></body></html>", 404, mimetype="text/html")

    return routes


def _knows_client(form: dict[str, str]) -> bool:
    """Basic authentication, or the two fields in the form."""
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(coded, validate=True).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
        except (binascii.Error, UnicodeDecodeError):
            return False
    return form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET


def _say_no(status: int, error: str, reason: str | None = None) -> Response:
    if reason is not None:
        refuse(reason)
    return Response(json.dumps({"error": error}), status, trace_headers(), mimetype="application/json")
