"""What HubSpot's editor is told when somebody opens one of our dropdowns: from the cache, at once.

No vendor is called here. A list that has grown old is answered as it is and marked; a worker reads it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from service.clock import Clock
from service.errors import BodyMalformed, CannotInvoice
from service.hubspot.options import Option, OptionsRequest, parse_options, render_options
from service.ids import RealmId
from service.invoicing.realm_ids import qualify_id
from service.store.connections import Connection, Connections
from service.store.folding import normalize
from service.store.option_lists import ListState, OptionLists, portal_owner, realm_owner
from service.store.settings import SettingsCache
from service.web.actions import choose_realm
from service.web.raw import SignedRequests, answer_json

PAGE = 100
OLD = timedelta(hours=1)
LAST_START = 1_000_000
REALM_LISTS = frozenset(
    {
        "items",
        "terms",
        "tax-codes",
        "classes",
        "locations",
        "income-accounts",
        "deposit-accounts",
        "customers",
    }
)
PORTAL_LISTS = frozenset({"association-labels"})
Page = tuple[list[Option], bool]


@dataclass(frozen=True, slots=True)
class OptionEdge:
    """What answering a dropdown needs."""

    signed: SignedRequests
    connections: Connections
    lists: OptionLists
    settings: SettingsCache
    clock: Clock


def option_routes(edge: OptionEdge) -> Blueprint:
    """POST /hubspot/options/<field>."""
    routes = Blueprint("options", __name__)

    @routes.post("/hubspot/options/<field>")
    def options(field: str) -> Response:
        asked = parse_options(edge.signed.read_verified(request))
        answer = find_answer(field)
        if answer is None:
            raise NotFound
        start = parse_start(asked.after)
        found, more = answer(edge, field, asked, start)
        # Without this HubSpot never sends what somebody types.
        return answer_json(render_options(found, str(start + PAGE) if more else None, searchable=True))

    return routes


def find_answer(field: str) -> Callable[[OptionEdge, str, OptionsRequest, int], Page] | None:
    """Who answers for a field; None when there is no such dropdown."""
    if field in REALM_LISTS:
        return answer_realm_list
    if field in PORTAL_LISTS:
        return answer_portal_list
    return {"companies": answer_companies, "templates": answer_templates}.get(field)


def parse_start(after: str | None) -> int:
    """Where the page begins, as we told HubSpot. Raises: BodyMalformed."""
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and int(after) <= LAST_START):
        raise BodyMalformed("fetchOptions.after is none of ours")
    return int(after)


def answer_realm_list(edge: OptionEdge, field: str, asked: OptionsRequest, start: int) -> Page:
    """A page of a list of the realm that the action names, or of all realms of the portal.

    HubSpot says which realm was chosen only for inputs that depend on it, and greys those out until it is: a
    portal with one company would have to choose it. So nothing depends on it, and several are shown together.
    """
    connections = edge.connections.of_portal_lately(asked.portal_id)
    if len(connections) > 1 and not asked.inputs.get("realmId", "").strip():
        return _page_together(edge, [each.realm_id for each in connections], field, asked, start)
    try:
        realm_id = choose_realm(connections, asked.inputs)
    except CannotInvoice as error:
        return explain(asked, error.sentence)
    return _page(edge, realm_owner(realm_id), field, asked, start)


def answer_portal_list(edge: OptionEdge, field: str, asked: OptionsRequest, start: int) -> Page:
    """A page of a list of the portal itself."""
    if not edge.connections.of_portal_lately(asked.portal_id):
        return explain(asked, "This HubSpot portal is not connected: connect it, then open this again.")
    return _page(edge, portal_owner(asked.portal_id), field, asked, start)


def answer_companies(edge: OptionEdge, _field: str, asked: OptionsRequest, start: int) -> Page:
    """The QuickBooks companies that are connected to the portal."""
    connections = edge.connections.of_portal_lately(asked.portal_id)
    if not connections:
        return explain(asked, "No QuickBooks company is connected: connect one, then open this again.")
    options = [
        Option(each.realm_id, _name_of(edge, each.realm_id), f"QuickBooks company {each.realm_id}")
        for each in connections
    ]
    return _choose(options, asked, start)


def answer_templates(edge: OptionEdge, _field: str, asked: OptionsRequest, start: int) -> Page:
    """Templates that an operator has given the connections of the portal; QuickBooks lists none of its own."""
    connections = edge.connections.of_portal_lately(asked.portal_id)
    if not connections:
        return explain(asked, "This HubSpot portal is not connected: connect it, then open this again.")
    return _choose([option for each in connections for option in _templates(each)], asked, start)


def explain(asked: OptionsRequest, sentence: str) -> Page:
    """Why a dropdown is empty, as its only line; with nothing to find while somebody types.

    Its value is empty: saved by mistake, it is as if nothing had been chosen.
    """
    return ([] if asked.query or asked.after else [Option("", "Nothing to choose from yet", sentence)]), False


def _name_of(edge: OptionEdge, realm_id: RealmId) -> str:
    """What QuickBooks calls the company, once its settings have been read."""
    kept = edge.settings.find("realm", realm_id)
    name = json.loads(kept[0]["settings"]).get("company_name") if kept else None
    return name or f"QuickBooks company {realm_id}"


def _page_together(edge: OptionEdge, realms: Sequence[RealmId], field: str, asked: OptionsRequest, start: int) -> Page:
    """The lists of several realms as one: each entry with its company's name, and an id that says whose it is."""
    names = {realm_owner(each): (each, _name_of(edge, each)) for each in realms}
    states = [_refresh(edge, owner, field) for owner in names]
    found = edge.lists.page_together(list(names), field, asked.query, start, PAGE + 1)
    if not found and not start:
        return explain(asked, _why_empty(next((each for each in states if each.read_at is None), states[0])))
    options = []
    for owner, entry in found[:PAGE]:
        realm_id, company = names[owner]
        label = f"{entry.label} ({company})"
        options.append(Option(qualify_id(realm_id, entry.value), label, entry.description or label))
    return options, len(found) > PAGE


def _refresh(edge: OptionEdge, owner: str, field: str) -> ListState:
    """How a list stands; an old one is marked to be read again."""
    state, now = edge.lists.state(owner, field), edge.clock.now()
    if not state.wanted and (state.read_at is None or now - state.read_at > OLD):
        edge.lists.want(owner, [field], now)
    return state


def _page(edge: OptionEdge, owner: str, field: str, asked: OptionsRequest, start: int) -> Page:
    state = _refresh(edge, owner, field)
    found = edge.lists.page(owner, field, asked.query, start, PAGE + 1)
    if not found and not start:
        return explain(asked, _why_empty(state))
    options = [Option(each.value, each.label, each.description or each.label) for each in found[:PAGE]]
    return options, len(found) > PAGE


def _why_empty(state: ListState) -> str:
    if state.read_at is None:
        return "The list is being read from QuickBooks: open this again in a minute."
    return "QuickBooks has nothing of this kind: add it there, then open this again in a minute."


def _choose(options: list[Option], asked: OptionsRequest, start: int) -> Page:
    """A page of a short list."""
    words = normalize(asked.query).split()
    found = [each for each in options if all(word in normalize(f"{each.label} {each.description}") for word in words)]
    return found[start : start + PAGE], len(found) > start + PAGE


def _templates(connection: Connection) -> list[Option]:
    given = connection.settings.get("number_templates")
    named = given.items() if isinstance(given, dict) else ()
    return [Option(str(value), str(label), "Given by the operator") for value, label in named]
