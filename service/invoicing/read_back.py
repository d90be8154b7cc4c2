"""What QuickBooks made of a draft, compared with what the draft came to. Knows no call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.invoicing.invoice_lines import DISCOUNT, amount_of
from service.invoicing.money import Money

_ZERO = Decimal(0)


def derive_expected(body: bytes | str) -> Decimal:
    """What a draft's bytes come to: before tax, or with it where the prices hold it."""
    content = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    inclusive = content.get("GlobalTaxCalculation") == "TaxInclusive"
    amounts = ((DISCOUNT in line, amount_of(line, inclusive=inclusive)) for line in content["Line"])
    return sum((-amount if is_discount else amount for is_discount, amount in amounts), _ZERO)


def find_difference(body: bytes, entity: Mapping[str, Any]) -> str | None:
    """What a person should hear when QuickBooks came to another total; None when all but the tax agrees.

    `entity` is QuickBooks' answer to the create, or the sale as found later.
    """
    expected = derive_expected(body)
    tax = entity.get("TxnTaxDetail") or {}
    made = Decimal(str(entity.get("TotalAmt", 0)))
    is_inclusive = json.loads(body).get("GlobalTaxCalculation") == "TaxInclusive"
    if not is_inclusive:
        made -= Decimal(str(tax.get("TotalTax", 0)))
    currency = (entity.get("CurrencyRef") or {}).get("value", "")
    if made == expected:
        return _find_deposit_above(entity, currency)
    what = "with tax" if is_inclusive else "before tax"
    return (
        f"QuickBooks came to {Money(made, currency)} {what}, the deal comes to {Money(expected, currency)}. "
        "Compare the two, and correct or void it in QuickBooks."
    )


def _find_deposit_above(entity: Mapping[str, Any], currency: str) -> str | None:
    """The total was QuickBooks' to reckon, and so was whether a deposit is more than it."""
    deposit, total = (Decimal(str(entity.get(name) or 0)) for name in ("Deposit", "TotalAmt"))
    if deposit <= total:
        return None
    return (
        f"The deposit of {Money(deposit, currency)} is more than the total of {Money(total, currency)}. "
        "Lower the deposit in QuickBooks, or void the invoice there."
    )
