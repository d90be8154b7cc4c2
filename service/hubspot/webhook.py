"""What HubSpot tells when something changed: hints, never facts. Pure: bytes in, events out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from service.hubspot.strict_json import parse_list
from service.ids import PortalId

# https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
OBJECT_TYPES = {
    "contact": "contacts",
    "company": "companies",
    "product": "products",
    "0-1": "contacts",
    "0-2": "companies",
    "0-7": "products",
}
_REASONS = {
    "creation": "created",
    "propertyChange": "updated",
    "deletion": "deleted",
    "restore": "created",
    "merge": "merged",
    "privacyDeletion": "privacy",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One object that something happened to; `reason` is our own word for what."""

    portal_id: PortalId
    object_type: str
    object_id: str
    reason: str
    at: datetime | None


class _EventSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    portal_id = fields.Integer(required=True, data_key="portalId", strict=True)
    subscription = fields.String(required=True, data_key="subscriptionType")
    object_id = fields.Integer(data_key="objectId", load_default=None, allow_none=True)
    object_type = fields.String(data_key="objectTypeId", load_default="")
    occurred_at = fields.Integer(data_key="occurredAt", load_default=None, allow_none=True)
    primary_id = fields.Integer(data_key="primaryObjectId", load_default=None, allow_none=True)
    merged_ids = fields.List(fields.Integer(), data_key="mergedObjectIds", load_default=list)
    new_id = fields.Integer(data_key="newObjectId", load_default=None, allow_none=True)


def parse_webhook(body: bytes) -> tuple[list[Event], int]:
    """The events of a batch, and how many told of nothing that we know. A strange event does not hold up the others.

    Raises: BodyMalformed when the body is no list of JSON.
    """
    told, schema, events, strange = parse_list(body), _EventSchema(), list[Event](), 0
    for each in told:
        try:
            found = list(_read(schema.load(each)))
        except (ValidationError, ValueError, OverflowError, OSError):
            found = []
        events += found
        strange += not found
    return events, strange


def _read(event: dict[str, Any]) -> Iterator[Event]:
    kind, _, what = event["subscription"].partition(".")
    object_type = OBJECT_TYPES.get(event["object_type"] if kind == "object" else kind)
    reason = _REASONS.get(what)
    if object_type is None or reason is None:
        return
    moment = event["occurred_at"]
    at = datetime.fromtimestamp(moment / 1000, UTC) if moment else None
    ids = [event["object_id"]]
    if reason == "merged":
        # All of them: which id lives on differs.
        ids += [event["new_id"], event["primary_id"], *event["merged_ids"]]
    for object_id in dict.fromkeys(each for each in ids if each is not None and each > 0):
        yield Event(PortalId(event["portal_id"]), object_type, str(object_id), reason, at)
