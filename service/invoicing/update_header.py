"""What stands above an invoice's lines and is not yet as the author wants it. Knows no line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from service.invoicing.draft import allow_online
from service.invoicing.header import derive_header, split_message
from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.marks import drop_marks, read_signature
from service.invoicing.realm import RealmFacts
from service.invoicing.text import cut_text
from service.invoicing.update import UpdateInvoiceInputs

ADDRESSES = ("BillAddr", "ShipAddr")
_ADDRESS_FIELDS = (
    *(f"Line{number}" for number in range(1, 6)),
    *("City", "CountrySubDivisionCode", "PostalCode", "Country"),
)
_LONGEST_NOTE = 4000
_NO_ADDRESSES: Mapping[str, Any] = MappingProxyType({})


def plan_header(
    entity: Mapping[str, Any],
    inputs: UpdateInvoiceInputs,
    realm: RealmFacts,
    addresses: Mapping[str, Any] = _NO_ADDRESSES,
) -> dict[str, Any]:
    """The fields above the lines that are not yet as the author wants them, without the deposit.

    `addresses`: BillAddr and ShipAddr as they shall be, where the author wants others. Raises: SettingOff.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#sparse-update-an-invoice
    sale = inputs.sale
    # Addresses come with `addresses`, and the currency of an invoice stays.
    derived = derive_header(_complete_message(entity, sale, realm), realm, currency="")
    derived.pop("CurrencyRef", None)
    own_fields = derived.pop("CustomField", None)
    wanted: dict[str, Any] = {
        **_dates(entity, sale),
        "SalesTermRef": {"value": sale.term_id} if sale.term_id else None,
        "BillEmail": {"Address": sale.recipient_email} if sale.recipient_email else None,
        "PrivateNote": _write_note(str(entity.get("PrivateNote") or ""), sale.private_note),
        **allow_online(sale.online_payment, realm),
        **derived,
    }
    changes = {name: told for name, told in wanted.items() if told is not None and not _is(entity.get(name), told)}
    changes |= _merge_own_fields(entity, own_fields)
    return changes | {name: told for name, told in addresses.items() if not _is_address(entity, name, told)}


def copy_addresses(customer: Mapping[str, Any]) -> dict[str, Any]:
    """A customer's addresses as a sale takes them."""
    found = {name: customer.get(name) or {} for name in ADDRESSES}
    copied = {
        name: {part: address[part] for part in _ADDRESS_FIELDS if address.get(part)} for name, address in found.items()
    }
    return {name: address for name, address in copied.items() if address}


def _dates(entity: Mapping[str, Any], sale: CreateInvoiceInputs) -> dict[str, Any]:
    due_date, day = sale.due_date, sale.txn_date or _day(entity.get("TxnDate"))
    if due_date is None and sale.due_in_days is not None and day is not None:
        due_date = day + timedelta(days=sale.due_in_days)
    return {
        "TxnDate": sale.txn_date.isoformat() if sale.txn_date else None,
        "DueDate": due_date.isoformat() if due_date else None,
    }


def _complete_message(entity: Mapping[str, Any], sale: CreateInvoiceInputs, realm: RealmFacts) -> CreateInvoiceInputs:
    """Purchase order and message share a field where the company has none for the first: what is not said stays."""
    if not sale.po_number and not sale.message_to_customer:
        return sale
    there = str((entity.get("CustomerMemo") or {}).get("value") or "")
    order, message = split_message(there, realm)
    return replace(sale, po_number=sale.po_number or order, message_to_customer=sale.message_to_customer or message)


def _write_note(there: str, text: str) -> str | None:
    """The author's words after the line by which we find the invoice again."""
    if not text:
        return None
    return cut_text("\n".join(filter(None, [read_signature(there), drop_marks(text)])), _LONGEST_NOTE)


def _merge_own_fields(entity: Mapping[str, Any], wanted: Any) -> dict[str, Any]:
    """The company's own fields are written together: those not named here keep their values."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (CustomField)
    fields: Sequence[Mapping[str, Any]] = wanted or ()
    there = {str(each.get("DefinitionId")): each for each in entity.get("CustomField") or []}
    if all(there.get(each["DefinitionId"], {}).get("StringValue") == each["StringValue"] for each in fields):
        return {}
    filled = {key: _drop_nulls(each) for key, each in there.items() if any(map(_is_value, each.items()))}
    return {"CustomField": list((filled | {each["DefinitionId"]: each for each in fields}).values())}


def _is_value(entry: tuple[str, Any]) -> bool:
    return entry[0].endswith("Value") and entry[1] is not None


def _drop_nulls(each: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in each.items() if value is not None}


def _is(there: Any, wanted: Any) -> bool:
    """References come back with a name beside the value."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(there.get(name) == value for name, value in wanted.items())
    return bool(there == wanted)


def _is_address(entity: Mapping[str, Any], name: str, wanted: Mapping[str, str]) -> bool:
    """The same words, however they stand: an address comes back in lines, perhaps with the customer's name above."""
    there, ours = _words(entity.get(name) or {}), _words(wanted)
    customer = _words({"Line1": (entity.get("CustomerRef") or {}).get("name")})
    return not (ours - there - _words({"Country": wanted.get("Country")})) and not (there - ours - customer)


def _words(address: Mapping[str, Any]) -> Counter[str]:
    text = " ".join(str(address[name]) for name in _ADDRESS_FIELDS if address.get(name))
    return Counter(re.findall(r"\w+", text.casefold()))


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
