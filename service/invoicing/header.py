"""What stands above the lines of any sale: number, addresses, copies, class, location, own fields. Knows no line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from service.errors import InputInvalid
from service.ids import DealId, Mark
from service.invoicing.deal import Address, Recipient
from service.invoicing.numbering import derive_number, fill_template
from service.invoicing.realm import RealmFacts, SalesTax, refuse_off
from service.invoicing.sale_inputs import CUSTOM_FIELD_LENGTH, Addresses, SaleInputs
from service.invoicing.text import cut_text, quote_text
from service.invoicing.us_states import shorten_state

_LONGEST_MESSAGE = 1000
_PO_OPENING = "PO number: "
_ADDRESS_LENGTHS = {"Line1": 500, "City": 255, "CountrySubDivisionCode": 255, "PostalCode": 30, "Country": 255}
_PO_FIELD = re.compile(r"\bp\.?\s?o\.?\b|purchase order", re.IGNORECASE)


def derive_header(
    inputs: SaleInputs, realm: RealmFacts, currency: str, recipient: Recipient | None = None
) -> dict[str, object]:
    """The fields that all sales may have, as QuickBooks wants them; what is not asked for stays out.

    Raises: SettingOff, InputInvalid.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
    if inputs.class_id and not (realm.class_per_line or realm.class_per_sale):
        raise refuse_off("a class", "classId")
    if inputs.location_id and not realm.locations:
        raise refuse_off("a location", "locationId")
    message = _write_message(inputs, realm)
    class_id = inputs.class_id if not realm.class_per_line else None
    fields: dict[str, object | None] = {
        "CurrencyRef": {"value": currency} if realm.multicurrency else None,
        "BillEmailCc": {"Address": inputs.email_cc} if inputs.email_cc else None,
        "BillEmailBcc": {"Address": inputs.email_bcc} if inputs.email_bcc else None,
        "CustomerMemo": {"value": message} if message else None,
        "ClassRef": {"value": class_id} if class_id else None,
        "DepartmentRef": {"value": inputs.location_id} if inputs.location_id else None,
        "CustomField": _custom_fields(inputs, realm) or None,
        **_addresses(inputs, realm, recipient),
    }
    return {name: value for name, value in fields.items() if value is not None}


def find_template(inputs: SaleInputs, realm: RealmFacts) -> str | None:
    """The template of numbers that the author chose; None: none.

    Raises: InputInvalid when the operator has taken it away.
    """
    name = inputs.number_template
    if name is None:
        return None
    if name not in realm.number_templates:
        raise InputInvalid(
            f"The number template {quote_text(name)} is not there any more. "
            'Choose another "numberTemplate" in the action, or have the operator give it again.'
        )
    return realm.number_templates[name]


def decide_number(
    deal_id: DealId,
    inputs: SaleInputs,
    realm: RealmFacts,
    mark: Mark,
    txn_date: date,
    generation: int = 0,
    prefix: str = "D",
) -> str | None:
    """The number of a sale where the realm leaves it to us; None: QuickBooks counts by itself.

    Raises: InputInvalid.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (DocNumber)
    # Without custom numbers QuickBooks counts by itself; with them, none sent means none given.
    if not realm.custom_numbers:
        return None
    text = inputs.number or find_template(inputs, realm)
    if text:
        return fill_template(text, deal_id, mark, txn_date, generation)
    return derive_number(prefix, deal_id, mark, generation)


def list_header_remarks(inputs: SaleInputs, realm: RealmFacts) -> tuple[str, ...]:
    """What QuickBooks will drop without a word."""
    asked = [number for number, value in inputs.custom_fields.items() if value]
    return tuple(
        f"The QuickBooks company shows no custom field {number}, so its value was not used."
        for number in asked
        if number not in realm.custom_fields
    )


def find_po_field(custom_fields: Mapping[str, str]) -> str | None:
    """The number of the company's own field for purchase orders, by its name; None: it has none."""
    return next((number for number, name in sorted(custom_fields.items()) if _PO_FIELD.search(name)), None)


def _custom_fields(inputs: SaleInputs, realm: RealmFacts) -> list[dict[str, object]]:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (CustomField)
    values = dict(inputs.custom_fields)
    po_field = find_po_field(realm.custom_fields)
    if po_field and inputs.po_number:
        if values.get(po_field) not in (None, "", inputs.po_number):
            raise InputInvalid(
                f"Custom field {po_field} is the company's own field for PO numbers, and the action gives both "
                f'"poNumber" and "customField{po_field}". Leave one of them empty in the action.'
            )
        values[po_field] = inputs.po_number
    return [
        {
            "DefinitionId": number,
            "Name": realm.custom_fields[number],
            "Type": "StringType",
            "StringValue": cut_text(value, CUSTOM_FIELD_LENGTH),
        }
        for number, value in sorted(values.items())
        if value and number in realm.custom_fields
    ]


def split_message(text: str, realm: RealmFacts) -> tuple[str, str]:
    """A message as `derive_header` wrote it: purchase order and the author's words, "" for what it does not have."""
    opening, _, rest = text.partition("\n")
    if find_po_field(realm.custom_fields) or not opening.startswith(_PO_OPENING):
        return "", text
    return opening.removeprefix(_PO_OPENING), rest


def _write_message(inputs: SaleInputs, realm: RealmFacts) -> str:
    """Without a field of its own, a purchase order's number opens the message: the customer looks for it."""
    told = inputs.po_number and not find_po_field(realm.custom_fields)
    opening = f"{_PO_OPENING}{inputs.po_number}" if told else ""
    return cut_text("\n".join(filter(None, [opening, inputs.message_to_customer])), _LONGEST_MESSAGE)


def _addresses(inputs: SaleInputs, realm: RealmFacts, recipient: Recipient | None) -> dict[str, object]:
    """HubSpot's address where the author wants it, or where tax is computed from it; else the customer's."""
    if recipient is None or inputs.addresses == Addresses.QUICKBOOKS:
        return {}
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    # The engine wants to know where the goods go: a state and a ZIP code at least.
    is_needed = realm.sales_tax == SalesTax.US_AUTOMATED and _can_be_taxed(recipient.address)
    if not is_needed and inputs.addresses != Addresses.HUBSPOT:
        return {}
    address = address_fields(recipient.address)
    return {"BillAddr": address, "ShipAddr": address} if address else {}


def address_fields(address: Address) -> dict[str, str]:
    """An address as QuickBooks wants it, without what is empty."""
    told = {
        "Line1": address.street,
        "City": address.city,
        "CountrySubDivisionCode": shorten_state(address.region, address.country),
        "PostalCode": address.postal_code,
        "Country": address.country,
    }
    return {name: cut_text(value, _ADDRESS_LENGTHS[name]) for name, value in told.items() if value}


def _can_be_taxed(address: Address) -> bool:
    return len(shorten_state(address.region, address.country)) == 2 and bool(address.postal_code)
