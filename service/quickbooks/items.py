"""Items as QuickBooks keeps them: what an invoice line sells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.errors import OutcomeUnknown, ServiceError
from service.ids import ItemId, RealmId, RequestId
from service.quickbooks.body import encode
from service.quickbooks.fields import clean_line, clean_name, read_amount, read_flag, read_text
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import ACTIVE_OR_NOT, Question, all_of, divide_values, where_equals, where_in
from service.quickbooks.questions import ask_all

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item
NAME_LENGTH = 100
SKU_LENGTH = 100
DESCRIPTION_LENGTH = 4000

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account
FOR_INCOME = Question("Account", all_of(where_equals("AccountType", "Income"), "Active = true"), limit=1)


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item as last read; `unit_price` is in the realm's home currency.

    `full_name`: the names of the categories above it and its own, with colons between.
    """

    id: ItemId
    sync_token: str
    name: str
    full_name: str
    sku: str | None
    kind: str
    active: bool
    unit_price: Decimal | None
    taxable: bool | None


@dataclass(frozen=True, slots=True)
class FoundItems:
    """Items looked up together, each once, and an account for new ones where it was asked for and exists."""

    items: tuple[ItemFacts, ...] = ()
    income_account_id: str | None = None


Created = ItemFacts | ServiceError
"""A new item, or what befell it alone."""


def parse_item(content: Mapping[str, Any]) -> ItemFacts:
    """The facts of an item."""
    return ItemFacts(
        id=ItemId(read_text(content, "Id") or ""),
        sync_token=read_text(content, "SyncToken") or "0",
        name=read_text(content, "Name") or "",
        full_name=read_text(content, "FullyQualifiedName") or read_text(content, "Name") or "",
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


def find_by_sku_and_name(
    gateway: Gateway, realm_id: RealmId, skus: Iterable[str], names: Iterable[str], *, with_income_account: bool = False
) -> FoundItems:
    """All items with one of the SKUs or names, active or not, categories and bundles too, in one call.

    `with_income_account`: also an account for sales, as `find_income_account` finds it.
    """
    questions = [
        *_questions("Sku", [clean_line(sku, SKU_LENGTH) for sku in skus]),
        *_questions("Name", [clean_name(name, NAME_LENGTH) for name in names]),
    ]
    answers = ask_all(gateway, realm_id, [*questions, *([FOR_INCOME] if with_income_account else [])])
    found = [parse_item(each) for answer in answers[: len(questions)] for each in answer]
    items = {each.id: each for each in found}
    return FoundItems(tuple(items.values()), _read_income_account(answers[-1]) if with_income_account else None)


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
    return _read_income_account(gateway.query(realm_id, FOR_INCOME.entity, FOR_INCOME.where, limit=1))


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


def create_together(gateway: Gateway, realm_id: RealmId, bodies: Sequence[Mapping[str, Any]]) -> list[Created]:
    """Up to thirty new items in one call, each with an outcome of its own, in the order given.

    Without a request id: a name is taken once, and is looked up before it is sent again.
    Raises: as `Gateway.batch`.
    """
    wanted = [{"bId": str(at), "operation": "create", "Item": dict(body)} for at, body in enumerate(bodies)]
    outcomes = gateway.batch(realm_id, wanted)
    return [_read_created(outcomes[str(at)]) for at in range(len(bodies))]


def _read_created(outcome: dict[str, Any] | ServiceError) -> Created:
    if isinstance(outcome, ServiceError):
        return outcome
    content = outcome.get("Item")
    if isinstance(content, Mapping) and content.get("Id"):
        return parse_item(content)
    return OutcomeUnknown("QuickBooks answered without the item: look before repeating")


def _questions(attribute: str, values: list[str]) -> list[Question]:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#query-an-item
    # The star alone has left out Sku.
    parts = divide_values(value for value in values if value)
    return [Question("Item", all_of(where_in(attribute, part), ACTIVE_OR_NOT), "*, Sku") for part in parts]


def _read_income_account(found: Sequence[Mapping[str, Any]]) -> str | None:
    return read_text(found[0], "Id") if found else None
