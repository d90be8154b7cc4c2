"""The same deal in each tax world: the lines are the deal's to the cent, the tax is QuickBooks' own."""

from __future__ import annotations

from typing import Any

import pytest

from service.ids import PortalId, RealmId
from service.store.connection_settings import change_settings
from tests.harness import PORTAL, Harness

US_MANUAL, US_AUTOMATED = "9341450000000001", "9341450000000002"
UK_PORTAL, UK, CANADA = 20000002, "9341450000000003", "9341450000000006"
AMY = "1"
CONCRETE = {"name": "Concrete", "hs_sku": "CONCRETE", "price": "100", "quantity": "2"}
DESIGN = {"name": "Design", "hs_sku": "DESIGN", "price": "33.33", "quantity": "3"}


def bill(
    harness: Harness,
    realm_id: str,
    inputs: dict[str, str],
    lines: list[dict[str, str]],
    contact: dict[str, str] | str,
    portal_id: int = PORTAL,
    currency: str = "",
) -> dict[str, Any]:
    more = {"deal_currency_code": currency} if currency else {}
    deal_id = harness.make_deal(lines, contact, portal_id, **more)
    callback_id = harness.enroll(deal_id, inputs, portal_id)
    harness.work()
    return harness.assert_invoiced_once(callback_id, deal_id, portal_id, realm_id)


def map_rates(harness: Harness, portal_id: int, realm_id: str, mapping: dict[str, str]) -> None:
    changes = {"tax_codes": mapping}
    now = harness.clock.now()
    assert change_settings(harness.stores.database, PortalId(portal_id), RealmId(realm_id), changes, now)


def tax_of(invoice: dict[str, Any]) -> tuple[float, float]:
    return invoice["TxnTaxDetail"]["TotalTax"], invoice["TotalAmt"]


def test_us_by_hand(harness: Harness) -> None:
    """The items' own settings, all taxable, all exempt, and a rate chosen for the whole."""
    harness.connect()
    harness.act("edit", kind="Customer", id=AMY, changes={"Taxable": True})
    contact = harness.contact_of(harness.story("one-line"))
    for inputs, tax in (
        ({}, 16.0),
        ({"taxCodeId": "exempt"}, 0),
        ({"taxCodeId": "taxable"}, 24.0),
        ({"taxCodeId": "3"}, 27.3),
        ({"taxCodeId": "taxable", "discountAmount": "100"}, 16.0),
    ):
        invoice = bill(harness, US_MANUAL, inputs, [CONCRETE, {**DESIGN, "price": "100", "quantity": "1"}], contact)
        assert tax_of(invoice)[0] == tax, inputs
    assert harness.refusals() == []


def test_us_by_hand_by_the_lines_own_rate(harness: Harness) -> None:
    """The rate that the operator's mapping names is the rate of the sale: Tucson's 9.1 %, not the company's 8."""
    harness.connect()
    harness.act("edit", kind="Customer", id=AMY, changes={"Taxable": True})
    map_rates(harness, PORTAL, US_MANUAL, {"700": "3", "701": "2"})
    contact = harness.contact_of(harness.story("one-line"))
    design = {**DESIGN, "price": "100", "quantity": "1"}
    tucson, california = {**design, "hs_tax_rate_group_id": "700"}, {**design, "hs_tax_rate_group_id": "701"}

    assert tax_of(bill(harness, US_MANUAL, {}, [tucson], contact))[0] == 9.1
    # No line has the rate: the item is not taxed.
    assert tax_of(bill(harness, US_MANUAL, {}, [design], contact))[0] == 0
    deal_id = harness.make_deal([tucson, california], contact)
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert "different tax rates" in harness.assert_refused(callback_id, deal_id, "BAD_LINE_ITEM")
    assert harness.refusals() == []


@pytest.mark.parametrize("left_out", ["by_item", "non"])
def test_us_automated_when_nobody_chose(harness: Harness, left_out: str) -> None:
    """Whatever QuickBooks makes of a line without a code: what its lists call taxable is taxed, and nothing else."""
    harness.set_sandbox(quickbooks={"line_code_left_out": left_out})
    harness.connect(realm_id=US_AUTOMATED)
    dentist = harness.make_deal([CONCRETE], {"lastname": "D", "email": "office@pinestreetdental.example"})
    contact = harness.contact_of(dentist)
    unknown = {"name": "Retainer nobody knows", "price": "100", "quantity": "1"}
    for lines, inputs, tax in (
        ([CONCRETE, DESIGN], {}, 13.0),
        # Of the default item, too, its own word counts: Services are not taxed, Rocks are.
        ([unknown], {}, 0),
        ([unknown], {"defaultItemId": "13"}, 6.5),
        # Nobody called it exempt: it is taxed when it is created, and when it is sold again.
        ([unknown], {"itemNotFound": "create"}, 6.5),
        ([unknown], {}, 6.5),
    ):
        assert tax_of(bill(harness, US_AUTOMATED, inputs, lines, contact))[0] == tax, inputs
    assert harness.refusals() == []


