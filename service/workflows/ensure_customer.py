"""Find the customer a sale goes to, or create it: link, e-mail, display name, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from service.errors import (
    CurrencyMismatch,
    CustomerNotFound,
    InputInvalid,
    NameTaken,
    OutcomeUnknown,
    RefusedByQuickBooks,
    TryLater,
)
from service.ids import CallbackId, CustomerId, PortalId, RealmId
from service.invoicing.deal import Recipient
from service.invoicing.header import address_fields
from service.invoicing.marks import derive_request_id
from service.invoicing.matching import Customer, choose_customer
from service.invoicing.naming import derive_currency_name, derive_customer_names, derive_display_name
from service.invoicing.sale_inputs import Parent, SaleInputs, WhenCustomerNotFound
from service.invoicing.text import quote_text
from service.quickbooks import customers
from service.quickbooks.body import encode
from service.quickbooks.customers import CustomerFacts
from service.store.links import Link
from service.workflows.know_realm import know_realm
from service.workflows.know_tax import keep_customer_tax
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """The customer a sale goes to; `currency` None: the realm has only one.

    `why`: how it was found, in words for a person.
    """

    id: CustomerId
    currency: str | None
    from_link: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What QuickBooks has for a recipient: the customer, or only one in another currency."""

    customer: Customer | None = None
    why: str = ""
    in_other_currency: Customer | None = None


def ensure_customer(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    inputs: SaleInputs,
    currency: str | None,
    parent: Recipient | None = None,
) -> KnownCustomer:
    """The recipient's customer in the realm, in the currency; None: the realm has only one.

    `parent`: the company below which a new customer stands, where the author wants that.
    Raises: CustomerNotFound, CustomerInactive, CurrencyMismatch, and what the gateway raises.
    """
    known = recall_customer(services, portal_id, realm_id, recipient, currency)
    if known is not None:
        return known
    # Name lists must not be written in parallel, and two runs must not create the same customer.
    with services.locks.hold(f"names:{realm_id}"):
        return _ensure(services, portal_id, realm_id, recipient, inputs, currency, parent)


def recall_customer(
    services: Services, portal_id: PortalId, realm_id: RealmId, recipient: Recipient, currency: str | None
) -> KnownCustomer | None:
    """The customer we have met before as this recipient's; None: never. Costs no call."""
    kind, key = _key(recipient, currency)
    link = services.links.find(portal_id, realm_id, kind, [key]).get(key)
    if link is None:
        return None
    return KnownCustomer(CustomerId(link.entity_id), link.document.get("currency"), True, "known from before")


def find_customer(services: Services, realm_id: RealmId, recipient: Recipient, currency: str | None) -> Search:
    """By e-mail, then by name, reading only; `currency` None: the realm has only one.

    Raises: CustomerInactive when only inactive customers fit.
    """
    name = derive_display_name(recipient)
    found = _candidates(customers.find_by_email(services.quickbooks, realm_id, recipient.email))
    chosen = choose_customer(found, email=recipient.email, display_name=name, currency=currency)
    if chosen is not None:
        return Search(chosen, f"has the e-mail {recipient.email}")
    for each in [name] + ([derive_currency_name(name, currency)] if currency else []):
        named = customers.find_by_display_name(services.quickbooks, realm_id, each)
        found += _candidates([named] if named else [])
        chosen = choose_customer(found, display_name=each, currency=currency)
        if chosen is not None:
            return Search(chosen, f"is called {quote_text(each)}")
    other = choose_customer([each for each in found if each.active], email=recipient.email, display_name=name)
    return Search(in_other_currency=other)


def customer_content(
    recipient: Recipient,
    name: str,
    currency: str | None,
    parent_id: CustomerId | None = None,
    taxable: bool | None = None,
) -> dict[str, object]:
    """The new customer that a recipient becomes, as QuickBooks wants it."""
    return customers.customer_body(
        name,
        company_name=recipient.company_name,
        given_name=recipient.given_name,
        family_name=recipient.family_name,
        email=recipient.email,
        phone=recipient.phone,
        bill_address=address_fields(recipient.address),
        currency=currency,
        parent_id=parent_id,
        taxable=taxable,
    )


