"""What a realm offers in a dropdown: each list in as few reads as QuickBooks allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.ids import RealmId
from service.quickbooks.fields import read_amount, read_flag, read_text
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import all_of, where_equals, where_in

Content = Mapping[str, Any]
ACTIVE = "Active = true"


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry: its id, its name, and what tells it from others of that name."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class _List:
    entity: str
    describe: Callable[[Content], str]
    where: str = ""
    columns: str = "*"


def _describe_customer(content: Content) -> str:
    parts = (
        read_text(content, "PrimaryEmailAddr", "Address"),
        read_text(content, "CompanyName"),
        read_text(content, "CurrencyRef", "value"),
    )
    name = read_text(content, "DisplayName")
    return ", ".join(part for part in parts if part and part != name) or "No e-mail address"


def _describe_item(content: Content) -> str:
    kind = {"NonInventory": "Non-inventory", "Group": "Bundle"}.get(read_text(content, "Type") or "", "")
    price = read_amount(content, "UnitPrice")
    parts = (kind or read_text(content, "Type"), read_text(content, "Sku"), f"{price:f}" if price else None)
    return ", ".join(part for part in parts if part)


def _describe_term(content: Content) -> str:
    days, day = read_text(content, "DueDays"), read_text(content, "DayOfMonthDue")
    if days is not None:
        return "Due at once" if days == "0" else f"Due in {days} days"
    return f"Due on day {day} of the month" if day else "No due date"


def _describe_tax_code(content: Content) -> str:
    text = read_text(content, "Description")
    if text and text != read_text(content, "Name"):
        return text
    return "Not taxable" if read_flag(content, "Taxable") is False else "Taxable"


def _describe_account(content: Content) -> str:
    number, kind = read_text(content, "AcctNum"), read_text(content, "AccountType")
    return ", ".join(part for part in (number, kind, read_text(content, "AccountSubType")) if part)


def _describe_parent(content: Content) -> str:
    full, name = read_text(content, "FullyQualifiedName"), read_text(content, "Name")
    return f"Below {full[: -len(name) - 1]}" if full and name and full.endswith(f":{name}") else "Top level"


# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account
# Where a payment may go: Undeposited Funds is an Other Current Asset by detail type.
_DEPOSIT = where_in("AccountType", ["Bank", "Other Current Asset"])
_INCOME = where_equals("AccountType", "Income")
LISTS = {
    "customers": _List("Customer", _describe_customer, ACTIVE),
    "items": _List("Item", _describe_item, ACTIVE, "*, Sku"),
    "terms": _List("Term", _describe_term, ACTIVE),
    "tax-codes": _List("TaxCode", _describe_tax_code, ACTIVE),
    "classes": _List("Class", _describe_parent, ACTIVE),
    "locations": _List("Department", _describe_parent, ACTIVE),
    "income-accounts": _List("Account", _describe_account, all_of(_INCOME, ACTIVE)),
    "deposit-accounts": _List("Account", _describe_account, all_of(_DEPOSIT, ACTIVE)),
}
# Folders, and accounts that hold no money: listed by QuickBooks, of no use here.
_LEFT_OUT = {"items": ("Type", {"Category"}), "deposit-accounts": ("AccountSubType", {"Inventory"})}


def get_list(gateway: Gateway, realm_id: RealmId, name: str) -> list[Listed]:
    """All active entries of one of `LISTS`; a page of a thousand is one read."""
    wanted = LISTS[name]
    attribute, useless = _LEFT_OUT.get(name, ("Id", set()))
    return [
        Listed(str(content["Id"]), _name(content), wanted.describe(content))
        for content in gateway.query(realm_id, wanted.entity, wanted.where, columns=wanted.columns)
        if content.get("Id") and read_text(content, attribute) not in useless
    ]


def _name(content: Content) -> str:
    for key in ("DisplayName", "FullyQualifiedName", "Name"):
        found = read_text(content, key)
        if found:
            return found
    return str(content["Id"])
