"""A deposit that holds the tax, more lines than QuickBooks takes, a company abroad that charges no tax."""

from __future__ import annotations

import pytest

from tests.harness import Harness

UK_PORTAL, UK = 20000002, "9341450000000003"


def test_a_deposit_that_pays_the_tax_too(harness: Harness) -> None:
    """75.00 and 15.00 VAT are paid already."""
    harness.connect(UK_PORTAL, UK)
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {"deposit": "90"}, UK_PORTAL)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, UK_PORTAL, UK)
    assert (invoice["TotalAmt"], invoice["Balance"]) == (90, 0)
    assert harness.refusals() == []


@pytest.mark.parametrize("decision", ["accepted", "refused"])
def test_a_deposit_above_what_quickbooks_comes_to(harness: Harness, decision: str) -> None:
    harness.connect(UK_PORTAL, UK)
    harness.set_sandbox(quickbooks={"deposit_above_total": decision})
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {"deposit": "90.01", "send": "now"}, UK_PORTAL)
    harness.work()

    if decision == "refused":
        harness.assert_refused(callback_id, deal_id, "QBO_REJECTED", UK_PORTAL)
        return
    outputs = harness.hubspot_callback(callback_id)["outputs"]
    (invoice,) = harness.invoices_of(deal_id, UK)
    assert (outputs["invoiceId"], outputs["errorCode"]) == (invoice["Id"], "TOTAL_DIFFERS")
    assert "deposit of 90.01 GBP" in outputs["errorMessage"]
    assert invoice["EmailStatus"] == "NotSet"
    assert harness.refusals() == []


def test_one_line_too_many_is_refused_by_us(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"AllowShipping": True}})
    lines = [{"name": f"Part {at}", "hs_sku": f"P-{at}", "price": "1", "quantity": "1"} for at in range(750)]
    deal_id = harness.make_deal(lines, {"lastname": "Parts", "email": "parts@example.com"})
    before = harness.counts()

    callback_id = harness.enroll(deal_id, {"shippingAmount": "5"})
    harness.work()

    assert "750" in harness.assert_refused(callback_id, deal_id, "BAD_LINE_ITEM")
    assert harness.counts() == before
    assert harness.refusals() == []


def test_abroad_without_sales_tax(harness: Harness) -> None:
    """QuickBooks wants to hear how tax is meant there, also when none is charged."""
    harness.connect(UK_PORTAL, UK)
    harness.change_realm(UK, preferences={"TaxPrefs": {"UsingSalesTax": False}})
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {}, UK_PORTAL)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, UK_PORTAL, UK)
    assert (invoice["TotalAmt"], invoice["GlobalTaxCalculation"]) == (75, "NotApplicable")
    assert harness.refusals() == []
