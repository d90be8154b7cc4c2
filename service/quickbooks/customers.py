"""Customers as QuickBooks keeps them: who an invoice goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.errors import DealHasNoRecipient, RefusedByQuickBooks
from service.ids import CustomerId, RealmId, RequestId
from service.quickbooks.body import encode
from service.quickbooks.fields import clean_line, clean_name, read_flag, read_text
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import ACTIVE_OR_NOT, Question, all_of, divide_values, where_equals, where_in
from service.quickbooks.questions import ask

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
DISPLAY_NAME_LENGTH = 500
PERSON_NAME_LENGTH = 100
COMPANY_NAME_LENGTH = 100
EMAIL_LENGTH = 100
PHONE_LENGTH = 30
NOTES_LENGTH = 2000
ADDRESS_LENGTHS = {
    **{f"Line{number}": 500 for number in range(1, 6)},
    "City": 255,
    "CountrySubDivisionCode": 255,
    "Country": 255,
    "PostalCode": 30,
}


# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
# An unsupported property, and the faults of a query.
_CANNOT_BE_ASKED = frozenset(("2010", "4000", "4001"))
_BY_EMAIL = "customers by PrimaryEmailAddr"


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer as last read.

    `currency` is fixed for good, and `None` in a realm with one currency. `taxable`: in the US, whether
    sales to the customer are taxed; `tax_code_id`: the code they are taxed by. `None`: QuickBooks does not say.
    """

    id: CustomerId
    sync_token: str
    display_name: str
    company_name: str | None
    email: str | None
    active: bool
    sub_customer: bool
    currency: str | None
    taxable: bool | None
    tax_code_id: str | None


def parse_customer(content: Mapping[str, Any]) -> CustomerFacts:
    """The facts of a customer.

    Missing keys are what QuickBooks means by their absence.
    """
    return CustomerFacts(
        id=CustomerId(read_text(content, "Id") or ""),
        sync_token=read_text(content, "SyncToken") or "0",
        display_name=read_text(content, "DisplayName") or "",
        company_name=read_text(content, "CompanyName"),
        email=read_text(content, "PrimaryEmailAddr", "Address"),
        active=read_flag(content, "Active") is not False,
        sub_customer=read_flag(content, "Job") is True,
        currency=read_text(content, "CurrencyRef", "value"),
        # An exemption is told by its reason as well.
        taxable=False if read_text(content, "TaxExemptionReasonId") else read_flag(content, "Taxable"),
        tax_code_id=read_text(content, "DefaultTaxCodeRef", "value"),
    )


def get(gateway: Gateway, realm_id: RealmId, customer_id: CustomerId) -> CustomerFacts | None:
    """The customer as it is now.

    `None` when there is none, for instance after a merge.
    """
    content = gateway.read(realm_id, "Customer", customer_id)
    return None if content is None else parse_customer(content)


def find_by_email_and_name(
    gateway: Gateway, realm_id: RealmId, email: str, names: Sequence[str]
) -> list[CustomerFacts]:
    """All customers with the e-mail address or one of the names, each once, in one call.

    Inactive ones are included, so that the caller can say so. As `query_by_email`, a realm that refuses to be asked
    by address answers by the names alone.
    """
    wanted = email.strip()
    by_name = [each for each in dict.fromkeys(clean_name(name, DISPLAY_NAME_LENGTH) for name in names) if each]
    questions = []
    if by_name:
        questions.append(Question("Customer", all_of(_named(by_name), ACTIVE_OR_NOT)))
    if is_email(wanted) and gateway.habits.takes(realm_id, _BY_EMAIL):
        where = all_of(where_equals("PrimaryEmailAddr", wanted), ACTIVE_OR_NOT)
        questions.append(Question("Customer", where))
    answers = ask(gateway, realm_id, questions)
    found: list[CustomerFacts] = []
    for question, answer in zip(questions, answers, strict=True):
        if isinstance(answer, RefusedByQuickBooks):
            _forgive(gateway, realm_id, answer, by_email="PrimaryEmailAddr" in question.where)
        else:
            found += map(parse_customer, answer)
    return list({customer.id: customer for customer in found}.values())


def query_by_email(gateway: Gateway, realm_id: RealmId, emails: Iterable[str]) -> list[dict[str, Any]]:
    """The customers with one of the addresses as QuickBooks has them, inactive ones too.

    That PrimaryEmailAddr can be filtered is not in Intuit's list of attributes that we hold: unverified, and used
    here only. A realm that refuses it has none, and is not asked again for a while: names must do there.
    """
    found: list[dict[str, Any]] = []
    if not gateway.habits.takes(realm_id, _BY_EMAIL):
        return found
    for part in divide_values(emails):
        given = where_equals("PrimaryEmailAddr", part[0]) if len(part) == 1 else where_in("PrimaryEmailAddr", part)
        try:
            found += gateway.query(realm_id, "Customer", all_of(given, ACTIVE_OR_NOT))
        except RefusedByQuickBooks as refusal:
            _forgive(gateway, realm_id, refusal, by_email=True)
            return found
    return found


