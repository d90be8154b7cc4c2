"""Find the customer an invoice goes to, or create it: link, e-mail, display name, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import CustomerNotFound, NameTaken, OutcomeUnknown, TryLater
from service.ids import CallbackId, CustomerId, PortalId, RealmId
from service.invoicing.deal import Recipient
from service.invoicing.marks import derive_request_id
from service.invoicing.matching import Customer, choose_customer
from service.invoicing.naming import derive_alternative_name, derive_display_name
from service.invoicing.sale_inputs import SaleInputs, WhenCustomerNotFound
from service.quickbooks import customers
from service.quickbooks.body import encode
from service.quickbooks.customers import CustomerFacts
from service.store.links import Link
from service.workflows.services import Services

NAMES_TRIED = 5


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """The customer an invoice goes to; `currency` None: the realm has only one."""

    id: CustomerId
    currency: str | None
    from_link: bool = False


def ensure_customer(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    inputs: SaleInputs,
    currency: str | None,
) -> KnownCustomer:
    """The recipient's customer in the realm, if possible in the currency; None: the realm has only one.

    Raises: CustomerNotFound, CustomerInactive, and what the gateway raises.
    """
    # In a realm with several currencies a recipient may have a customer in each.
    kind, key = recipient.kind.value, f"{recipient.object_id} {currency}" if currency else recipient.object_id
    link = services.links.find(portal_id, realm_id, kind, [key]).get(key)
    if link is not None:
        return KnownCustomer(CustomerId(link.entity_id), link.document.get("currency"), from_link=True)
    # Name lists must not be written in parallel, and two runs must not create the same customer.
    with services.locks.hold(f"names:{realm_id}"):
        link = services.links.find(portal_id, realm_id, kind, [key]).get(key)
        if link is not None:
            return KnownCustomer(CustomerId(link.entity_id), link.document.get("currency"), from_link=True)
        found = _find(services, realm_id, recipient, currency)
        if found is None:
            found = _create(services, portal_id, realm_id, recipient, inputs, currency)
        if currency in (None, found.currency):
            new = Link(kind, key, found.id, {"currency": found.currency})
            services.links.keep(portal_id, realm_id, [new], services.clock.now())
    return KnownCustomer(found.id, found.currency)


def _find(services: Services, realm_id: RealmId, recipient: Recipient, currency: str | None) -> Customer | None:
    """By e-mail, then by name; one in another currency only where there is none in the deal's."""
    name = derive_display_name(recipient)
    by_email = _candidates(customers.find_by_email(services.quickbooks, realm_id, recipient.email))
    chosen = choose_customer(by_email, email=recipient.email, display_name=name, currency=currency)
    if chosen is not None:
        return chosen
    named = customers.find_by_display_name(services.quickbooks, realm_id, name)
    by_name = _candidates([named] if named else [])
    chosen = choose_customer(by_name, display_name=name, currency=currency)
    if chosen is not None or currency is None:
        return chosen
    return choose_customer([*by_email, *by_name], email=recipient.email, display_name=name)


def _create(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    recipient: Recipient,
    inputs: SaleInputs,
    currency: str | None,
) -> Customer:
    if inputs.customer_not_found == WhenCustomerNotFound.FAIL:
        raise CustomerNotFound(
            "QuickBooks has no customer with the recipient's e-mail or name: create it there, "
            'or set "customerNotFound" to create in the Create invoice action.'
        )
    display_name = derive_display_name(recipient)
    for attempt in range(NAMES_TRIED):
        name = derive_alternative_name(display_name, attempt)
        try:
            return _create_named(services, portal_id, realm_id, recipient, name, currency)
        except NameTaken:
            # By a vendor or an employee, or by a customer that came into being just now.
            found = customers.find_by_display_name(services.quickbooks, realm_id, name)
            if found is not None:
                chosen = choose_customer(_candidates([found]), display_name=name)
                if chosen is not None:
                    return chosen
    raise CustomerNotFound(
        "The recipient's name is taken in QuickBooks by vendors or employees, also with additions: "
        "create the customer there by hand."
    )


def _create_named(
    services: Services, portal_id: PortalId, realm_id: RealmId, recipient: Recipient, name: str, currency: str | None
) -> Customer:
    address = recipient.address
    body = customers.customer_body(
        name,
        company_name=recipient.company_name,
        given_name=recipient.given_name,
        family_name=recipient.family_name,
        email=recipient.email,
        phone=recipient.phone,
        bill_address={
            "Line1": address.street,
            "City": address.city,
            "CountrySubDivisionCode": address.region,
            "PostalCode": address.postal_code,
            "Country": address.country,
        },
        currency=currency,
    )
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
    return [Customer(c.id, c.display_name, c.email or "", c.active, c.currency) for c in found]
