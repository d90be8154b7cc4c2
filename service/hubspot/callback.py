"""What HubSpot sends when a workflow reaches our action for an enrolled object.

Reads and checks the body; knows nothing of invoices and stores nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, ValidationError
from marshmallow.fields import Field

from service.errors import BodyMalformed
from service.hubspot.strict_json import parse_object
from service.ids import CallbackId, PortalId

# https://developers.hubspot.com/docs/guides/crm/using-object-apis (object type ids)
OBJECT_TYPES = {"0-1": "CONTACT", "0-2": "COMPANY", "0-3": "DEAL", "0-14": "QUOTE", "0-53": "INVOICE"}
LONGEST = 255
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Callback:
    """One run of our action for one enrolled object, as HubSpot announced it."""

    portal_id: PortalId
    callback_id: CallbackId
    action_definition_version: int | None
    object_type: str
    """`DEAL`, `CONTACT`, `COMPANY`, `QUOTE`, `INVOICE`, or HubSpot's own name or id in capitals."""
    object_id: str
    object_properties: dict[str, str | None]
    inputs: dict[str, str]
    """As typed by the workflow's author: numbers as text, dates as milliseconds at midnight UTC."""
    workflow_id: str | None
    enrollment_id: str | None
    action_id: str | None
    is_test: bool
    """A test run from the workflow editor: HubSpot sends no context then."""


class _Text(Field[str]):
    """Printable text of 1 to 255 characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        # A path made of dots would be another path once HubSpot's URL is built from it.
        if isinstance(value, str) and 1 <= len(value) <= LONGEST and value.isprintable() and value not in (".", ".."):
            return value
        raise ValidationError("is not printable text of 1 to 255 characters")


class _Portal(Field[int]):
    """A whole number above zero; a boolean is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int or not 0 < value <= _LARGEST:
            raise ValidationError("is not a whole number above zero")
        return value


class _Id(Field[str]):
    """A CRM object's id, a whole number or its digits; kept as digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if type(value) is int and 0 <= value <= _LARGEST:
            return str(value)
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            return value
        raise ValidationError("is not a whole number")


class _Inputs(Field[dict[str, str]]):
    """The action's inputs; a null is an input left empty and is dropped."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValidationError("is not an object of texts")
        found: dict[str, str] = {}
        for name, each in value.items():
            if isinstance(each, str):
                found[name] = each
            elif each is not None:
                text = _as_text(each)
                if text is None:
                    raise ValidationError("is not an object of texts")
                found[name] = text
        return found


class _CallbackSchema(Schema):
    """The parts of a callback that must be right, laid flat."""

    class Meta:
        unknown = EXCLUDE

    callback_id = _Text(data_key="callbackId", required=True)
    portal_id = _Portal(data_key="origin.portalId", required=True)
    object_id = _Id(data_key="object.objectId", required=True)
    object_type = _Text(data_key="object.objectType", required=True)
    inputs = _Inputs(data_key="inputFields")


_SCHEMA = _CallbackSchema()


def parse(body: bytes) -> Callback:
    """Read the body of a callback, whose signature has been verified.

    Raises: BodyMalformed, naming the field that is wrong, never what stood in it.
    """
    data = parse_object(body)
    origin, enrolled = _part(data, "origin"), _part(data, "object")
    context = _part(data, "context")
    # https://developers.hubspot.com/docs/api-reference/automation-actions-v4/guide (custom workflow actions)
    # `fields` repeats `inputFields`; the guide's older samples have only the former.
    inputs = data.get("inputFields")
    if inputs is None:
        inputs = data.get("fields")
    flat = {
        "callbackId": data.get("callbackId"),
        "origin.portalId": origin.get("portalId"),
        "object.objectId": enrolled.get("objectId"),
        "object.objectType": enrolled.get("objectType"),
        "inputFields": {} if inputs is None else inputs,
    }
    known = _load(_SCHEMA, flat)
    version = origin.get("actionDefinitionVersion")
    index = context.get("actionExecutionIndexIdentifier") or origin.get("actionExecutionIndexIdentifier")
    kind = known["object_type"].upper()
    return Callback(
        portal_id=PortalId(known["portal_id"]),
        callback_id=CallbackId(known["callback_id"]),
        action_definition_version=version if type(version) is int else None,
        object_type=OBJECT_TYPES.get(kind, kind),
        object_id=known["object_id"],
        object_properties=_properties(enrolled.get("properties")),
        inputs=known["inputs"],
        workflow_id=_optional_id(context.get("workflowId")),
        enrollment_id=_optional_id(index.get("enrollmentId")) if isinstance(index, dict) else None,
        action_id=_optional_id(context.get("actionId")),
        is_test=data.get("context") is None,
    )


def _load(schema: Schema, flat: dict[str, Any]) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], schema.load({key: each for key, each in flat.items() if each is not None}))
    except ValidationError as error:
        problems = cast(dict[str, list[str]], error.messages)
        field, sentences = next(iter(problems.items()))
        said = sentences[0] if field in flat and flat[field] is not None else "is missing"
        raise BodyMalformed(f"{field} {said}") from None


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BodyMalformed(f"{name} is not an object")
    return value


def _properties(value: Any) -> dict[str, str | None]:
    """The properties sent along: a convenience, so that an odd one is left out, not refused."""
    if not isinstance(value, dict):
        return {}
    return {name: _as_text(each) for name, each in value.items() if not isinstance(each, dict | list)}


def _as_text(value: Any) -> str | None:
    """A plain JSON value as HubSpot would have written it in text; None for null, lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else None


def _optional_id(value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= LONGEST and value.isprintable():
        return value
    return str(value) if type(value) is int and abs(value) <= _LARGEST else None
