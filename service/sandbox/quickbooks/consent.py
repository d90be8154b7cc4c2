"""The page on which a person lets an app into a company, or does not.

Contract 1.3.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request

from service.sandbox.quickbooks.grants import CLIENT_ID
from service.sandbox.quickbooks.state import QuickBooks

SCOPES = {"com.intuit.quickbooks.accounting"}
_PARAMETERS = {"client_id", "response_type", "scope", "redirect_uri", "state"}
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Connect to QuickBooks (sandbox)</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem}}button{{font:inherit;padding:.4rem
1rem;margin-right:.5rem}}label{{display:block;padding:.2rem 0}}</style></head><body>
<h1>Connect to QuickBooks</h1>{body}</body></html>"""
_FORM = """<p>An app asks to read and write the books of one of your companies.</p><form method="post">
{choices}<p><button name="decision" value="approve">Connect</button>
<button name="decision" value="decline">Cancel</button></p></form>"""


def consent_routes(quickbooks: QuickBooks) -> Blueprint:
    """GET shows the choice, POST sends back a code or access_denied."""
    routes = Blueprint("quickbooks_consent", __name__)

    @routes.get("/connect/oauth2")
    def ask() -> Response:
        wrong = _wrong(quickbooks)
        if wrong is not None:
            return _page(f"<p>{escape(wrong)}</p>", 400)
        choices = "".join(
            f'<label><input type="radio" name="realm_id" value="{escape(realm_id)}"{" checked" if at == 0 else ""}> '
            f"{escape(realm.name)} <small>{escape(realm_id)}</small></label>"
            for at, (realm_id, realm) in enumerate(sorted(quickbooks.realms.items()))
        )
        return _page(_FORM.format(choices=choices))

    @routes.post("/connect/oauth2")
    def decide() -> Response:
        wrong = _wrong(quickbooks)
        realm_id = request.form.get("realm_id", "")
        if wrong is None and request.form.get("decision") == "approve" and realm_id not in quickbooks.realms:
            wrong = "Choose a company."
        if wrong is not None:
            return _page(f"<p>{escape(wrong)}</p>", 400)
        back, state = request.args["redirect_uri"], request.args["state"]
        answer = {"error": "access_denied", "state": state}
        if request.form.get("decision") == "approve":
            answer = {"code": quickbooks.grants.give_code(realm_id, back), "state": state, "realmId": realm_id}
        return redirect(f"{back}?{urlencode(answer)}")  # type: ignore[return-value]

    return routes


def _wrong(quickbooks: QuickBooks) -> str | None:
    """What is wrong with the app's request, in Intuit's manner; None when nothing is."""
    args = request.args
    if set(args) != _PARAMETERS:
        return f"The parameters must be {', '.join(sorted(_PARAMETERS))}."
    if args["client_id"] != CLIENT_ID:
        return "Unknown client_id."
    if args["response_type"] != "code":
        return "response_type must be code."
    if set(args["scope"].split()) != SCOPES:
        return "Invalid permissions requested"
    allowed = quickbooks.settings.redirect_uris
    if "?" in args["redirect_uri"] or (allowed and args["redirect_uri"] not in allowed):
        return "The redirect_uri query parameter value is invalid."
    return None if args["state"] else "state must not be empty."


def _page(body: str, status: int = 200) -> Response:
    return Response(_PAGE.format(body=body), status, mimetype="text/html")
