"""A customer or item that we remember is gone: what was remembered of it follows to its heir, or is forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from service.ids import CustomerId, InvoiceId, ItemId, PortalId, RealmId
from service.invoicing.sale_inputs import SaleInputs
from service.quickbooks.invoices import parse_invoice
from service.store.hints import TakenHint
from service.store.links import TO_CUSTOMERS, TO_ITEMS
from service.workflows.know_realm import KnownRealm
from service.workflows.know_tax import know_tax
from service.workflows.services import Services

MERGED = {"MergedCustomer": TO_CUSTOMERS, "MergedItem": TO_ITEMS}
"""The kinds of hints that tell of a merge, and which links it concerns."""


def follow_merges(
    services: Services, portal_id: PortalId, realm_id: RealmId, realm: KnownRealm, taken: Sequence[TakenHint]
) -> None:
    """QuickBooks tells of merges: the links follow, whether or not the records are kept in step. Safe to repeat.

    Raises: what the gateway raises.
    """
    for kind, links in MERGED.items():
        heirs = {hint.entity_id: hint.heir for hint in taken if hint.kind == kind and hint.heir}
        for gone in heirs:
            heir = _last_heir(heirs, gone)
            if services.links.move(realm_id, links, gone, heir):
                # Else the next sale would have to ask how the heir is taxed, while a workflow waits.
                met = (CustomerId(heir), ()) if kind == "MergedCustomer" else (None, (ItemId(heir),))
                know_tax(services, portal_id, realm_id, realm.facts, SaleInputs(), *met)


def forget_customer(services: Services, portal_id: PortalId, realm_id: RealmId, customer_id: CustomerId) -> bool:
    """A customer that we remembered is of no use; False when we remembered nothing of it.

    Merged into another, its invoices are the other's by now: one that we know is read, and the links follow.
    Raises: what the gateway raises.
    """
    if not services.links.leading_to(portal_id, realm_id, TO_CUSTOMERS, [customer_id]):
        return False
    heir = _find_heir(services, realm_id, customer_id)
    if heir is not None:
        return services.links.move(realm_id, TO_CUSTOMERS, customer_id, heir) > 0
    return services.links.forget(realm_id, TO_CUSTOMERS, customer_id) > 0


def forget_items(services: Services, realm_id: RealmId, item_ids: Collection[ItemId]) -> bool:
    """Items of which one is of no use; False when we remembered nothing of them."""
    return sum(services.links.forget(realm_id, TO_ITEMS, item_id) for item_id in item_ids) > 0


def _find_heir(services: Services, realm_id: RealmId, customer_id: CustomerId) -> CustomerId | None:
    """Whose the customer's newest invoice is now; None: still its own, or there is none."""
    known = services.invoices.of_customer(realm_id, customer_id)
    if not known:
        return None
    invoice = services.quickbooks.read(realm_id, "Invoice", max(known, key=_age))
    holder = parse_invoice(invoice).customer_id if invoice is not None else None
    return CustomerId(holder) if holder and holder != customer_id else None


def _age(invoice_id: InvoiceId) -> tuple[int, str]:
    return len(invoice_id), invoice_id


def _last_heir(heirs: Mapping[str, str], gone: str) -> str:
    """Where a chain of merges ends; events may come in any order."""
    seen = {gone}
    while (heir := heirs.get(gone)) and heir not in seen:
        seen.add(heir)
        gone = heir
    return gone
