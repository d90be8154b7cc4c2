"""What HubSpot's answers say about its objects, taken out of the JSON; property values are text or None."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from service.hubspot import faults
from service.hubspot.properties import KnownProperty
from service.ids import PortalId
from service.wire import Answer

T = TypeVar("T")
# What reading an answer of another shape than the documented one ends in.
_NOT_AS_DOCUMENTED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """A CRM object as it was read: digits of its id, and the properties that were asked for."""

    id: str
    properties: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One way of belonging: HubSpot's own or a label of the portal's."""

    category: str
    type_id: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Association:
    """Another object that belongs to the one asked about."""

    object_id: str
    types: tuple[AssociationType, ...]


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """What HubSpot tells about a portal; `time_zone` is an IANA name, currencies are ISO codes."""

    portal_id: PortalId
    time_zone: str
    currency: str
    additional_currencies: tuple[str, ...] = ()
    ui_domain: str = ""


class Completion(Enum):
    """What became of the message that a callback is completed."""

    COMPLETED = "completed"
    GONE = "gone"
    """HubSpot does not wait for it (any more): completed before, expired, or not yet blocked."""


def read_answer(answer: Answer, parse: Callable[[Any], T], *, creates: bool = False) -> T:
    """Parse a good answer. Raises: TryLater, or OutcomeUnknown after a create, when it is not as documented."""
    try:
        return parse(json.loads(answer.body, parse_float=Decimal))
    except _NOT_AS_DOCUMENTED as error:
        raise faults.explain_garbage(creates=creates) from error


def parse_record(data: Any) -> CrmRecord:
    """One CRM object with the properties asked for; a number comes as its text."""
    properties = {name: _text(value) for name, value in data["properties"].items()}
    return CrmRecord(_id(data["id"]), properties)


def parse_id(data: Any) -> str:
    """The id of what was made."""
    return _id(data["id"])


def parse_records(data: Any) -> list[CrmRecord]:
    """The CRM objects of a batch or a page."""
    return [parse_record(each) for each in _listed(data["results"])]


def parse_ids(data: Any) -> set[str]:
    """The ids that a batch has written."""
    return {_id(each["id"]) for each in _listed(data["results"])}


def parse_created(data: Any) -> tuple[dict[str, CrmRecord], set[str]]:
    """What a batch has created, by the name each was given, and the names of those it has refused."""
    made = {str(each["objectWriteTraceId"]): parse_record(each) for each in _listed(data["results"])
            if each.get("objectWriteTraceId") is not None}  # fmt: skip
    contexts = [each.get("context") or {} for each in _listed(data.get("errors") or [])]
    return made, {name for each in contexts for name in parse_trace_ids(each)}


def parse_trace_ids(context: Any) -> list[str]:
    """The names of the inputs that an error is about: HubSpot lists what belongs to an error, or says one alone."""
    named = context.get("objectWriteTraceId")
    if named is None:
        return []
    return [str(each) for each in named] if isinstance(named, list) else [str(named)]


def parse_names(data: Any) -> set[str]:
    """The names of the properties listed or created."""
    return {str(each["name"]) for each in _listed(data["results"])}


def parse_properties(data: Any) -> dict[str, KnownProperty]:
    """The properties an object type has, by name."""
    found = (_property(each) for each in _listed(data["results"]) if not each.get("archived"))
    return {each.name: each for each in found}


def parse_labels(data: Any) -> list[AssociationType]:
    """The ways in which objects of two types may belong together."""
    return [
        AssociationType(str(each.get("category") or ""), int(each["typeId"]), each.get("label"))
        for each in _listed(data["results"])
    ]


def parse_associations(data: Any) -> list[tuple[str, list[Association], str | None]]:
    """For each object asked about: its id, one page of what belongs to it, where the next page begins."""
    return [
        (_id(each["from"]["id"]), [_association(to) for to in _listed(each["to"])], _next_page(each.get("paging")))
        for each in _listed(data["results"])
    ]


def parse_details(data: Any) -> AccountDetails:
    """A portal's time zone, currencies and the address of its pages."""
    return AccountDetails(
        portal_id=PortalId(int(data["portalId"])),
        time_zone=str(data["timeZone"]),
        currency=str(data["companyCurrency"]),
        additional_currencies=tuple(str(each) for each in data.get("additionalCurrencies") or ()),
        ui_domain=str(data.get("uiDomain") or ""),
    )


def _property(data: Any) -> KnownProperty:
    return KnownProperty(
        name=str(data["name"]),
        label=str(data.get("label") or ""),
        type=str(data["type"]),
        read_only=(data.get("modificationMetadata") or {}).get("readOnlyValue") is True,
        options=tuple(dict(each) for each in data.get("options") or ()),
        unique=data.get("hasUniqueValue") is True,
    )


def _association(data: Any) -> Association:
    kinds = tuple(
        AssociationType(str(each.get("category") or ""), int(each["typeId"]), each.get("label"))
        for each in _listed(data.get("associationTypes") or [])
    )
    # https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
    # The description says text, live answers of v4 were numbers.
    return Association(_id(data["toObjectId"]), kinds)


def _next_page(paging: Any) -> str | None:
    after = ((paging or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise TypeError("an id is digits")
    return str(value)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is due")
    return value
