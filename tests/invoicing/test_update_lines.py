"""What people did to an invoice in QuickBooks outlives an update, or the update says why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from service.errors import DepositTooLarge, InputInvalid, LineItemUnusable, SettingOff
from service.ids import ItemId, ObjectId
from service.invoicing.deal import LineItem
from service.invoicing.earlier_choices import infer_choices, join_choices
from service.invoicing.money import Money
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.tax import TaxFacts
from service.invoicing.update import UpdateInvoiceInputs, parse_update_inputs, plan_deposit
from service.invoicing.update_header import plan_header
from service.invoicing.update_lines import PlannedLines, plan_deal_lines

UK = RealmFacts("GBP", sales_tax=SalesTax.CODES, default_tax_code_id="2")
BY_HAND = RealmFacts("USD", sales_tax=SalesTax.US_MANUAL, default_tax_code_id="2")
BUNDLE = {"Id": "9", "DetailType": "GroupLineDetail", "Amount": 375, "GroupLineDetail": {"Quantity": 1}}


def line(name: str = "Design", code: str | None = "2", **more: Any) -> dict[str, Any]:
    detail = {"ItemRef": {"value": "4", "name": "Design"}, "Qty": 1, "UnitPrice": 100}
    detail |= {"TaxCodeRef": {"value": code}} if code else {}
    told = {"Id": "1", "LineNum": 1, "Description": name, "Amount": 100, "DetailType": "SalesItemLineDetail"}
    return {**told, "SalesItemLineDetail": detail, **more}


def entity(lines: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    return {"Id": "7", "SyncToken": "0", "Line": [*lines], "GlobalTaxCalculation": "TaxExcluded", **more}


def plan(
    invoice: Mapping[str, Any],
    names: Sequence[str],
    realm: RealmFacts = UK,
    *,
    earlier: Mapping[str, str] | None = None,
    tax_facts: TaxFacts | None = None,
    line: Mapping[str, Any] = MappingProxyType({}),
    **said: str,
) -> tuple[PlannedLines, list[dict[str, Any]]]:
    """With the deal's lines of 100.00 each; `line`: what else they say."""
    billed = [LineItem(ObjectId(str(at)), name, Decimal(1), Decimal(100), **line) for at, name in enumerate(names)]
    planned = plan_deal_lines(
        invoice,
        billed,
        {item.id: ItemId("4") for item in billed},
        inputs=parse_update_inputs({"lines": "line_items", **said}),
        earlier=join_choices(invoice, earlier, [], realm),
        realm=realm,
        currency=realm.home_currency,
        txn_date=date(2026, 11, 22),
        tax_facts=tax_facts,
    )
    return planned, list(planned.wanted["Line"])


def test_a_sale_taken_out_of_tax_stays_out() -> None:
    invoice = entity([line(code=None)], GlobalTaxCalculation="NotApplicable")
    assert plan(invoice, ["Design"])[0].changes == {}
    planned, lines = plan(invoice, ["Design", "Gardening"])
    assert planned.changes["GlobalTaxCalculation"] == "NotApplicable"
    assert [each["SalesItemLineDetail"].get("TaxCodeRef") for each in lines] == [None, None]
    # Unless the author wants it taxed.
    _, lines = plan(invoice, ["Design", "Gardening"], taxCodeId="3")
    assert [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in lines] == ["3", "3"]


