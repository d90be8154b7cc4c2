"""What of a deal is billed, and whether it can be. Knows neither customer nor item."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from service.errors import DealHasNoLineItems, LineItemUnusable, TotalNotPositive
from service.invoicing.currency import decide_currency
from service.invoicing.deal import Deal, LineItem, derive_amount_line, sort_line_items
from service.invoicing.header import derive_header, find_template
from service.invoicing.lines import derive_total
from service.invoicing.money import Money
from service.invoicing.realm import RealmFacts
from service.invoicing.sale_inputs import LinesFrom, SaleInputs
from service.invoicing.split import derive_split_line
from service.invoicing.terms import decide_txn_date

MAX_LINES = 750


def decide_total(
    deal: Deal, line_items: Sequence[LineItem], *, inputs: SaleInputs, realm: RealmFacts, today: date
) -> Money:
    """A deal that cannot be invoiced is refused before a customer or an item is created for it.

    The expected total before tax. What depends on the customer's currency and on items is left
    to the draft. Raises: CannotInvoice.
    """
    billed = plan_lines(deal, line_items, inputs)
    currency = decide_currency(deal, billed, realm, customer_currency=deal.currency)
    decide_txn_date(inputs, realm, today)
    derive_header(inputs, realm, currency)
    if realm.custom_numbers and not inputs.number:
        find_template(inputs, realm)
    total = derive_total(billed, currency, inputs, realm)
    check_total(total)
    return total


def check_total(total: Money) -> None:
    """A sale is for more than nothing.

    Raises: TotalNotPositive.
    """
    if total.amount <= 0:
        raise TotalNotPositive(
            f"The total would be {total}, and it must be above 0. "
            "Correct the amount of the deal, or the prices and discounts of its line items."
        )


def plan_lines(deal: Deal, line_items: Sequence[LineItem], inputs: SaleInputs) -> list[LineItem]:
    """The author decides whether the line items, the deal's amount or a part of it are billed.

    Raises: DealHasNoAmount, DealHasNoLineItems, LineItemUnusable, TotalNotPositive, SplitTooLarge.
    """
    if inputs.lines != LinesFrom.LINE_ITEMS:
        line = derive_split_line(deal, inputs) if inputs.lines.splits else derive_amount_line(deal)
        check_total(Money(line.price or Decimal(0), deal.currency or ""))
        return [line]
    if not line_items:
        raise DealHasNoLineItems('The deal has no line items. Add some, or set "lines" to deal_amount in the action.')
    if len(line_items) > MAX_LINES:
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (Line)
        raise LineItemUnusable(
            f"The deal has {len(line_items)} line items and QuickBooks takes {MAX_LINES} at once. "
            'Split the deal, or set "lines" to deal_amount in the action.'
        )
    return sort_line_items(line_items)
