"""Ensure customer: the customer a sale goes to is found, or created once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.errors import CustomerNotFound, NameTaken, OutcomeUnknown, RefusedByQuickBooks, TryLater
from service.ids import CustomerId, RealmId
from service.invoicing.deal import Recipient
from service.invoicing.marks import derive_request_id
from service.invoicing.matching import Customer, choose_customer
from service.invoicing.naming import derive_customer_names, derive_display_name
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.tax import decide_taxable
from service.quickbooks import customers
from service.quickbooks.body import encode
from service.store.callbacks import StoredCallback
from service.store.links import Link
from service.workflows.find_customer import (
    KnownCustomer,
    customer_content,
    decide_parent,
    find_customer,
    link_key,
    read_candidates,
    recall_customer,
    refuse_new,
)
from service.workflows.follow_heirs import forget_customer
from service.workflows.know_realm import know_realm
from service.workflows.know_tax import keep_customer_tax
from service.workflows.services import Services
from service.workflows.write_reserved import next_generation


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Whose customer is wanted, for which callback; `currency` None: the realm has only one."""

    callback: StoredCallback
    recipient: Recipient
    inputs: SaleInputs
    currency: str | None
    parent: Recipient | None

    @property
    def realm_id(self) -> RealmId:
        return RealmId(str(self.callback.realm_id))


def ensure_customer(
    services: Services,
    callback: StoredCallback,
    recipient: Recipient,
    inputs: SaleInputs,
    currency: str | None,
    parent: Recipient | None = None,
) -> KnownCustomer:
    """The recipient's customer in the realm, in the currency; None: the realm has only one.

    `parent`: the company below which a new customer stands, where the author wants that.
    Raises: CustomerNotFound, CustomerInactive, CurrencyMismatch, InputInvalid, and what the gateway raises.
    """
    wanted = _Wanted(callback, recipient, inputs, currency, parent)
    known = _recall(services, wanted)
    if known is not None:
        return known
    # Name lists must not be written in parallel, and two runs must not create the same customer.
    with services.locks.hold(f"names:{wanted.realm_id}"):
        return _ensure(services, wanted)


def _recall(services: Services, wanted: _Wanted) -> KnownCustomer | None:
    return recall_customer(services, wanted.callback.portal_id, wanted.realm_id, wanted.recipient, wanted.currency)


def _ensure(services: Services, wanted: _Wanted) -> KnownCustomer:
    """As `ensure_customer`, by whoever holds the realm's names."""
    known = _recall(services, wanted)
    if known is not None:
        return known
    search = find_customer(services, wanted.realm_id, wanted.recipient, wanted.currency)
    customer, why = search.customer, search.why
    if customer is None:
        refuse_new(wanted.inputs, search, wanted.currency)
        customer, why = _create(services, wanted), "created"
    kind, key = link_key(wanted.recipient, wanted.currency)
    new = Link(kind, key, customer.id, {"currency": customer.currency})
    services.links.keep(wanted.callback.portal_id, wanted.realm_id, [new], services.clock.now())
    keep_customer_tax(services, wanted.callback.portal_id, wanted.realm_id, customer)
    return KnownCustomer(customer.id, customer.currency, why=why)


def _create(services: Services, wanted: _Wanted) -> Customer:
    parent_id = _ensure_parent(services, wanted)
    try:
        return _create_below(services, wanted, parent_id)
    except RefusedByQuickBooks:
        # A parent that we remembered may be merged into another by now: once more without what we remember.
        portal_id = wanted.callback.portal_id
        if parent_id is None or not forget_customer(services, portal_id, wanted.realm_id, parent_id):
            raise
        return _create_below(services, wanted, _ensure_parent(services, wanted))


def _ensure_parent(services: Services, wanted: _Wanted) -> CustomerId | None:
    """Below whom the new customer stands; None: below nobody."""
    parent = decide_parent(wanted.inputs, wanted.recipient, wanted.parent)
    if not isinstance(parent, Recipient):
        return parent
    return _ensure(services, replace(wanted, recipient=parent, parent=None)).id


def _create_below(services: Services, wanted: _Wanted, parent_id: CustomerId | None) -> Customer:
    for name in derive_customer_names(derive_display_name(wanted.recipient), wanted.currency):
        try:
            return _create_named(services, wanted, name, parent_id)
        except NameTaken:
            # By a vendor or an employee, or by a customer that came into being just now.
            found = customers.find_by_display_name(services.quickbooks, wanted.realm_id, name)
            candidates = read_candidates([found] if found else [])
            chosen = choose_customer(candidates, display_name=name, currency=wanted.currency)
            if chosen is not None:
                return chosen
    raise CustomerNotFound(
        "The recipient's name is taken in QuickBooks by vendors or employees, also with additions: "
        "create the customer there by hand."
    )


def _create_named(services: Services, wanted: _Wanted, name: str, parent_id: CustomerId | None) -> Customer:
    callback, realm_id = wanted.callback, wanted.realm_id
    taxable = decide_taxable(know_realm(services, callback.portal_id, realm_id).facts)
    body = customer_content(wanted.recipient, name, wanted.currency, parent_id, taxable)
    # A repeat after a lost answer is the same write. Another callback's, or one after a refused draft, is another:
    # its customer may be merged or renamed since, and QuickBooks would answer with the dead one.
    generation, purpose = next_generation(services, callback), f"customer {encode(body).decode()}"
    request_id = derive_request_id(callback.portal_id, realm_id, callback.callback_id, generation, purpose)
    try:
        made = customers.create(services.quickbooks, realm_id, body, request_id)
    except OutcomeUnknown as error:
        # Nothing is lost by looking again: by e-mail and by name before the next try.
        raise TryLater("QuickBooks has not said whether the customer was created.", error.after) from error
    return read_candidates([made])[0]
