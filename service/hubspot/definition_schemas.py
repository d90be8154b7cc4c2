"""The shape of a workflow action's definition: which keys, which types, which of HubSpot's words.

Files in `action_definitions/` are an operator's: a key nobody knows is a mistake and is refused.
What the keys have to do with each other is in `definition_checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

# https://developers.hubspot.com/docs/api-reference/automation-actions-v4/guide (labels)
LANGUAGES = ("en", "fr", "de", "ja", "es", "pt-br", "nl")
# https://developers.hubspot.com/docs/api-reference/automation-actions-v4/guide (input fields)
_INPUT_TYPES = (
    *("bool", "date", "datetime", "enumeration", "json", "number", "object_coordinates", "phone_number"),
    "string",
)
_FIELD_TYPES = (
    *("booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number", "phonenumber"),
    *("radio", "select", "text", "textarea"),
)
_NAME = validate.Regexp(r"\A[A-Za-z][A-Za-z0-9_]*\Z", error="Must be letters, digits and underscores.")


def check_shape(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with the shape of a definition, as `path: what`; empty when nothing is."""
    return [f"{path}: {text}" for path, text in _flatten(_Definition().validate(document))]


def _flatten(messages: Any, path: str = "") -> list[tuple[str, str]]:
    """marshmallow's nested messages as paths such as `inputFields.2.typeDefinition.type`."""
    if isinstance(messages, dict):
        # A dictionary's own keys and values are reported one level deeper than they stand.
        return [
            each
            for key, inner in messages.items()
            for each in _flatten(inner, path if key in ("key", "value", "_schema") and path else f"{path}.{key}")
        ]
    texts = messages if isinstance(messages, list) else [messages]
    return [(path.lstrip("."), str(text).rstrip(".").lower()) for text in texts]


def _text(*, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.Regexp(r"\s*\S", error="Must not be empty."))


def _word(choices: tuple[str, ...], *, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.OneOf(choices, error="Must be one of {choices}."))


def _texts() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=_text(), required=True)


def _list(schema: type[Schema]) -> fields.List[Any]:
    return fields.List(fields.Nested(schema), required=True)


def _check_condition(value: Any) -> None:
    """An output's value, or a list of values of which any will do."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and each for each in values):
        raise ValidationError("Must be text or a list of texts.")


_YES_OR_NO: dict[str, Any] = {"truthy": {True}, "falsy": {False}, "required": True}

_Option = Schema.from_dict(
    {"value": _text(), "label": _text(), "description": fields.String(), "displayOrder": fields.Integer(strict=True)}
)
_InputType = Schema.from_dict(
    {
        "name": fields.String(required=True, validate=_NAME),
        "type": _word(_INPUT_TYPES),
        "fieldType": _word(_FIELD_TYPES, required=False),
        # Required by HubSpot's description even where there are none.
        "options": _list(_Option),
        "optionsUrl": _text(required=False),
        "referencedObjectType": _word(("OWNER",), required=False),
    }
)
_InputField = Schema.from_dict(
    {
        "isRequired": fields.Boolean(**_YES_OR_NO),
        "supportedValueTypes": fields.List(
            _word(("STATIC_VALUE", "OBJECT_PROPERTY")), required=True, validate=validate.Length(min=1)
        ),
        "typeDefinition": fields.Nested(_InputType, required=True),
    }
)
_OutputType = Schema.from_dict(
    {
        "name": fields.String(required=True, validate=_NAME),
        "type": _word((*_INPUT_TYPES, "currency_number")),
        "fieldType": _word(_FIELD_TYPES),
    }
)
_OutputField = Schema.from_dict({"typeDefinition": fields.Nested(_OutputType, required=True)})
_Dependency = Schema.from_dict(
    {
        "dependencyType": _word(("SINGLE_FIELD", "CONDITIONAL_SINGLE_FIELD")),
        "controllingFieldName": _text(),
        "controllingFieldValue": fields.String(),
        "dependentFieldNames": fields.List(fields.String(), required=True, validate=validate.Length(min=1)),
    }
)
_Rule = Schema.from_dict(
    {
        "labelName": fields.String(required=True, validate=_NAME),
        "conditions": fields.Dict(
            keys=fields.String(),
            values=fields.Raw(required=True, validate=_check_condition),
            required=True,
            validate=validate.Length(min=1),
        ),
    }
)
_Labels = Schema.from_dict(
    {
        "actionName": _text(),
        "actionDescription": _text(),
        "actionCardContent": _text(),
        "appDisplayName": _text(),
        "inputFieldLabels": _texts(),
        "inputFieldDescriptions": _texts(),
        "inputFieldOptionLabels": fields.Dict(keys=fields.String(), values=_texts(), required=True),
        "outputFieldLabels": _texts(),
        "executionRules": _texts(),
    }
)
_Wanted = Schema.from_dict({"properties": fields.List(fields.String(), required=True)})
_Definition = Schema.from_dict(
    {
        "actionUrl": _text(),
        # Published by `actions register --publish`, which a file cannot know of.
        "published": fields.Boolean(validate=validate.Equal(False), **_YES_OR_NO),
        "archivedAt": fields.Raw(allow_none=True, validate=validate.Equal(None)),
        "objectTypes": fields.List(fields.String(), required=True, validate=validate.Length(min=1)),
        "objectRequestOptions": fields.Nested(_Wanted, required=True),
        "inputFields": _list(_InputField),
        "inputFieldDependencies": _list(_Dependency),
        "outputFields": _list(_OutputField),
        "executionRules": _list(_Rule),
        "labels": fields.Dict(keys=_word(LANGUAGES), values=fields.Nested(_Labels), required=True),
        # Snippets that HubSpot would run; our routes speak its own shapes and need none.
        "functions": fields.List(fields.Raw(), required=True, validate=validate.Length(equal=0)),
    }
)
