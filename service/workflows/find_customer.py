"""Find the customer a sale goes to, writing nothing: link, e-mail, display name, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import CurrencyMismatch, CustomerNotFound, InputInvalid
from service.ids import CustomerId, PortalId, RealmId
from service.invoicing.deal import Recipient
from service.invoicing.header import address_fields
from service.invoicing.matching import Customer, choose_customer
from service.invoicing.naming import derive_currency_name, derive_display_name
from service.invoicing.sale_inputs import Parent, SaleInputs, WhenCustomerNotFound
from service.invoicing.text import quote_text
from service.quickbooks import customers
from service.quickbooks.customers import CustomerFacts
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


def recall_customer(
    services: Services, portal_id: PortalId, realm_id: RealmId, recipient: Recipient, currency: str | None
) -> KnownCustomer | None:
    """The customer we have met before as this recipient's; None: never. Costs no call."""
    kind, key = link_key(recipient, currency)
    link = services.links.find(portal_id, realm_id, kind, [key]).get(key)
    if link is None:
        return None
    return KnownCustomer(CustomerId(link.entity_id), link.document.get("currency"), True, "known from before")


def link_key(recipient: Recipient, currency: str | None) -> tuple[str, str]:
    """Kind and key of the link from a recipient; in a realm with several currencies there is one for each."""
    return recipient.kind.value, f"{recipient.object_id} {currency}" if currency else recipient.object_id


def find_customer(services: Services, realm_id: RealmId, recipient: Recipient, currency: str | None) -> Search:
    """By e-mail, then by name, reading only, in one call; `currency` None: the realm has only one.

    Raises: CustomerInactive when only inactive customers fit.
    """
    email, name = recipient.email, derive_display_name(recipient)
    names = [name] + ([derive_currency_name(name, currency)] if currency else [])
    found = read_candidates(customers.find_by_email_and_name(services.quickbooks, realm_id, email, names))
    active = [each for each in found if each.active]
    chosen = choose_customer(active, email=email, currency=currency)
    if chosen is not None:
        return Search(chosen, f"has the e-mail {email}")
    for each in names:
        chosen = choose_customer(active, display_name=each, currency=currency)
        if chosen is not None:
            return Search(chosen, f"is called {quote_text(each)}")
    for each in names:
        choose_customer(found, email=email, display_name=each, currency=currency)
    return Search(in_other_currency=choose_customer(active, email=email, display_name=name))


def read_candidates(found: Sequence[CustomerFacts]) -> list[Customer]:
    """Customers of QuickBooks as matching sees them."""
    return [
        Customer(
            c.id,
            c.display_name,
            email=c.email or "",
            active=c.active,
            currency=c.currency,
            sub_customer=c.sub_customer,
            taxable=c.taxable,
            tax_code_id=c.tax_code_id,
        )
        for c in found
    ]


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


def decide_parent(inputs: SaleInputs, recipient: Recipient, parent: Recipient | None) -> CustomerId | Recipient | None:
    """Below whom a new customer stands: a chosen customer, a company's, or nobody.

    Raises: InputInvalid.
    """
    if inputs.parent == Parent.CHOSEN:
        if not inputs.parent_id:
            raise InputInvalid('New customers stand below a chosen one, but "parentCustomerId" is empty. Choose it.')
        return CustomerId(inputs.parent_id)
    if parent is None or inputs.parent != Parent.PRIMARY_COMPANY:
        return None
    return None if (parent.kind, parent.object_id) == (recipient.kind, recipient.object_id) else parent


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
