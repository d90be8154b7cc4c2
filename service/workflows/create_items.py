"""Create the items that QuickBooks lacks, once: a name is taken once, and is looked up before it is sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from service.errors import ItemNotFound, NameTaken, NotConnected, OutcomeUnknown, ServiceError, TryLater
from service.ids import ItemId, RealmId
from service.invoicing.marks import derive_request_id
from service.invoicing.matching import Item, NewItem
from service.invoicing.tax import decide_taxable
from service.quickbooks import items
from service.quickbooks.batches import MOST_ITEMS
from service.quickbooks.body import encode
from service.quickbooks.items import Created, ItemFacts
from service.store.callbacks import StoredCallback
from service.workflows.know_realm import KnownRealm
from service.workflows.know_tax import keep_item_tax
from service.workflows.services import Services
from service.workflows.write_reserved import next_generation

Made = tuple[dict[str, ItemId], ServiceError | None]
"""The items that exist now, by line item id, and the first thing that went wrong with the others."""


def create_items(
    services: Services, callback: StoredCallback, new_items: Sequence[NewItem], realm: KnownRealm
) -> Iterator[Made]:
    """Create items, thirty in a call; whoever asks ends at the first problem.

    Raises: NotConnected, TryLater.
    """
    realm_id = RealmId(str(callback.realm_id))
    for start in range(0, len(new_items), MOST_ITEMS):
        some = new_items[start : start + MOST_ITEMS]
        # Name lists must not be written in parallel.
        with services.locks.hold(f"names:{realm_id}"):
            outcomes = _create_some(services, callback, realm_id, [_body(new, realm) for new in some])
            taken = _find_holders(services, realm_id, some, outcomes)
        created = [each for each in outcomes if isinstance(each, ItemFacts)]
        keep_item_tax(services, callback.portal_id, realm_id, [*created, *taken])
        holders = {each.name.casefold(): each for each in read_items(taken) if each.active and each.is_sold}
        made: dict[str, ItemId] = {}
        problems: list[ServiceError] = []
        for new, outcome in zip(some, outcomes, strict=True):
            one = _decide(outcome, holders.get(new.name.casefold()))
            if isinstance(one, ServiceError):
                problems.append(one)
            else:
                made |= dict.fromkeys(new.line_item_ids, one)
        yield made, problems[0] if problems else None


def read_items(found: Iterable[ItemFacts]) -> list[Item]:
    """Items of QuickBooks as matching sees them."""
    return [Item(f.id, f.name, f.sku or "", f.kind, f.active, f.full_name) for f in found]


def _create_some(
    services: Services, callback: StoredCallback, realm_id: RealmId, bodies: Sequence[Mapping[str, Any]]
) -> list[Created]:
    try:
        if len(bodies) > 1:
            return items.create_together(services.quickbooks, realm_id, bodies)
        return [_create_one(services, callback, realm_id, bodies[0])]
    except OutcomeUnknown as error:
        raise _unsaid(error) from error


def _body(new: NewItem, realm: KnownRealm) -> dict[str, Any]:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#create-an-item
    return items.item_body(
        new.name,
        new.income_account_id,
        sku=new.sku,
        kind=new.type,
        description=new.description,
        unit_price=new.unit_price,
        taxable=decide_taxable(realm.facts),
    )


def _create_one(services: Services, callback: StoredCallback, realm_id: RealmId, body: Mapping[str, Any]) -> Created:
    # As with customers: a repeat is the same write, another callback's is another.
    generation, purpose = next_generation(services, callback), f"item {encode(body).decode()}"
    request_id = derive_request_id(callback.portal_id, realm_id, callback.callback_id, generation, purpose)
    try:
        return items.create(services.quickbooks, realm_id, body, request_id)
    except NameTaken as taken:
        return taken


def _find_holders(
    services: Services, realm_id: RealmId, new_items: Sequence[NewItem], outcomes: Sequence[Created]
) -> list[ItemFacts]:
    """What has the names that are taken."""
    taken = [new.name for new, outcome in zip(new_items, outcomes, strict=True) if isinstance(outcome, NameTaken)]
    if not taken:
        return []
    return list(items.find_by_sku_and_name(services.quickbooks, realm_id, [], taken).items)


def _decide(outcome: Created, holder: Item | None) -> ItemId | ServiceError:
    """The item to sell, or what its line item fails for. Raises: NotConnected."""
    if isinstance(outcome, ItemFacts):
        return outcome.id
    if isinstance(outcome, NotConnected):
        raise outcome
    if isinstance(outcome, NameTaken):
        return (
            holder.id
            if holder
            else ItemNotFound(
                "An item's name is taken in QuickBooks by something that cannot be sold: rename one of the two."
            )
        )
    return _unsaid(outcome) if isinstance(outcome, OutcomeUnknown) else outcome


def _unsaid(error: OutcomeUnknown) -> TryLater:
    return TryLater("QuickBooks has not said whether the items were created.", error.after)
