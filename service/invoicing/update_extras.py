"""Discount and shipping of an invoice that is updated: the author's, or as they are there. Knows no deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.invoice_lines import DISCOUNT, SALE, InvoiceLines, Line, amount_of, sum_up
from service.invoicing.lines import DraftLines, decide_extras
from service.invoicing.money import EXACT, round_half_up
from service.invoicing.realm import RealmFacts
from service.invoicing.tax import Tax


@dataclass(frozen=True, slots=True)
class Extras:
    """Shipping and discount lines, None: none; the very same as there where nothing is to change."""

    shipping: Line | None
    discount: Line | None
    is_new_discount: bool = False

    @property
    def lines(self) -> list[Line]:
        """As they are written."""
        return [line for line in (self.shipping, self.discount) if line is not None]


def plan_extras(
    there: InvoiceLines,
    sold: Sequence[Line],
    said: CreateInvoiceInputs,
    sale: CreateInvoiceInputs,
    tax: Tax,
    realm: RealmFacts,
    currency: str,
    reprices: bool,
) -> Extras:
    """`said`: by this action; `sale`: at any time; `reprices`: amounts mean something else from now on.

    Raises: InputInvalid, SettingOff, TaxCodeMissing.
    """
    inclusive = there.is_inclusive != reprices
    before = _bases(there, there.sold, there.shipping, inclusive=there.is_inclusive)
    base = sum_up([*sold, *there.beside], inclusive=inclusive)
    amount, shipping_amount = decide_extras(base, currency, said, realm)
    shipping = there.shipping
    if said.shipping is not None or (shipping and (reprices or said.tax_code_id)):
        if said.shipping is None and shipping:
            shipping_amount = amount_of(shipping, inclusive=there.is_inclusive)
        shipping = _ship(shipping, shipping_amount, tax, currency, said, reprices=reprices)
    if said.discount_percent is not None or said.discount_amount is not None:
        discount = _discount(there.discount, amount, currency, tax)
        return Extras(shipping, discount, is_new_discount=discount not in (None, there.discount))
    after = _bases(there, sold, shipping, inclusive=inclusive)
    share = _find_share(there.discount, sale.discount_percent)
    fresh = None if share is None else _reckon_again(there.discount, share, before, after, currency)
    if fresh is None:
        return Extras(shipping, there.discount)
    if there.discount is None:
        # A percentage that came to nothing until now.
        discount = _discount(None, fresh, currency, tax)
        return Extras(shipping, discount, is_new_discount=discount is not None)
    is_same = fresh == amount_of(there.discount, inclusive=False)
    return Extras(shipping, there.discount if is_same else {**there.discount, "Amount": fresh})


def _ship(
    there: Line | None, amount: Decimal, tax: Tax, currency: str, said: CreateInvoiceInputs, *, reprices: bool
) -> Line | None:
    if not amount:
        return None
    keeps_code = there is not None and not said.tax_code_id and "TaxCodeRef" in there[SALE]
    code = None if keeps_code else tax.choose_shipping().line_code
    (drafted,) = _draft(DraftLines((), currency, tax, shipping=amount, shipping_tax_code=code))
    if there is None:
        return drafted
    detail = dict(drafted[SALE])
    code_there = (there[SALE].get("TaxCodeRef") or {}).get("value")
    is_same_code = detail.get("TaxCodeRef", {}).get("value", code_there) == code_there
    if not reprices and is_same_code and amount == amount_of(there, inclusive=tax.is_inclusive):
        return there
    rest = {name: value for name, value in there[SALE].items() if name != "TaxInclusiveAmt"}
    return {**there, "Amount": drafted["Amount"], SALE: {**rest, **detail}}


def _discount(there: Line | None, amount: Decimal, currency: str, tax: Tax) -> Line | None:
    if not amount:
        return None
    (drafted,) = _draft(DraftLines((), currency, tax, discount=amount))
    if there is None:
        return drafted
    detail = there.get(DISCOUNT) or {}
    if not detail.get("PercentBased") and amount == amount_of(there, inclusive=False):
        return there
    rest = {name: value for name, value in detail.items() if name != "DiscountPercent"}
    return {**there, "Amount": amount, DISCOUNT: {**rest, **drafted[DISCOUNT]}}


def _draft(extras: DraftLines) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = extras.fields()["Line"]  # type: ignore[assignment]
    return lines


def _bases(there: InvoiceLines, sold: Sequence[Line], shipping: Line | None, *, inclusive: bool) -> list[Decimal]:
    """What a percentage may have been of: the deal's lines, those with a person's, or everything."""
    groups: list[list[Line | None]] = [[*sold], [*sold, *there.beside], [*sold, *there.beside, shipping]]
    return [sum_up(group, inclusive=inclusive) for group in groups]


def _find_share(there: Line | None, percent: Decimal | None) -> Decimal | None:
    """The percentage that a discount is: a person's stands in the invoice, an author's was sent as an amount."""
    own = ((there or {}).get(DISCOUNT) or {}).get("DiscountPercent")
    return percent if own is None else Decimal(str(own))


def _reckon_again(
    there: Line | None, share: Decimal, before: Sequence[Decimal], after: Sequence[Decimal], currency: str
) -> Decimal | None:
    """What the discount comes to with the new lines; None: it is no such share of those before, and stays."""
    amount = amount_of(there, inclusive=False) if there else Decimal(0)
    fitting = [new for old, new in zip(before, after, strict=True) if _share(old, share, currency) == amount]
    return _share(fitting[0], share, currency) if fitting else None


def _share(base: Decimal, percent: Decimal, currency: str) -> Decimal:
    return round_half_up(EXACT.multiply(base, percent).scaleb(-2, context=EXACT), currency)