def test_items_made_together_are_taxed_like_one_made_alone(harness: Harness) -> None:
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    lines = [{"name": f"Together {number}", "price": "50", "quantity": "1"} for number in range(2)]

    bill(harness, US_MANUAL, {"itemNotFound": "create"}, lines, contact)

    made = [each for each in harness.books("Item", US_MANUAL) if each["Name"].startswith("Together")]
    assert [each["Taxable"] for each in made] == [True, True]
    assert harness.refusals() == []


@pytest.mark.parametrize("left_out", ["by_item", "non"])
def test_us_by_hand_a_newcomer_is_taxed_again_and_again(harness: Harness, left_out: str) -> None:
    """QuickBooks calls a customer created without a word not taxable: we say that ours are."""
    harness.set_sandbox(quickbooks={"line_code_left_out": left_out})
    harness.connect()
    contact: dict[str, str] | str = {"firstname": "Nina", "lastname": "York", "email": "nina@example.com"}
    for _ in range(2):
        invoice = bill(harness, US_MANUAL, {}, [CONCRETE], contact)
        assert tax_of(invoice) == (16.0, 216.0)
        contact = harness.contact_of(invoice["PrivateNote"].split()[2])
    (nina,) = [each for each in harness.books("Customer") if each["DisplayName"] == "Nina York"]
    assert nina["Taxable"] is True
    assert harness.refusals() == []


def test_us_automated_from_hubspots_address(harness: Harness) -> None:
    """A newcomer's address goes with the invoice, its state by name: New York's 4 %."""
    harness.connect(realm_id=US_AUTOMATED)
    contact = {"firstname": "Nina", "lastname": "York", "email": "nina@example.com", "address": "1 Broadway"}
    contact |= {"city": "New York", "state": "New York", "zip": "10004"}

    invoice = bill(harness, US_AUTOMATED, {"taxCodeId": "taxable"}, [CONCRETE], contact)

    assert tax_of(invoice) == (8.0, 208.0)
    assert harness.refusals() == []


def test_us_automated_with_quickbooks_address(harness: Harness) -> None:
    """The author trusts QuickBooks' address more: the customer is in Seattle, whatever HubSpot says."""
    harness.connect(realm_id=US_AUTOMATED)
    contact = {"lastname": "Dental", "email": "office@pinestreetdental.example", "state": "NY", "zip": "10004"}
    deal_id = harness.make_deal([CONCRETE], contact)
    for addresses, tax in (("quickbooks", 13.0), ("hubspot", 8.0)):
        asked = {"taxCodeId": "taxable", "addresses": addresses, "existingInvoice": "create_another"}
        callback_id = harness.enroll(deal_id, asked)
        harness.work()
        assert tax_of(harness.assert_invoiced(callback_id, deal_id, realm_id=US_AUTOMATED))[0] == tax
    assert harness.refusals() == []


def test_us_automated_exempt_customer(harness: Harness) -> None:
    """A school pays no tax, even on taxable lines: QuickBooks knows, we need not."""
    harness.connect(realm_id=US_AUTOMATED)
    deal_id = harness.make_deal([CONCRETE], {"lastname": "School", "email": "office@seattleschooldistrict.example"})
    for inputs in ({"taxCodeId": "taxable"}, {"existingInvoice": "create_another"}):
        callback_id = harness.enroll(deal_id, inputs)
        harness.work()
        assert tax_of(harness.assert_invoiced(callback_id, deal_id, realm_id=US_AUTOMATED)) == (0, 200)
    assert harness.refusals() == []


def test_vat_inclusive_and_exclusive(harness: Harness) -> None:
    """120.00 with 20 % in it is 120.00 for the customer; without, it is 144.00."""
    harness.connect(UK_PORTAL, UK)
    contact = harness.contact_of(harness.story("uk-one-line", UK_PORTAL), UK_PORTAL)
    line = {**CONCRETE, "price": "60"}
    for prices, told in (("with_tax", (20.0, 120.0)), ("without_tax", (24.0, 144.0))):
        invoice = bill(harness, UK, {"prices": prices}, [line], contact, UK_PORTAL)
        assert tax_of(invoice) == told
    odd = bill(harness, UK, {"prices": "with_tax"}, [{**DESIGN, "hs_discount_percentage": "7"}], contact, UK_PORTAL)
    assert odd["TotalAmt"] == 92.99
    assert harness.refusals() == []


