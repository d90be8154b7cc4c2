"""A definition reduced to what it means, so that ours and HubSpot's answer can be compared.

HubSpot answers more than it was sent (ids, revision, older keys of the same field), orders lists
its own way and may name object types by number. All of that disappears here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# https://developers.hubspot.com/docs/guides/crm/understanding-the-crm (object type ids)
_OBJECT_TYPES = {"0-1": "CONTACT", "0-2": "COMPANY", "0-3": "DEAL", "0-5": "TICKET", "0-14": "QUOTE", "0-53": "INVOICE"}
_TYPE_KEYS = ("type", "fieldType", "optionsUrl", "referencedObjectType")
_LABEL_TEXTS = ("actionName", "actionDescription", "actionCardContent", "appDisplayName")
_LABEL_TABLES = (
    "inputFieldLabels",
    "inputFieldDescriptions",
    "inputFieldOptionLabels",
    "outputFieldLabels",
    "executionRules",
)


def normalise(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as dictionaries by name in their order, sets sorted, empty things left out."""
    wanted = _object(definition.get("objectRequestOptions"))
    return _drop_empty(
        {
            "actionUrl": definition.get("actionUrl"),
            "published": definition.get("published") is True,
            "objectTypes": sorted(_OBJECT_TYPES.get(str(each), str(each)) for each in _list(definition, "objectTypes")),
            "objectRequestOptions": {"properties": sorted(map(str, _list(wanted, "properties")))},
            "inputFields": _by_name(_objects(definition, "inputFields")),
            "inputFieldDependencies": dict(map(_dependency, _objects(definition, "inputFieldDependencies"))),
            "outputFields": _by_name(_objects(definition, "outputFields")),
            "executionRules": {
                str(each.get("labelName")): _conditions(each) for each in _objects(definition, "executionRules")
            },
            "labels": {
                str(language).lower(): {key: said.get(key) for key in (*_LABEL_TEXTS, *_LABEL_TABLES)}
                for language, said in _object(definition.get("labels")).items()
                if isinstance(said, dict)
            },
        }
    )


def _by_name(listed: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Fields by name, in their order."""
    named = {}
    for field in listed:
        kind = _object(field.get("typeDefinition"))
        named[str(kind.get("name"))] = {
            # Always there, so that no field is empty and disappears.
            "isRequired": field.get("isRequired") is True,
            "supportedValueTypes": sorted(map(str, _list(field, "supportedValueTypes"))),
            **{key: kind.get(key) for key in _TYPE_KEYS},
            "options": _options(kind),
        }
    return named


def _options(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Options by value, in the order they are shown; one without a place keeps the one it has."""
    options = _objects(kind, "options")
    placed = sorted(enumerate(options), key=lambda each: (_place(each[1].get("displayOrder"), each[0]), each[0]))
    return {
        str(each.get("value")): {"label": each.get("label"), "description": each.get("description")}
        for _, each in placed
    }


def _place(given: Any, position: int) -> int:
    return given if type(given) is int and given >= 0 else position


def _dependency(given: Mapping[str, Any]) -> tuple[str, list[str]]:
    parts = (given.get(f"controllingField{each}") for each in ("Name", "Value"))
    name = " = ".join(str(each) for each in parts if each)
    return f"{given.get('dependencyType')} {name}", sorted(map(str, _list(given, "dependentFieldNames")))


def _conditions(rule: Mapping[str, Any]) -> dict[str, list[str]]:
    """One value is a list of one."""
    conditions = _object(rule.get("conditions"))
    return {
        str(name): sorted(map(str, value)) if isinstance(value, list) else [str(value)]
        for name, value in conditions.items()
    }


def _drop_empty(value: dict[str, Any]) -> dict[str, Any]:
    """Without what HubSpot might as well not have said; False is something."""
    kept = ((key, _drop_empty(each) if isinstance(each, dict) else each) for key, each in value.items())
    return {key: each for key, each in kept if each not in (None, "", [], {})}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(parent: Mapping[str, Any], key: str) -> list[Any]:
    value = parent.get(key)
    return value if isinstance(value, list) else []


def _objects(parent: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [each for each in _list(parent, key) if isinstance(each, dict)]
