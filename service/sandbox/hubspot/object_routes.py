"""The objects API over HTTP: /crm/objects/2026-03/{type}. Contract 4.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from service.sandbox.hubspot.batches import archive_batch, create_batch, read_batch, update_batch, upsert_batch
from service.sandbox.hubspot.front import Call, Front, Reply, need_scope
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.objects import (
    archive_object,
    association_lists,
    create_object,
    get_object,
    merge_objects,
    object_json,
    resolve_names,
    update_object,
)
from service.sandbox.hubspot.portal import CrmObject
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import Refusal, bad_input, not_found, unknown_path
from service.sandbox.hubspot.search import search_objects
from service.sandbox.hubspot.settings import Settings

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

PATH = "/crm/objects/2026-03/<object_type>"
READ_QUERY = ("properties", "propertiesWithHistory", "associations", "archived", "idProperty")
View = Callable[..., Reply]


def add_object_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """List, create, read, change, delete, search, merge, and the batches."""
    front, settings = Front(hubspot), hubspot.settings

    def create(call: Call, kind: ObjectType) -> Reply:
        check_keys(call.body, {"properties": dict, "associations": list, "objectWriteTraceId": str}, "body")
        return 201, object_json(create_object(call.portal, kind, call.body, settings), None)

    def read(call: Call, kind: ObjectType, object_id: str) -> Reply:
        known = _find(call, kind, object_id, settings)
        return 200, _shown(call, kind, known, settings)

    def update(call: Call, kind: ObjectType, object_id: str) -> Reply:
        check_keys(call.body, {"properties": dict, "objectWriteTraceId": str}, "body")
        known = _find(call, kind, object_id, settings)
        values = update_object(call.portal, kind, known, call.body.get("properties"), settings)
        return 200, object_json(known, resolve_names(call.portal, kind, list(values)))

    def delete(call: Call, kind: ObjectType, object_id: str) -> Reply:
        archive_object(call.portal, kind, object_id, settings)
        return 204, None

    def merge(call: Call, kind: ObjectType) -> Reply:
        if not kind.mergeable:
            raise unknown_path(f"/crm/objects/2026-03/{kind.name}/merge")
        return 200, object_json(merge_objects(call.portal, kind, call.body, settings), None)

    def search(call: Call, kind: ObjectType) -> Reply:
        return 200, search_objects(call.portal, kind, call.body, settings)

    def batch_read(call: Call, kind: ObjectType) -> Reply:
        return read_batch(call.portal, kind, call.body, call.first("archived") == "true", settings)

    def batch(work: Callable[..., Reply]) -> View:
        return lambda call, kind: work(call.portal, kind, call.body, settings)

    def add(method: str, path: str, view: View, *, writes: bool, query: tuple[str, ...] = (), **more: Any) -> None:
        guarded = _typed(view, settings, writes=writes)
        answer = front.portal(guarded, allowed=query, **more)
        routes.add_url_rule(PATH + path, f"objects {method} {path}", answer, methods=[method])

    add(
        "GET",
        "",
        lambda call, kind: (200, _page(call, kind, settings)),
        writes=False,
        query=(*READ_QUERY, "limit", "after"),
    )
    add("POST", "", create, writes=True)
    add("GET", "/<object_id>", read, writes=False, query=READ_QUERY)
    add("PATCH", "/<object_id>", update, writes=True, query=("idProperty",))
    add("DELETE", "/<object_id>", delete, writes=True)
    add("POST", "/merge", merge, writes=True)
    add("POST", "/search", search, writes=False, search=True)
    add("POST", "/batch/read", batch_read, writes=False, query=("archived",))
    add("POST", "/batch/create", batch(create_batch), writes=True)
    add("POST", "/batch/update", batch(update_batch), writes=True)
    add("POST", "/batch/upsert", batch(upsert_batch), writes=True)
    add("POST", "/batch/archive", batch(archive_batch), writes=True)


def parse_type(name: str) -> ObjectType:
    """The object type of a path: its name or id. Raises Refusal 404."""
    kind = find_type(name)
    if kind is None or name not in (kind.name, kind.id, kind.singular):
        raise unknown_path(f"object type {name}")
    return kind


def _typed(view: View, settings: Settings, *, writes: bool) -> View:
    """Resolve the type and ask for its scope first."""

    def answer(call: Call, object_type: str, **path: str) -> Reply:
        kind = parse_type(object_type)
        need_scope(call, kind.write_scopes if writes else kind.read_scopes)
        # Contract 4.8: most portals have no payment processing and answer 403.
        if kind.name == "commerce_payments" and not settings.commerce_payments:
            raise Refusal(403, "This portal has no payment processing set up", "PERMISSION_DENIED")
        return view(call, kind, **path)

    return answer


def _find(call: Call, kind: ObjectType, object_id: str, settings: Settings) -> CrmObject:
    if call.first("archived") == "true":
        gone = call.portal.objects[kind.name].get(object_id)
        known = gone if gone and gone.archived else None
    else:
        known = get_object(call.portal, kind, object_id, call.first("idProperty"), settings)
    if known is None:
        raise not_found()
    return known


def _shown(call: Call, kind: ObjectType, known: CrmObject, settings: Settings) -> dict[str, Any]:
    said = object_json(known, resolve_names(call.portal, kind, call.names("properties")))
    lists = association_lists(call.portal, kind, known, call.names("associations"), settings.line_items_key)
    return said | {"associations": lists} if lists else said


def _page(call: Call, kind: ObjectType, settings: Settings) -> dict[str, Any]:
    """One page of all objects, oldest first. Contract 4.2: at most 100."""
    limit, after = call.number("limit", 10, 100), call.first("after", "") or ""
    if after and not after.isdigit():
        raise bad_input(f"after={after}")
    archived = call.first("archived") == "true"
    page: list[CrmObject] = []
    for known in call.portal.objects[kind.name].values():
        if known.archived == archived and (not after or int(known.id) > int(after)):
            page.append(known)
            if len(page) > limit:
                break
    said: dict[str, Any] = {"results": [_shown(call, kind, known, settings) for known in page[:limit]]}
    if len(page) > limit:
        said["paging"] = {"next": {"after": page[limit - 1].id}}
    return said
