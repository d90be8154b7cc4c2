"""HubSpot's OAuth over HTTP: token, introspect, revoke, consent, uninstall. Contract 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request

from service.sandbox.hubspot.front import Call, Front, Reply
from service.sandbox.hubspot.refusals import Refusal
from service.sandbox.hubspot.tokens import CLIENT_ID, CLIENT_SECRET, SCOPES, Tokens, oauth_error

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

GRANTS = {
    "authorization_code": {"redirect_uri", "code", "code_verifier"},
    "refresh_token": {"refresh_token", "redirect_uri", "code"},
    "client_credentials": {"scope"},
}


def add_oauth_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """The token endpoints at the dated paths, the consent page, and the uninstall call."""
    front = Front(hubspot)

    def token() -> Reply:
        return 200, give_token(hubspot.tokens, parse_form())

    def introspect() -> Reply:
        return 200, tell_about(hubspot.tokens, parse_form(), hubspot.settings.introspect_field)

    def revoke() -> Reply:
        form = parse_form()
        check_client(form)
        check_fields(form, {"token", "refresh_token", "access_token", "token_type_hint"})
        hubspot.tokens.revoke(form.get("token") or form.get("refresh_token") or form.get("access_token") or "")
        return 200, {}

    def uninstall(call: Call) -> Reply:
        hubspot.tokens.uninstall(call.portal)
        return 204, None

    for path, view in {"token": token, "token/introspect": introspect, "token/revoke": revoke}.items():
        routes.post(f"/oauth/2026-03/{path}", endpoint=f"oauth {path}")(front.open(view))
    routes.delete("/appinstalls/2026-03/external-install", endpoint="uninstall")(front.portal(uninstall))

    @routes.get("/oauth/authorize")
    def consent_page() -> Any:
        problem = consent_problem()
        with hubspot.lock:
            portals = sorted(hubspot.portals.values(), key=lambda portal: portal.id)
        page = render_template("consent.html", problem=problem, portals=portals, asked=request.args)
        return Response(page, status=400 if problem else 200, mimetype="text/html")

    @routes.post("/oauth/authorize")
    def consent() -> Any:
        problem = consent_problem()
        if problem:
            return Response(problem, status=400, mimetype="text/plain")
        asked = request.args
        answer = {"state": asked["state"]} if "state" in asked else {}
        if request.form.get("decision") != "approve":
            answer |= {"error": "access_denied", "error_description": "The user declined."}
        else:
            with hubspot.lock:
                portal = hubspot.portals[int(request.form["portal_id"])]
                wanted = f"{asked['scope']} {asked.get('optional_scope', '')}".split()
                grant = hubspot.tokens.consent(portal, frozenset(wanted))
                answer |= {"code": hubspot.tokens.issue_code(grant, asked["redirect_uri"], asked.get("code_challenge"))}
        joined = "&" if "?" in asked["redirect_uri"] else "?"
        return redirect(f"{asked['redirect_uri']}{joined}{urlencode(answer)}")


def consent_problem() -> str | None:
    """Why HubSpot would not show the consent page; None when it would."""
    if request.args.get("client_id") != CLIENT_ID:
        return "The client id is not known."
    if not request.args.get("redirect_uri", "").startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return "The redirect URL is missing or not secure."
    unknown = [scope for scope in request.args.get("scope", "").split() if scope not in SCOPES]
    if unknown or not request.args.get("scope"):
        return f"Scopes missing or unknown: {' '.join(unknown)}"
    return None


def parse_form() -> dict[str, str]:
    """The form values, which stand in the body. Raises Refusal 400, 415."""
    # Contract 3: x-www-form-urlencoded with the values in the body.
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Refusal(415, f"Content-Type {request.mimetype}", refused=f"content type {request.mimetype}")
    if request.query_string:
        raise oauth_error("invalid_request", "BAD_REQUEST", "values in the query", refused="OAuth values in the query")
    return request.form.to_dict()


def give_token(tokens: Tokens, form: dict[str, str]) -> dict[str, Any]:
    """The three documented grants. Raises Refusal 400."""
    kind = form.pop("grant_type", "")
    if kind not in GRANTS:
        raise oauth_error("unsupported_grant_type", "BAD_GRANT_TYPE", f"grant type {kind!r}", refused="grant type")
    check_client(form)
    check_fields(form, GRANTS[kind])
    if kind == "client_credentials":
        return tokens.token_json(tokens.issue(None, frozenset(form.get("scope", "").split())), None)
    if kind == "authorization_code":
        grant = tokens.take_code(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier"))
    else:
        grant = tokens.take_refresh(form.get("refresh_token", ""))
    return tokens.token_json(tokens.issue(grant.portal, grant.scopes), grant)


def tell_about(tokens: Tokens, form: dict[str, str], field: str) -> dict[str, Any]:
    """Whether a token is alive and whose it is. Raises Refusal 400."""
    check_client(form)
    check_fields(form, {"token", "access_token", "refresh_token", "token_type_hint"})
    names = ("token", "access_token", "refresh_token") if field == "either" else (field, "refresh_token")
    text = next((form[name] for name in names if form.get(name)), None)
    if text is None:
        raise oauth_error("invalid_request", "BAD_REQUEST", "token is missing", refused="token is missing")
    grant = tokens.find_grant(text)
    if grant:
        said = {"active": True, "token": text, "hub_id": grant.portal.id, "client_id": CLIENT_ID}
        return said | {"scopes": sorted(grant.scopes), "token_use": "refresh_token", "token_type": "Bearer"}
    token = tokens.find_access(text)
    return tokens.introspection(token) if token else {"active": False}


def check_client(form: dict[str, str]) -> None:
    """The app's own credentials. Raises Refusal 400."""
    if form.pop("client_id", None) != CLIENT_ID:
        raise oauth_error("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
    if form.pop("client_secret", None) != CLIENT_SECRET:
        raise oauth_error("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")


def check_fields(form: dict[str, str], known: set[str]) -> None:
    """Only documented fields. Raises Refusal 400."""
    unknown = sorted(set(form) - known)
    if unknown:
        reason = f"unknown field {unknown[0]}"
        raise oauth_error("invalid_request", "BAD_REQUEST", reason, refused=reason)
