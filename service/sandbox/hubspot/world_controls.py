"""Turning the sandbox's HubSpot: portals, objects, workflows, and what a person does by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from service.sandbox.hubspot.associations import HUBSPOT_DEFINED, USER_DEFINED
from service.sandbox.hubspot.controls import PREFIX, control, find_kind, find_object_id, find_portal
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.objects import object_json
from service.sandbox.hubspot.portal import BY_HUMAN, Portal
from service.sandbox.hubspot.refusals import bad_input, not_found
from service.sandbox.hubspot.seed import another_portal
from service.sandbox.hubspot.values import InvalidValue, stored_value

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

OBJECTS = f"{PREFIX}/objects/<int:portal_id>/<object_type>"


def add_world_controls(routes: Blueprint, hubspot: HubSpot) -> None:
    """Portals and objects made for tests and benches; workflows; subscribers; peaks."""
    guard = control(hubspot)

    @routes.get(f"{PREFIX}/stories")
    @guard
    def stories() -> Any:
        return {str(portal_id): told for portal_id, told in hubspot.stories.items()}

    @routes.get(f"{PREFIX}/limits")
    @guard
    def limits() -> Any:
        return hubspot.limits.peaks()

    @routes.get(f"{PREFIX}/outbox")
    @guard
    def outbox() -> Any:
        return {"sent": hubspot.workflows.sent(request.args.get("portal", type=int))}

    @routes.post(f"{PREFIX}/workflows")
    @guard
    def define_workflow() -> Any:
        asked = request.get_json()
        made = hubspot.workflows.define(find_portal(hubspot, asked), asked)
        return {"workflow_id": made.id}

    @routes.get(f"{PREFIX}/workflows")
    @guard
    def list_workflows() -> Any:
        hubspot.callbacks.expire()
        return {"workflows": hubspot.workflows.to_json(request.args.get("portal", type=int))}

    @routes.post(f"{PREFIX}/workflows/<int:workflow_id>/enroll")
    @guard
    def enroll_in_workflow(workflow_id: int) -> Any:
        workflow, asked = hubspot.workflows.get(workflow_id), request.get_json()
        if workflow is None:
            raise not_found(f"no workflow {workflow_id}")
        given = asked.get("deal_ids") or [asked.get("deal_id") or asked.get("object_id")]
        ids = [find_object_id(workflow.portal, workflow.object_type, each) for each in given]
        made = [hubspot.workflows.enroll(workflow, each) for each in ids]
        return {"enrollment_ids": [each.id for each in made], "enrollment_id": made[0].id}

    @routes.post(f"{PREFIX}/webhooks")
    @guard
    def subscribe() -> Any:
        asked = request.get_json()
        hubspot.webhooks.subscribe(asked.get("url"), asked.get("properties", {}))
        return {"url": hubspot.webhooks.url}

    @routes.get(f"{PREFIX}/webhooks")
    @guard
    def sent_webhooks() -> Any:
        return {"url": hubspot.webhooks.url, "sent": hubspot.webhooks.sent()}

    @routes.post(f"{PREFIX}/portals")
    @guard
    def make_portal() -> Any:
        asked = request.get_json()
        portal_id, like = int(asked["portal_id"]), find_portal(hubspot, {"portal_id": asked.get("like")})
        if portal_id in hubspot.portals:
            raise bad_input(f"portal {portal_id} exists")
        name, deals, lines = asked.get("name", f"Bench {portal_id}"), asked.get("deals", 0), asked.get("lines", 1)
        portal, deal_ids = another_portal(hubspot.clock, portal_id, name, like, deals, lines)
        if asked.get("properties"):
            portal.custom = {name: dict(known) for name, known in like.custom.items()}
            portal.groups = {name: dict(known) for name, known in like.groups.items()}
        hubspot.add_portal(portal)
        said = {"portal_id": portal.id, "refresh_token": hubspot.tokens.refresh_token(portal)}
        return {**said, "deal_ids": deal_ids}

    @routes.post(f"{PREFIX}/objects")
    @guard
    def make_object() -> Any:
        asked = request.get_json()
        portal = find_portal(hubspot, asked)
        return {"portal_id": portal.id, **make_tree(portal, asked)}

    _add_acts(routes, hubspot)


def _add_acts(routes: Blueprint, hubspot: HubSpot) -> None:
    """What a person does in HubSpot's own pages."""
    guard = control(hubspot)

    @routes.get(f"{OBJECTS}/<object_id>")
    @guard
    def read_object(portal_id: int, object_type: str, object_id: str) -> Any:
        portal, kind = _place(hubspot, portal_id, object_type)
        known = portal.objects[kind.name][find_object_id(portal, kind, object_id)]
        joined = {end: list(portal.associations.of(kind.name, known.id, end)) for end in portal.objects}
        return object_json(known, None) | {"associations": {end: ids for end, ids in joined.items() if ids}}

    @routes.patch(f"{OBJECTS}/<object_id>")
    @guard
    def change_object(portal_id: int, object_type: str, object_id: str) -> Any:
        portal, kind = _place(hubspot, portal_id, object_type)
        known = portal.find(kind, object_id)
        if known is None:
            raise not_found()
        portal.update(kind, known, _values(portal, kind, request.get_json()["properties"]), BY_HUMAN)
        return object_json(known, None)

    @routes.delete(f"{OBJECTS}/<object_id>")
    @guard
    def delete_object(portal_id: int, object_type: str, object_id: str) -> Any:
        portal, kind = _place(hubspot, portal_id, object_type)
        known = portal.find(kind, object_id)
        if known is None:
            raise not_found()
        private = request.args.get("privacy") == "true"
        portal.archive(kind, known, BY_HUMAN, "privacyDeletion" if private else "deletion")
        return {"deleted": object_id}

    @routes.post(f"{OBJECTS}/merge")
    @guard
    def merge(portal_id: int, object_type: str) -> Any:
        portal, kind = _place(hubspot, portal_id, object_type)
        asked = request.get_json()
        kept, gone = portal.find(kind, str(asked["kept"])), portal.find(kind, str(asked["gone"]))
        if kept is None or gone is None or kept is gone:
            raise not_found()
        heir = portal.merge(kind, kept, gone, BY_HUMAN, not hubspot.settings.merge_keeps_primary_id)
        return {"id": heir.id}

    @routes.post(f"{PREFIX}/portals/<int:portal_id>/<act>")
    @guard
    def act_on_portal(portal_id: int, act: str) -> Any:
        portal, tokens = find_portal(hubspot, {"portal_id": portal_id}), hubspot.tokens
        if act == "uninstall":
            tokens.uninstall(portal)
        elif act == "install":
            tokens.consent(portal)
        elif act == "scopes":
            tokens.limit_scopes(portal, frozenset(request.get_json()["scopes"]))
        elif act == "expire":
            tokens.expire(portal)
        elif act == "token":
            grant = tokens.find_grant(tokens.refresh_token(portal) or "")
            if grant is None:
                raise not_found(f"the app is not installed in {portal_id}")
            return tokens.token_json(tokens.issue(portal, grant.scopes), grant)
        else:
            raise not_found(f"no act {act}")
        return {"portal_id": portal_id, "refresh_token": tokens.refresh_token(portal)}


