"""One line item becomes one invoice line, to the cent. Knows QuickBooks' arithmetic, not the invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import LineItemUnusable
from service.ids import ItemId
from service.invoicing.deal import LineItem
from service.invoicing.money import EXACT, Money, is_tie, round_half_up, to_json_number
from service.invoicing.periods import Period, find_period
from service.invoicing.text import cut_text

_DECIMALS = Decimal("0.00001")
_TOO_LARGE = Decimal(10) ** 10
_LONGEST_DESCRIPTION = 4000


@dataclass(frozen=True, slots=True)
class LineDetails:
    """What a line says besides figures; None: it stays out."""

    item_id: ItemId
    tax_code_id: str | None = None
    is_inclusive: bool = False
    class_id: str | None = None
    service_date: date | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of a draft: `amount` is `quantity` times `unit_price`, rounded, or QuickBooks says 6070."""

    amount: Decimal
    quantity: Decimal
    unit_price: Decimal
    description: str
    details: LineDetails

    def fields(self, line_number: int) -> dict[str, object]:
        """The line as QuickBooks wants it."""
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (Line)
        told = self.details
        detail: dict[str, object | None] = {
            "ItemRef": {"value": told.item_id},
            "Qty": self.quantity,
            "UnitPrice": self.unit_price,
            "ServiceDate": told.service_date.isoformat() if told.service_date else None,
            "TaxCodeRef": {"value": told.tax_code_id} if told.tax_code_id else None,
            "ClassRef": {"value": told.class_id} if told.class_id else None,
            "TaxInclusiveAmt": self.amount if told.is_inclusive else None,
        }
        return {
            "LineNum": line_number,
            "DetailType": "SalesItemLineDetail",
            "Amount": self.amount,
            "Description": self.description,
            "SalesItemLineDetail": {name: value for name, value in detail.items() if value is not None},
        }


def draft_line(
    line_item: LineItem, currency: str, details: LineDetails, txn_date: date, *, flat: bool = False
) -> DraftLine:
    """A line item is billed at exactly its net amount; a recurring one for the period of the sale's date.

    `flat`: as one unit at the net amount, whatever its quantity. Raises: LineItemUnusable.
    """
    net = derive_net(line_item, currency)
    quantity, unit = _quantity(line_item), _unit_price(line_item)
    if quantity == 1:
        return DraftLine(net, quantity, net, describe_line(line_item, txn_date), details)
    if not flat and _fits(quantity) and _fits(unit) and _comes_to(net, EXACT.multiply(quantity, unit), currency):
        return DraftLine(net, quantity, unit, describe_line(line_item, txn_date), details)
    # https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes  (6070)
    # One unit at the net amount cannot be computed differently; the description tells the quantity.
    return DraftLine(net, Decimal(1), net, describe_line(line_item, txn_date, with_quantity=True), details)


def find_line_period(line_item: LineItem, day: date) -> Period | None:
    """The period that a sale of the day bills; None: it is billed once, or we do not know how long one is."""
    if not line_item.frequency:
        return None
    return find_period(day, line_item.frequency, line_item.start_date, line_item.end_date, line_item.periods)


def derive_net(line_item: LineItem, currency: str) -> Decimal:
    """What a line item costs: quantity times price less its discounts, rounded once, half up.

    Raises: LineItemUnusable.
    """
    _check(line_item)
    net = round_half_up(EXACT.multiply(_quantity(line_item), _exact_unit_price(line_item)), currency)
    if net < 0:
        raise LineItemUnusable(f"{line_item.label} has a larger discount than its price. Lower it on the deal.")
    if net >= _TOO_LARGE:
        raise LineItemUnusable(
            f"{line_item.label} comes to {Money(net, currency)}, more than QuickBooks takes. "
            "Correct its price or quantity on the deal."
        )
    return net


