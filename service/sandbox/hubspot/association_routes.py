"""The associations API over HTTP. Contract 4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from service.sandbox.hubspot.batches import batch_reply, parse_inputs
from service.sandbox.hubspot.front import Call, Front, Reply, need_scope
from service.sandbox.hubspot.object_routes import parse_type
from service.sandbox.hubspot.object_types import ASSOCIATION_TYPES, ObjectType
from service.sandbox.hubspot.objects import parse_kind
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import bad_input, not_found
from service.sandbox.hubspot.settings import Settings

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

MOST_READ, MOST_CREATED = 1_000, 2_000
ONE = "/crm/objects/2026-03/<start>/<start_id>/associations"
MANY = "/crm/associations/2026-03/<start>/<end>/batch"


def add_association_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """Batch read and create, defaults, and the list of one object."""
    front, settings = Front(hubspot), hubspot.settings

    def batch_read(call: Call, start: str, end: str) -> Reply:
        return read_many(call, *_types(call, start, end, writes=False), settings)

    def batch_create(call: Call, start: str, end: str) -> Reply:
        return create_many(call, *_types(call, start, end, writes=True), settings)

    def batch_default(call: Call, start: str, end: str) -> Reply:
        return create_defaults(call, *_types(call, start, end, writes=True))

    def put_default(call: Call, start: str, start_id: str, end: str, end_id: str) -> Reply:
        types = _types(call, start, end, writes=True)
        if call.portal.find(types[0], start_id) is None or call.portal.find(types[1], end_id) is None:
            raise not_found()
        return batch_reply(call.portal, [_associate(call, *types, start_id, end_id)], [])

    def list_one(call: Call, start: str, start_id: str, end: str) -> Reply:
        types = _types(call, start, end, writes=False)
        if call.portal.find(types[0], start_id) is None:
            raise not_found()
        page = _page(call, *types, start_id, call.first("after"), call.number("limit", 500, 500), settings)
        return 200, {"results": page.pop("to"), **page}

    def list_labels(call: Call, start: str, end: str) -> Reply:
        types = _types(call, start, end, writes=False)
        own = call.portal.associations.labels.get((types[0].name, types[1].name), {})
        return 200, {"results": [
            *({"category": "HUBSPOT_DEFINED", "typeId": each, "label": None}
              for each in ASSOCIATION_TYPES.get((types[0].name, types[1].name), {})),
            *({"category": "USER_DEFINED", "typeId": each, "label": label} for each, (label, _) in own.items()),
        ]}  # fmt: skip

    # https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (retrieve association types)
    routes.get(MANY.replace("/batch", "/labels"), endpoint="association labels")(front.portal(list_labels))
    routes.post(f"{MANY}/read", endpoint="associations read")(front.portal(batch_read))
    routes.post(f"{MANY}/create", endpoint="associations create")(front.portal(batch_create))
    routes.post(f"{MANY}/associate/default", endpoint="associations default")(front.portal(batch_default))
    routes.put(ONE.replace("/associations", "/associations/default/<end>/<end_id>"), endpoint="put default")(
        front.portal(put_default)
    )
    routes.get(f"{ONE}/<end>", endpoint="associations list")(front.portal(list_one, allowed=("after", "limit")))


def read_many(call: Call, start: ObjectType, end: ObjectType, settings: Settings) -> Reply:
    """The associated ids of up to 1,000 objects, each list paged."""
    results, errors = [], []
    for entry in parse_inputs(call.body, {}, {"id": str, "after": str}, MOST_READ):
        start_id = entry.get("id", "")
        page = _page(call, start, end, start_id, entry.get("after"), settings.association_page, settings)
        if page["to"]:
            results.append({"from": {"id": start_id}, **page})
        elif settings.no_associations == "error":
            errors.append(_nothing(start, end, start_id))
    return batch_reply(call.portal, results, errors)


def create_many(call: Call, start: ObjectType, end: ObjectType, settings: Settings) -> Reply:
    """Up to 2,000 associations with their types; objects that are gone are named in a 207."""
    results, errors = [], []
    for entry in parse_inputs(call.body, {}, {"from": dict, "to": dict, "types": list}, MOST_CREATED):
        start_id, end_id = _ends(entry)
        kinds = [parse_kind(spec) for spec in entry.get("types", [])]
        if not kinds:
            raise bad_input("types is empty")
        gone = _gone(call, start, end, start_id, end_id)
        if gone:
            errors.append(gone)
            continue
        for kind in kinds:
            joined = call.portal.associations.add(start.name, start_id, end.name, end_id, kind)
        labels = [call.portal.associations.label(start.name, end.name, kind) for kind in sorted(joined)]
        results.append(
            {
                "fromObjectTypeId": start.id,
                "fromObjectId": _id(start_id, settings),
                "toObjectTypeId": end.id,
                "toObjectId": _id(end_id, settings),
                "labels": [label for label in labels if label],
            }
        )
    return batch_reply(call.portal, results, errors, 201)


def create_defaults(call: Call, start: ObjectType, end: ObjectType) -> Reply:
    """Associations of the default type."""
    results, errors = [], []
    for entry in parse_inputs(call.body, {}, {"from": dict, "to": dict}, MOST_CREATED):
        start_id, end_id = _ends(entry)
        gone = _gone(call, start, end, start_id, end_id)
        if gone:
            errors.append(gone)
        else:
            results.append(_associate(call, start, end, start_id, end_id))
    return batch_reply(call.portal, results, errors)


def _types(call: Call, start: str, end: str, *, writes: bool) -> tuple[ObjectType, ObjectType]:
    types = parse_type(start), parse_type(end)
    for kind in types:
        need_scope(call, kind.write_scopes if writes else kind.read_scopes)
    call.portal.associations.default_type(types[0].name, types[1].name)
    return types


def _associate(call: Call, start: ObjectType, end: ObjectType, start_id: str, end_id: str) -> dict[str, Any]:
    call.portal.associations.add(start.name, start_id, end.name, end_id)
    type_id = call.portal.associations.default_type(start.name, end.name)
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"from": {"id": start_id}, "to": {"id": end_id}, "associationSpec": spec}


def _page(
    call: Call, start: ObjectType, end: ObjectType, start_id: str, after: str | None, limit: int, settings: Settings
) -> dict[str, Any]:
    """The associations of one object from `after` on, and where the next page begins."""
    rows = list(call.portal.associations.of(start.name, start_id, end.name).items())
    if after is not None and not after.isdigit():
        raise bad_input(f"after {after}")
    begin = int(after or 0)
    said: dict[str, Any] = {
        "to": [
            {
                "toObjectId": _id(other, settings),
                "associationTypes": call.portal.associations.kinds_json(start.name, end.name, kinds),
            }
            for other, kinds in rows[begin : begin + limit]
        ]
    }
    if begin + limit < len(rows):
        said["paging"] = {"next": {"after": str(begin + limit), "link": f"?after={begin + limit}"}}
    return said


def _ends(entry: dict[str, Any]) -> tuple[str, str]:
    for side in ("from", "to"):
        check_keys(entry.get(side), {"id": str}, side)
    return entry["from"].get("id", ""), entry["to"].get("id", "")


def _id(text: str, settings: Settings) -> str | int:
    # Contract 4.3: described as a string, seen as a number.
    return int(text) if settings.association_ids == "number" else text


def _gone(call: Call, start: ObjectType, end: ObjectType, start_id: str, end_id: str) -> dict[str, Any] | None:
    for kind, each in ((start, start_id), (end, end_id)):
        if call.portal.find(kind, each) is None:
            message = f"{kind.singular} {each} does not exist"
            context = {"fromObjectId": [start_id], "toObjectId": [end_id]}
            return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": context}
    return None


def _nothing(start: ObjectType, end: ObjectType, start_id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {end.singular} is associated with {start.singular} {start_id}.",
        "context": {"fromObjectId": [start_id], "fromObjectType": [start.singular], "toObjectType": [end.singular]},
    }