def refuse_new(inputs: SaleInputs, search: Search, currency: str | None) -> None:
    """The author may want no new customers.

    Raises: CustomerNotFound, CurrencyMismatch.
    """
    if inputs.customer_not_found != WhenCustomerNotFound.FAIL:
        return
    other = search.in_other_currency
    if other is not None:
        raise CurrencyMismatch(
            f"The deal is in {currency}, but the customer {quote_text(other.display_name)} in QuickBooks is in "
            f"{other.currency} and stays so. Create a second customer in {currency} there, "
            'or set "customerNotFound" to create in the action.'
        )
    raise CustomerNotFound(
        "QuickBooks has no customer with the recipient's e-mail or name: create it there, "
        'or set "customerNotFound" to create in the action.'
    )


def _ensure(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    inputs: SaleInputs,
    currency: str | None,
    parent: Recipient | None,
) -> KnownCustomer:
    """As `ensure_customer`, by whoever holds the realm's names."""
    known = recall_customer(services, portal_id, realm_id, recipient, currency)
    if known is not None:
        return known
    search = find_customer(services, realm_id, recipient, currency)
    customer, why = search.customer, search.why
    if customer is None:
        refuse_new(inputs, search, currency)
        below = partial(_ensure_parent, services, portal_id, realm_id, recipient, inputs, currency, parent)
        create = partial(_create, services, portal_id, realm_id, recipient, currency)
        parent_id = below()
        try:
            customer, why = create(parent_id), "created"
        except RefusedByQuickBooks:
            # A parent that we remembered may be merged into another by now: once more without what we remember.
            if parent_id is None or not services.links.forget(realm_id, ("contact", "company"), parent_id):
                raise
            customer, why = create(below()), "created"
    kind, key = _key(recipient, currency)
    new = Link(kind, key, customer.id, {"currency": customer.currency})
    services.links.keep(portal_id, realm_id, [new], services.clock.now())
    keep_customer_tax(services, portal_id, realm_id, customer)
    return KnownCustomer(customer.id, customer.currency, why=why)


def _key(recipient: Recipient, currency: str | None) -> tuple[str, str]:
    # In a realm with several currencies a recipient may have a customer in each.
    return recipient.kind.value, f"{recipient.object_id} {currency}" if currency else recipient.object_id


def _ensure_parent(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    inputs: SaleInputs,
    currency: str | None,
    parent: Recipient | None,
) -> CustomerId | None:
    """Below whom a new customer stands; None: below nobody. Raises: InputInvalid, and as `ensure_customer`."""
    if inputs.parent == Parent.CHOSEN:
        if not inputs.parent_id:
            raise InputInvalid('New customers stand below a chosen one, but "parentCustomerId" is empty. Choose it.')
        return CustomerId(inputs.parent_id)
    if parent is None or inputs.parent != Parent.PRIMARY_COMPANY:
        return None
    if (parent.kind, parent.object_id) == (recipient.kind, recipient.object_id):
        return None
    return _ensure(services, portal_id, realm_id, parent, inputs, currency, None).id


def _create(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    currency: str | None,
    parent_id: CustomerId | None,
) -> Customer:
    for name in derive_customer_names(derive_display_name(recipient), currency):
        try:
            return _create_named(services, portal_id, realm_id, recipient, name, currency, parent_id)
        except NameTaken:
            # By a vendor or an employee, or by a customer that came into being just now.
            found = customers.find_by_display_name(services.quickbooks, realm_id, name)
            chosen = choose_customer(_candidates([found] if found else []), display_name=name, currency=currency)
            if chosen is not None:
                return chosen
    raise CustomerNotFound(
        "The recipient's name is taken in QuickBooks by vendors or employees, also with additions: "
        "create the customer there by hand."
    )


def _create_named(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    name: str,
    currency: str | None,
    parent_id: CustomerId | None,
) -> Customer:
    # Left out, a documented answer says that the customer is not taxable, and later sales would go untaxed.
    taxable = True if know_realm(services, portal_id, realm_id).facts.sales_tax.is_us else None
    body = customer_content(recipient, name, currency, parent_id, taxable)
    # The name of the write follows from its content: a repeat after a lost answer is the same write.
    purpose = f"customer {encode(body).decode()}"
    request_id = derive_request_id(portal_id, realm_id, CallbackId(recipient.object_id), 0, purpose)
    try:
        made = customers.create(services.quickbooks, realm_id, body, request_id)
    except OutcomeUnknown as error:
        # Nothing is lost by looking again: by e-mail and by name before the next try.
        raise TryLater("QuickBooks has not said whether the customer was created.", error.after) from error
    return _candidates([made])[0]


def _candidates(found: Sequence[CustomerFacts]) -> list[Customer]:
    return [
        Customer(c.id, c.display_name, c.email or "", c.active, c.currency, c.taxable, c.tax_code_id) for c in found
    ]
