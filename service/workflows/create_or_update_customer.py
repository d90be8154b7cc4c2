"""Create or update customer: a contact or company is exactly one customer in QuickBooks, as HubSpot knows it."""

from __future__ import annotations

from typing import Any

from service.errors import CustomerInactive, DealHasNoRecipient
from service.ids import DealId, RealmId
from service.invoicing.actions import output_names
from service.invoicing.customer import CustomerInputs, WhenCustomerExists, Whose, parse_customer_inputs, plan_customer
from service.invoicing.deal import Recipient, RecipientKind
from service.invoicing.invoice import fill_outputs
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.text import quote_text
from service.quickbooks.customers import CustomerFacts, parse_customer
from service.store.callbacks import SUCCESS, StoredCallback
from service.workflows.ensure_customer import customer_content, ensure_customer
from service.workflows.gather_deal import find_recipient, gather_lines, get_recipient
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services


def create_or_update_customer(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the customer. Safe to repeat: what is there is found, what is so is not written.

    Raises: CannotInvoice, SyncTokenStale and other TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_customer_inputs(callback.inputs)
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))
    recipient = gather_recipient(services, callback, inputs)
    currency = _decide_currency(services, callback, realm, inputs)
    entity = _ensure(services, callback, recipient, currency)
    facts = parse_customer(entity)
    if not facts.active:
        raise CustomerInactive(
            f"The customer {quote_text(facts.display_name)} is inactive in QuickBooks: make it active there."
        )
    if inputs.existing == WhenCustomerExists.UPDATE:
        facts = _bring_up_to_date(services, callback, recipient, entity)
    told = {"customerId": facts.id, "customerName": facts.display_name, "customerEmail": facts.email or ""}
    with services.database.write() as tx:
        outputs = fill_outputs(told, output_names(callback.action))
        services.callbacks.settle(tx, callback, SUCCESS, outputs, services.clock.now())


def gather_recipient(services: Services, callback: StoredCallback, inputs: CustomerInputs) -> Recipient:
    """The enrolled contact or company, or the deal's. Raises: DealHasNoRecipient."""
    portal_id = callback.portal_id
    if callback.object_type == "DEAL":
        is_contact = inputs.whose == Whose.PRIMARY_CONTACT
        kind = RecipientKind.CONTACT if is_contact else RecipientKind.COMPANY
        found = find_recipient(services, portal_id, DealId(callback.object_id), kind)
        missing = f'The deal has no {kind.value}: associate one, or choose another "Bill to" in the action.'
    else:
        kind = RecipientKind(callback.object_type.lower())
        found = get_recipient(services, portal_id, kind, callback.object_id)
        missing = f"The {kind.value} does not exist any more: it was deleted or merged. Enrol the one there is."
    if found is None:
        raise DealHasNoRecipient(missing)
    return found


def _decide_currency(
    services: Services, callback: StoredCallback, realm: KnownRealm, inputs: CustomerInputs
) -> str | None:
    """None: the realm has only one."""
    if not realm.facts.multicurrency:
        return None
    if inputs.currency is None and callback.object_type == "DEAL":
        deal, _ = gather_lines(services, callback.portal_id, DealId(callback.object_id))
        return deal.currency or realm.facts.home_currency
    return inputs.currency or realm.facts.home_currency


def _ensure(services: Services, callback: StoredCallback, recipient: Recipient, currency: str | None) -> dict[str, Any]:
    """The customer as it is now; looked for again where the one we knew is gone."""
    realm_id = RealmId(str(callback.realm_id))
    for _ in range(2):
        known = ensure_customer(services, callback.portal_id, realm_id, recipient, SaleInputs(), currency)
        entity = services.quickbooks.read(realm_id, "Customer", known.id)
        if entity is not None and (not known.from_link or parse_customer(entity).active):
            return entity
        services.links.forget(realm_id, ("contact", "company"), known.id)
    raise CustomerInactive("QuickBooks no longer has the customer that it names: try again, or create it there.")


def _bring_up_to_date(
    services: Services, callback: StoredCallback, recipient: Recipient, entity: dict[str, Any]
) -> CustomerFacts:
    facts = parse_customer(entity)
    wanted = customer_content(recipient, facts.display_name, None)
    changes = plan_customer(entity, wanted)
    if changes:
        pointer = {"Id": facts.id, "SyncToken": facts.sync_token}
        realm_id = RealmId(str(callback.realm_id))
        entity = services.quickbooks.update(realm_id, "Customer", {**pointer, **changes})
    return parse_customer(entity)
