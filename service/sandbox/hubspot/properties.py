"""Property definitions: what a property is called, what it may hold, who may write it. Contract 4.4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.sandbox.hubspot.refusals import bad_input

TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file"},
    "number": {"number", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "bool": {"booleancheckbox"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "phone_number": {"phonenumber"},
}
REQUIRED = ("groupName", "name", "label", "type", "fieldType")
CHANGEABLE = {
    "groupName": str, "label": str, "type": str, "fieldType": str, "description": str, "options": list,
    "displayOrder": int, "hidden": bool, "formField": bool, "numberDisplayHint": str, "showCurrencySymbol": bool,
    "currencyPropertyName": str, "textDisplayHint": str, "calculationFormula": str,
}  # fmt: skip
CREATABLE = {
    **CHANGEABLE, "name": str, "hasUniqueValue": bool, "externalOptions": bool, "referencedObjectType": str,
    "dataSensitivity": str,
}  # fmt: skip
OPTION_KEYS = {"label", "value", "displayOrder", "hidden", "description"}


@dataclass(slots=True)
class Definition:
    """One property of one object type."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: list[dict[str, Any]] = field(default_factory=list)
    unique: bool = False
    read_only: bool = False
    hubspot_defined: bool = False
    archived: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""
    positive: bool = False
    integer: bool = False
    values: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.values = frozenset(option["value"] for option in self.options)

    def to_json(self, *, read_only: bool | None = None) -> dict[str, Any]:
        """As HubSpot answers it."""
        said: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "groupName": self.group,
            "options": self.options,
            "description": "",
            "displayOrder": -1,
            "calculated": self.read_only and self.field_type == "calculation_equation",
            "externalOptions": False,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": self.hubspot_defined,
            "formField": False,
            "archived": self.archived,
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": self.read_only if read_only is None else read_only,
            },
            **self.extra,
        }
        if self.created_at:
            said |= {"createdAt": self.created_at, "updatedAt": self.updated_at}
        return said


def parse_definition(body: Any, now: str) -> Definition:
    """A property somebody wants to create. Raises Refusal 400 on anything the contract does not have."""
    check_keys(body, CREATABLE, "property")
    missing = [key for key in REQUIRED if key not in body]
    if missing:
        raise bad_input(f"property needs {', '.join(missing)}")
    # Contract 4.4: names are lower-case, without spaces.
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", body["name"]):
        raise bad_input(f"property name {body['name']!r}")
    check_kind(body["type"], body["fieldType"])
    extra = {key: body[key] for key in body if key not in {*REQUIRED, "options", "hasUniqueValue"}}
    return Definition(
        body["name"],
        body["label"],
        body["type"],
        body["fieldType"],
        body["groupName"],
        parse_options(body.get("options", []), body["type"], body["fieldType"]),
        unique=body.get("hasUniqueValue", False),
        extra=extra,
        created_at=now,
        updated_at=now,
    )


def change_definition(known: Definition, body: Any, now: str) -> Definition:
    """The definition after a PATCH; the name and uniqueness never change. Raises Refusal 400."""
    check_keys(body, CHANGEABLE, "property")
    if known.hubspot_defined:
        raise bad_input(f"{known.name} is HubSpot's own and cannot be changed")
    kind, field_kind = body.get("type", known.type), body.get("fieldType", known.field_type)
    check_kind(kind, field_kind)
    return Definition(
        known.name,
        body.get("label", known.label),
        kind,
        field_kind,
        body.get("groupName", known.group),
        parse_options(body["options"], kind, field_kind) if "options" in body else known.options,
        unique=known.unique,
        extra=known.extra | {key: body[key] for key in body if key not in {*REQUIRED, "options"}},
        created_at=known.created_at,
        updated_at=now,
    )


def parse_options(options: list[Any], kind: str, field_kind: str) -> list[dict[str, Any]]:
    """Options carry label, value, displayOrder and hidden. Contract 4.4."""
    if options and kind not in ("enumeration", "bool"):
        raise bad_input(f"options on a {kind} property")
    if kind == "enumeration" and field_kind != "booleancheckbox" and not options:
        raise bad_input("enumeration without options")
    wanted = {"label": str, "value": str, "displayOrder": int, "hidden": bool, "description": str}
    for option in options:
        check_keys(option, wanted, "option")
        missing = [key for key in ("label", "value", "displayOrder", "hidden") if key not in option]
        if missing:
            raise bad_input(f"option needs {', '.join(missing)}")
    values = [option["value"] for option in options]
    if len(set(values)) != len(values):
        raise bad_input("two options with one value")
    return [dict(option) for option in options]


def check_kind(kind: Any, field_kind: Any) -> None:
    """Type and fieldType exist and go together."""
    if field_kind not in TYPES.get(kind, set()):
        raise bad_input(f"property type {kind} with fieldType {field_kind}")


def check_keys(body: Any, known: Mapping[str, type], what: str) -> None:
    """The body is an object, has only known keys, each of its type (bool is no int). Raises Refusal 400."""
    if not isinstance(body, dict):
        raise bad_input(f"{what} must be an object")
    for key, value in body.items():
        if key not in known:
            raise bad_input(f"unknown key {key} in {what}")
        wanted = known[key]
        right = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
        if not right:
            raise bad_input(f"{what}.{key} must be {wanted.__name__}")
