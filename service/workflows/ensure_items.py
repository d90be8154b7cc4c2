"""Find the items that line items are sold as, or create them: link, SKU, name, then the policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.errors import ItemNotFound, NameTaken, OutcomeUnknown, TryLater
from service.ids import CallbackId, ItemId, PortalId, RealmId
from service.invoicing.deal import LineItem
from service.invoicing.marks import derive_request_id
from service.invoicing.matching import Item, ItemMatches, ItemPlan, NewItem, match_items, plan_items
from service.invoicing.naming import derive_item_name
from service.invoicing.sale_inputs import LinesFrom, SaleInputs, WhenItemNotFound
from service.quickbooks import items
from service.quickbooks.body import encode
from service.quickbooks.items import FoundItems
from service.store.links import Link
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class ItemSearch:
    """What is known of the items of line items: from before, found now, and what the author wants of the rest."""

    linked: dict[str, ItemId]
    matches: ItemMatches
    plan: ItemPlan


def ensure_items(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    billed: Sequence[LineItem],
    inputs: SaleInputs,
    realm: KnownRealm,
) -> dict[str, ItemId]:
    """The item of every line item, by line item id.

    Raises: ItemNotFound, ItemInactive, NoDefaultItem, NoIncomeAccount, and what the gateway raises.
    """
    search = find_items(services, portal_id, realm_id, billed, inputs, realm)
    return settle_items(services, portal_id, realm_id, billed, inputs, search)


def settle_items(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    billed: Sequence[LineItem],
    inputs: SaleInputs,
    search: ItemSearch,
) -> dict[str, ItemId]:
    """What the search planned is created, and what it found remembered: the items by line item id.

    Raises: ItemNotFound, and what the gateway raises.
    """
    if inputs.lines == LinesFrom.LINE_ITEMS:
        _remember(services, portal_id, realm_id, billed, search.matches.item_ids)
    made = _create_all(services, portal_id, realm_id, search.plan.to_create)
    _remember(services, portal_id, realm_id, billed, made)
    return {**search.linked, **search.plan.item_ids, **made}


def find_items(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    billed: Sequence[LineItem],
    inputs: SaleInputs,
    realm: KnownRealm,
) -> ItemSearch:
    """As `ensure_items`, reading only: what would have to be created is a plan."""
    if inputs.lines != LinesFrom.LINE_ITEMS:
        matches = ItemMatches({}, {}, tuple(billed))
        return ItemSearch({}, matches, plan_items(matches, inputs, realm.facts.default_item_id))
    linked = _find_linked(services, portal_id, realm_id, billed)
    unknown = [line for line in billed if line.id not in linked]
    matches = _match(services, realm_id, unknown) if unknown else ItemMatches({})
    account = _income_account(services, realm_id, inputs) if matches.unmatched else None
    return ItemSearch(linked, matches, plan_items(matches, inputs, realm.facts.default_item_id, account))


def forget_items(services: Services, realm_id: RealmId, item_ids: Iterable[str]) -> int:
    """Drop what we remembered of items that may be gone; returns how much that was."""
    return sum(services.links.forget(realm_id, ("product", "sku", "name"), item_id) for item_id in item_ids)


def _keys(line: LineItem) -> list[tuple[str, str]]:
    """How a line item's item may be known, the surest first."""
    keys = [("product", line.product_id), ("sku", line.sku.casefold()), ("name", derive_item_name(line).casefold())]
    return [(kind, key) for kind, key in keys if key]


def _find_linked(
    services: Services, portal_id: PortalId, realm_id: RealmId, billed: Sequence[LineItem]
) -> dict[str, ItemId]:
    """By the surest key of each line item only: a product's link must not give way to a name's."""
    surest = {line.id: _keys(line)[0] for line in billed if _keys(line)}
    found: dict[tuple[str, str], ItemId] = {}
    for kind in dict.fromkeys(kind for kind, _ in surest.values()):
        keys = sorted({key for k, key in surest.values() if k == kind})
        links = services.links.find(portal_id, realm_id, kind, keys)
        found |= {(kind, key): ItemId(link.entity_id) for key, link in links.items()}
    return {line_id: found[key] for line_id, key in surest.items() if key in found}


def _match(services: Services, realm_id: RealmId, lines: Sequence[LineItem]) -> ItemMatches:
    """One query by SKU; one by name only if that has left some."""
    skus = sorted({line.sku for line in lines if line.sku})
    found = _items(items.find_by_sku_and_name(services.quickbooks, realm_id, skus, [])) if skus else []
    matches = match_items(lines, found)
    names = sorted({derive_item_name(line) for line in matches.unmatched})
    if not names:
        return matches
    return match_items(lines, [*found, *_items(items.find_by_sku_and_name(services.quickbooks, realm_id, [], names))])


def _items(found: FoundItems) -> list[Item]:
    facts = {each.id: each for each in (*found.skus.values(), *found.names.values())}
    return [Item(f.id, f.name, f.sku or "", f.kind, f.active) for f in facts.values()]


def _income_account(services: Services, realm_id: RealmId, inputs: SaleInputs) -> str | None:
    """Read only when an item will be created and the author chose no account."""
    if inputs.item_not_found != WhenItemNotFound.CREATE or inputs.income_account_id:
        return None
    return items.find_income_account(services.quickbooks, realm_id)


def _create_all(
    services: Services, portal_id: PortalId, realm_id: RealmId, new_items: Sequence[NewItem]
) -> dict[str, ItemId]:
    made: dict[str, ItemId] = {}
    for new in new_items:
        with services.locks.hold(f"names:{realm_id}"):
            item_id = _create(services, portal_id, realm_id, new)
        made |= dict.fromkeys(new.line_item_ids, item_id)
    return made


def _create(services: Services, portal_id: PortalId, realm_id: RealmId, new: NewItem) -> ItemId:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#create-an-item
    body = items.item_body(
        new.name,
        new.income_account_id,
        sku=new.sku,
        kind=new.type,
        description=new.description,
        unit_price=new.unit_price,
    )
    request_id = derive_request_id(portal_id, realm_id, CallbackId(new.name), 0, f"item {encode(body).decode()}")
    try:
        return items.create(services.quickbooks, realm_id, body, request_id).id
    except NameTaken:
        found = _items(items.find_by_sku_and_name(services.quickbooks, realm_id, [], [new.name]))
        usable = [item for item in found if item.active and item.type not in ("Category", "Group")]
        if usable:
            return usable[0].id
        raise ItemNotFound(
            "An item's name is taken in QuickBooks by something that cannot be sold: rename one of the two."
        ) from None
    except OutcomeUnknown as error:
        raise TryLater("QuickBooks has not said whether the item was created.", error.after) from error


def _remember(
    services: Services, portal_id: PortalId, realm_id: RealmId, lines: Sequence[LineItem], item_ids: dict[str, ItemId]
) -> None:
    links = [Link(*_keys(line)[0], item_ids[line.id]) for line in lines if line.id in item_ids and _keys(line)]
    distinct = {(link.kind, link.key): link for link in links}
    services.links.keep(portal_id, realm_id, list(distinct.values()), services.clock.now())
