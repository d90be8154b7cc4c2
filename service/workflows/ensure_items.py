"""Find the items that line items are sold as, or create them: link, SKU, name, then the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.ids import ItemId, PortalId, RealmId
from service.invoicing.deal import LineItem
from service.invoicing.matching import ItemMatches, ItemPlan, match_items, plan_items
from service.invoicing.naming import derive_item_name, list_item_names
from service.invoicing.sale_inputs import LinesFrom, SaleInputs, WhenItemNotFound
from service.quickbooks import items
from service.quickbooks.items import FoundItems
from service.store.callbacks import StoredCallback
from service.store.links import Link
from service.workflows.create_items import create_items, read_items
from service.workflows.know_realm import KnownRealm
from service.workflows.know_tax import keep_item_tax
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class ItemSearch:
    """What is known of the items of line items: from before, found now, and what the author wants of the rest."""

    linked: dict[str, ItemId]
    matches: ItemMatches
    plan: ItemPlan


def ensure_items(
    services: Services, callback: StoredCallback, billed: Sequence[LineItem], inputs: SaleInputs, realm: KnownRealm
) -> dict[str, ItemId]:
    """The item of every line item, by line item id.

    Raises: ItemNotFound, ItemInactive, NoDefaultItem, NoIncomeAccount, LineItemUnusable, and what the gateway raises.
    """
    portal_id, realm_id = callback.portal_id, RealmId(str(callback.realm_id))
    search = find_items(services, portal_id, realm_id, billed, inputs, realm)
    return settle_items(services, callback, billed, inputs, search, realm)


def settle_items(
    services: Services,
    callback: StoredCallback,
    billed: Sequence[LineItem],
    inputs: SaleInputs,
    search: ItemSearch,
    realm: KnownRealm,
) -> dict[str, ItemId]:
    """What the search planned is created, and what it found remembered: the items by line item id.

    Raises: ItemNotFound, and what the gateway raises.
    """
    portal_id, realm_id = callback.portal_id, RealmId(str(callback.realm_id))
    if inputs.lines == LinesFrom.LINE_ITEMS:
        _remember(services, portal_id, realm_id, billed, search.matches.item_ids)
    made: dict[str, ItemId] = {}
    for some, problem in create_items(services, callback, search.plan.to_create, realm):
        # Also when others failed: what is there needs no second look.
        _remember(services, portal_id, realm_id, billed, some)
        if problem is not None:
            raise problem
        made |= some
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
    found = _look_up(services, realm_id, unknown, inputs) if unknown else FoundItems()
    keep_item_tax(services, portal_id, realm_id, found.items)
    matches = match_items(unknown, read_items(found.items))
    plan = plan_items(matches, inputs, realm.facts.default_item_id, found.income_account_id)
    return ItemSearch(linked, matches, plan)


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


def _look_up(services: Services, realm_id: RealmId, lines: Sequence[LineItem], inputs: SaleInputs) -> FoundItems:
    """By SKU and name in one call, with an account where the author wants new items and chose none."""
    skus = sorted({line.sku for line in lines if line.sku})
    names = sorted({name for line in lines for name in list_item_names(line)})
    with_income_account = inputs.item_not_found == WhenItemNotFound.CREATE and not inputs.income_account_id
    return items.find_by_sku_and_name(
        services.quickbooks, realm_id, skus, names, with_income_account=with_income_account
    )


def _remember(
    services: Services, portal_id: PortalId, realm_id: RealmId, lines: Sequence[LineItem], item_ids: dict[str, ItemId]
) -> None:
    links = [Link(*_keys(line)[0], item_ids[line.id]) for line in lines if line.id in item_ids and _keys(line)]
    distinct = {(link.kind, link.key): link for link in links}
    services.links.keep(portal_id, realm_id, list(distinct.values()), services.clock.now())
