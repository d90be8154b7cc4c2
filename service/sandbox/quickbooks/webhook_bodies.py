"""What a webhook says: only which object changed, in either shape.

Contract 4.1, 4.2.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from service.sandbox.quickbooks.stamps import PACIFIC

_LIST = {"Create", "Update", "Delete", "Merge"}
_SALE = {"Create", "Update", "Delete", "Void", "Emailed"}
# Contract 4.5: no TaxCode, TaxRate or CompanyInfo.
MAY: dict[str, set[str]] = {
    "Invoice": _SALE, "Payment": _SALE, "CreditMemo": _SALE, "SalesReceipt": _SALE,
    "Estimate": {"Create", "Update", "Delete", "Emailed"},
    "Customer": _LIST, "Item": _LIST, "Account": _LIST, "Vendor": _LIST, "Employee": _LIST, "Class": _LIST,
    "Department": {"Create", "Update", "Merge"}, "Term": {"Create", "Update"}, "Preferences": {"Update"},
}  # fmt: skip
_PAST = {"Create": "created", "Update": "updated", "Delete": "deleted", "Merge": "merged", "Emailed": "emailed"}


class Event(NamedTuple):
    """One change of one object."""

    id: str
    realm_id: str
    kind: str
    key: str
    operation: str
    at: datetime
    deleted_id: str | None

    def told(self) -> dict[str, Any]:
        """The event as JSON, for whoever reads the list."""
        return {**self._asdict(), "at": self.at.isoformat()}


def body_of(events: list[Event], shape: str, void_word: str) -> bytes:
    """The raw body of one delivery."""
    told: Any = [_cloud_event(event, void_word) for event in events] if shape == "cloudevents" else _legacy(events)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _cloud_event(event: Event, void_word: str) -> dict[str, Any]:
    verb = _PAST.get(event.operation, void_word)
    source = base64.b64encode(hashlib.sha256(event.realm_id.encode()).digest()).decode()
    data: dict[str, Any] = {"deletedid": event.deleted_id} if event.deleted_id else {}
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"intuit.{source}",
        "type": f"qbo.{event.kind.lower()}.{verb}.v1",
        "datacontenttype": "application/json",
        "time": event.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "intuitentityid": event.key,
        "intuitaccountid": event.realm_id,
        "data": data,
    }


def _legacy(events: list[Event]) -> dict[str, Any]:
    by_realm: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        told = {
            "name": event.kind,
            "id": event.key,
            "operation": event.operation,
            "lastUpdated": event.at.astimezone(PACIFIC).strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        if event.deleted_id:
            told["deletedId"] = event.deleted_id
        by_realm.setdefault(event.realm_id, []).append(told)
    return {
        "eventNotifications": [
            {"realmId": realm_id, "dataChangeEvent": {"entities": told}} for realm_id, told in by_realm.items()
        ]
    }
