"""Which customer and which items of QuickBooks are meant. Knows what was found, not how to find it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from service.errors import CustomerInactive, ItemInactive, ItemNotFound, NoDefaultItem, NoIncomeAccount
from service.ids import CustomerId, ItemId
from service.invoicing.deal import LineItem, id_rank
from service.invoicing.line import derive_item_price
from service.invoicing.naming import derive_item_name, derive_sku_name
from service.invoicing.sale_inputs import LinesFrom, NewItemType, SaleInputs, WhenItemNotFound
from service.invoicing.text import cut_text, quote_text

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item  (Type)
_UNSOLD_TYPES = frozenset({"Category", "Group"})
_TYPES = {NewItemType.SERVICE: "Service", NewItemType.NON_INVENTORY: "NonInventory"}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer found in QuickBooks. `currency` None: the realm has only one.

    `taxable`, `tax_code_id`: as QuickBooks has it, see `TaxFacts`.
    """

    id: CustomerId
    display_name: str
    email: str = ""
    active: bool = True
    currency: str | None = None
    sub_customer: bool = False
    taxable: bool | None = None
    tax_code_id: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An item found in QuickBooks; `type` as QuickBooks names it.

    `full_name`: its categories' names and its own, with colons between.
    """

    id: ItemId
    name: str
    sku: str = ""
    type: str = "Service"
    active: bool = True
    full_name: str = ""

    @property
    def is_sold(self) -> bool:
        """Whether a line can sell it: not a folder, and not a bundle, whose members QuickBooks prices."""
        return self.type not in _UNSOLD_TYPES


@dataclass(frozen=True, slots=True)
class ItemMatches:
    """What each line item is sold as: `item_ids` and `inactive` by line item id, and the rest.

    `reasons`, by line item id: how the item was recognised, in words for a person.
    """

    item_ids: dict[str, ItemId]
    inactive: dict[str, Item] = field(default_factory=dict)
    unmatched: tuple[LineItem, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be created, and the line items that will be sold as it; `type` as QuickBooks names it.

    `unit_price` None: QuickBooks keeps no price so large.
    """

    name: str
    sku: str
    description: str
    unit_price: Decimal | None
    income_account_id: str
    line_item_ids: tuple[str, ...]
    type: str = "Service"


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """The items of all line items: known by line item id, and those to be created first."""

    item_ids: dict[str, ItemId]
    to_create: tuple[NewItem, ...] = ()


def choose_customer(
    found: Iterable[Customer], *, email: str = "", display_name: str = "", currency: str | None = None
) -> Customer | None:
    """Of several customers the active one, by e-mail, then by name, the main one, then the oldest, is meant.

    `currency` None: the realm has only one. None: nobody fits.
    Raises: CustomerInactive when only inactive customers fit.
    """
    fitting = [
        customer
        for customer in found
        if (_has_email(customer, email) or _same(customer.display_name, display_name))
        and (currency is None or customer.currency in (None, currency))
    ]
    if not fitting:
        return None
    best = min(fitting, key=lambda it: (not it.active, not _has_email(it, email), it.sub_customer, id_rank(it.id)))
    if not best.active:
        raise CustomerInactive(
            f"The customer {quote_text(best.display_name)} is inactive in QuickBooks. "
            "Make it active there, or bill somebody else."
        )
    return best


def match_items(
    line_items: Sequence[LineItem], items: Iterable[Item], stored: Mapping[str, ItemId] | None = None
) -> ItemMatches:
    """Line items are sold as the item stored for their product, else by SKU, else by name, with categories first.

    `stored` by HubSpot product id. Categories and bundles are not sold; an inactive item counts
    only where no active one fits.
    """
    index = _index_items(items)
    matches = {line.id: found for line in line_items if (found := _match(line, index, stored or {}))}
    item_ids: dict[str, ItemId] = {line_id: item.id for line_id, (item, _) in matches.items() if item.active}
    inactive: dict[str, Item] = {line_id: item for line_id, (item, _) in matches.items() if not item.active}
    reasons: dict[str, str] = {line_id: reason for line_id, (_, reason) in matches.items()}
    return ItemMatches(item_ids, inactive, tuple(line for line in line_items if line.id not in item_ids), reasons)


