"""Items as QuickBooks keeps them: what an invoice line sells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.ids import ItemId, RealmId, RequestId
from service.quickbooks.body import encode
from service.quickbooks.fields import clean_line, clean_name, read_amount, read_flag, read_text
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import ACTIVE_OR_NOT, all_of, divide_values, where_equals, where_in

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item
NAME_LENGTH = 100
SKU_LENGTH = 100
DESCRIPTION_LENGTH = 4000

# A category is a folder: it has a name, but cannot be sold.
_FOLDER = "Category"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item as last read; `unit_price` is in the realm's home currency."""

    id: ItemId
    sync_token: str
    name: str
    sku: str | None
    kind: str
    active: bool
    unit_price: Decimal | None
    taxable: bool | None


@dataclass(frozen=True, slots=True)
class FoundItems:
    """Items looked up together.

    QuickBooks compares names without regard to case, and so does this.
    """

    skus: dict[str, ItemFacts] = field(default_factory=dict)
    names: dict[str, ItemFacts] = field(default_factory=dict)

    def find(self, sku: str | None, name: str | None) -> ItemFacts | None:
        """The item with the SKU, or else the one with the name; it may be inactive."""
        by_sku = self.skus.get(_key(sku, SKU_LENGTH)) if sku else None
        return by_sku or (self.names.get(_key(name, NAME_LENGTH)) if name else None)


def parse_item(content: Mapping[str, Any]) -> ItemFacts:
    """The facts of an item."""
    return ItemFacts(
        id=ItemId(read_text(content, "Id") or ""),
        sync_token=read_text(content, "SyncToken") or "0",
        name=read_text(content, "Name") or "",
        sku=read_text(content, "Sku"),
        kind=read_text(content, "Type") or "",
        active=read_flag(content, "Active") is not False,
        unit_price=read_amount(content, "UnitPrice"),
        taxable=read_flag(content, "Taxable"),
    )


def get(gateway: Gateway, realm_id: RealmId, item_id: ItemId) -> ItemFacts | None:
    """The item as it is now; `None` when there is none."""
    content = gateway.read(realm_id, "Item", item_id)
    return None if content is None else parse_item(content)


def find_by_sku_and_name(gateway: Gateway, realm_id: RealmId, skus: Iterable[str], names: Iterable[str]) -> FoundItems:
    """All items with one of the SKUs or names, active or not.

    One query for each list that is not empty.
    """
    found = FoundItems()
    _look_up(gateway, realm_id, "Sku", [clean_line(sku, SKU_LENGTH) for sku in skus], found.skus)
    _look_up(gateway, realm_id, "Name", [clean_name(name, NAME_LENGTH) for name in names], found.names)
    return found


def find_by_id(gateway: Gateway, realm_id: RealmId, item_ids: Iterable[ItemId]) -> list[ItemFacts]:
    """The items as they are now, active or not; those that are gone are missing."""
    found: list[ItemFacts] = []
    for part in divide_values(item_ids):
        where = all_of(where_in("Id", part), ACTIVE_OR_NOT)
        found += map(parse_item, gateway.query(realm_id, "Item", where))
    return found


def find_income_account(gateway: Gateway, realm_id: RealmId) -> str | None:
    """The id of an account for sales, the oldest active one.

    `None` when the realm has none.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account
    where = all_of(where_equals("AccountType", "Income"), "Active = true")
    found = gateway.query(realm_id, "Account", where, limit=1)
    return read_text(found[0], "Id") if found else None


def item_body(
    name: str,
    income_account_id: str,
    *,
    sku: str | None = None,
    kind: str = "Service",
    description: str | None = None,
    unit_price: Decimal | None = None,
    taxable: bool | None = None,
) -> dict[str, Any]:
    """A new item within QuickBooks' limits. `kind` is "Service" or "NonInventory"; `taxable` in the US only.

    Raises: ValueError when nothing of the name is left.
    """
    cleaned = clean_name(name, NAME_LENGTH)
    if not cleaned:
        raise ValueError("an item needs a name")
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#create-an-item
    # Type is always sent: without it older minor versions made inventory items.
    body: dict[str, Any] = {"Name": cleaned, "Type": kind, "IncomeAccountRef": {"value": income_account_id}}
    if sku and clean_line(sku, SKU_LENGTH):
        body["Sku"] = clean_line(sku, SKU_LENGTH)
    if description and description.strip():
        body["Description"] = description.strip()[:DESCRIPTION_LENGTH]
    if unit_price is not None:
        body["UnitPrice"] = unit_price
    if taxable is not None:
        body["Taxable"] = taxable
    return body


def create(gateway: Gateway, realm_id: RealmId, body: Mapping[str, Any], request_id: RequestId) -> ItemFacts:
    """A new item.

    Raises: as `Gateway.create`; NameTaken when an item has the name.
    """
    return parse_item(gateway.create(realm_id, "Item", encode(body), request_id))


def _look_up(
    gateway: Gateway, realm_id: RealmId, attribute: str, values: list[str], found: dict[str, ItemFacts]
) -> None:
    for part in divide_values(value for value in values if value):
        where = all_of(where_in(attribute, part), ACTIVE_OR_NOT)
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#query-an-item
        # The star alone has left out Sku.
        for item in map(parse_item, gateway.query(realm_id, "Item", where, columns="*, Sku")):
            key = _key(item.sku if attribute == "Sku" else item.name, SKU_LENGTH)
            # SKUs may repeat: an active item wins, then the oldest.
            if item.kind != _FOLDER and (key not in found or (item.active and not found[key].active)):
                found[key] = item


def _key(text: str | None, most: int) -> str:
    return clean_name(text, most).casefold()
