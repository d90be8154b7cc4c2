"""What Create invoice would make of a deal: asked for here, made by a worker, nothing written anywhere."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import BodyMalformed, PageNotFound
from service.ids import DealId, PortalId, RealmId
from service.web.desk import Desk


def add_preview(routes: Blueprint, desk: Desk) -> None:
    """GET and POST /preview, GET /preview/<portal>/<realm>/<deal>"""

    @routes.get("/preview")
    def choose_preview() -> str:
        return render_template("preview_form.html", pairs=_pairs(desk))

    @routes.post("/preview")
    def ask_preview() -> Response:
        portal_id, realm_id = _read_pair(desk, request.form.get("pair", ""))
        deal_id = request.form.get("deal", "").strip()
        if not (deal_id.isascii() and deal_id.isdigit() and len(deal_id) <= 20):
            raise BodyMalformed("A deal's id is the number in its address in HubSpot: go back and correct it.")
        inputs = _read_inputs(request.form.get("inputs", ""))
        desk.previews.ask(portal_id, realm_id, DealId(deal_id), inputs, desk.clock.now())
        where = url_for("operator.show_preview", portal_id=portal_id, realm_id=realm_id, deal_id=deal_id)
        return redirect(where, 303)

    @routes.get("/preview/<int:portal_id>/<realm_id>/<deal_id>")
    def show_preview(portal_id: int, realm_id: str, deal_id: str) -> str:
        found = desk.previews.find(PortalId(portal_id), RealmId(realm_id), DealId(deal_id))
        if found is None:
            raise PageNotFound("This preview was not asked for, or is older than a day: ask for it again.")
        made = found.document or {}
        return render_template(
            "preview.html",
            preview=found,
            made=found.document,
            body=_write(made.get("body")),
            new_customers=_list_new_customers(made.get("customer") or {}),
        )


def _list_new_customers(customer: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and body of what would be created, the one above first."""
    above = _list_new_customers(customer["parent"]) if "parent" in customer else []
    return [*above, (customer["name"], _write(customer["body"]))] if "body" in customer else above


def _write(body: object) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _pairs(desk: Desk) -> list[tuple[str, str]]:
    """The connections to choose from: the value of each and how it is called."""
    return [
        (f"{each.portal_id}:{each.realm_id}", f"portal {each.portal_id}, company {each.realm_id}")
        for each in desk.connections.all()
    ]


def _read_pair(desk: Desk, text: str) -> tuple[PortalId, RealmId]:
    for each in desk.connections.all():
        if text == f"{each.portal_id}:{each.realm_id}":
            return each.portal_id, each.realm_id
    raise PageNotFound("This HubSpot portal and this QuickBooks company are not connected with each other.")


def _read_inputs(text: str) -> dict[str, str]:
    """The action's inputs, one `name=value` a line."""
    lines = [line for line in text.splitlines() if line.strip()]
    pairs = [line.partition("=") for line in lines]
    if len(text) > 10_000 or any(not mark for _, mark, _ in pairs):
        raise BodyMalformed("The action's inputs are one a line, such as taxCodeId=exempt: go back and correct them.")
    return {name.strip(): value.strip() for name, _, value in pairs}