def test_a_rate_that_a_person_chose_stays_the_sales() -> None:
    invoice = entity([line(code="TAX")], TxnTaxDetail={"TxnTaxCodeRef": {"value": "3"}, "TotalTax": 9.1})
    del invoice["GlobalTaxCalculation"]
    planned, lines = plan(invoice, ["Design", "Gardening"], BY_HAND)
    assert planned.changes["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "3"}}
    assert [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in lines] == ["TAX", "TAX"]
    planned, _ = plan(invoice, ["Design"], BY_HAND, taxCodeId="5")
    assert planned.changes["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "5"}}


def test_what_all_lines_have_in_common_was_chosen() -> None:
    same = [line(code="3"), line("Gardening", "3")]
    assert infer_choices(entity(same), UK).tax_code_id == "3"
    assert infer_choices(entity([line(code="3"), line(code="4")]), UK).tax_code_id is None
    _, lines = plan(entity(same), ["Design", "Gardening", "Soil"])
    assert [each["SalesItemLineDetail"]["TaxCodeRef"]["value"] for each in lines] == ["3", "3", "3"]
    exempt = entity([line(code="NON")])
    assert infer_choices(exempt, BY_HAND).tax_code_id == "exempt"


def codes(lines: Sequence[Mapping[str, Any]]) -> list[str | None]:
    return [each["SalesItemLineDetail"].get("TaxCodeRef", {}).get("value") for each in lines]


def by_hand(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    invoice = entity(lines, **more)
    del invoice["GlobalTaxCalculation"]
    return invoice


def test_an_item_without_tax_is_not_taxed_because_the_others_are() -> None:
    """In the US, whether or not we know what was chosen; what customer and item say counts for new lines only."""
    untaxed = TaxFacts(items_taxable={ItemId("4"): False})
    for earlier in (None, {}):
        _, lines = plan(by_hand(line(code="TAX")), ["Design", "Gardening"], BY_HAND, earlier=earlier, tax_facts=untaxed)
        assert codes(lines) == ["TAX", "NON"]
    _, lines = plan(by_hand(line(code="TAX")), ["Design", "Soil"], BY_HAND, tax_facts=TaxFacts(customer_taxable=False))
    assert codes(lines) == ["TAX", "NON"]
    of_customer = TaxFacts(customer_code_id="9")
    _, lines = plan(entity([line()]), ["Design", "Soil"], UK, earlier={}, tax_facts=of_customer)
    assert codes(lines) == ["2", "9"]


def test_an_exempt_customer_is_told() -> None:
    planned, lines = plan(
        by_hand(line(code="TAX")), ["Design"], BY_HAND, tax_facts=TaxFacts(customer_taxable=False), taxCodeId="3"
    )
    assert codes(lines) == ["NON"]
    assert "TxnTaxDetail" not in planned.changes
    assert "exempt" in " ".join(planned.remarks)


def test_a_line_without_a_code_stays_without_one() -> None:
    """In the US that says something itself; elsewhere QuickBooks would refuse the line."""
    assert plan(by_hand(line(code=None)), ["Design"], BY_HAND, earlier={})[0].changes == {}
    assert codes(plan(entity([line(code=None)]), ["Design"], earlier={})[1]) == ["2"]


def test_a_sale_without_a_rate_gets_one_with_its_first_taxed_line() -> None:
    there = by_hand(line(code="NON"))
    assert plan(there, ["Design"], BY_HAND, earlier={})[0].changes == {}
    planned, lines = plan(there, ["Design", "Soil"], BY_HAND, earlier={})
    assert (codes(lines), planned.changes["TxnTaxDetail"]) == (["NON", "TAX"], {"TxnTaxCodeRef": {"value": "2"}})


def test_the_rate_of_a_whole_sale_follows_the_deals() -> None:
    realm = replace(BY_HAND, tax_codes_by_rate={"17": "5"})
    there = by_hand(line(code="TAX"), TxnTaxDetail={"TxnTaxCodeRef": {"value": "3"}})
    assert plan(there, ["Design"], realm, earlier={})[0].changes == {}
    planned, _ = plan(there, ["Design"], realm, earlier={}, line={"tax_rates": ("17",)})
    assert planned.changes["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "5"}}


def test_tax_that_was_switched_off_leaves_old_lines_alone() -> None:
    off = RealmFacts("GBP", sales_tax=SalesTax.NONE, outside_us=True)
    assert plan(entity([line()]), ["Design"], off)[0].changes == {}
    shown = entity([line(code=None)])
    del shown["GlobalTaxCalculation"]
    assert plan(shown, ["Design"], off)[0].changes == {}
    planned, _ = plan(shown, ["Design", "Soil"], off)
    assert planned.changes["GlobalTaxCalculation"] == "NotApplicable"


def test_a_recurring_line_is_dated_by_its_period() -> None:
    monthly = {"frequency": "monthly", "start_date": date(2026, 9, 1)}
    dated = replace(UK, service_dates=True)
    _, (told,) = plan(entity([line()]), ["Design"], dated, line=monthly)
    assert told["SalesItemLineDetail"]["ServiceDate"] == "2026-11-01"
    assert told["Description"].endswith("from 2026-11-01 to 2026-11-30")
    assert told["Id"] == "1"
    _, (told,) = plan(entity([line()]), ["Design"], dated, line={"frequency": "monthly"})
    assert told["SalesItemLineDetail"]["ServiceDate"] == "2026-11-22"


def test_a_day_chosen_before_days_were_switched_off_is_forgotten() -> None:
    chosen = {"serviceDate": "2026-11-03"}
    _, lines = plan(entity([line()]), ["Design", "Soil"], UK, earlier=chosen)
    assert [each["SalesItemLineDetail"].get("ServiceDate") for each in lines] == [None, None]
    with pytest.raises(SettingOff, match="serviceDate"):
        plan(entity([line()]), ["Design"], UK, **chosen)


def test_a_deposit_above_the_new_lines_is_quickbooks_to_judge_where_it_adds_tax() -> None:
    """An older one that stays, or lines that stay, are known to the cent."""
    deposits, most = replace(UK, allow_deposit=True), Money(Decimal(100), "GBP")
    said = parse_update_inputs({"deposit": "110"})
    assert plan_deposit({}, Decimal(0), said, most, deposits, may_grow=True) == {"Deposit": 110}
    for there, inputs, may_grow in ((0, said, False), (110, UpdateInvoiceInputs(), True)):
        with pytest.raises(DepositTooLarge, match="110"):
            plan_deposit({}, Decimal(there), inputs, most, deposits, may_grow=may_grow)
    assert plan(entity([line()]), ["Design"])[0].may_grow
    assert not plan(entity([line()], GlobalTaxCalculation="TaxInclusive"), ["Design"])[0].may_grow


def test_a_line_that_is_no_more_takes_only_itself_away() -> None:
    lines = [line(), line("Gardening", "4", Id="2", LineNum=2), {**BUNDLE, "LineNum": 3}]
    _, left = plan(entity(lines), ["Gardening"])
    assert [(each["Id"], each["LineNum"]) for each in left] == [("2", 1), ("9", 2)]
    assert left[0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "4"


def test_billed_time_is_a_persons() -> None:
    time = line("Hours in May", Id="2", LinkedTxn=[{"TxnId": "5", "TxnType": "TimeActivity"}])
    planned, lines = plan(entity([time, line()]), ["Design", "Gardening"])
    assert [each["Description"] for each in lines] == ["Hours in May", "Design", "Gardening"]
    assert planned.total.amount == 300


def test_a_line_made_from_an_estimate_keeps_its_link() -> None:
    linked = [{"TxnId": "5", "TxnType": "Estimate"}]
    _, lines = plan(entity([line(LinkedTxn=linked)]), ["Design", "Gardening"])
    assert lines[0]["LinkedTxn"] == linked
    assert "LinkedTxn" not in lines[1]


def test_a_kind_of_line_that_nobody_knows_is_not_lost() -> None:
    with pytest.raises(LineItemUnusable, match="NewLineDetail"):
        plan(entity([line(), {"DetailType": "NewLineDetail"}]), ["Design"])


def test_prices_cannot_change_their_meaning_beside_a_bundle() -> None:
    with pytest.raises(InputInvalid, match="bundle"):
        plan(entity([line(), BUNDLE]), ["Design"], prices="with_tax")
    planned, lines = plan(entity([line()]), ["Design"], prices="with_tax")
    assert planned.changes["GlobalTaxCalculation"] == "TaxInclusive"
    assert lines[0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 100


def test_an_address_is_the_same_however_it_stands() -> None:
    """In lines, with the customer's name above it, without the country."""
    wanted = {"Line1": "1 Broadway", "City": "New York", "CountrySubDivisionCode": "NY", "Country": "USA"}
    there = {"Line1": "Ada Byron", "Line2": "1 Broadway", "Line3": "New York, NY"}
    invoice = entity([], BillAddr=there, CustomerRef={"value": "1", "name": "Ada Byron"})
    given = {"BillAddr": wanted}
    assert plan_header(invoice, UpdateInvoiceInputs(), UK, given) == {}
    for other in ({"City": "Albany"}, {"Line1": "12 Broadway"}, {"Line1": "Broadway"}):
        given = {"BillAddr": wanted | other}
        assert plan_header(invoice, UpdateInvoiceInputs(), UK, given) == given