def make_tree(portal: Portal, asked: dict[str, Any]) -> dict[str, Any]:
    """An object and, below `associations`, the objects that belong to it.

    `{"object_type", "properties", "associations": {type: [id | {"properties", "label_type"?, "type_id"?}]}}`.
    Only what a property may hold is checked, not who may write it. Answers {"id", type: [ids]}.
    """
    kind = find_kind(asked)
    made = portal.create(kind, _values(portal, kind, asked.get("properties", {})), BY_HUMAN)
    below: dict[str, Any] = {}
    for name, entries in asked.get("associations", {}).items():
        end = find_type(name)
        if end is None:
            raise not_found(f"no object type {name}")
        below[end.name] = []
        for entry in entries:
            spec = entry if isinstance(entry, dict) else {}
            end_id = _end_id(portal, end, entry)
            portal.associations.add(kind.name, made.id, end.name, end_id)
            for key, category in (("type_id", HUBSPOT_DEFINED), ("label_type", USER_DEFINED)):
                if key in spec:
                    portal.associations.add(kind.name, made.id, end.name, end_id, (category, int(spec[key])))
            below[end.name].append(end_id)
    return {"id": made.id, **below}


def _end_id(portal: Portal, end: ObjectType, entry: Any) -> str:
    if isinstance(entry, dict) and "properties" in entry:
        return str(make_tree(portal, {"object_type": end.name, **entry})["id"])
    return find_object_id(portal, end, entry["id"] if isinstance(entry, dict) else entry)


def _values(portal: Portal, kind: ObjectType, given: dict[str, Any]) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, value in given.items():
        definition = portal.definition(kind, name)
        if definition is None:
            raise bad_input(f"property {name} does not exist")
        try:
            # A negative price is refused through the API, but old line items have one.
            values[name] = str(value) if definition.positive or not value else stored_value(definition, str(value))
        except InvalidValue as error:
            raise bad_input(str(error)) from error
    return values


def _place(hubspot: HubSpot, portal_id: int, object_type: str) -> tuple[Portal, ObjectType]:
    return find_portal(hubspot, {"portal_id": portal_id}), find_kind({"object_type": object_type})
