"""Tax is QuickBooks' business: codes on every line in a VAT realm, an engine in an automated one."""

from __future__ import annotations

from typing import Any

from tests.harness import Harness

UK_PORTAL, VAT_REALM, AUTOMATED_REALM = 20000002, "9341450000000003", "9341450000000002"


def codes(invoice: dict[str, Any]) -> set[str]:
    lines = [each for each in invoice["Line"] if each["DetailType"] == "SalesItemLineDetail"]
    return {each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in lines}


def test_vat_needs_a_code(harness: Harness) -> None:
    harness.connect(UK_PORTAL, VAT_REALM)
    harness.change_realm(VAT_REALM, preferences={"TaxPrefs": {"TaxGroupCodeRef": None}})
    deal_id = harness.story("uk-one-line", UK_PORTAL)
    before = harness.counts(VAT_REALM)

    for inputs in ({}, {"taxCodeId": "exempt"}, {"taxCodeId": "taxable"}):
        callback_id = harness.enroll(deal_id, inputs, UK_PORTAL)
        harness.work()
        assert "taxCodeId" in harness.assert_refused(callback_id, deal_id, "TAX_CODE_MISSING", UK_PORTAL)
    assert harness.counts(VAT_REALM) == before
    assert harness.refusals() == []


def test_vat_with_a_code(harness: Harness) -> None:
    harness.connect(UK_PORTAL, VAT_REALM)
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {"taxCodeId": "3"}, UK_PORTAL)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, UK_PORTAL, VAT_REALM)
    assert codes(invoice) == {"3"}
    assert (invoice["TotalAmt"], invoice["TxnTaxDetail"]["TotalTax"]) == (78.75, 3.75)
    # The deal shows what the customer will pay, in the realm's currency.
    deal = harness.deal(deal_id, UK_PORTAL)
    assert (deal["qbo_invoice_amount"], deal["qbo_invoice_currency"]) == ("78.75", "GBP")
    assert harness.refusals() == []


def test_vat_with_the_realms_default(harness: Harness) -> None:
    harness.connect(UK_PORTAL, VAT_REALM)
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {}, UK_PORTAL)
    harness.work()

    assert codes(harness.assert_invoiced_once(callback_id, deal_id, UK_PORTAL, VAT_REALM)) == {"2"}
    assert harness.refusals() == []


def test_vat_code_that_does_not_exist(harness: Harness) -> None:
    harness.connect(UK_PORTAL, VAT_REALM)
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {"taxCodeId": "77"}, UK_PORTAL)
    harness.work()

    harness.assert_refused(callback_id, deal_id, "QBO_REJECTED", UK_PORTAL)
    assert harness.invoices(VAT_REALM) == []
    assert harness.refusals() == []


def test_automated_tax(harness: Harness) -> None:
    """The engine reckons from the customer's address; the deal shows its total, not our sum."""
    harness.connect(realm_id=AUTOMATED_REALM)
    contact = {"firstname": "Pine", "lastname": "Dental", "email": "office@pinestreetdental.example"}
    line = {"name": "Concrete", "hs_sku": "CONCRETE", "price": "100", "quantity": "2"}
    deal_id = harness.make_deal([line], contact)

    callback_id = harness.enroll(deal_id, {"taxCodeId": "taxable"})
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, realm_id=AUTOMATED_REALM)
    assert invoice["TotalAmt"] > 200
    assert harness.deal(deal_id)["qbo_invoice_amount"] == f"{invoice['TotalAmt']:.2f}"
    exempt = harness.enroll(deal_id, {"taxCodeId": "exempt", "existingInvoice": "create_another"})
    harness.work()
    assert harness.assert_invoiced(exempt, deal_id, realm_id=AUTOMATED_REALM)["TotalAmt"] == 200
    assert harness.refusals() == []


def test_automated_tax_without_an_address(harness: Harness) -> None:
    """The engine cannot reckon: QuickBooks says so, and so do we, once."""
    harness.connect(realm_id=AUTOMATED_REALM)
    line = {"name": "Concrete", "hs_sku": "CONCRETE", "price": "100", "quantity": "2"}
    deal_id = harness.make_deal([line], {"firstname": "No", "lastname": "Where", "email": "office@nowhereltd.example"})

    callback_id = harness.enroll(deal_id, {"taxCodeId": "taxable"})
    harness.work()

    assert "6000" in harness.assert_refused(callback_id, deal_id, "QBO_REJECTED")
    assert harness.refusals() == []
