"""One deal over several sales: shares, parts and the rest are together exactly the deal, and never more.

Knows no call; what earlier sales took is in the deal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from service.errors import SplitTooLarge
from service.invoicing.deal import Deal, LineItem, derive_amount_line
from service.invoicing.lines import SHIPPING_ITEM
from service.invoicing.marks import PART, REST, write_share
from service.invoicing.money import EXACT, Money, round_half_up, to_json_number
from service.invoicing.sale_inputs import LinesFrom, SaleInputs

_ZERO = Decimal(0)


def derive_split_line(deal: Deal, inputs: SaleInputs) -> LineItem:
    """A share, a part or the rest of the deal is one line; its text is the author's, else the deal's name.

    Raises: DealHasNoAmount, SplitTooLarge.
    """
    whole = derive_amount_line(deal)
    amount = whole.price or _ZERO
    left = EXACT.subtract(amount, deal.billed.total)
    if inputs.lines == LinesFrom.DEAL_REST:
        price, asked = left, "the rest"
    elif inputs.lines == LinesFrom.DEAL_PART:
        price = inputs.part_amount or _ZERO
        asked = f"a part of {Money(price, deal.currency or '')}"
    else:
        price = _derive_share(amount, deal, inputs.percentage or _ZERO)
        asked = f"another {to_json_number(inputs.percentage or _ZERO)} %"
    # A deal that is not above 0 has its own refusal.
    if amount > 0 and (_round(price, deal) > _round(left, deal) or _round(left, deal) <= 0):
        raise refuse_more(deal, f"{asked} is to be taken")
    return replace(whole, name=inputs.part_name or _name_line(deal, inputs), price=price)


def refuse_more(deal: Deal, asked: str) -> SplitTooLarge:
    """What is left of the deal, and what was asked ("another 60 % is to be taken")."""
    currency = deal.currency or ""
    amount, taken = round_half_up(deal.amount or _ZERO, currency), deal.billed.total
    shares = f" ({to_json_number(deal.billed.share)} % by shares)" if deal.billed.share else ""
    left = Money(amount - taken, currency) if amount > taken else "nothing"
    return SplitTooLarge(
        f"Of the deal's {Money(amount, currency)}, {Money(taken, currency)} is taken already{shares} and {left} is "
        f"left, but {asked}. Correct the action or the deal's amount, or void what is too much in QuickBooks."
    )


def name_part(inputs: SaleInputs) -> str:
    """What part of the deal the sale is, as its note says it; "" when it is no part."""
    named = {LinesFrom.DEAL_PART: PART, LinesFrom.DEAL_REST: REST}
    if inputs.lines == LinesFrom.DEAL_PERCENTAGE:
        return write_share(inputs.percentage or _ZERO)
    return named.get(inputs.lines, "")


def read_sold(content: Mapping[str, Any]) -> Decimal | None:
    """What a sale takes of its deal: its lines, without shipping, discount and tax.

    `content`: a body that was sent, or QuickBooks' answer. None: a line does not say its amount.
    """
    sold = [line for line in content.get("Line") or [] if isinstance(line, Mapping) and _is_sold(line)]
    amounts = [_read_amount(line) for line in sold]
    return None if None in amounts else sum((each for each in amounts if each is not None), _ZERO)


def _derive_share(amount: Decimal, deal: Deal, share: Decimal) -> Decimal:
    """What all shares so far come to, less what the earlier ones took.

    So whatever was rounded before, shares of 100 % together are exactly the deal.
    """
    so_far = EXACT.multiply(amount, deal.billed.share + share).scaleb(-2, context=EXACT)
    return EXACT.subtract(so_far, deal.billed.by_shares)


def _round(amount: Decimal, deal: Deal) -> Decimal:
    """To what can be paid; as it is where nobody knows how small that is."""
    return round_half_up(amount, deal.currency) if deal.currency else amount


def _name_line(deal: Deal, inputs: SaleInputs) -> str:
    part = name_part(inputs)
    return f"{deal.name} ({part})" if inputs.lines == LinesFrom.DEAL_PERCENTAGE else deal.name


def _is_sold(line: Mapping[str, Any]) -> bool:
    detail = line.get("SalesItemLineDetail") or {}
    is_shipping = (detail.get("ItemRef") or {}).get("value") == SHIPPING_ITEM
    return line.get("DetailType") in ("SalesItemLineDetail", "GroupLineDetail") and not is_shipping


def _read_amount(line: Mapping[str, Any]) -> Decimal | None:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (TaxInclusiveAmt)
    # Where prices hold their tax, QuickBooks answers with Amount net of it: the deal's figure is the other one.
    told = (line.get("SalesItemLineDetail") or {}).get("TaxInclusiveAmt", line.get("Amount"))
    return None if told is None else Decimal(str(told))
