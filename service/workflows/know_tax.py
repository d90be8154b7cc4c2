"""What QuickBooks' own lists say of tax: is the customer exempt, which code has it, is an item taxed.

Remembered beside the links, so that known customers and items cost no read. Forgotten when QuickBooks says that the
customer or item was changed; without a word from it, a day is how stale it may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from service.ids import CustomerId, ItemId, PortalId, RealmId
from service.invoicing.matching import Customer
from service.invoicing.realm import RealmFacts
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.tax import TaxFacts, asks_customer, asks_items, decide_tax
from service.quickbooks import customers, items
from service.quickbooks.customers import CustomerFacts
from service.quickbooks.items import ItemFacts
from service.store.hints import TakenHint
from service.store.links import Link
from service.workflows.services import Services

CUSTOMER, ITEM = "customer tax", "item tax"
# The hints that a customer or an item was changed.
HINTS = {"CustomerTax": CUSTOMER, "ItemTax": ITEM}
OLDEST = timedelta(days=1)


def know_tax(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    realm: RealmFacts,
    inputs: SaleInputs,
    customer_id: CustomerId | None,
    item_ids: Collection[ItemId] = (),
) -> TaxFacts:
    """What decides a sale's tax where neither line item nor action does; reads only what is not known.

    `customer_id` None: there is no customer yet. Raises: InputInvalid, and what the gateway raises.
    """
    facts = TaxFacts()
    if customer_id is not None and asks_customer(realm, inputs.tax_code_id):
        taxable, code_id = _know_customer(services, portal_id, realm_id, customer_id)
        facts = TaxFacts(taxable, code_id)
    if not asks_items(decide_tax(realm, inputs.tax_code_id, inputs.prices, facts)):
        return facts
    known = _know_items(services, portal_id, realm_id, sorted(set(item_ids)))
    return TaxFacts(facts.customer_taxable, facts.customer_code_id, known)


def keep_customer_tax(
    services: Services, portal_id: PortalId, realm_id: RealmId, customer: CustomerFacts | Customer
) -> None:
    """A customer was just read or created."""
    document = {"taxable": customer.taxable, "tax_code_id": customer.tax_code_id}
    _keep(services, portal_id, realm_id, [Link(CUSTOMER, customer.id, customer.id, document)])


def keep_item_tax(services: Services, portal_id: PortalId, realm_id: RealmId, found: Iterable[ItemFacts]) -> None:
    """Items were just read or created."""
    _keep(services, portal_id, realm_id, [Link(ITEM, each.id, each.id, {"taxable": each.taxable}) for each in found])


def forget_tax(services: Services, realm_id: RealmId, taken: Sequence[TakenHint]) -> None:
    """Customers or items were changed in QuickBooks: what we remember of their tax may be wrong."""
    for hint in taken:
        if hint.kind in HINTS:
            services.links.forget(realm_id, (HINTS[hint.kind],), hint.entity_id)


def _know_customer(
    services: Services, portal_id: PortalId, realm_id: RealmId, customer_id: CustomerId
) -> tuple[bool | None, str | None]:
    known = _recall(services, portal_id, realm_id, CUSTOMER, [customer_id]).get(customer_id)
    if known is None:
        read = customers.get(services.quickbooks, realm_id, customer_id)
        if read is None:
            return None, None  # the create will say that it is gone
        keep_customer_tax(services, portal_id, realm_id, read)
        return read.taxable, read.tax_code_id
    return known.document["taxable"], known.document["tax_code_id"]


def _know_items(
    services: Services, portal_id: PortalId, realm_id: RealmId, item_ids: Sequence[ItemId]
) -> dict[ItemId, bool]:
    known = {
        key: link.document["taxable"] for key, link in _recall(services, portal_id, realm_id, ITEM, item_ids).items()
    }
    unknown = [each for each in item_ids if each not in known]
    if unknown:
        read = items.find_by_id(services.quickbooks, realm_id, unknown)
        keep_item_tax(services, portal_id, realm_id, read)
        known |= {each.id: each.taxable for each in read}
    return {ItemId(key): taxable for key, taxable in known.items() if taxable is not None}


def _recall(
    services: Services, portal_id: PortalId, realm_id: RealmId, kind: str, keys: Sequence[str]
) -> dict[str, Link]:
    since = services.clock.now() - OLDEST
    found = services.links.find(portal_id, realm_id, kind, keys)
    return {key: link for key, link in found.items() if datetime.fromisoformat(link.document["at"]) > since}


def _keep(services: Services, portal_id: PortalId, realm_id: RealmId, links: Sequence[Link]) -> None:
    now = services.clock.now()
    stamped = [Link(each.kind, each.key, each.entity_id, {**each.document, "at": now.isoformat()}) for each in links]
    services.links.keep(portal_id, realm_id, stamped, now)
