"""What a QuickBooks webhook says: that something changed in a realm, in either of its two shapes.

Only which entity, what kind of change, and when; never what it is now. Stores nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError
from marshmallow.fields import Field

from service.errors import BodyMalformed
from service.ids import RealmId
from service.quickbooks.fields import parse_instant

# https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks/entities-and-operations-supported
ENTITIES = (
    *("Invoice", "Payment", "CreditMemo", "RefundReceipt", "SalesReceipt", "Estimate", "Customer", "Item"),
    *("Account", "Class", "Department", "Term", "Preferences"),
)
_ENTITY_OF = {name.lower(): name for name in ENTITIES}
# The documentation writes voided, a third party's contract void: both mean the same.
_OPERATIONS = {
    **dict.fromkeys(("create", "created"), "created"),
    **dict.fromkeys(("update", "updated"), "updated"),
    **dict.fromkeys(("delete", "deleted"), "deleted"),
    **dict.fromkeys(("void", "voided"), "voided"),
    **dict.fromkeys(("merge", "merged"), "merged"),
    **dict.fromkeys(("email", "emailed"), "emailed"),
}
_ID = re.compile(r"[0-9]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """One entity of a realm changed. `entity` as in `ENTITIES`; `operation` created, updated, deleted, voided,
    merged or emailed; `deleted_id` is the customer or item that was merged into this one."""

    realm_id: RealmId
    entity: str
    entity_id: str
    operation: str
    at: datetime | None = None
    deleted_id: str | None = None


class _Id(Field[str]):
    """Digits, as text or as a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(value) if isinstance(value, str) or type(value) is int else ""
        if _ID.fullmatch(text):
            return text
        raise ValidationError("is not digits")


class _Entity(Field[str]):
    """The name of an entity that we know."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        found = _ENTITY_OF.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("is no entity of ours")
        return found


class _Operation(Field[str]):
    """What was done; what we do not know counts as an update: the entity is read anyhow."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return _OPERATIONS.get(value.lower(), "updated") if isinstance(value, str) else "updated"


class _Moment(Field[datetime | None]):
    """When it changed; None when that cannot be read."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime | None:
        return parse_instant(value) if isinstance(value, str) else None


class _EventSchema(Schema):
    """One event, whatever shape it came in."""

    class Meta:
        unknown = EXCLUDE

    realm_id = _Id(required=True)
    entity = _Entity(required=True)
    entity_id = _Id(required=True)
    operation = _Operation(load_default="updated")
    at = _Moment(load_default=None, allow_none=True)
    deleted_id = _Id(load_default=None, allow_none=True)


_SCHEMA = _EventSchema()


def parse_webhook(body: bytes) -> list[Event]:
    """The events of a delivery whose signature has been verified; those we do not understand are left out.

    One bad event must not have the whole delivery repeated, with everything behind it waiting.
    Raises: BodyMalformed when the body has neither of the two shapes.
    """
    try:
        data = json.loads(body.decode())
    except RecursionError as error:
        raise BodyMalformed("The body is nested too deep") from error
    except ValueError as error:
        raise BodyMalformed("The body is not valid JSON") from error
    found = []
    for flat in _flatten(data):
        try:
            known: dict[str, Any] = dict(_SCHEMA.load(flat))
        except ValidationError:
            continue
        found.append(Event(**{**known, "realm_id": RealmId(known["realm_id"])}))
    return found


def _flatten(data: Any) -> Iterator[dict[str, Any]]:
    # https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
    if isinstance(data, dict) and isinstance(data.get("eventNotifications"), list):
        return (flat for each in data["eventNotifications"] for flat in _from_notification(each))
    if isinstance(data, dict) and "specversion" in data:
        data = [data]
    if not isinstance(data, list):
        raise BodyMalformed("The body is neither a list of events nor holds eventNotifications")
    return (_from_cloud_event(each) for each in data if isinstance(each, dict))


def _from_cloud_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """`qbo.invoice.created.v1` and the extensions that Intuit adds to CloudEvents."""
    parts = str(event.get("type") or "").split(".")
    entity, operation = (parts[1], parts[2]) if len(parts) > 2 and parts[0] == "qbo" else (None, None)
    data = event.get("data")
    return {
        "realm_id": event.get("intuitaccountid"),
        "entity": entity,
        "entity_id": event.get("intuitentityid"),
        "operation": operation,
        "at": event.get("time"),
        "deleted_id": data.get("deletedid") or data.get("deletedId") if isinstance(data, dict) else None,
    }


def _from_notification(notification: Any) -> Iterator[dict[str, Any]]:
    """The older shape: one realm, its entities below `dataChangeEvent`."""
    change = notification.get("dataChangeEvent") if isinstance(notification, dict) else None
    entities = change.get("entities") if isinstance(change, dict) else None
    for each in entities if isinstance(entities, list) else ():
        if isinstance(each, dict):
            yield {
                "realm_id": notification.get("realmId"),
                "entity": each.get("name"),
                "entity_id": each.get("id"),
                "operation": each.get("operation"),
                "at": each.get("lastUpdated"),
                "deleted_id": each.get("deletedId"),
            }
