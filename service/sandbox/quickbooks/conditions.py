"""What is changed about a realm from outside: closed books, lost consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.state import QuickBooks


class UnknownCondition(ValueError):
    """No such condition; the message names those there are."""


def change_realm(quickbooks: QuickBooks, realm: Realm, asked: Json) -> None:
    """Change conditions of a realm.

    Raises UnknownCondition before anything is changed.
    """
    for name in asked:
        if name not in CONDITIONS:
            raise UnknownCondition(f"{name} is not one of {', '.join(sorted(CONDITIONS))}")
    with realm.lock:
        for name, value in asked.items():
            CONDITIONS[name](quickbooks, realm, value)


def _close_books(_: QuickBooks, realm: Realm, value: Any) -> None:
    _prefer(realm, {"AccountingInfoPrefs": {"BookCloseDate": value}})


def _prefer(realm: Realm, changes: dict[str, Json]) -> None:
    row = realm.shelves["Preferences"].rows["1"]
    groups = {group: {**row.get(group, {}), **change} for group, change in changes.items()}
    realm.put("Preferences", realm.touch(row, **groups))
    realm.announce("Preferences", "1", "Update")


def _set_company_value(realm: Realm, name: str, value: str) -> None:
    row = realm.shelves["CompanyInfo"].rows["1"]
    pairs = [{**pair, "Value": value} if pair["Name"] == name else pair for pair in row["NameValue"]]
    realm.put("CompanyInfo", realm.touch(row, NameValue=pairs))


def _set(name: str) -> Callable[[QuickBooks, Realm, Any], None]:
    def change(_: QuickBooks, realm: Realm, value: Any) -> None:
        setattr(realm, name, value)

    return change


def _revoke(quickbooks: QuickBooks, realm: Realm, value: Any) -> None:
    if value:
        quickbooks.grants.revoke_realm(realm.id)


def _expire(quickbooks: QuickBooks, realm: Realm, value: Any) -> None:
    if value:
        quickbooks.grants.expire_access(realm.id)


def _time_zone(_: QuickBooks, realm: Realm, value: Any) -> None:
    realm.put("CompanyInfo", realm.touch(realm.shelves["CompanyInfo"].rows["1"], DefaultTimeZone=value))


CONDITIONS: dict[str, Callable[[QuickBooks, Realm, Any], None]] = {
    "book_close_date": _close_books,
    "book_close_password": _set("close_password"),
    "subscription_status": lambda _, realm, value: _set_company_value(realm, "SubscriptionStatus", value),
    "offering_sku": lambda _, realm, value: _set_company_value(realm, "OfferingSku", value),
    "default_time_zone": _time_zone,
    "preferences": lambda _, realm, value: _prefer(realm, value),
    "warn_duplicate_numbers": _set("warn_duplicate_numbers"),
    "disconnected": _set("disconnected"),
    "company_fault": _set("company_fault"),
    "write_fault": _set("write_fault"),
    "revoke_tokens": _revoke,
    "expire_access_tokens": _expire,
}
