"""What people did to an invoice in QuickBooks outlives an update, or the update says why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from service.errors import InputInvalid, LineItemUnusable
from service.ids import ItemId, ObjectId
from service.invoicing.deal import LineItem
from service.invoicing.earlier_choices import infer_choices, join_choices
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.update import UpdateInvoiceInputs, parse_update_inputs
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
    invoice: Mapping[str, Any], names: Sequence[str], realm: RealmFacts = UK, **said: str
) -> tuple[PlannedLines, list[dict[str, Any]]]:
    """With the deal's lines of 100.00 each."""
    billed = [LineItem(ObjectId(str(at)), name, Decimal(1), Decimal(100)) for at, name in enumerate(names)]
    planned = plan_deal_lines(
        invoice,
        billed,
        {item.id: ItemId("4") for item in billed},
        inputs=parse_update_inputs({"lines": "line_items", **said}),
        earlier=join_choices(invoice, None, [], realm),
        realm=realm,
        currency=realm.home_currency,
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