def derive_item_price(line_item: LineItem) -> Decimal | None:
    """What an item costs that is created for a line item; None: more than QuickBooks keeps.

    Raises: LineItemUnusable for a negative price.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item  (UnitPrice: 10.5)
    price = line_item.price or Decimal(0)
    if price < 0:
        raise _refuse_negative(line_item)
    rounded = price.quantize(_DECIMALS, context=EXACT)
    return rounded if rounded < _TOO_LARGE else None


def describe_line(line_item: LineItem, txn_date: date, *, with_quantity: bool = False) -> str:
    """The reader of the invoice sees name, description and what the figures cannot tell.

    At most 4000 characters; a long description gives way to the closing remarks.
    """
    name = line_item.name or line_item.sku or f"Line item {line_item.id}"
    parts = [name, line_item.description if line_item.description != name else ""]
    told = [_tell_quantity(line_item) if with_quantity else "", _tell_period(line_item, txn_date)]
    remarks = "\n".join(filter(None, told))
    room = _LONGEST_DESCRIPTION - (len(remarks) + 1 if remarks else 0)
    opening = cut_text("\n".join(filter(None, parts)), room)
    return cut_text("\n".join(filter(None, [opening, remarks])), _LONGEST_DESCRIPTION)


def _check(line_item: LineItem) -> None:
    label, quantity, price = line_item.label, line_item.quantity, line_item.price
    if quantity is None or quantity <= 0:
        raise LineItemUnusable(f"{label} has no quantity above 0. Set its quantity on the deal, or remove it.")
    if price is None:
        raise LineItemUnusable(
            f"{label} has no unit price (tiered prices cannot be billed). Set its price on the deal."
        )
    if price < 0:
        raise _refuse_negative(line_item)
    if line_item.discount < 0 or not 0 <= line_item.discount_percentage <= 100:
        raise LineItemUnusable(f"{label} has a discount below 0 or above 100 %. Correct the discount on the deal.")


def _refuse_negative(line_item: LineItem) -> LineItemUnusable:
    return LineItemUnusable(f"{line_item.label} has a negative price. Use a discount on another line item instead.")


def _quantity(line_item: LineItem) -> Decimal:
    return line_item.quantity or Decimal(0)


def _exact_unit_price(line_item: LineItem) -> Decimal:
    # https://developers.hubspot.com/docs/api-reference/crm-line-items-v3/guide
    # `discount` is an amount per unit, `hs_discount_percentage` a share of the price; both may be set.
    price = line_item.price or Decimal(0)
    share = EXACT.multiply(price, line_item.discount_percentage).scaleb(-2, context=EXACT)
    return EXACT.subtract(EXACT.subtract(price, line_item.discount), share)


def _unit_price(line_item: LineItem) -> Decimal:
    return _exact_unit_price(line_item).quantize(_DECIMALS, context=EXACT)


def _comes_to(net: Decimal, product: Decimal, currency: str) -> bool:
    """The product is rounded to the net amount in every way of rounding, in doubles too.

    How QuickBooks rounds a tie is not verified: 2.5 x 99.99 is 249.975, 249.98 rounded half up and 249.97 in doubles.
    """
    return not is_tie(product, currency) and round_half_up(product, currency) == net


def _fits(value: Decimal) -> bool:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (10.5 format)
    return 0 <= value < _TOO_LARGE and value == value.quantize(_DECIMALS, context=EXACT)


def _tell_quantity(line_item: LineItem) -> str:
    text = f"{to_json_number(_quantity(line_item))} x {to_json_number(line_item.price or Decimal(0))}"
    if line_item.discount:
        text += f", less {to_json_number(line_item.discount)} each"
    if line_item.discount_percentage:
        text += f", less {to_json_number(line_item.discount_percentage)} %"
    return text


def _tell_period(line_item: LineItem, txn_date: date) -> str:
    if not line_item.frequency:
        return ""
    period = find_line_period(line_item, txn_date)
    days = f" from {period.first.isoformat()} to {period.last.isoformat()}" if period else ""
    return cut_text(f"Recurring ({line_item.frequency.replace('_', ' ')}): one period{days}", 200)