def test_prices_with_tax_that_quickbooks_understands_otherwise(harness: Harness) -> None:
    """Should QuickBooks add the tax once more, everybody is told, and the customer gets no e-mail."""
    harness.connect(UK_PORTAL, UK)
    harness.set_sandbox(quickbooks={"inclusive_amount": "net"})
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {"prices": "with_tax", "send": "now"}, UK_PORTAL)
    harness.work()

    outputs = harness.hubspot_callback(callback_id)["outputs"]
    (invoice,) = harness.invoices_of(deal_id, UK)
    assert (outputs["invoiceId"], outputs["errorCode"]) == (invoice["Id"], "TOTAL_DIFFERS")
    assert invoice["EmailStatus"] == "NotSet"
    assert harness.refusals() == []


def test_vat_by_the_lines_own_rate(harness: Harness) -> None:
    """The operator said what HubSpot's rates mean; a line without a known rate follows the action."""
    harness.connect(UK_PORTAL, UK)
    # The rate that leads to exempt fits no company with codes, and no line has it.
    map_rates(harness, UK_PORTAL, UK, {"700": "3", "701": "5", "0": "exempt"})
    contact = harness.contact_of(harness.story("uk-one-line", UK_PORTAL), UK_PORTAL)
    lines = [
        {**CONCRETE, "hs_tax_rate_group_id": "700"},
        {**DESIGN, "price": "100", "hs_tax_rate_group_id": "701"},
        {**DESIGN, "price": "10", "quantity": "1", "hs_tax_rate_group_id": "799"},
    ]

    invoice = bill(harness, UK, {"taxCodeId": "2"}, lines, contact, UK_PORTAL)

    sold = [each["SalesItemLineDetail"] for each in invoice["Line"] if "SalesItemLineDetail" in each]
    assert [each["TaxCodeRef"]["value"] for each in sold] == ["3", "5", "2"]
    assert tax_of(invoice) == (12.0, 522.0)
    assert harness.refusals() == []


def test_canada(harness: Harness) -> None:
    """HST in Ontario, GST with PST in British Columbia, and Quebec's odd 9.975 %."""
    harness.connect(realm_id=CANADA)
    contact = {"lastname": "Dental", "email": "office@yongestreetdental.example"}
    deal_id = harness.make_deal([{**CONCRETE, "price": "2247.58"}], contact, deal_currency_code="CAD")
    for code, tax in (("2", 584.37), ("3", 224.76), ("4", 539.42), ("5", 0), ("6", 673.15)):
        callback_id = harness.enroll(deal_id, {"taxCodeId": code, "existingInvoice": "create_another"})
        harness.work()
        invoice = harness.assert_invoiced(callback_id, deal_id, realm_id=CANADA)
        assert tax_of(invoice) == (tax, round(4495.16 + tax, 2)), code
    assert harness.deal(deal_id)["qbo_invoice_currency"] == "CAD"
    assert harness.refusals() == []


def test_total_that_differs_is_told(harness: Harness) -> None:
    """A person changed the invoice before we heard that it exists: the workflow and the deal say so."""
    harness.connect()
    harness.set_sandbox(quickbooks={"requestid_memory": "replay_current"})
    deal_id = harness.story("one-line")
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id, {"taxCodeId": "exempt"})
    harness.work()
    (invoice,) = harness.invoices_of(deal_id)
    line = {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": {"ItemRef": {"value": "4"}}}
    harness.act("edit_invoice", invoice_id=invoice["Id"], changes={"Line": [*invoice["Line"][:1], line]})
    harness.finish()

    outputs = harness.hubspot_callback(callback_id)["outputs"]
    deal = harness.deal(deal_id)
    assert (outputs["invoiceId"], outputs["errorCode"]) == (invoice["Id"], "TOTAL_DIFFERS")
    assert "76.00 USD before tax" in outputs["errorMessage"]
    assert deal["qbo_invoice_id"] == invoice["Id"]
    assert deal["qbo_invoice_error"] == f"TOTAL_DIFFERS: {outputs['errorMessage']}"
    assert harness.refusals() == []
