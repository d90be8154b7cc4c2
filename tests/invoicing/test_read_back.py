from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from invoicing_examples import UK, US, draft, make_line

from service.invoicing.read_back import derive_expected, find_difference

BILLED = draft(None, [make_line(quantity="3", price="33.333")], realm=US)


@pytest.mark.parametrize(
    ("entity", "told"),
    [
        ({"TotalAmt": Decimal("100.00"), "TxnTaxDetail": {"TotalTax": 0}}, None),
        ({"TotalAmt": 108.25, "TxnTaxDetail": {"TotalTax": 8.25}}, None),
        ({"TotalAmt": 100}, None),
        ({"TotalAmt": 99.99, "CurrencyRef": {"value": "USD"}}, "99.99 USD before tax"),
        ({"TotalAmt": 108.25}, "108.25"),
        ({}, "0.00"),
    ],
)
def test_all_but_the_tax_must_agree(entity: dict[str, Any], told: str | None) -> None:
    found = find_difference(BILLED.body(), entity)
    assert (found is None) == (told is None)
    assert told is None or told in str(found)


def test_prices_with_tax_are_compared_with_tax() -> None:
    body = draft(None, [make_line(price="120")], realm=UK, inputs={"prices": "with_tax"}).body()
    assert find_difference(body, {"TotalAmt": 120, "TxnTaxDetail": {"TotalTax": 20}}) is None
    assert "with tax" in str(find_difference(body, {"TotalAmt": 144, "TxnTaxDetail": {"TotalTax": 24}}))


def test_discount_and_shipping_are_expected() -> None:
    realm = replace(US, allow_discount=True, allow_shipping=True)
    made = draft(None, [make_line(price="100")], realm=realm, inputs={"discountPercent": "10", "shippingAmount": "5"})
    assert derive_expected(made.body()) == made.total.amount == 95
