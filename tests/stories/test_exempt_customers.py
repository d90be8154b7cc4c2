"""Who pays no tax, or another, in QuickBooks is billed so: its word counts wherever the author says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from service.ids import PortalId, RealmId
from service.store.connection_settings import change_settings
from service.workflows import know_tax
from tests.harness import PORTAL, REALM, Harness

UK_PORTAL, UK = 20000002, "9341450000000003"
CONCRETE = {"name": "Concrete", "hs_sku": "CONCRETE", "price": "60", "quantity": "2"}
CHARITY = {"firstname": "Kew", "lastname": "Charity", "email": "office@charity.example"}
ZERO_RATED = {"DefaultTaxCodeRef": {"value": "4"}}


def known_to_quickbooks(harness: Harness, realm_id: str = REALM, **fields: Any) -> str:
    """The charity is a customer already; returns its id there."""
    body = {"PrimaryEmailAddr": {"Address": CHARITY["email"]}, **fields}
    return str(harness.act("create_customer", realm_id, name="Kew Charity", fields=body)["Id"])


def bill(harness: Harness, deal_id: str, inputs: dict[str, str] | None = None, portal_id: int = PORTAL) -> float:
    """What QuickBooks came to."""
    asked = {"existingInvoice": "create_another", **(inputs or {})}
    callback_id = harness.enroll(deal_id, asked, portal_id)
    harness.work()
    realm_id = REALM if portal_id == PORTAL else UK
    return float(harness.assert_invoiced(callback_id, deal_id, portal_id, realm_id)["TotalAmt"])


def test_zero_rated_in_a_company_with_vat(harness: Harness) -> None:
    harness.connect(UK_PORTAL, UK)
    known_to_quickbooks(harness, UK, **ZERO_RATED)
    deal_id = harness.make_deal([CONCRETE], CHARITY, UK_PORTAL, deal_currency_code="GBP")

    assert bill(harness, deal_id, portal_id=UK_PORTAL) == 120
    assert bill(harness, deal_id, {"taxCodeId": "3"}, UK_PORTAL) == 126
    assert bill(harness, deal_id, portal_id=UK_PORTAL) == 120
    assert harness.refusals() == []


def test_the_customers_code_is_enough(harness: Harness) -> None:
    """A company without a default can bill those customers that have a code, and refuses the others untouched."""
    harness.connect(UK_PORTAL, UK)
    harness.change_realm(UK, preferences={"TaxPrefs": {"TaxGroupCodeRef": None}})
    known_to_quickbooks(harness, UK, **ZERO_RATED)
    deal_id = harness.make_deal([CONCRETE], CHARITY, UK_PORTAL, deal_currency_code="GBP")
    assert bill(harness, deal_id, portal_id=UK_PORTAL) == 120
    before = harness.counts(UK)

    newcomer = {"lastname": "Newcomer", "email": "new@example.com"}
    deal_id = harness.make_deal([CONCRETE], newcomer, UK_PORTAL, deal_currency_code="GBP")
    callback_id = harness.enroll(deal_id, {}, UK_PORTAL)
    harness.work()

    harness.assert_refused(callback_id, deal_id, "TAX_CODE_MISSING", UK_PORTAL)
    assert harness.counts(UK) == before
    assert harness.refusals() == []


def test_exempt_means_the_code_that_the_operator_named(harness: Harness) -> None:
    harness.connect(UK_PORTAL, UK)
    named = {"tax_codes": {"exempt": "5"}}
    assert change_settings(harness.stores.database, PortalId(UK_PORTAL), RealmId(UK), named, harness.clock.now())
    deal_id = harness.make_deal([CONCRETE], CHARITY, UK_PORTAL, deal_currency_code="GBP")

    assert bill(harness, deal_id, {"taxCodeId": "exempt"}, UK_PORTAL) == 120
    assert harness.refusals() == []


@pytest.mark.parametrize("exemption", [{"Taxable": False}, {"Taxable": True, "TaxExemptionReasonId": 9}])
def test_exempt_in_the_us(harness: Harness, exemption: dict[str, Any]) -> None:
    """Also when the action says taxable: that is said of what is sold."""
    harness.connect()
    known_to_quickbooks(harness, **exemption)
    deal_id = harness.make_deal([CONCRETE], CHARITY)

    assert bill(harness, deal_id) == 120
    assert bill(harness, deal_id, {"taxCodeId": "taxable"}) == 120
    assert bill(harness, deal_id, {"taxCodeId": "3"}) == 120
    for invoice in harness.invoices_of(deal_id):
        (line,) = [each for each in invoice["Line"] if "SalesItemLineDetail" in each]
        assert line["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
        assert "TxnTaxCodeRef" not in invoice["TxnTaxDetail"]
    assert harness.refusals() == []


def test_what_changed_in_quickbooks_counts_for_the_next_invoice(harness: Harness) -> None:
    """Known customers and items are not read again; QuickBooks says that they were changed."""
    harness.connect()
    harness.subscribe()
    customer_id = known_to_quickbooks(harness, Taxable=True)
    deal_id = harness.make_deal([CONCRETE], CHARITY)
    assert bill(harness, deal_id) == 129.6
    before = len(harness.calls("quickbooks"))
    assert bill(harness, deal_id) == 129.6
    assert len(harness.calls("quickbooks")) == before + 1

    harness.act("edit", kind="Customer", id=customer_id, changes={"Taxable": False})
    harness.follow()
    assert bill(harness, deal_id) == 120
    harness.act("edit", kind="Customer", id=customer_id, changes={"Taxable": True})
    harness.act("edit", kind="Item", id="3", changes={"Taxable": False})
    harness.follow()
    assert bill(harness, deal_id) == 120
    assert harness.refusals() == []


def test_a_day_without_a_word_from_quickbooks(harness: Harness) -> None:
    harness.connect()
    customer_id = known_to_quickbooks(harness, Taxable=True)
    deal_id = harness.make_deal([CONCRETE], CHARITY)
    assert bill(harness, deal_id) == 129.6

    harness.act("edit", kind="Customer", id=customer_id, changes={"Taxable": False})
    harness.pass_time(know_tax.OLDEST)
    assert bill(harness, deal_id) == 120
    assert harness.refusals() == []
