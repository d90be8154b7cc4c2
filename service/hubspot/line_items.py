"""What is read of a deal's line items, and how a person has sorted them."""

from __future__ import annotations

from collections.abc import Iterable

from service.hubspot.answers import CrmRecord

OBJECT_TYPE = "line_items"

# https://developers.hubspot.com/docs/api-reference/crm-line-items-v3/guide
# `price` is for one unit and `discount` is taken off each unit; `amount` and the totals are calculated by HubSpot.
PROPERTIES = (
    "name",
    "description",
    "quantity",
    "price",
    "amount",
    "discount",
    "hs_discount_percentage",
    "hs_total_discount",
    "hs_sku",
    "hs_product_id",
    "hs_line_item_currency_code",
    "hs_tax_rate",
    "hs_tax_label",
    "hs_tax_amount",
    "recurringbillingfrequency",
    "hs_recurring_billing_period",
    "hs_recurring_billing_start_date",
    "hs_position_on_quote",
    "hs_pricing_model",
)


def sort_line_items(line_items: Iterable[CrmRecord]) -> list[CrmRecord]:
    """The line items as the deal shows them: by position, those without one last, then by id."""
    return sorted(line_items, key=lambda each: (_position(each), int(each.id)))


def _position(line_item: CrmRecord) -> float:
    try:
        position = float(line_item.properties.get("hs_position_on_quote") or "inf")
    except ValueError:
        return float("inf")
    return position if position == position else float("inf")
