"""However QuickBooks multiplies and rounds, the deal is billed to the cent."""

from __future__ import annotations

import pytest

from tests.harness import Harness

TIES = [
    {"name": "Design", "hs_sku": "DESIGN", "price": "99.99", "quantity": "2.5"},
    {"name": "Trimming", "hs_sku": "TRIM", "price": "33.335", "quantity": "3"},
    {"name": "Pest Control", "hs_sku": "PEST", "price": "0.005", "quantity": "2001"},
]


@pytest.mark.parametrize("rounding", ["half_up", "half_even", "float"])
def test_exactly_between_two_cents(harness: Harness, rounding: str) -> None:
    harness.connect()
    harness.set_sandbox(quickbooks={"amount_rounding": rounding})
    deal_id = harness.make_deal(TIES, harness.contact_of(harness.story("one-line")))

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert [each["Amount"] for each in invoice["Line"][:3]] == [249.98, 100.01, 10.01]
    assert "2.5 x 99.99" in invoice["Line"][0]["Description"]
    assert len(harness.calls("quickbooks", "/invoice")) == 1
    assert harness.refusals() == []


def test_an_amount_that_quickbooks_computes_otherwise(harness: Harness) -> None:
    """It says so once; the next draft leaves it nothing to compute."""
    harness.connect()
    harness.set_sandbox(quickbooks={"amount_rounding": "otherwise"})
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "7"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")))

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["TotalAmt"] == 525
    detail = invoice["Line"][0]["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"]) == (1, 525)
    assert "7 x 75" in invoice["Line"][0]["Description"]
    assert [each["status"] for each in harness.calls("quickbooks", "/invoice")] == [400, 200]
