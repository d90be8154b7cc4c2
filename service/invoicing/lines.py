"""Line items become the lines of any sale: amounts, discount, shipping, tax codes, classes. Knows no header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.errors import InputInvalid, ItemNotFound
from service.ids import ItemId
from service.invoicing.deal import LineItem
from service.invoicing.line import DraftLine, LineDetails, derive_net, draft_line
from service.invoicing.money import EXACT, Money, round_half_up
from service.invoicing.realm import RealmFacts, refuse_off
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.tax import Tax, decide_tax

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (ItemRef)
SHIPPING_ITEM = ItemId("SHIPPING_ITEM_ID")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DraftLines:
    """The lines of a sale and what goes with them; `discount` and `shipping` are 0 or more, in `currency`."""

    lines: tuple[DraftLine, ...]
    currency: str
    tax: Tax
    discount: Decimal = _ZERO
    shipping: Decimal = _ZERO

    @property
    def total(self) -> Money:
        """What QuickBooks must come to before tax, or with it where the prices hold it."""
        subtotal = sum((line.amount for line in self.lines), _ZERO)
        return Money(subtotal - self.discount + self.shipping, self.currency)

    def fields(self) -> dict[str, object]:
        """The lines and the tax as QuickBooks wants them, for any sale's body."""
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (Line)
        fields: dict[str, object] = {}
        if self.tax.calculation:
            fields["GlobalTaxCalculation"] = self.tax.calculation
        if self.tax.sale_code:
            fields["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": self.tax.sale_code}}
        if self.discount:
            # A discount lowers what is taxed: the seller gives it, and nobody pays tax on money not asked for.
            fields["ApplyTaxAfterDiscount"] = True
        lines = [line.fields(number) for number, line in enumerate(self.lines, 1)]
        fields["Line"] = [*lines, *self._shipping_line(), *self._discount_line()]
        return fields

    def _shipping_line(self) -> list[dict[str, object]]:
        if not self.shipping:
            return []
        # In the US QuickBooks knows by itself whether shipping is taxed.
        code = self.tax.line_code if self.tax.needs_code else None
        details = LineDetails(SHIPPING_ITEM, code, self.tax.is_inclusive)
        return [DraftLine(self.shipping, Decimal(1), self.shipping, "Shipping", details).fields(len(self.lines) + 1)]

    def _discount_line(self) -> list[dict[str, object]]:
        # An amount, also where the author gave a percentage: QuickBooks might round that differently.
        if not self.discount:
            return []
        details = {"PercentBased": False}
        return [{"DetailType": "DiscountLineDetail", "Amount": self.discount, "DiscountLineDetail": details}]


def draft_lines(
    billed: Sequence[LineItem],
    item_ids: Mapping[str, ItemId],
    currency: str,
    inputs: SaleInputs,
    realm: RealmFacts,
) -> DraftLines:
    """What is sold is billed to the cent, or the reason why it cannot be is named.

    `billed` as `plan_lines` gives it, `item_ids` by line item id.
    Raises: LineItemUnusable, ItemNotFound, TaxCodeMissing, InputInvalid, SettingOff.
    """
    tax = decide_tax(realm, inputs.tax_code_id, inputs.prices)
    class_id = inputs.class_id if realm.class_per_line else None

    def details(line: LineItem) -> LineDetails:
        own_date = line.start_date if realm.service_dates else None
        service_date = own_date or inputs.service_date
        return LineDetails(_item_id(line, item_ids), tax.code_of(line), tax.is_inclusive, class_id, service_date)

    lines = tuple(draft_line(line, currency, details(line)) for line in billed)
    subtotal = sum((line.amount for line in lines), _ZERO)
    discount, shipping = decide_extras(subtotal, currency, inputs, realm)
    return DraftLines(lines, currency, tax, discount, shipping)


def derive_total(billed: Sequence[LineItem], currency: str, inputs: SaleInputs, realm: RealmFacts) -> Money:
    """What `draft_lines` will come to; refuses what it would refuse for other reasons than items.

    Raises: as `draft_lines`, but ItemNotFound.
    """
    tax = decide_tax(realm, inputs.tax_code_id, inputs.prices)
    for line in billed:
        tax.code_of(line)
    subtotal = sum((derive_net(line, currency) for line in billed), _ZERO)
    discount, shipping = decide_extras(subtotal, currency, inputs, realm)
    if shipping:
        tax.require(tax.line_code)
    return Money(subtotal - discount + shipping, currency)


def decide_extras(subtotal: Decimal, currency: str, inputs: SaleInputs, realm: RealmFacts) -> tuple[Decimal, Decimal]:
    """The discount on the whole and the shipping, rounded once.

    Raises: InputInvalid, SettingOff.
    """
    if inputs.discount_percent and inputs.discount_amount:
        raise InputInvalid(
            'The action has both "discountPercent" and "discountAmount". Leave one of them empty in the action.'
        )
    share = EXACT.multiply(subtotal, inputs.discount_percent or _ZERO).scaleb(-2, context=EXACT)
    discount = round_half_up(share + (inputs.discount_amount or _ZERO), currency)
    shipping = round_half_up(inputs.shipping or _ZERO, currency)
    if discount and not realm.allow_discount:
        raise refuse_off("a discount", "discountPercent and discountAmount")
    if shipping and not realm.allow_shipping:
        raise refuse_off("shipping", "shippingAmount")
    return discount, shipping


def _item_id(line: LineItem, item_ids: Mapping[str, ItemId]) -> ItemId:
    if line.id not in item_ids:
        raise ItemNotFound(
            f"{line.label} has no item in QuickBooks. Create an item with its SKU or name there, "
            'or choose a default item as "defaultItemId" in the action.'
        )
    return item_ids[line.id]
