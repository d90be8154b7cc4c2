"""Deals as real portals have them, drafted in each tax world: the same cents, the world's own tax fields."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from invoicing_examples import draft, make_deal, make_line, parse_body

from service.invoicing.deal import Deal, LineItem
from service.invoicing.realm import RealmFacts, SalesTax

# A yearly software contract: seats at a volume discount, onboarding given away, support by the month.
SOFTWARE = [
    make_line("1", name="Seats", quantity="37", price="49", hs_discount_percentage="12.5", hs_tax_rate_group_id="20"),
    make_line("2", name="Onboarding", quantity="1", price="1500", hs_discount_percentage="100"),
    make_line("3", name="Support", price="249.99", recurringbillingfrequency="monthly"),
]
SOFTWARE_NETS = ["1586.38", "0.00", "249.99"]
# A garden: hours by the quarter, soil by the cubic metre, a fixed sum off each tree.
GARDEN = [
    make_line("1", name="Labour", quantity="13.75", price="64.50"),
    make_line("2", name="Soil", quantity="2.333", price="89.9"),
    make_line("3", name="Trees", quantity="7", price="119", discount="4.25", hs_tax_rate_group_id="0"),
]
GARDEN_NETS = ["886.88", "209.74", "803.25"]
# A thirds deal: prices that came through a double, and a hundred thousand tiny ones.
THIRDS = [
    make_line("1", name="A third", quantity="3", price="33.333333333333336"),
    make_line("2", name="Events", quantity="100000", price="0.0012345", hs_tax_rate_group_id="5"),
]
THIRDS_NETS = ["100.00", "123.45"]

US_AUTOMATED = RealmFacts("USD", sales_tax=SalesTax.US_AUTOMATED)
US_MANUAL = RealmFacts("USD", sales_tax=SalesTax.US_MANUAL, default_tax_code_id="2")
NO_TAX = RealmFacts("USD")
UK = RealmFacts("GBP", sales_tax=SalesTax.CODES, default_tax_code_id="2", tax_codes_by_rate={"20": "2", "0": "4"})
CANADA = RealmFacts("CAD", sales_tax=SalesTax.CODES, tax_codes_by_rate={"5": "3"})
MANY = RealmFacts("USD", multicurrency=True, sales_tax=SalesTax.US_MANUAL)

# realm, the deal's currency, the action's inputs, what stands above the lines, the code of a line without its own.
WORLDS: dict[str, tuple[RealmFacts, str, dict[str, str], dict[str, Any], str | None]] = {
    "no tax": (NO_TAX, "USD", {}, {}, None),
    "US automated, as the realm says": (US_AUTOMATED, "USD", {}, {}, "TAX"),
    "US by hand, as the realm says": (
        US_MANUAL,
        "USD",
        {},
        {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}},
        "TAX",
    ),
    "US automated, taxable": (US_AUTOMATED, "USD", {"taxCodeId": "taxable"}, {}, "TAX"),
    "US by hand, exempt": (US_MANUAL, "USD", {"taxCodeId": "exempt"}, {}, "NON"),
    "US by hand, taxable": (
        US_MANUAL,
        "USD",
        {"taxCodeId": "taxable"},
        {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}},
        "TAX",
    ),
    "US by hand, another city": (
        US_MANUAL,
        "USD",
        {"taxCodeId": "3"},
        {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "3"}}},
        "TAX",
    ),
    "VAT on top": (UK, "GBP", {}, {"GlobalTaxCalculation": "TaxExcluded"}, "2"),
    "VAT in the prices": (UK, "GBP", {"prices": "with_tax"}, {"GlobalTaxCalculation": "TaxInclusive"}, "2"),
    "HST of Ontario": (CANADA, "CAD", {"taxCodeId": "2"}, {"GlobalTaxCalculation": "TaxExcluded"}, "2"),
    "many currencies": (MANY, "EUR", {"taxCodeId": "exempt"}, {"CurrencyRef": {"value": "EUR"}}, "NON"),
}
DEALS = {
    "software": (SOFTWARE, SOFTWARE_NETS),
    "garden": (GARDEN, GARDEN_NETS),
    "thirds": (THIRDS, THIRDS_NETS),
}
ABOVE = ("GlobalTaxCalculation", "TxnTaxDetail", "CurrencyRef")


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("deal", DEALS)
def test_each_deal_in_each_world(deal: str, world: str) -> None:
    lines, nets = DEALS[deal]
    realm, currency, inputs, above, code = WORLDS[world]
    made = draft(deal_in(currency), lines, realm, inputs, customer_currency=currency)
    body = parse_body(made.body())

    assert [line["Amount"] for line in body["Line"]] == [Decimal(net) for net in nets]
    assert made.total.amount == sum(map(Decimal, nets))
    assert {name: body[name] for name in ABOVE if name in body} == above
    for line, item in zip(body["Line"], lines, strict=True):
        detail = line["SalesItemLineDetail"]
        assert detail.get("TaxCodeRef", {}).get("value") == own_code(realm, item, code)
        inclusive = above.get("GlobalTaxCalculation") == "TaxInclusive"
        assert detail.get("TaxInclusiveAmt") == (line["Amount"] if inclusive else None)


def deal_in(currency: str) -> Deal:
    return make_deal(deal_currency_code=currency)


def own_code(realm: RealmFacts, item: LineItem, otherwise: str | None) -> str | None:
    return next(
        (realm.tax_codes_by_rate[rate] for rate in item.tax_rates if rate in realm.tax_codes_by_rate), otherwise
    )


def test_extras_in_a_world_of_codes() -> None:
    """Shipping bears a code too, and a discount lowers what is taxed."""
    realm = replace(UK, allow_discount=True, allow_shipping=True)
    inputs = {"discountPercent": "10", "shippingAmount": "9.99"}
    body = parse_body(draft(deal_in("GBP"), GARDEN, realm, inputs).body())
    shipping, discount = body["Line"][-2:]
    assert shipping["SalesItemLineDetail"]["ItemRef"] == {"value": "SHIPPING_ITEM_ID"}
    assert shipping["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "2"}
    assert (discount["Amount"], discount["DiscountLineDetail"]) == (Decimal("189.99"), {"PercentBased": False})
    assert body["ApplyTaxAfterDiscount"] is True


def test_the_lines_own_rates_are_enough() -> None:
    """Without a default, a line with a known rate can be billed, and one without cannot."""
    realm = replace(CANADA, tax_codes_by_rate={"13": "2"})
    line = make_line(hs_tax_rate="13")
    body = parse_body(draft(deal_in("CAD"), [line], realm).body())
    assert body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "2"}
