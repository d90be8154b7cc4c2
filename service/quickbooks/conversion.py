"""What of an estimate an invoice takes over: everything that a person may have changed in it.

QuickBooks links the two and closes the estimate, but it does not copy: a create says all its lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from service.errors import LineItemUnusable
from service.quickbooks.fields import LINE_KINDS, read_amount, read_detail, read_entries, read_text, spell

Content = Mapping[str, Any]

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/estimate
_TAKEN = ("BillEmail", "BillEmailCc", "BillEmailBcc", "CustomerMemo", "ApplyTaxAfterDiscount")
_REFERENCES = ("CustomerRef", "CurrencyRef", "SalesTermRef", "ClassRef", "DepartmentRef", "ProjectRef")
_ADDRESSES = ("BillAddr", "ShipAddr", "ShipFromAddr")
_ADDRESS_FIELDS = (
    *(f"Line{number}" for number in range(1, 6)),
    *("City", "CountrySubDivisionCode", "PostalCode", "Country"),
)
_LINKS = frozenset(("ItemRef", "TaxCodeRef", "ClassRef", "DiscountAccountRef", "GroupItemRef"))
# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#the-invoice-object
# What a create's lines are documented to take: what else an estimate shows is QuickBooks' own, or would be refused.
_DETAILS = {
    "SalesItemLineDetail": ("ItemRef", "Qty", "UnitPrice", "ServiceDate", "TaxCodeRef", "ClassRef", "TaxInclusiveAmt"),
    "DiscountLineDetail": ("PercentBased", "DiscountPercent", "DiscountAccountRef"),
    "GroupLineDetail": ("GroupItemRef", "Quantity"),
}
_CENT = Decimal("0.01")


def copy_estimate(estimate: Content, *, with_tax_codes: bool = True) -> dict[str, Any]:
    """An invoice's fields, but for number, dates, note and link, which belong to the invoice itself.

    `with_tax_codes`: the realm taxes by codes of its own, as companies outside the US do.
    Raises: LineItemUnusable for a line of a kind that cannot be carried over.
    """
    fields: dict[str, Any] = {
        name: _refer(estimate[name]) for name in _REFERENCES if read_text(estimate, name, "value")
    }
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#the-invoice-object
    # GlobalTaxCalculation is not applicable in US companies, though their estimates may show it.
    taken = (*_TAKEN, "GlobalTaxCalculation") if with_tax_codes else _TAKEN
    fields |= {name: estimate[name] for name in taken if estimate.get(name) not in (None, {})}
    fields |= {name: _copy_address(estimate[name]) for name in _ADDRESSES if estimate.get(name)}
    custom = [_copy_custom_field(each) for each in read_entries(estimate, "CustomField") if each.get("StringValue")]
    tax_code = read_text(estimate, "TxnTaxDetail", "TxnTaxCodeRef", "value")
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    # Where a whole sale has one rate (US), it is the estimate's; elsewhere the lines say it.
    fields |= {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": tax_code}}} if tax_code else {}
    fields |= {"CustomField": custom} if custom else {}
    fields["Line"] = [copied for line in read_entries(estimate, "Line") for copied in _copy_line(line)]
    if not with_tax_codes:
        for line in fields["Line"]:
            line.get("SalesItemLineDetail", {}).pop("TaxInclusiveAmt", None)
    return fields


def _copy_line(line: Content) -> list[dict[str, Any]]:
    kind = spell(read_text(line, "DetailType"), LINE_KINDS) or ""
    if kind == "SubTotalLineDetail":
        return []  # QuickBooks adds it
    copy = _COPIERS.get(kind)
    if copy is None:
        raise LineItemUnusable(
            f"The estimate has a line of the kind {kind or 'unknown'}, which cannot be carried over: "
            "convert it by hand in QuickBooks."
        )
    described = {"Description": line["Description"]} if line.get("Description") else {}
    return [{"DetailType": kind, **described, **copy(line)}]


def _copy_sale(line: Content) -> dict[str, Any]:
    detail = _copy_detail(line, "SalesItemLineDetail")
    amount = read_amount(line, "Amount")
    if amount is None:
        # Required in a create, left out by QuickBooks where it is nothing.
        amount = (read_amount(detail, "Qty") or Decimal(0)) * (read_amount(detail, "UnitPrice") or Decimal(0))
        amount = amount.quantize(_CENT, ROUND_HALF_UP)
    return {"Amount": amount, "SalesItemLineDetail": detail}


def _copy_discount(line: Content) -> dict[str, Any]:
    amount = read_amount(line, "Amount")
    said = {} if amount is None else {"Amount": amount}
    return {**said, "DiscountLineDetail": _copy_detail(line, "DiscountLineDetail")}


def _copy_text(line: Content) -> dict[str, Any]:
    # What was written as "Subtotal:" comes back with its figure, and would stay that figure.
    subtotal = {"Description": "Subtotal:"} if str(line.get("Description", "")).startswith("Subtotal: ") else {}
    return {**subtotal, "DescriptionLineDetail": {}}


def _copy_bundle(line: Content) -> dict[str, Any]:
    return {"GroupLineDetail": _copy_detail(line, "GroupLineDetail")}


_COPIERS: dict[str, Callable[[Content], dict[str, Any]]] = {
    "SalesItemLineDetail": _copy_sale,
    "DiscountLineDetail": _copy_discount,
    "DescriptionOnly": _copy_text,
    "GroupLineDetail": _copy_bundle,
}


def _copy_detail(line: Content, name: str) -> dict[str, Any]:
    detail = read_detail(line, name)
    taken = {key: detail[key] for key in _DETAILS[name] if detail.get(key) is not None}
    return {
        key: _refer(value) if key in _LINKS else value
        for key, value in taken.items()
        if key not in _LINKS or read_text(detail, key, "value")
    }


def _copy_address(address: Content) -> dict[str, Any]:
    return {name: address[name] for name in _ADDRESS_FIELDS if address.get(name)}


def _copy_custom_field(field: Content) -> dict[str, Any]:
    return {name: field[name] for name in ("DefinitionId", "Type", "Name", "StringValue") if field.get(name)}


def _refer(reference: Content) -> dict[str, Any]:
    return {"value": reference["value"]}
