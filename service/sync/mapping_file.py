"""A mapping as a file: versioned, checked, readable by people."""

from __future__ import annotations

from collections.abc import Mapping as Values
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from service.errors import InputInvalid
from service.sync.direction import INVOICES, MAPPED, Direction
from service.sync.mapping import HUBSPOT_KINDS, FieldMapping, KnownHubSpotProperty, Mapping
from service.sync.values import Kind

FORMAT = 1


class _FieldSchema(Schema):
    class Meta:
        unknown = RAISE

    hubspot = fields.String(required=True, validate=validate.Length(1, 100))
    quickbooks = fields.String(required=True, validate=validate.Length(1, 100))
    direction = fields.String(load_default=None, validate=validate.OneOf([each.value for each in Direction]))
    type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([each.value for each in Kind]))
    values = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class _MappingSchema(Schema):
    class Meta:
        unknown = RAISE

    format = fields.Integer(required=True, validate=validate.Equal(FORMAT))
    object = fields.String(required=True, validate=validate.OneOf(list(MAPPED)))
    version = fields.Integer(load_default=0, validate=validate.Range(0))
    fields_ = fields.List(fields.Nested(_FieldSchema), required=True, data_key="fields")


def parse_mapping(document: Any, known: Values[str, KnownHubSpotProperty] | None = None) -> Mapping:
    """A mapping from its file; a type left out is the portal's, else text. Raises: InputInvalid."""
    try:
        read = _MappingSchema().load(document)
    except ValidationError as error:
        raise InputInvalid(f"The mapping is not understood: {'; '.join(_flatten(error.messages))}.") from error
    usual = Direction.TO_HUBSPOT if read["object"] == INVOICES else Direction.BOTH
    made = tuple(
        FieldMapping(
            each["hubspot"],
            each["quickbooks"],
            Direction(each["direction"]) if each["direction"] else usual,
            _kind(each, known),
            dict(each["values"]),
        )
        for each in read["fields_"]
    )
    return Mapping(MAPPED[read["object"]], made, int(read["version"]))


def export_mapping(mapping: Mapping) -> dict[str, Any]:
    """The file of a mapping."""
    return {
        "format": FORMAT,
        "object": mapping.pairing.name,
        "version": mapping.version,
        "fields": [_export_field(each) for each in mapping.fields],
    }


def describe_property(name: str, type_: str, read_only: bool, options: list[str]) -> KnownHubSpotProperty:
    """A portal's property as a mapping sees it."""
    kind = Kind.EMAIL if name == "email" else HUBSPOT_KINDS.get(type_, Kind.TEXT)
    return KnownHubSpotProperty(kind, read_only, frozenset(options))


def _export_field(each: FieldMapping) -> dict[str, Any]:
    said: dict[str, Any] = {"hubspot": each.hubspot, "quickbooks": each.quickbooks, "direction": each.direction.value}
    if each.kind is not Kind.TEXT:
        said["type"] = each.kind.value
    return said | ({"values": dict(each.values)} if each.values else {})


def _kind(each: Values[str, Any], known: Values[str, KnownHubSpotProperty] | None) -> Kind:
    if known is not None and each["hubspot"] in known:
        return known[each["hubspot"]].kind
    if each["type"]:
        return Kind(each["type"])
    return Kind.EMAIL if each["hubspot"] == "email" else Kind.TEXT


def _flatten(found: Any, where: str = "") -> list[str]:
    if isinstance(found, dict):
        return [text for key, value in found.items() for text in _flatten(value, f"{where}{key} ")]
    if isinstance(found, list):
        return [f"{where}{' '.join(map(str, found))}"]
    return [f"{where}{found}"]
