"""Searching CRM objects, with the limits and the delay HubSpot's search has. Contract 4.10."""

from __future__ import annotations

import json
from typing import Any

from service.sandbox.hubspot.moments import milliseconds, parse_stamp
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.objects import object_json, resolve_names
from service.sandbox.hubspot.portal import CrmObject, Portal
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import bad_input
from service.sandbox.hubspot.settings import Settings

OPERATORS = {
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}  # fmt: skip
LONGEST_BODY, LARGEST_PAGE, LARGEST_TOTAL = 3_000, 200, 10_000
GROUPS, FILTERS_EACH, FILTERS = 5, 6, 18
SEARCHED = {"firstname", "lastname", "email", "name", "domain", "dealname", "hs_sku", "description", "company"}

Filter = dict[str, Any]


def search_objects(portal: Portal, object_type: ObjectType, body: Any, settings: Settings) -> dict[str, Any]:
    """One page of what matches; young changes are not seen yet. Raises Refusal 400."""
    limit, after, groups, sorts = _parse(portal, object_type, body)
    now = portal.clock.now().timestamp()
    found: list[tuple[CrmObject, dict[str, str | None]]] = []
    for known in portal.objects[object_type.name].values():
        if known.archived:
            continue
        seen = known.properties if now - known.changed >= settings.search_delay_seconds else known.indexed
        if seen is None or not _says(seen, body.get("query")):
            continue
        if not groups or any(all(_matches(portal, object_type, known.id, seen, f) for f in g) for g in groups):
            found.append((known, seen))
    for name, descending in reversed(sorts):
        found.sort(key=lambda pair: _sort_key(pair[1].get(name)), reverse=descending)
    names = resolve_names(portal, object_type, body.get("properties") or [])
    # What the index has seen, which may be older than what a read would show.
    page = [
        {**object_json(known, names), "properties": {name: seen.get(name) for name in names}}
        for known, seen in found[after : after + limit]
    ]
    said: dict[str, Any] = {"total": len(found), "results": page}
    if after + limit < min(len(found), LARGEST_TOTAL):
        said["paging"] = {"next": {"after": str(after + limit)}}
    return said


def _parse(portal: Portal, object_type: ObjectType, body: Any) -> tuple[int, int, list[list[Filter]], list[Any]]:
    wanted: dict[str, type] = {
        "filterGroups": list,
        "properties": list,
        "sorts": list,
        "limit": int,
        "after": object,
        "query": str,
    }
    check_keys(body, wanted, "search")
    if len(json.dumps(body, ensure_ascii=False)) > LONGEST_BODY:
        raise bad_input(f"search body longer than {LONGEST_BODY} characters")
    limit, after = body.get("limit", 10), str(body.get("after") or 0)
    if not 0 < limit <= LARGEST_PAGE or not after.isdigit():
        raise bad_input(f"limit {limit} or after {after}")
    if int(after) + limit > LARGEST_TOTAL:
        raise bad_input(f"only the first {LARGEST_TOTAL} results can be paged")
    groups = []
    for group in body.get("filterGroups") or []:
        check_keys(group, {"filters": list}, "filterGroup")
        groups.append([_parse_filter(portal, object_type, each) for each in group.get("filters", [])])
    if len(groups) > GROUPS or any(len(g) > FILTERS_EACH for g in groups) or sum(map(len, groups)) > FILTERS:
        raise bad_input(f"more than {GROUPS} groups, {FILTERS_EACH} filters each or {FILTERS} filters")
    return limit, int(after), groups, [_parse_sort(portal, object_type, each) for each in body.get("sorts") or []]


def _parse_filter(portal: Portal, object_type: ObjectType, given: Any) -> Filter:
    check_keys(given, {"propertyName": str, "operator": str, "value": str, "values": list, "highValue": str}, "filter")
    name, operator = given.get("propertyName", ""), given.get("operator")
    if operator not in OPERATORS:
        raise bad_input(f"operator {operator}")
    end = find_type(name.removeprefix("associations.")) if name.startswith("associations.") else None
    if end is None and portal.definition(object_type, name) is None:
        raise bad_input(f"property {name} does not exist")
    needs = {"IN": "values", "NOT_IN": "values", "HAS_PROPERTY": None, "NOT_HAS_PROPERTY": None}.get(operator, "value")
    if (needs and needs not in given) or (operator == "BETWEEN" and "highValue" not in given):
        raise bad_input(f"operator {operator} needs {needs}")
    return {**given, "end": end}


def _parse_sort(portal: Portal, object_type: ObjectType, given: Any) -> tuple[str, bool]:
    if isinstance(given, str):
        given = {"propertyName": given.lstrip("-"), "direction": "DESCENDING" if given[:1] == "-" else "ASCENDING"}
    check_keys(given, {"propertyName": str, "direction": str}, "sort")
    name, direction = given.get("propertyName", ""), given.get("direction", "ASCENDING")
    if portal.definition(object_type, name) is None or direction not in ("ASCENDING", "DESCENDING"):
        raise bad_input(f"sort by {name} {direction}")
    return name, direction == "DESCENDING"


def _matches(portal: Portal, object_type: ObjectType, object_id: str, seen: dict[str, str | None], f: Filter) -> bool:
    operator, values = str(f["operator"]), [str(value) for value in f.get("values", [])]
    if f["end"] is not None:
        joined = set(portal.associations.of(object_type.name, object_id, f["end"].name))
        answers = {"HAS_PROPERTY": bool(joined), "NOT_HAS_PROPERTY": not joined, "EQ": f.get("value") in joined}
        return answers.get(operator, bool(joined & set(values)) == (operator == "IN"))
    held = seen.get(f["propertyName"])
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool(held) == (operator == "HAS_PROPERTY")
    if not held:
        return operator in ("NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN")
    if operator in ("IN", "NOT_IN"):
        # Contract 4.10: IN on string properties wants lower-case values.
        definition = portal.definition(object_type, f["propertyName"])
        text = held.lower() if definition and definition.type == "string" else held
        return (text in values) == (operator == "IN")
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        words = [*held.lower().replace("@", " ").replace(".", " ").split(), held.lower()]
        wanted = str(f["value"]).lower()
        told = wanted.strip("*") in held.lower() if "*" in wanted else wanted in words
        return told == (operator == "CONTAINS_TOKEN")
    return _compare(held, f)


def _compare(held: str, f: Filter) -> bool:
    left, right = _sort_key(held), _sort_key(f["value"])
    if f["operator"] in ("EQ", "NEQ"):
        return (left == right) is (str(f["operator"]) == "EQ")
    if left[0] != right[0]:
        return False
    if f["operator"] == "BETWEEN":
        return bool(right <= left <= _sort_key(f["highValue"]))
    signs = {"LT": left < right, "LTE": left <= right, "GT": left > right, "GTE": left >= right}
    return signs[f["operator"]]


def _sort_key(value: str | None) -> tuple[int, float, str]:
    """Numbers and times by size, text by letters, nothing first."""
    if not value:
        return (0, 0.0, "")
    try:
        return (1, float(value), "")
    except ValueError:
        pass
    try:
        return (1, float(milliseconds(parse_stamp(value if "T" in value else f"{value}T00:00:00Z"))), "")
    except ValueError:
        return (2, 0.0, value.lower())


def _says(seen: dict[str, str | None], query: str | None) -> bool:
    return not query or any(query.lower() in (seen.get(name) or "").lower() for name in SEARCHED)
