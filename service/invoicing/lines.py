"""Line items become the lines of any sale: amounts, discount, shipping, tax codes, classes. Knows no header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import InputInvalid, ItemNotFound, TotalNotPositive
from service.ids import ItemId
from service.invoicing.deal import LineItem
from service.invoicing.line import DraftLine, LineDetails, derive_net, draft_line, find_line_period
from service.invoicing.money import EXACT, Money, round_half_up
from service.invoicing.realm import RealmFacts, refuse_off
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.tax import Tax, TaxFacts, decide_tax

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (ItemRef)
SHIPPING_ITEM = ItemId("SHIPPING_ITEM_ID")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DraftLines:
    """The lines of a sale and what goes with them; `discount` and `shipping` are 0 or more, in `currency`.

    `sale_tax_code`: the rate of the whole sale, in the US only; `shipping_tax_code`: None where shipping needs none.
    """

    lines: tuple[DraftLine, ...]
    currency: str
    tax: Tax
    sale_tax_code: str | None = None
    discount: Decimal = _ZERO
    shipping: Decimal = _ZERO
    shipping_tax_code: str | None = None

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
        if self.sale_tax_code:
            fields["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": self.sale_tax_code}}
        if self.discount:
            # A discount lowers what is taxed: the seller gives it, and nobody pays tax on money not asked for.
            fields["ApplyTaxAfterDiscount"] = True
        lines = [line.fields(number) for number, line in enumerate(self.lines, 1)]
        fields["Line"] = [*lines, *self._shipping_line(), *self._discount_line()]
        return fields

    def _shipping_line(self) -> list[dict[str, object]]:
        if not self.shipping:
            return []
        details = LineDetails(SHIPPING_ITEM, self.shipping_tax_code, self.tax.is_inclusive)
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
    tax_facts: TaxFacts | None = None,
    *,
    txn_date: date,
    flat: bool = False,
) -> DraftLines:
    """What is sold is billed to the cent, or the reason why it cannot be is named.

    `billed` as `plan_lines` gives it, `item_ids` by line item id; `txn_date` says which period of a recurring
    line item is billed; `flat`: every line is one unit at its net amount.
    Raises: LineItemUnusable, ItemNotFound, TaxCodeMissing, InputInvalid, SettingOff.
    """
    tax = decide_tax(realm, inputs.tax_code_id, inputs.prices, tax_facts)
    class_id = inputs.class_id if realm.class_per_line else None

    def details(line: LineItem) -> LineDetails:
        period = find_line_period(line, txn_date)
        own_date = (period.first if period else line.start_date) if realm.service_dates else None
        service_date = own_date or inputs.service_date
        item_id = _item_id(line, item_ids)
        code = tax.choose(line, item_id).line_code
        return LineDetails(item_id, code, tax.is_inclusive, class_id, service_date)

    lines = tuple(draft_line(line, currency, details(line), txn_date, flat=flat) for line in billed)
    subtotal = sum((line.amount for line in lines), _ZERO)
    discount, shipping = decide_extras(subtotal, currency, inputs, realm)
    sold = [tax.choose(line, item_ids[line.id]) for line, drafted in zip(billed, lines, strict=True) if drafted.amount]
    shipping_tax_code = tax.choose_shipping().line_code if shipping else None
    return DraftLines(lines, currency, tax, tax.decide_sale_code(sold), discount, shipping, shipping_tax_code)


def derive_total(
    billed: Sequence[LineItem],
    currency: str,
    inputs: SaleInputs,
    realm: RealmFacts,
    tax_facts: TaxFacts | None = None,
) -> Money:
    """What `draft_lines` will come to; refuses what it would refuse for other reasons than items.

    Raises: as `draft_lines`, but ItemNotFound.
    """
    tax = decide_tax(realm, inputs.tax_code_id, inputs.prices, tax_facts)
    nets = [derive_net(line, currency) for line in billed]
    tax.decide_sale_code([choice for choice, net in zip(map(tax.choose, billed), nets, strict=True) if net])
    subtotal = sum(nets, _ZERO)
    discount, shipping = decide_extras(subtotal, currency, inputs, realm)
    if shipping:
        tax.choose_shipping()
    return Money(subtotal - discount + shipping, currency)


def decide_extras(subtotal: Decimal, currency: str, inputs: SaleInputs, realm: RealmFacts) -> tuple[Decimal, Decimal]:
    """The discount on the whole and the shipping, rounded once.

    Raises: InputInvalid, SettingOff, TotalNotPositive.
    """
    if inputs.discount_percent and inputs.discount_amount:
        raise InputInvalid(
            'The action has both "discountPercent" and "discountAmount". Leave one of them empty in the action.'
        )
    share = EXACT.multiply(subtotal, inputs.discount_percent or _ZERO).scaleb(-2, context=EXACT)
    discount = round_half_up(share + (inputs.discount_amount or _ZERO), currency)
    shipping = round_half_up(inputs.shipping or _ZERO, currency)
    if inputs.service_date and not realm.service_dates:
        raise refuse_off("a service date", "serviceDate")
    if discount > subtotal:
        raise TotalNotPositive(
            f"The discount of {Money(discount, currency)} is more than the {Money(subtotal, currency)} that is sold. "
            'Lower "discountAmount" in the action, or the property it comes from.'
        )
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
