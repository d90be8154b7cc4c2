"""Creating or updating a customer: what the author chose, and what of it QuickBooks does not have yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from service.ids import RealmId
from service.invoicing.input_fields import InputsSchema, is_id, load_inputs

OUTPUT_NAMES = ("customerId", "customerName", "customerEmail", "errorCode", "errorMessage")


class Whose(StrEnum):
    """Who of a deal is meant."""

    PRIMARY_CONTACT = "primary_contact"
    PRIMARY_COMPANY = "primary_company"


class WhenCustomerExists(StrEnum):
    """What happens with the customer there is."""

    UPDATE = "update"
    LEAVE_IT = "leave_it"


@dataclass(frozen=True, slots=True)
class CustomerInputs:
    """The author's choices; `whose` counts on deals, `currency` None: the deal's, else the realm's own."""

    realm_id: RealmId | None = None
    whose: Whose = Whose.PRIMARY_CONTACT
    existing: WhenCustomerExists = WhenCustomerExists.UPDATE
    currency: str | None = None


class CustomerSchema(InputsSchema):
    """Input names as the action's definition has them."""

    realm_id = fields.String(data_key="realmId", validate=is_id("a company"))
    whose = fields.Enum(Whose, by_value=True, data_key="billTo")
    existing = fields.Enum(WhenCustomerExists, by_value=True, data_key="existingCustomer")
    currency = fields.String(
        data_key="currency", validate=validate.Regexp(r"\A[A-Z]{3}\Z", error="Must be a code such as EUR.")
    )


def parse_customer_inputs(given: Mapping[str, object]) -> CustomerInputs:
    """Raises: InputInvalid."""
    return CustomerInputs(**load_inputs(CustomerSchema(), given, "Create or update customer"))


def plan_customer(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to change: what HubSpot knows and QuickBooks has otherwise. What HubSpot leaves empty stays.

    `there` as QuickBooks answered it, `wanted` the body of a new customer. Not the display name: it is what
    the books are sorted by, and may be taken. Not the currency: it is fixed for good.
    """
    changes = {}
    for name in ("CompanyName", "GivenName", "FamilyName", "PrimaryEmailAddr", "PrimaryPhone", "BillAddr"):
        value, known = wanted.get(name), there.get(name)
        if value and not _is_known(name, known, value):
            changes[name] = value
    return changes


def _is_known(name: str, known: Any, value: Any) -> bool:
    if not isinstance(value, Mapping):
        return bool(known == value)
    if not isinstance(known, Mapping):
        return False
    if name == "PrimaryEmailAddr":
        # The field may hold several addresses: one more of them is no reason to throw the others away.
        addresses = {each.strip().casefold() for each in str(known.get("Address") or "").split(",")}
        return str(value["Address"]).casefold() in addresses
    return all(known.get(each) == text for each, text in value.items())
