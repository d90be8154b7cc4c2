"""What HubSpot asks, and gets, while a workflow's author opens one of our dropdowns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.errors import BodyMalformed
from service.hubspot.strict_json import parse_object
from service.ids import PortalId

LONGEST = 255


@dataclass(frozen=True, slots=True)
class OptionsRequest:
    """One look into a dropdown: which field, what was typed, which page."""

    portal_id: PortalId
    field_name: str
    object_type_id: str | None
    inputs: dict[str, str]
    """Fixed values of the inputs this field depends on; inputs taken from properties have none yet."""
    query: str
    after: str | None


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a dropdown."""

    value: str
    label: str
    description: str = ""


# https://developers.hubspot.com/docs/api-reference/automation-actions-v4/guide (fetch options)
def parse_options(body: bytes) -> OptionsRequest:
    """Read the body of an options request, whose signature has been verified.

    Raises: BodyMalformed, naming the field that is wrong.
    """
    data = parse_object(body)
    portal_id = _object(data, "origin").get("portalId") or data.get("portalId")
    if type(portal_id) is not int or not 0 < portal_id < 2**63:
        raise BodyMalformed("origin.portalId is missing or not a whole number above zero")
    field_name = _text(data, "inputFieldName")
    if not field_name:
        raise BodyMalformed("inputFieldName is missing")
    fetch = _object(data, "fetchOptions")
    inputs = {
        name: each["value"]
        for name, each in _object(data, "inputFields").items()
        if isinstance(each, dict) and isinstance(each.get("value"), str)
    }
    return OptionsRequest(
        portal_id=PortalId(portal_id),
        field_name=field_name,
        object_type_id=_text(data, "objectTypeId") or None,
        inputs=inputs,
        query=_typed(fetch, "q"),
        after=_text(fetch, "after") or None,
    )


# https://developers.hubspot.com/docs/api-reference/automation-actions-v4/guide (fetch options)
def render_options(options: Sequence[Option], after: str | None = None, *, searchable: bool = False) -> dict[str, Any]:
    """The answer to an options request; `after` shows "load more" and comes back with it."""
    body: dict[str, Any] = {
        "options": [{"label": each.label, "description": each.description, "value": each.value} for each in options],
        "searchable": searchable,
    }
    return body if after is None else body | {"after": after}


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if value is not None and not isinstance(value, dict):
        raise BodyMalformed(f"{name} is not an object")
    return value or {}


def _typed(data: dict[str, Any], name: str) -> str:
    """What a person typed or pasted: blanks and control characters are blanks, what is too long is cut."""
    value = data.get(name)
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:LONGEST]


def _text(data: dict[str, Any], name: str) -> str:
    """A short text; missing, null and whole numbers are taken as HubSpot means them."""
    value = data.get(name)
    if type(value) is int:
        return str(value)
    if value is not None and not (isinstance(value, str) and len(value) <= LONGEST and value.isprintable()):
        raise BodyMalformed(f"{name} is not printable text of at most {LONGEST} characters")
    return value or ""