def _forgive(gateway: Gateway, realm_id: RealmId, refusal: RefusedByQuickBooks, *, by_email: bool) -> None:
    """A realm may not know how to be asked by address: remembered for a while. Raises: RefusedByQuickBooks else."""
    if not by_email or refusal.fault_code not in _CANNOT_BE_ASKED:
        raise refusal
    gateway.habits.note_refused(realm_id, _BY_EMAIL)


def find_by_display_name(gateway: Gateway, realm_id: RealmId, name: str) -> CustomerFacts | None:
    """The customer with the name as QuickBooks would store it.

    Inactive ones keep their names.
    """
    wanted = clean_name(name, DISPLAY_NAME_LENGTH)
    if not wanted:
        return None
    where = all_of(_named([wanted]), ACTIVE_OR_NOT)
    customers = [parse_customer(entry) for entry in gateway.query(realm_id, "Customer", where, limit=10)]
    return min(customers, key=lambda customer: (not customer.active, _age(customer)), default=None)


def customer_body(
    display_name: str,
    *,
    company_name: str | None = None,
    given_name: str | None = None,
    family_name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    bill_address: Mapping[str, str] | None = None,
    currency: str | None = None,
    notes: str | None = None,
    parent_id: CustomerId | None = None,
    taxable: bool | None = None,
) -> dict[str, Any]:
    """A new customer within QuickBooks' limits.

    Names are cleaned and cut, an unusable e-mail is left out.
    `bill_address` has QuickBooks' keys (Line1 … PostalCode). `currency` only where the realm has several.
    `parent_id`: below whom it stands. `taxable` in the US only.
    Raises: DealHasNoRecipient when nothing of the name is left.
    """
    name = clean_name(display_name, DISPLAY_NAME_LENGTH)
    if not name:
        raise DealHasNoRecipient("The contact or company has no name QuickBooks could use: fill its name in HubSpot")
    body: dict[str, Any] = {
        "DisplayName": name,
        "CompanyName": clean_name(company_name, COMPANY_NAME_LENGTH),
        "GivenName": clean_name(given_name, PERSON_NAME_LENGTH),
        "FamilyName": clean_name(family_name, PERSON_NAME_LENGTH),
        "PrimaryEmailAddr": {"Address": email.strip()} if email and is_email(email.strip()) else None,
        "PrimaryPhone": {"FreeFormNumber": clean_line(phone, PHONE_LENGTH)} if clean_line(phone, 1) else None,
        "BillAddr": address_body(bill_address or {}),
        "CurrencyRef": {"value": currency} if currency else None,
        "Notes": (notes or "").strip()[:NOTES_LENGTH],
        # A sub-customer: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
        "Job": True if parent_id else None,
        "ParentRef": {"value": parent_id} if parent_id else None,
        "Taxable": taxable,
    }
    return {key: value for key, value in body.items() if value or value is False}


def address_body(address: Mapping[str, str]) -> dict[str, str]:
    """An address within QuickBooks' limits.

    Unknown keys and empty lines are left out.
    """
    cleaned = {key: clean_line(address.get(key), most) for key, most in ADDRESS_LENGTHS.items()}
    return {key: value for key, value in cleaned.items() if value}


def is_email(text: str) -> bool:
    """Whether QuickBooks would take this as one e-mail address."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
    # "must contain @ and ." is all Intuit says (code 2210); two addresses in one would both get the invoice.
    name, at, domain = text.partition("@")
    return (
        len(text) <= EMAIL_LENGTH
        and bool(name and at and "." in domain.strip("."))
        and "@" not in domain
        and not any(letter.isspace() or letter in ',;<>"' for letter in text)
    )


def create(gateway: Gateway, realm_id: RealmId, body: Mapping[str, Any], request_id: RequestId) -> CustomerFacts:
    """A new customer.

    Raises: as `Gateway.create`; NameTaken when a customer, vendor or employee has the display name.
    """
    return parse_customer(gateway.create(realm_id, "Customer", encode(body), request_id))


def _named(names: Sequence[str]) -> str:
    return where_equals("DisplayName", names[0]) if len(names) == 1 else where_in("DisplayName", names)


def _age(customer: CustomerFacts) -> tuple[int, str]:
    return (int(customer.id), "") if customer.id.isdecimal() else (0, customer.id)