def plan_items(
    matches: ItemMatches,
    inputs: SaleInputs,
    default_item_id: ItemId | None = None,
    income_account_id: str | None = None,
) -> ItemPlan:
    """The author decides what becomes of line items without an item.

    The two ids are the realm's own, for inputs left empty.
    Raises: ItemNotFound, ItemInactive, NoDefaultItem, NoIncomeAccount.
    """
    if not matches.unmatched:
        return ItemPlan(matches.item_ids)
    lines_as_amount = inputs.lines != LinesFrom.LINE_ITEMS
    if lines_as_amount or inputs.item_not_found == WhenItemNotFound.DEFAULT_ITEM:
        default = inputs.default_item_id or default_item_id or _refuse_default(matches.unmatched[0])
        return ItemPlan({**matches.item_ids, **{line.id: default for line in matches.unmatched}})
    _refuse_inactive(matches)
    if inputs.item_not_found == WhenItemNotFound.FAIL:
        raise ItemNotFound(
            f"{matches.unmatched[0].label} has no item in QuickBooks. Create an item with its SKU or name there, "
            'or set "itemNotFound" in the action to default_item or create.'
        )
    income = inputs.income_account_id or income_account_id
    if income is None:
        raise NoIncomeAccount(
            f"{matches.unmatched[0].label} needs a new item in QuickBooks, which needs an income account. "
            'Choose one as "incomeAccountId" in the action.'
        )
    return ItemPlan(matches.item_ids, _plan_new(matches.unmatched, income, _TYPES[inputs.new_item_type]))


def _plan_new(unmatched: Sequence[LineItem], income_account_id: str, item_type: str) -> tuple[NewItem, ...]:
    """One SKU is one item, and without a SKU one name is; a name that another SKU has says which."""
    groups: dict[tuple[str, str], list[LineItem]] = {}
    firsts: dict[str, tuple[str, str]] = {}
    for line in unmatched:
        name, sku = _fold(derive_item_name(line)), _fold(line.sku)
        key = firsts.get(name, ("name", name)) if not sku else ("sku", sku)
        firsts.setdefault(name, key)
        groups.setdefault(key, []).append(line)
    return tuple(
        NewItem(
            name=derive_item_name(lines[0])
            if firsts[_fold(derive_item_name(lines[0]))] == key
            else derive_sku_name(lines[0]),
            sku=cut_text(lines[0].sku, 100),
            description=cut_text(lines[0].description, 4000),
            unit_price=derive_item_price(lines[0]),
            income_account_id=income_account_id,
            line_item_ids=tuple(line.id for line in lines),
            type=item_type,
        )
        for key, lines in groups.items()
    )


def _index_items(items: Iterable[Item]) -> dict[tuple[str, str], list[Item]]:
    index: dict[tuple[str, str], list[Item]] = {}
    for item in sorted(items, key=lambda it: id_rank(it.id)):
        if item.is_sold:
            full_name = _fold_full(item.full_name or item.name)
            for key in (("id", item.id), ("sku", _fold(item.sku)), ("full", full_name), ("name", _fold(item.name))):
                index.setdefault(key, []).append(item)
    return index


def _match(
    line: LineItem, index: Mapping[tuple[str, str], Sequence[Item]], stored: Mapping[str, ItemId]
) -> tuple[Item, str] | None:
    """The item and how it was recognised: an active one by the surest key, else an inactive one."""
    keys = [
        ("id", stored.get(line.product_id, "") if line.product_id else ""),
        ("sku", _fold(line.sku)),
        ("full", _fold_full(line.name)),
        ("name", _fold(line.name)),
        ("name", _fold(derive_item_name(line))),
    ]
    fitting = [(item, _tell_match(key[0], item)) for key in keys if key[1] for item in index.get(key, ())]
    return next((found for found in fitting if found[0].active), fitting[0] if fitting else None)


def _tell_match(kind: str, item: Item) -> str:
    return {"id": "stored for its product", "sku": f"has the SKU {quote_text(item.sku)}"}.get(
        kind, f"is called {quote_text(item.full_name or item.name)}"
    )


def _refuse_default(line: LineItem) -> ItemId:
    raise NoDefaultItem(
        f"{line.label} has no item in QuickBooks and there is no default item. "
        'Choose one as "defaultItemId" in the action.'
    )


def _refuse_inactive(matches: ItemMatches) -> None:
    for line in matches.unmatched:
        if line.id in matches.inactive:
            raise ItemInactive(
                f"{line.label} matches the item {quote_text(matches.inactive[line.id].name)}, inactive in QuickBooks. "
                'Make it active there, or set "itemNotFound" in the action to default_item.'
            )


def _has_email(customer: Customer, email: str) -> bool:
    # One field may hold several addresses.
    return any(_same(address, email) for address in customer.email.split(","))


def _same(one: str, other: str) -> bool:
    return bool(_fold(one)) and _fold(one) == _fold(other)


def _fold_full(name: str) -> str:
    """A name with its categories, however the colons are spaced."""
    return ":".join(_fold(part) for part in name.split(":"))


def _fold(text: str) -> str:
    return text.strip().casefold()
