"""The properties API over HTTP: definitions and their groups. Contract 4.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from service.sandbox.hubspot.batches import batch_reply, parse_inputs
from service.sandbox.hubspot.front import Call, Front, Reply, need_scope
from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.object_routes import parse_type
from service.sandbox.hubspot.object_types import ObjectType
from service.sandbox.hubspot.objects import is_read_only
from service.sandbox.hubspot.portal import Portal
from service.sandbox.hubspot.properties import CREATABLE, Definition, change_definition, check_keys, parse_definition
from service.sandbox.hubspot.refusals import Refusal, bad_input, not_found
from service.sandbox.hubspot.settings import Settings
from service.sandbox.hubspot.standard_properties import STANDARD

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

PATH = "/crm/properties/2026-03/<object_type>"
MOST_UNIQUE = 10
GROUP_KEYS: dict[str, type] = {"name": str, "label": str, "displayOrder": int}


def add_property_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """Definitions: list, read, create, change, archive, batches; groups likewise."""
    front, settings = Front(hubspot), hubspot.settings

    def list_all(call: Call, kind: ObjectType) -> Reply:
        archived = call.first("archived") == "true"
        known = [*STANDARD[kind.name].values(), *call.portal.custom[kind.name].values()]
        return 200, {"results": [_json(kind, each, settings) for each in known if each.archived == archived]}

    def read(call: Call, kind: ObjectType, name: str) -> Reply:
        return 200, _json(kind, _find(call.portal, kind, name), settings)

    def create(call: Call, kind: ObjectType) -> Reply:
        return 201, _json(kind, create_property(call.portal, kind, call.body), settings)

    def change(call: Call, kind: ObjectType, name: str) -> Reply:
        known = _find(call.portal, kind, name)
        changed = change_definition(known, call.body, stamp(call.portal.clock.now()))
        _check_group(call.portal, kind, changed.group)
        call.portal.custom[kind.name][name] = changed
        return 200, _json(kind, changed, settings)

    def archive(call: Call, kind: ObjectType, name: str) -> Reply:
        known = _find(call.portal, kind, name)
        if known.hubspot_defined:
            raise bad_input(f"{name} is HubSpot's own and cannot be archived")
        known.archived = True
        return 204, None

    def batch_create(call: Call, kind: ObjectType) -> Reply:
        results, errors = [], []
        for entry in parse_inputs(call.body, {}, CREATABLE):
            try:
                results.append(_json(kind, create_property(call.portal, kind, entry), settings))
            except Refusal as refusal:
                if refusal.status != 409:
                    raise
                errors.append({"status": "error", "category": refusal.category, "message": refusal.message,
                               "context": {"name": [entry["name"]]}})  # fmt: skip
        return batch_reply(call.portal, results, errors, 201)

    def batch_read(call: Call, kind: ObjectType) -> Reply:
        inputs = parse_inputs(call.body, {"archived": bool, "dataSensitivity": str}, {"name": str})
        known = {entry.get("name", ""): call.portal.definition(kind, entry.get("name", "")) for entry in inputs}
        missing = [name for name, found in known.items() if found is None]
        errors = [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some properties",
                   "context": {"ids": missing}}] if missing else []  # fmt: skip
        return batch_reply(call.portal, [_json(kind, each, settings) for each in known.values() if each], errors)

    def batch_archive(call: Call, kind: ObjectType) -> Reply:
        for entry in parse_inputs(call.body, {}, {"name": str}):
            archive(call, kind, entry.get("name", ""))
        return 204, None

    def add(method: str, path: str, view: Any, *, query: tuple[str, ...] = ()) -> None:
        def answer(call: Call, object_type: str, **more: str) -> Reply:
            kind = parse_type(object_type)
            if method != "GET" and not path.endswith("read"):
                need_scope(call, kind.schema_scopes)
            reply: Reply = view(call, kind, **more)
            return reply

        guarded = front.portal(answer, allowed=query)
        routes.add_url_rule(PATH + path, f"properties {method} {path}", guarded, methods=[method])

    add("GET", "", list_all, query=("archived", "properties", "dataSensitivity"))
    add("POST", "", create)
    add("GET", "/<name>", read, query=("archived", "properties", "dataSensitivity"))
    add("PATCH", "/<name>", change)
    add("DELETE", "/<name>", archive)
    add("POST", "/batch/create", batch_create)
    add("POST", "/batch/read", batch_read)
    add("POST", "/batch/archive", batch_archive)
    add("GET", "/groups", lambda call, kind: (200, {"results": list(call.portal.groups[kind.name].values())}))
    add("POST", "/groups", lambda call, kind: (201, create_group(call.portal, kind, call.body)))
    add("GET", "/groups/<name>", lambda call, kind, name: (200, _find_group(call.portal, kind, name)))
    add("PATCH", "/groups/<name>", _change_group)
    add("DELETE", "/groups/<name>", _archive_group)


def create_property(portal: Portal, kind: ObjectType, body: Any) -> Definition:
    """A new property, or an archived one come back. Raises Refusal 400, 409."""
    made = parse_definition(body, stamp(portal.clock.now()))
    _check_group(portal, kind, made.group)
    if portal.definition(kind, made.name) is not None:
        raise Refusal(409, f'A property named "{made.name}" already exists.', "OBJECT_ALREADY_EXISTS")
    unique = [each for each in portal.custom[kind.name].values() if each.unique and not each.archived]
    # Contract 4.2: at most ten unique properties on an object type.
    if made.unique and len(unique) >= MOST_UNIQUE:
        raise bad_input(f"more than {MOST_UNIQUE} unique properties")
    portal.custom[kind.name][made.name] = made
    return made


def create_group(portal: Portal, kind: ObjectType, body: Any) -> dict[str, Any]:
    """A new group of properties. Raises Refusal 400, 409."""
    check_keys(body, GROUP_KEYS, "group")
    if not body.get("name") or not body.get("label"):
        raise bad_input("group needs name and label")
    if body["name"] in portal.groups[kind.name]:
        raise Refusal(409, f'A property group named "{body["name"]}" already exists.', "OBJECT_ALREADY_EXISTS")
    made = {"displayOrder": -1, **body, "archived": False}
    portal.groups[kind.name][body["name"]] = made
    return made


def _change_group(call: Call, kind: ObjectType, name: str) -> Reply:
    check_keys(call.body, {"label": str, "displayOrder": int}, "group")
    known = _find_group(call.portal, kind, name)
    known.update(call.body)
    return 200, known


def _archive_group(call: Call, kind: ObjectType, name: str) -> Reply:
    _find_group(call.portal, kind, name)
    # Contract 4.4: archiving a group with active properties is a 400.
    if any(each.group == name and not each.archived for each in call.portal.custom[kind.name].values()):
        raise Refusal(400, f"group {name} still has properties")
    del call.portal.groups[kind.name][name]
    return 204, None


def _json(kind: ObjectType, known: Definition, settings: Settings) -> dict[str, Any]:
    return known.to_json(read_only=known.read_only or is_read_only(kind, known.name, settings))


def _find(portal: Portal, kind: ObjectType, name: str) -> Definition:
    known = portal.definition(kind, name)
    if known is None:
        raise not_found(f"property {name} does not exist")
    return known


def _find_group(portal: Portal, kind: ObjectType, name: str) -> dict[str, Any]:
    if name not in portal.groups[kind.name]:
        raise not_found(f"property group {name} does not exist")
    return portal.groups[kind.name][name]


def _check_group(portal: Portal, kind: ObjectType, name: str) -> None:
    if name not in portal.groups[kind.name]:
        raise bad_input(f"property group {name} does not exist")
