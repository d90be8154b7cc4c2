"""Who decides a line's tax: its own rate, the action, the customer, the item, the realm, in that order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invoicing_examples import draft, make_deal, make_line, parse_body

from service.errors import CannotInvoice, InputInvalid, LineItemUnusable, TaxCodeMissing
from service.ids import ItemId
from service.invoicing.preflight import RealmAnswers, judge_realm
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.tax import TaxFacts, find_tax_code_problems

UK = RealmFacts("GBP", sales_tax=SalesTax.CODES, default_tax_code_id="2")
AUTOMATED = RealmFacts("USD", sales_tax=SalesTax.US_AUTOMATED)
BY_HAND = RealmFacts("USD", sales_tax=SalesTax.US_MANUAL, default_tax_code_id="2")
ITEM = ItemId("4")
ZERO_RATED = TaxFacts(customer_code_id="4")
EXEMPT = TaxFacts(customer_taxable=False)
UNTAXED_ITEM = TaxFacts(customer_taxable=True, items_taxable={ITEM: False})


def ask(
    realm: RealmFacts, chosen: str = "", facts: TaxFacts | None = None, *rates: str | None
) -> tuple[list[str | None], str | None]:
    """The codes of the lines, each with a rate in HubSpot, and the code of the sale."""
    lines = [make_line(str(at), hs_tax_rate_group_id=rate) for at, rate in enumerate(rates or (None,))]
    deal = make_deal(deal_currency_code=realm.home_currency)
    body: Any = parse_body(draft(deal, lines, realm, {"taxCodeId": chosen} if chosen else {}, tax_facts=facts).body())
    codes = [line["SalesItemLineDetail"].get("TaxCodeRef", {}).get("value") for line in body["Line"]]
    return codes, body.get("TxnTaxDetail", {}).get("TxnTaxCodeRef", {}).get("value")


@pytest.mark.parametrize(
    ("chosen", "facts", "code"),
    [
        ("", None, "2"),
        ("", ZERO_RATED, "4"),
        ("taxable", ZERO_RATED, "4"),
        ("3", ZERO_RATED, "3"),
        # Outside the US it says nothing: customers are not taxable there by default.
        ("", EXEMPT, "2"),
        ("", UNTAXED_ITEM, "2"),
    ],
)
def test_by_codes(chosen: str, facts: TaxFacts | None, code: str) -> None:
    assert ask(UK, chosen, facts) == ([code], None)


def test_the_lines_own_rate_comes_first() -> None:
    realm = replace(UK, tax_codes_by_rate={"700": "3", "701": "taxable"})
    assert ask(realm, "5", ZERO_RATED, "700", "701", "702", None)[0] == ["3", "4", "5", "5"]


def test_shipping_follows_the_customer() -> None:
    realm = replace(UK, allow_shipping=True)
    made = draft(make_deal(deal_currency_code="GBP"), None, realm, {"shippingAmount": "5"}, tax_facts=ZERO_RATED)
    codes = [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in parse_body(made.body())["Line"]]
    assert codes == ["4", "4"]


def test_the_operator_says_what_exempt_means() -> None:
    named = replace(UK, tax_codes_by_rate={"exempt": "5", "0": "exempt"})
    assert ask(named, "exempt") == (["5"], None)
    assert ask(named, "", None, "0", None)[0] == ["5", "2"]
    with pytest.raises(TaxCodeMissing, match="zero-rated"):
        ask(UK, "exempt")


@pytest.mark.parametrize(
    ("chosen", "facts", "code"),
    [
        ("", None, "TAX"),
        ("", TaxFacts(customer_taxable=True, items_taxable={ITEM: True}), "TAX"),
        ("", UNTAXED_ITEM, "NON"),
        ("taxable", UNTAXED_ITEM, "TAX"),
        ("exempt", None, "NON"),
        ("", EXEMPT, "NON"),
        ("taxable", EXEMPT, "NON"),
    ],
)
def test_in_the_us_it_is_always_said(chosen: str, facts: TaxFacts | None, code: str) -> None:
    """Left out, QuickBooks may fill in NON, and a deal that must be taxed goes without."""
    assert ask(AUTOMATED, chosen, facts) == ([code], None)
    assert ask(BY_HAND, chosen, facts) == ([code], "2" if code == "TAX" else None)


def test_by_hand_a_rate_does_not_tax_who_is_exempt() -> None:
    assert ask(BY_HAND, "3", EXEMPT) == (["NON"], None)
    told = draft(None, None, BY_HAND, {"taxCodeId": "3"}, tax_facts=EXEMPT).remarks
    assert "exempt" in told[0]
    assert draft(None, None, BY_HAND, {}, tax_facts=EXEMPT).remarks == ()


def test_by_hand_the_customers_own_rate_comes_before_the_companys() -> None:
    facts = TaxFacts(customer_taxable=True, customer_code_id="3")
    assert ask(BY_HAND, "", facts) == (["TAX"], "3")
    assert ask(BY_HAND, "taxable", facts) == (["TAX"], "3")
    assert ask(BY_HAND, "2", facts) == (["TAX"], "2")


def test_by_hand_the_rate_of_the_lines_is_the_rate_of_the_sale() -> None:
    realm = replace(BY_HAND, tax_codes_by_rate={"700": "3", "701": "7", "0": "exempt"})
    assert ask(realm, "", None, "700") == (["TAX"], "3")
    assert ask(realm, "", None, "700", "0", None) == (["TAX", "NON", "TAX"], "3")
    # A mapping that no line uses changes nothing.
    assert ask(realm, "exempt", None, None) == (["NON"], None)
    assert ask(realm, "", UNTAXED_ITEM, None) == (["NON"], None)


def test_by_hand_two_rates_are_refused() -> None:
    realm = replace(BY_HAND, tax_codes_by_rate={"700": "3", "701": "7"})
    with pytest.raises(LineItemUnusable, match="3 and 7"):
        ask(realm, "", None, "700", "701")
    with pytest.raises(LineItemUnusable):
        ask(realm, "2", None, "700", None)
    # What costs nothing has no say.
    free = make_line("9", price="0", hs_tax_rate_group_id="701")
    body = parse_body(draft(None, [make_line(hs_tax_rate_group_id="700"), free], realm).body())
    assert body["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "3"}}


@pytest.mark.parametrize(
    ("realm", "reason"), [(UK, TaxCodeMissing), (AUTOMATED, InputInvalid)], ids=["exempt", "a code"]
)
def test_a_mapping_that_does_not_fit_harms_only_its_own_lines(realm: RealmFacts, reason: type[CannotInvoice]) -> None:
    wrong = replace(realm, tax_codes_by_rate={"0": "exempt" if realm is UK else "4"})
    assert ask(wrong, "", None, None, "20") == ask(realm, "", None, None, "20")
    with pytest.raises(reason) as refusal:
        ask(wrong, "", None, "0")
    assert 'mapping of the tax rate "0"' in refusal.value.sentence
    assert "connections set --tax-codes" in refusal.value.sentence


@pytest.mark.parametrize(
    ("sales_tax", "given", "told"),
    [
        (None, {"20": "3", "0": "exempt"}, []),
        (None, {"20": "x", "0": 4}, ["'20'", "'0'"]),
        ("codes", {"0": "exempt", "20": "2"}, ["'0'"]),
        ("codes", {"0": "exempt", "exempt": "5"}, []),
        ("codes", {"exempt": "exempt"}, ["'exempt'"]),
        ("us_automated", {"20": "taxable", "0": "4"}, ["'0'"]),
        ("us_manual", {"20": "3", "0": "exempt"}, []),
        ("none", {"20": "3"}, []),
    ],
)
def test_a_mapping_is_checked_against_how_the_company_taxes(
    sales_tax: str | None, given: dict[str, object], told: list[str]
) -> None:
    found = find_tax_code_problems(given, SalesTax(sales_tax) if sales_tax else None)
    assert len(found) == len(told)
    assert all(name in problem for name, problem in zip(told, found, strict=True))


def test_the_preflight_finds_a_mapping_that_does_not_fit() -> None:
    answers: dict[str, Any] = dict.fromkeys(
        ("subscription_status", "book_close_date", "time_zone", "default_item_usable"), None
    )
    answers |= dict.fromkeys(
        ("multicurrency", "custom_numbers", "allow_discount", "class_tracking", "location_tracking"), False
    )
    answers |= {"home_currency": "GBP", "has_income_account": True, "sales_tax": SalesTax.CODES}
    codes = {finding.code for finding in judge_realm(RealmAnswers(**answers, tax_codes_by_rate={"0": "exempt"}))}
    assert "TAX_CODES_UNUSABLE" in codes
    assert "TAX_CODES_UNUSABLE" not in {finding.code for finding in judge_realm(RealmAnswers(**answers))}
