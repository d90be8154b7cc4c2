"""The sync's pages for invoices: shown as HubSpot invoices or not, which ones, how each stands, what else they show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import InputInvalid, PageNotFound
from service.store.invoice_sync import STATES, InvoiceRules, read_rules, read_which
from service.store.mapping_requests import MappingRequest
from service.sync.direction import INVOICES
from service.sync.mapping_file import export_mapping
from service.web.desk import Desk, actor
from service.web.mapping_form import read_mapping_request
from service.web.numbers import read_portal, read_realm

TITLE = "Invoices and HubSpot invoices"
DONE = {
    "on": "Invoices are shown as HubSpot invoices from now on.",
    "off": "It is off: nothing is asked or written for HubSpot invoices. What is there stays.",
    "run": "Every HubSpot invoice is compared anew.",
    "delete": "Links and settings are forgotten; no record was touched.",
    "replay": "What HubSpot did not take is tried again now.",
}
WHERE = f"/sync/<int:portal_id>/<int:realm_id>/{INVOICES}"
PAGE = 100


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """The invoices of a connection as the pages show them."""

    known: InvoiceRules
    counts: dict[str, int]
    base: str
    title: str = TITLE


def add_invoice_sync(routes: Blueprint, desk: Desk) -> None:
    """GET /sync/<portal>/<realm>/invoices/… and what it posts to."""

    @routes.post(f"{WHERE}/<any(on, off, run, delete, replay):act>")
    def change_invoice_sync(portal_id: int, realm_id: int, act: str) -> Response:
        rules, now, sync = _find(desk, portal_id, realm_id), desk.clock.now(), desk.invoice_sync
        if act == "on":
            sync.turn_on(rules, actor(), now, read_which(request.form.get("which") or None))
        elif act == "off":
            sync.turn_off(rules, actor(), now)
        elif act == "run":
            sync.run(rules, actor(), now)
        elif act == "delete":
            sync.delete(rules, actor(), now)
        else:
            sync.replay(rules, actor(), now, request.form.get("invoice", ""))
        return redirect(url_for("operator.show_sync", invoices=act), 303)

    @routes.get(f"{WHERE}/records")
    def list_invoice_records(portal_id: int, realm_id: int) -> str:
        rules = _find(desk, portal_id, realm_id)
        text, state = request.args.get("text", "")[:200], request.args.get("state", "")
        state = state if state in STATES else ""
        found = desk.invoice_sync.search(rules, desk.clock.now(), text, state, PAGE)
        return render_template(
            "sync_invoices.html", view=view_invoices(desk, rules), found=found, text=text, state=state, states=STATES,
            most=PAGE,
        )  # fmt: skip

    @routes.get(f"{WHERE}/mapping")
    def show_invoice_mapping(portal_id: int, realm_id: int) -> str:
        rules = _find(desk, portal_id, realm_id)
        asked = desk.sync.tables.mapping_requests.find(rules.portal_id, rules.realm_id, INVOICES)
        applied = asked is not None and bool((asked.answer or {}).get("version"))
        shown: Any = export_mapping(rules.fields) if asked is None or applied else asked.mapping
        document = json.dumps(shown, indent=2, ensure_ascii=False)
        return render_template(
            "sync_mapping.html", view=view_invoices(desk, rules), document=document, chosen=None, asked=asked, done=""
        )

    @routes.post(f"{WHERE}/mapping")
    def change_invoice_mapping(portal_id: int, realm_id: int) -> Response:
        rules = _find(desk, portal_id, realm_id)
        document, records = read_mapping_request()
        desk.sync.tables.mapping_requests.ask(
            MappingRequest(rules.portal_id, rules.realm_id, INVOICES, document, records, actor(), desk.clock.now())
        )
        where = url_for("operator.show_invoice_mapping", portal_id=rules.portal_id, realm_id=int(rules.realm_id))
        return redirect(where, 303)


def view_invoices(desk: Desk, rules: InvoiceRules) -> InvoiceView:
    """How they stand."""
    base = f"/sync/{rules.portal_id}/{rules.realm_id}/{INVOICES}"
    return InvoiceView(rules, desk.invoice_sync.count(rules, desk.clock.now()), base)


def find_rules(desk: Desk, portal_id: str, realm_id: str) -> InvoiceRules:
    """Raises: InputInvalid when there is no such connection."""
    for each in desk.connections.all():
        if str(each.portal_id) == portal_id and each.realm_id == realm_id:
            return read_rules(each)
    raise PageNotFound("There is no such connection. Nothing was changed.")


def _find(desk: Desk, portal_id: int, realm_id: int) -> InvoiceRules:
    try:
        portal, realm = read_portal(str(portal_id)), read_realm(str(realm_id))
    except InputInvalid as error:
        raise PageNotFound("There is no such connection. Nothing was changed.") from error
    return find_rules(desk, str(portal), realm)
