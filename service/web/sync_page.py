"""The sync's pages: what is kept in step and how far it is, its records, what waits for a person, its mapping."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import InputInvalid, PageNotFound
from service.store.mapping_requests import MappingRequest
from service.store.sync import describe_rest
from service.store.sync_links import REVIEW, STATES, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import PAIRINGS, Direction, Side
from service.sync.filters import export_filter, parse_filter
from service.sync.mapping_file import export_mapping
from service.web.desk import Desk, actor
from service.web.home import view_portals
from service.web.invoice_sync_page import DONE as INVOICES_DONE
from service.web.invoice_sync_page import add_invoice_sync, find_rules, view_invoices
from service.web.mapping_form import is_id, read_json, read_mapping_request
from service.web.numbers import read_portal, read_realm

PAGE = 50
PHASES = {
    "quickbooks": "Reading QuickBooks",
    "hubspot": "Reading HubSpot",
    "match": "Matching and creating",
    "rest": "What only QuickBooks has",
    "gone": "Looking for what is gone",
    "done": "In step",
}
DONE = {
    "on": "It is kept in step from now on.",
    "off": "It is off: nothing is asked or written for it. What is there stays.",
    "rules": "Changed.",
    "run": "Everything is compared anew.",
    "delete": "Links and settings are forgotten; no record was touched.",
    "replay": "What failed is tried again now.",
    "decided": "Decided; it is done within seconds.",
}
TITLES = {
    "contacts": "Contacts and customers",
    "companies": "Companies and customers",
    "products": "Products and items",
}
WHERE = "/sync/<int:portal_id>/<int:realm_id>/<any(contacts, companies, products):name>"


@dataclass(frozen=True, slots=True)
class ObjectView:
    """One object as the page shows it; `reasons`: how many records wait or failed, by code."""

    known: SyncObject
    title: str
    phase: str
    counts: dict[str, int]
    reasons: dict[str, int]
    seconds_left: int | None
    base: str
    left: str | None
    rests: list[str]


def add_sync(routes: Blueprint, desk: Desk) -> None:
    """GET /sync and below."""
    _add_overview(routes, desk)
    _add_records(routes, desk)
    add_invoice_sync(routes, desk)

    @routes.get(f"{WHERE}/mapping")
    def show_mapping(portal_id: int, realm_id: int, name: str) -> str:
        known = _find(desk, portal_id, realm_id, name)
        asked = desk.sync.tables.mapping_requests.find(known.portal_id, known.realm_id, known.name)
        applied = asked is not None and bool((asked.answer or {}).get("version"))
        shown = export_mapping(known.fields) if asked is None or applied else asked.mapping
        document = json.dumps(shown, indent=2, ensure_ascii=False)
        chosen = json.dumps(export_filter(known.filter), indent=2, ensure_ascii=False)
        return render_template(
            "sync_mapping.html", view=_view(desk, known), document=document, chosen=chosen, asked=asked, done=_done()
        )

    @routes.post(f"{WHERE}/mapping")
    def change_mapping(portal_id: int, realm_id: int, name: str) -> Response:
        known = _find(desk, portal_id, realm_id, name)
        if "filter" in request.form:
            desk.sync.set_rules(known, actor(), desk.clock.now(), chosen=parse_filter(read_json("filter")))
            return _back("operator.show_mapping", known, "rules")
        desk.sync.tables.mapping_requests.ask(_read_request(desk, known))
        return _back("operator.show_mapping", known, "")


def _add_overview(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/sync")
    def show_sync() -> str:
        found = [
            (
                portal,
                company,
                [_view(desk, _find(desk, portal.portal_id, company.realm_id, name)) for name in PAIRINGS],
                view_invoices(desk, find_rules(desk, str(portal.portal_id), str(company.realm_id))),
            )
            for portal in view_portals(desk)
            for company in portal.realms
        ]
        done = _done() or INVOICES_DONE.get(request.args.get("invoices", ""), "")
        return render_template("sync.html", found=found, done=done)

    @routes.post(f"{WHERE}/<any(on, off, rules, run, delete, replay):act>")
    def change_sync(portal_id: int, realm_id: int, name: str, act: str) -> Response:
        known, now = _find(desk, portal_id, realm_id, name), desk.clock.now()
        if act == "on":
            desk.sync.turn_on(_set_rules(desk, known), actor(), now)
        elif act == "off":
            desk.sync.turn_off(known, actor(), now)
        elif act == "rules":
            _set_rules(desk, known)
        elif act == "run":
            desk.sync.run(known, actor(), now)
        elif act == "delete":
            desk.sync.delete(known, actor(), now)
        else:
            desk.sync.replay(known, actor(), now, code=request.form.get("code") or None)
        return redirect(url_for("operator.show_sync", done=act), 303)


def _add_records(routes: Blueprint, desk: Desk) -> None:
    @routes.get(f"{WHERE}/records")
    def list_records(portal_id: int, realm_id: int, name: str) -> str:
        known = _find(desk, portal_id, realm_id, name)
        text, state = request.args.get("text", "")[:200], request.args.get("state", "")
        after = request.args.get("after", "0")
        links = desk.sync.tables.links.search(
            known,
            text,
            state if state in STATES else None,
            after=int(after) if after.isdecimal() and len(after) < 16 else 0,
            limit=PAGE + 1,
        )
        more = links[PAGE - 1].id if len(links) > PAGE else None
        return render_template(
            "sync_records.html", view=_view(desk, known), links=links[:PAGE], text=text, state=state, states=STATES,
            more=more, done=_done(),
        )  # fmt: skip

    @routes.get(f"{WHERE}/records/<int:link_id>")
    def show_record(portal_id: int, realm_id: int, name: str, link_id: int) -> str:
        known = _find(desk, portal_id, realm_id, name)
        link = _find_link(desk, known, link_id)
        return render_template(
            "sync_record.html", view=_view(desk, known), link=link, events=desk.sync.tables.links.events(link),
            waits=link.state == REVIEW, can_replay=link.state in ("failed", "waiting", "creating"), done=_done(),
        )  # fmt: skip

    @routes.post(f"{WHERE}/records/<int:link_id>/<any(replay, choose, create, leave):act>")
    def decide_record(portal_id: int, realm_id: int, name: str, link_id: int, act: str) -> Response:
        known, now = _find(desk, portal_id, realm_id, name), desk.clock.now()
        link = _find_link(desk, known, link_id)
        if act == "replay":
            desk.sync.replay(known, actor(), now, link_id=link_id)
        elif act == "choose":
            chosen = request.form.get("chosen", "").strip()
            if not is_id(chosen):
                raise InputInvalid("This is no id of a record. Nothing was changed.")
            desk.sync.choose(known, link, chosen, actor(), now)
        elif act == "create":
            desk.sync.create_anew(known, link, actor(), now)
        else:
            desk.sync.leave_out(known, link, actor(), now)
        return _back("operator.show_record", known, "replay" if act == "replay" else "decided", link_id=link_id)


def _view(desk: Desk, known: SyncObject) -> ObjectView:
    counts: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for (state, code), number in desk.sync.tables.links.count(known).items():
        counts[state] = counts.get(state, 0) + number
        if code and state in ("failed", "waiting"):
            reasons[code] = reasons.get(code, 0) + number
    now = desk.clock.now()
    left = known.seconds_left(now)
    base = f"/sync/{known.portal_id}/{known.realm_id}/{known.name}"
    seconds = None if left is None else round(left)
    words = known.headroom.words(now) if known.headroom and known.phase != "done" else None
    rests = [describe_rest(each) for each in desk.sync.tables.rests(known, now)]
    return ObjectView(known, TITLES[known.name], PHASES[known.phase], counts, reasons, seconds, base, words, rests)


def _find(desk: Desk, portal_id: int, realm_id: Any, name: str) -> SyncObject:
    portal, realm = read_portal(str(portal_id)), read_realm(str(realm_id))
    if not any(each.portal_id == portal and each.realm_id == realm for each in desk.connections.all()):
        raise PageNotFound("There is no such connection. Nothing was changed.")
    return desk.sync.tables.settings.find(portal, realm, name)


def _find_link(desk: Desk, known: SyncObject, link_id: int) -> SyncLink:
    found = desk.sync.tables.links.find(known, link_id)
    if found is None:
        raise PageNotFound("There is no such record; it may have been forgotten.")
    return found


def _set_rules(desk: Desk, known: SyncObject) -> SyncObject:
    asked = request.form
    try:
        direction = Direction(asked["direction"]) if asked.get("direction") else None
        winner = Side(asked["winner"]) if asked.get("winner") else None
    except ValueError as error:
        raise InputInvalid("This choice is not on the page. Nothing was changed.") from error
    deactivates = asked.get("deactivates") == "yes" if "direction" in asked else None
    return desk.sync.set_rules(
        known, actor(), desk.clock.now(), direction=direction, winner=winner, deactivates=deactivates
    )


def _read_request(desk: Desk, known: SyncObject) -> MappingRequest:
    """What a worker shall do with the mapping that was sent: what it is, not whether the portal allows it."""
    document, records = read_mapping_request()
    return MappingRequest(known.portal_id, known.realm_id, known.name, document, records, actor(), desk.clock.now())


def _done() -> str:
    return DONE.get(request.args.get("done", ""), "")


def _back(endpoint: str, known: SyncObject, done: str, link_id: int | None = None) -> Response:
    where = {"portal_id": known.portal_id, "realm_id": int(known.realm_id), "name": known.name, "done": done}
    asked: dict[str, Any] = where if link_id is None else {**where, "link_id": link_id}
    return redirect(url_for(endpoint, **asked), 303)
