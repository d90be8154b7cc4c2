"""What else an invoice says, beside its facts: lines, PO number, the estimates it was made from, any field by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from service.invoicing.mirror import BilledLine
from service.quickbooks.fields import LINE_KINDS, read_amount, read_detail, read_entries, read_text, spell

# What companies call the custom field in which they keep a customer's purchase order, letters and digits only.
_PO_NAMES = frozenset(("po", "ponumber", "pono", "ponr", "purchaseorder", "purchaseordernumber"))
_PO_LINE = re.compile(r"^(?:PO|P\.O\.)(?: number| no\.?)?:\s*(\S[^\n]{0,80})$", re.IGNORECASE | re.MULTILINE)
_CUSTOM = "CustomField"


# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#the-invoice-object
def parse_lines(content: Mapping[str, Any]) -> tuple[BilledLine, ...]:
    """The invoice's lines in their order: bundles opened, subtotals left out, a discount below zero."""
    return tuple(_billed(read_entries(content, "Line")))


def list_estimate_ids(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The estimates the invoice was made from."""
    links = [*read_entries(content, "LinkedTxn")]
    for line in read_entries(content, "Line"):
        links += read_entries(line, "LinkedTxn")
    found = (read_text(link, "TxnId") for link in links if read_text(link, "TxnType") == "Estimate")
    return tuple(dict.fromkeys(each for each in found if each))


def read_po_number(content: Mapping[str, Any]) -> str:
    """The customer's purchase order number, "" when there is none."""
    for entry in read_entries(content, _CUSTOM):
        if re.sub(r"[^a-z0-9]", "", (read_text(entry, "Name") or "").lower()) in _PO_NAMES:
            return (read_text(entry, "StringValue") or "").strip()
    # Companies without such a field have it in the message to the customer; so do our own invoices.
    said = _PO_LINE.search(read_text(content, "CustomerMemo", "value") or "")
    return said[1].strip() if said else ""


def read_field(content: Mapping[str, Any], path: str) -> str:
    """Any field as text: `DepartmentRef.name`, `CustomField:Crew #`; "" when it is not there."""
    kind, _, name = path.partition(":")
    if kind == _CUSTOM and name:
        found = (each for each in read_entries(content, _CUSTOM) if (read_text(each, "Name") or "") == name)
        return next((read_text(each, "StringValue") or "" for each in found), "")
    return read_text(content, *path.split(".")) or ""


def _billed(lines: Iterator[Mapping[str, Any]]) -> Iterator[BilledLine]:
    for line in lines:
        kind = spell(read_text(line, "DetailType"), LINE_KINDS) or ""
        detail = read_detail(line, kind)
        amount = read_amount(line, "Amount") or Decimal(0)
        description = read_text(line, "Description") or ""
        if kind == "GroupLineDetail":
            yield from _billed(read_entries(detail, "Line"))
        elif kind == "DiscountLineDetail":
            yield BilledLine("Discount", description, -amount)
        elif kind == "DescriptionOnly" or not kind:
            if description and not description.startswith("Subtotal:"):
                yield BilledLine("", description, Decimal(0))
        elif kind != "SubTotalLineDetail":
            name = read_text(detail, "ItemRef", "name") or ""
            yield BilledLine(name, description, amount, read_amount(detail, "Qty"), read_amount(detail, "UnitPrice"))
