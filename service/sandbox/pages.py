"""What a trainer sees: deals to enrol, what HubSpot holds of them, and the QuickBooks books beside it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from service.sandbox.hubspot.enrolling import enroll
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.portal import CrmObject, Portal
from service.sandbox.world import World

MOST_DEALS, MOST_ROWS = 100, 200
# The inputs worth choosing by hand; every other one may be typed as name=value.
CHOICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "billTo": ("Bill to", ("", "primary_contact", "primary_company")),
    "lines": ("Lines from", ("", "line_items", "deal_amount")),
    "customerNotFound": ("Customer not found", ("", "create", "fail")),
    "itemNotFound": ("Item not found", ("", "default_item", "create", "fail")),
    "existingInvoice": ("Deal has an invoice already", ("", "return_it", "create_another", "fail")),
}
UNFINISHED = ("sent", "blocked")
Row = dict[str, Any]


def pages(world: World) -> Blueprint:
    """`/`, `/deals/<portal>/<id>` and `/realms/<realm>`."""
    routes = Blueprint("pages", __name__)
    hubspot = world.hubspot

    @routes.get("/")
    def index() -> str:
        with hubspot.lock:
            portals = [portal_facts(world, portal) for portal in list(hubspot.portals.values())[:20]]
            sent = list(reversed(hubspot.workflows.sent()))[:20]
        busy = any(deal["busy"] for portal in portals for deal in portal["deals"])
        return render_template(
            "index.html", portals=portals, sent=sent, realms=realm_list(world), busy=busy, now=world.clock.now()
        )

    @routes.get("/deals/<int:portal_id>/<deal_id>")
    def deal(portal_id: int, deal_id: str) -> str:
        with hubspot.lock:
            portal = hubspot.portals.get(portal_id)
            known = portal.objects["deals"].get(deal_id) if portal else None
            if portal is None or known is None:
                abort(404)
            facts = deal_facts(world, portal, known)
        found = find_invoices(world, facts)
        return render_template("deal.html", portal=portal, deal=facts, invoices=found, choices=CHOICES)

    @routes.post("/deals/<int:portal_id>/<deal_id>/enroll")
    def enroll_deal(portal_id: int, deal_id: str) -> Any:
        with hubspot.lock:
            portal = hubspot.portals.get(portal_id)
            if portal is None or deal_id not in portal.objects["deals"]:
                abort(404)
            enroll(hubspot, portal, _type("deals"), deal_id, "create-invoice", form_inputs())
        back = request.form.get("back")
        return redirect(
            url_for("pages.index", _anchor=f"d{deal_id}") if back == "index" else _deal_url(portal, deal_id)
        )

    @routes.get("/realms/<realm_id>")
    def realm(realm_id: str) -> Any:
        books = world.quickbooks.books().get(realm_id)
        if books is None:
            return Response("No such company", status=404, mimetype="text/plain")
        kinds = {kind: _newest(books.get(kind)) for kind in ("Invoice", "Payment", "CreditMemo", "Estimate")}
        return render_template("realm.html", realm_id=realm_id, name=_name(books, realm_id), kinds=kinds, books=books)

    return routes


def form_inputs() -> dict[str, str]:
    """The chosen inputs of the form; empty ones are left to the action."""
    chosen = {name: request.form.get(name, "") for name in CHOICES}
    for line in request.form.get("more", "").splitlines():
        name, separator, value = line.partition("=")
        if separator:
            chosen[name.strip()] = value.strip()
    return {name: value for name, value in chosen.items() if value}


def portal_facts(world: World, portal: Portal) -> Row:
    """One portal with its deals, each with the state of its newest callback."""
    stories = {str(id): name for name, id in world.hubspot.stories.get(portal.id, {}).items()}
    newest = {each.object_id: each for each in world.hubspot.callbacks.all(portal.id) if each.object_type == "DEAL"}
    living = [known for known in portal.objects["deals"].values() if not known.archived]
    deals = []
    for known in living[:MOST_DEALS]:
        callback = newest.get(known.id)
        deals.append(
            {
                "id": known.id,
                "story": stories.get(known.id, ""),
                "values": known.properties,
                "lines": len(portal.associations.of("deals", known.id, "line_items")),
                "customer": _customer(portal, known),
                "callback": callback,
                "busy": callback is not None and callback.state in UNFINISHED,
                "url": _deal_url(portal, known.id),
            }
        )
    return {"portal": portal, "deals": deals, "more": len(living) - len(deals)}


def deal_facts(world: World, portal: Portal, known: CrmObject) -> Row:
    """Everything HubSpot holds about one deal."""
    custom = portal.custom["deals"].values()
    ours = [
        {"name": each.name, "label": each.label, "value": _shown(each.options, known.properties.get(each.name))}
        for each in custom
        if not each.archived
    ]
    joined = {
        end: [portal.objects[end][each].properties for each in portal.associations.of("deals", known.id, end)]
        for end in ("line_items", "contacts", "companies", "invoices", "notes")
    }
    callbacks = [
        each
        for each in reversed(world.hubspot.callbacks.all(portal.id))
        if (each.object_type, each.object_id) == ("DEAL", known.id)
    ]
    return {
        "id": known.id,
        "archived": known.archived,
        "merged_into": known.merged_into,
        "values": dict(known.properties),
        "ours": ours,
        "joined": joined,
        "callbacks": callbacks,
        "busy": any(each.state in UNFINISHED for each in callbacks),
    }


def find_invoices(world: World, deal: Row) -> list[Row]:
    """The QuickBooks sales of this deal: those that carry its id or one of its callbacks."""
    marks = [deal["id"], *(each.id for each in deal["callbacks"])]
    values = deal["values"]
    wanted = values.get("qbo_invoice_id"), values.get("qbo_invoice_number")
    found = []
    for realm_id, books in world.quickbooks.books().items():
        for row in _rows(books.get("Invoice")):
            same = wanted == (row.get("Id"), row.get("DocNumber")) and wanted[0] is not None
            text = json.dumps(row, default=str)
            if same or any(mark in text for mark in marks):
                found.append({"realm_id": realm_id, "realm": _name(books, realm_id), "row": row})
    return found


def realm_list(world: World) -> list[Row]:
    """The QuickBooks companies, with how much is in their books."""
    listed = []
    for realm_id, books in world.quickbooks.books().items():
        invoices = _rows(books.get("Invoice"))
        listed.append(
            {
                "id": realm_id,
                "name": _name(books, realm_id),
                "invoices": len(invoices),
                "open": sum(1 for row in invoices if row.get("Balance")),
                "payments": len(_rows(books.get("Payment"))),
                "customers": len(_rows(books.get("Customer"))),
            }
        )
    return listed


def _rows(kept: Any) -> list[Row]:
    """Objects of one kind, whether the books keep a list or a mapping."""
    rows = kept.values() if isinstance(kept, dict) else kept or []
    return [row for row in rows if isinstance(row, dict)]


def _newest(kept: Any) -> list[Row]:
    def age(row: Row) -> tuple[str, int]:
        number = str(row.get("Id", ""))
        return str((row.get("MetaData") or {}).get("CreateTime", "")), int(number) if number.isdigit() else 0

    return sorted(_rows(kept), key=age, reverse=True)[:MOST_ROWS]


def _name(books: Row, realm_id: str) -> str:
    company = _rows(books.get("CompanyInfo"))
    return str(books.get("name") or (company[0].get("CompanyName") if company else realm_id))


def _customer(portal: Portal, known: CrmObject) -> str:
    for end, names in (("companies", ("name",)), ("contacts", ("firstname", "lastname"))):
        for each in portal.associations.of("deals", known.id, end):
            held = portal.objects[end][each].properties
            return " ".join(held.get(name) or "" for name in names).strip()[:60]
    return ""


def _shown(options: list[dict[str, Any]], value: str | None) -> str | None:
    labels = {option["value"]: option["label"] for option in options}
    return labels.get(value, value) if value else value


def _type(name: str) -> ObjectType:
    found = find_type(name)
    assert found is not None
    return found


def _deal_url(portal: Portal, deal_id: str) -> str:
    return url_for("pages.deal", portal_id=portal.id, deal_id=deal_id)
