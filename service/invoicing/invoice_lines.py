"""The lines of an invoice as QuickBooks answered them: what is sold, and what stands beside it. Knows no deal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.errors import LineItemUnusable
from service.invoicing.lines import SHIPPING_ITEM

Line = Mapping[str, Any]

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (Line)
SALE, DISCOUNT, BUNDLE, TEXT = "SalesItemLineDetail", "DiscountLineDetail", "GroupLineDetail", "DescriptionOnly"
_SUBTOTAL = "SubTotalLineDetail"
_GRATUITY_ITEM = "GRATUITY_ITEM_ID"
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoiceLines:
    """An invoice's lines, without the subtotal that QuickBooks adds.

    `beside`: what never came from a deal (texts, bundles, billed time), in its place among the `sold` in `lines`.
    """

    lines: tuple[Line, ...]
    sold: tuple[Line, ...]
    beside: tuple[Line, ...]
    shipping: Line | None
    discount: Line | None
    calculation: str | None

    @property
    def is_inclusive(self) -> bool:
        """The prices hold the tax."""
        return self.calculation == "TaxInclusive"

    @property
    def in_order(self) -> list[Line]:
        """As they are written: shipping and discount last."""
        return [*self.lines, *filter(None, (self.shipping, self.discount))]


def read_lines(entity: Mapping[str, Any]) -> InvoiceLines:
    """The lines of an invoice, told apart.

    Raises: LineItemUnusable for a kind of line that nobody told us of: it might be lost.
    """
    lines: list[Line] = []
    sold: list[Line] = []
    shipping, discount = None, None
    for line in (clean(each) for each in entity.get("Line") or []):
        kind = line.get("DetailType")
        if kind not in (SALE, DISCOUNT, BUNDLE, TEXT, _SUBTOTAL):
            raise LineItemUnusable(
                f"The invoice has a line of the kind {kind or 'unknown'}, which might be lost: change it in QuickBooks."
            )
        if kind == DISCOUNT and discount is None:
            discount = line
        elif item_of(line) == SHIPPING_ITEM and shipping is None:
            shipping = line
        elif kind != _SUBTOTAL:
            lines.append(line)
            sold += [line] if _is_sold(line) else []
    beside = leave_out(lines, sold)
    calculation = entity.get("GlobalTaxCalculation")
    return InvoiceLines(tuple(lines), tuple(sold), tuple(beside), shipping, discount, calculation)


def leave_out(lines: Sequence[Line], some: Iterable[Line]) -> list[Line]:
    """The other lines; two that say the same are two."""
    known = set(map(id, some))
    return [line for line in lines if id(line) not in known]


def write_lines(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines as QuickBooks takes them back: numbered anew, each number once."""
    return [{**line, **({} if DISCOUNT in line else {"LineNum": number})} for number, line in enumerate(lines, 1)]


def amount_of(line: Line, *, inclusive: bool) -> Decimal:
    """What a line comes to; with its tax where the prices hold it. A text comes to nothing."""
    members = (line.get(BUNDLE) or {}).get("Line")
    if members:
        return sum((amount_of(each, inclusive=inclusive) for each in members), _NOTHING)
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (TaxInclusiveAmt)
    gross = (line.get(SALE) or {}).get("TaxInclusiveAmt") if inclusive else None
    return Decimal(str(line.get("Amount") or 0 if gross is None else gross))


def sum_up(lines: Sequence[Line | None], *, inclusive: bool) -> Decimal:
    """What several lines come to."""
    return sum((amount_of(line, inclusive=inclusive) for line in lines if line), _NOTHING)


def item_of(line: Line) -> str | None:
    """The item a line sells; None: it sells none."""
    return reference_of(line, "ItemRef")


def reference_of(line: Line, name: str) -> str | None:
    """What a line refers to."""
    found = ((line.get(SALE) or {}).get(name) or {}).get("value")
    return None if found is None else str(found)


def clean(line: Any) -> Any:
    """As QuickBooks answered it, to be written again: without nulls, and a subtotal in the text reckoned anew."""
    if isinstance(line, Mapping):
        kept = {name: clean(value) for name, value in line.items() if value is not None}
        # What was written as "Subtotal:" comes back with its figure, and would stay that figure.
        if kept.get("DetailType") == TEXT and str(kept.get("Description", "")).startswith("Subtotal: "):
            kept["Description"] = "Subtotal:"
        return kept
    return [clean(each) for each in line] if isinstance(line, list) else line


def _is_sold(line: Line) -> bool:
    """Time and costs that a person billed are linked; a line made from an estimate is a line all the same."""
    linked = {link.get("TxnType") for link in line.get("LinkedTxn") or []} - {"Estimate"}
    return SALE in line and item_of(line) not in (SHIPPING_ITEM, _GRATUITY_ITEM) and not linked
