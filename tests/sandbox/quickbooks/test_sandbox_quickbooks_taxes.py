"""Sales tax by hand, by engine, and VAT (contract 3.2.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from quickbooks_caller import AUTOMATED, UK, Company, Fault, line

from service.sandbox.quickbooks.state import QuickBooks

TAX, NON = {"value": "TAX"}, {"value": "NON"}


def test_by_hand_the_code_of_the_whole_sale_sets_the_rate(company: Company) -> None:
    lines = [line("5", 1, 275, TaxCodeRef=TAX), line("4", 1, 75, TaxCodeRef=NON)]
    assert company.invoice(Line=lines)["TxnTaxDetail"] == {"TotalTax": 0}
    made = company.invoice(Line=lines, TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (22.0, 372.0)
    tucson = company.invoice(Line=lines, TxnTaxDetail={"TxnTaxCodeRef": {"value": "3"}})
    assert [one["Amount"] for one in tucson["TxnTaxDetail"]["TaxLine"]] == [19.53, 5.5]  # 19.525 is rounded up


def test_by_hand_the_companys_code_may_stand_in(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.default_tax_code = "company"
    assert company.invoice(Line=[line("5", 1, 275, TaxCodeRef=TAX)])["TotalAmt"] == 297.0


def test_a_total_that_was_sent_is_honoured(company: Company) -> None:
    lines = [line("5", 1, 275, TaxCodeRef=TAX)]
    made = company.invoice(Line=lines, TxnTaxDetail={"TxnTaxCodeRef": {"value": "3"}, "TotalTax": 30})
    assert made["TotalAmt"] == 305.0
    assert sum(one["Amount"] for one in made["TxnTaxDetail"]["TaxLine"]) == 30.0


def test_a_discount_lowers_the_base_only_if_asked(company: Company) -> None:
    lines = [
        line("5", 1, 275, TaxCodeRef=TAX),
        {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}},
    ]
    code = {"TxnTaxCodeRef": {"value": "2"}}
    assert company.invoice(Line=lines, TxnTaxDetail=code)["TotalAmt"] == 275 - 27.5 + 22
    lowered = company.invoice(Line=lines, TxnTaxDetail=code, ApplyTaxAfterDiscount=True)
    assert lowered["TotalAmt"] == 275 - 27.5 + 19.8


def test_without_sales_tax_nothing_is_reckoned(company: Company) -> None:
    company.change(preferences={"TaxPrefs": {"UsingSalesTax": False}})
    made = company.invoice(Line=[line("5", 1, 275, TaxCodeRef=TAX)], TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})
    assert made["TxnTaxDetail"] == {"TotalTax": 0}


@pytest.mark.parametrize(
    ("customer", "tax"),
    [("1", 6.5), ("2", 4.0), ("3", 7.25), ("4", 0), ("5", 0), ("7", 0)],
    ids=["Washington", "New York", "California", "Oregon", "no nexus", "exempt"],
)
def test_the_engine_goes_by_the_shipping_address(
    company_of: Callable[[str], Company], customer: str, tax: float
) -> None:
    company = company_of(AUTOMATED)
    assert company.get("/preferences")["Preferences"]["TaxPrefs"]["PartnerTaxEnabled"] is True
    sale: dict[str, Any] = {"CustomerRef": {"value": customer}, "Line": [line("5", 1, 100, TaxCodeRef=TAX)]}
    made = company.invoice(**sale, TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})  # replaced by the engine
    assert made["TxnTaxDetail"]["TotalTax"] == tax
    assert company.invoice(**{**sale, "Line": [line("5", 1, 100, TaxCodeRef=NON)]})["TotalAmt"] == 100.0


def test_the_engine_wants_a_usable_address(company_of: Callable[[str], Company], quickbooks: QuickBooks) -> None:
    company = company_of(AUTOMATED)
    sale: dict[str, Any] = {"CustomerRef": {"value": "6"}, "Line": [line("5", 1, 100, TaxCodeRef=TAX)]}
    with pytest.raises(Fault, match="6000"):
        company.invoice(**sale)
    assert company.refused is None
    place = {"Line1": "1 Pine St.", "City": "Seattle", "CountrySubDivisionCode": "WA", "PostalCode": "98101"}
    made = company.invoice(**sale, ShipAddr=place)
    assert made["TotalAmt"] == 106.5
    moved = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": [line("5", 2, 100, TaxCodeRef=TAX)]}
    assert company.post("/invoice", moved)["Invoice"]["TotalAmt"] == 213.0  # read from the free-form address
    quickbooks.settings.tax_without_address = "no_tax"
    assert company.invoice(**sale)["TotalAmt"] == 100.0


def vat(company: Company, calculation: str, *codes: str) -> Any:
    lines = [line("4", 1, 100, TaxCodeRef={"value": code}) for code in codes]
    return company.invoice(CustomerRef={"value": "1"}, GlobalTaxCalculation=calculation, Line=lines)


def test_vat_on_top(company_of: Callable[[str], Company]) -> None:
    made = vat(company_of(UK), "TaxExcluded", "2", "3", "4", "5", "2")
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (545.0, 45.0)
    rates = {one["TaxLineDetail"]["TaxPercent"]: one["Amount"] for one in made["TxnTaxDetail"]["TaxLine"]}
    assert rates == {20.0: 40.0, 5.0: 5.0, 0: 0}
    assert made["CurrencyRef"]["value"] == "GBP"


def test_vat_inside(company_of: Callable[[str], Company]) -> None:
    company = company_of(UK)
    made = vat(company, "TaxInclusive", "2", "3")
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (200.0, 21.43)  # 16.67 + 4.76
    assert made["Line"][0]["Amount"] == 83.33
    assert made["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 100.0
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    after = company.post("/invoice", change)["Invoice"]
    assert (after["TotalAmt"], after["Line"]) == (made["TotalAmt"], made["Line"])


def test_vat_not_applicable(company_of: Callable[[str], Company]) -> None:
    company = company_of(UK)
    made = company.invoice(CustomerRef={"value": "1"}, GlobalTaxCalculation="NotApplicable")
    assert (made["TotalAmt"], made["TxnTaxDetail"]) == (525.0, {"TotalTax": 0})
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert company.post("/invoice", change)["Invoice"]["TotalAmt"] == 525.0
