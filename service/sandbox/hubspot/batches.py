"""Up to a hundred objects in one call: read, create, update, upsert, archive. Contract 4.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.object_types import ObjectType
from service.sandbox.hubspot.objects import (
    Values,
    archive_object,
    check_invoice,
    check_required,
    checked_values,
    create_object,
    get_object,
    object_json,
    parse_associations,
    resolve_names,
    update_object,
)
from service.sandbox.hubspot.portal import BY_API, Portal
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import Refusal, bad_input
from service.sandbox.hubspot.settings import Settings

LARGEST = 100
Reply = tuple[int, dict[str, Any] | None]


def parse_inputs(body: Any, also: Mapping[str, Any], each: Mapping[str, Any], largest: int = LARGEST) -> list[Any]:
    """The `inputs` of a batch, checked in shape and number. Raises Refusal 400."""
    check_keys(body, {"inputs": list, **also}, "batch")
    inputs: list[Any] = body.get("inputs") or []
    if not inputs:
        raise bad_input("inputs is empty")
    if len(inputs) > largest:
        raise bad_input(f"{len(inputs)} inputs, more than {largest}", refused=f"batch > {largest}")
    for entry in inputs:
        check_keys(entry, each, "input")
    return inputs


def read_batch(portal: Portal, object_type: ObjectType, body: Any, archived: bool, settings: Settings) -> Reply:
    """Missing ids are absent, and named in `errors` of a 207."""
    also = {"properties": list, "propertiesWithHistory": list, "idProperty": str}
    inputs = parse_inputs(body, also, {"id": str})
    names = resolve_names(portal, object_type, body.get("properties") or [])
    results, missing = [], []
    for key in dict.fromkeys(entry.get("id", "") for entry in inputs):
        if archived:
            known = portal.objects[object_type.name].get(key)
            known = known if known and known.archived else None
        else:
            known = get_object(portal, object_type, key, body.get("idProperty"), settings)
        if known is None:
            missing.append(key)
        else:
            results.append(object_json(known, names))
    return batch_reply(portal, results, [_missing(object_type, missing)] if missing else [])


def create_batch(portal: Portal, object_type: ObjectType, body: Any, settings: Settings) -> Reply:
    """All or nothing, unless every input has an objectWriteTraceId: then 207 with what failed."""
    inputs = parse_inputs(body, {}, {"properties": dict, "associations": list, "objectWriteTraceId": str})
    if not all("objectWriteTraceId" in entry for entry in inputs):
        for entry in inputs:
            values = checked_values(portal, object_type, entry.get("properties"), settings)
            check_required(object_type, values)
            wanted = parse_associations(portal, object_type, entry.get("associations") or [])
            check_invoice(portal, object_type, None, values, [end.name for end, _, _ in wanted], settings)
        made = [create_object(portal, object_type, entry, settings) for entry in inputs]
        return batch_reply(portal, [object_json(known, None) for known in made], [], 201)
    results, errors = [], []
    for entry in inputs:
        try:
            known = create_object(portal, object_type, entry, settings)
            results.append(object_json(known, None) | {"objectWriteTraceId": entry["objectWriteTraceId"]})
        except Refusal as refusal:
            errors.append(_failed(refusal, entry))
    return batch_reply(portal, results, errors, 201)


def update_batch(portal: Portal, object_type: ObjectType, body: Any, settings: Settings) -> Reply:
    """What can be changed is; missing ids and bad values are named in `errors` of a 207."""
    inputs = parse_inputs(body, {}, {"id": str, "idProperty": str, "properties": dict, "objectWriteTraceId": str})
    _check_types(inputs)
    if settings.batch_update_failures == "whole":
        for entry in inputs:
            checked_values(portal, object_type, entry.get("properties"), settings)
    results, missing, errors = [], [], []
    named: dict[tuple[str, ...], list[str]] = {}
    for entry in inputs:
        known = get_object(portal, object_type, entry.get("id", ""), entry.get("idProperty"), settings)
        if known is None:
            missing.append(entry.get("id", ""))
            continue
        try:
            values = update_object(portal, object_type, known, entry.get("properties"), settings)
        except Refusal as refusal:
            errors.append(_failed(refusal, entry))
            continue
        key = tuple(values)
        if key not in named:
            named[key] = resolve_names(portal, object_type, list(values))
        results.append(object_json(known, named[key]))
    if missing:
        errors.insert(0, _missing(object_type, missing))
    return batch_reply(portal, results, errors)


def upsert_batch(portal: Portal, object_type: ObjectType, body: Any, settings: Settings) -> Reply:
    """Create or change by a unique property; each result says whether it is `new`."""
    inputs = parse_inputs(body, {}, {"id": str, "idProperty": str, "properties": dict, "objectWriteTraceId": str})
    _check_types(inputs)
    results, errors = [], []
    for entry in inputs:
        if "idProperty" not in entry or "id" not in entry:
            raise bad_input("upsert needs id and idProperty")
        known = get_object(portal, object_type, entry["id"], entry["idProperty"], settings)
        try:
            values: Values = checked_values(portal, object_type, entry.get("properties"), settings)
            if known is None:
                values = {entry["idProperty"]: entry["id"]} | values
                check_required(object_type, values)
                made = portal.create(object_type, values, BY_API)
                results.append(object_json(made, None) | {"new": True})
            else:
                portal.update(object_type, known, values, BY_API)
                names = resolve_names(portal, object_type, [*values, entry["idProperty"]])
                results.append(object_json(known, names) | {"new": False})
        except Refusal as refusal:
            if not all("objectWriteTraceId" in each for each in inputs):
                raise
            errors.append(_failed(refusal, entry))
    return batch_reply(portal, results, errors)


def archive_batch(portal: Portal, object_type: ObjectType, body: Any, settings: Settings) -> Reply:
    """Delete many; ids that are not there are passed over."""
    for entry in parse_inputs(body, {}, {"id": str}):
        if portal.find(object_type, entry.get("id", "")):
            archive_object(portal, object_type, entry["id"], settings)
    return 204, None


def batch_reply(portal: Portal, results: list[Any], errors: list[Any], status: int = 200) -> Reply:
    """The envelope of a batch; 207 when something failed."""
    now = stamp(portal.clock.now())
    said: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        said |= {"numErrors": len(errors), "errors": errors}
    return (207 if errors else status), said


def _check_types(inputs: list[Any]) -> None:
    # A value that is no string breaks the description of the whole body, not of one input.
    for entry in inputs:
        for name, value in (entry.get("properties") or {}).items():
            if value is not None and not isinstance(value, str):
                raise bad_input(f"properties.{name} must be a string, not {type(value).__name__}")


def _missing(object_type: ObjectType, ids: list[str]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {object_type.singular} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        "context": {"ids": ids},
    }


def _failed(refusal: Refusal, entry: dict[str, Any]) -> dict[str, Any]:
    """One failed input of a 207; strictness rules it broke are passed on by `refused`."""
    context: dict[str, Any] = {"ids": [entry["id"]]} if "id" in entry else {}
    if "objectWriteTraceId" in entry:
        context["objectWriteTraceId"] = [entry["objectWriteTraceId"]]
    said = refusal.body()
    kept: dict[str, Any] = {key: said[key] for key in ("status", "category", "message", "errors") if key in said}
    return {**kept, "context": context, "_refused": refusal.refused}
