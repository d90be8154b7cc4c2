"""Updating an invoice in each tax world, against the sandbox's own arithmetic: unchanged stays, changed is as new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invoicing_examples import MARK, TODAY, make_deal

from service.ids import CustomerId, ItemId, ObjectId
from service.invoicing.body import canonical_body
from service.invoicing.deal import LineItem
from service.invoicing.draft import draft_invoice
from service.invoicing.earlier_choices import join_choices
from service.invoicing.inputs import parse_inputs
from service.invoicing.read_back import find_difference
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.update import parse_update_inputs
from service.invoicing.update_lines import PlannedLines, plan_deal_lines, plan_kept_lines
from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.state import QuickBooks
from service.sandbox.quickbooks.writes import perform

ITEMS = {"Concrete": ItemId("3"), "Design": ItemId("4"), "Soil": ItemId("15")}  # taxable, not taxable, taxable
ALLOWED = {"allow_discount": True, "allow_shipping": True, "allow_deposit": True, "service_dates": True}
FORMS = {"AllowDiscount": True, "AllowShipping": True, "AllowDeposit": True}


@dataclass(frozen=True)
class World:
    """A company, what we know of it, and what the author chose."""

    realm_id: str
    facts: RealmFacts
    inputs: Mapping[str, str]
    inclusive_amount: str = "gross"
    customer_id: str = "1"


def facts(currency: str, tax: SalesTax, **more: Any) -> RealmFacts:
    return RealmFacts(currency, sales_tax=tax, **ALLOWED, **more)


US = "9341450000000001"
BY_HAND = facts("USD", SalesTax.US_MANUAL, default_tax_code_id="2", class_per_line=True)
ENGINE = facts("USD", SalesTax.US_AUTOMATED)
UK = facts("GBP", SalesTax.CODES, default_tax_code_id="2", tax_codes_by_rate={"5": "3", "0": "4"})
CANADA = facts("CAD", SalesTax.CODES)
WORLDS = {
    "US by hand, as the items are": World(US, BY_HAND, {}),
    "US by hand, taxable": World(US, BY_HAND, {"taxCodeId": "taxable"}),
    "US by hand, Tucson": World(US, BY_HAND, {"taxCodeId": "3", "classId": "5"}),
    "US by hand, exempt": World(US, BY_HAND, {"taxCodeId": "exempt"}),
    "US automated": World("9341450000000002", ENGINE, {"taxCodeId": "taxable"}),
    "VAT on top": World("9341450000000003", UK, {}),
    "VAT on top, reduced": World("9341450000000003", UK, {"taxCodeId": "3"}),
    "VAT in the prices": World("9341450000000003", UK, {"prices": "with_tax"}),
    "VAT in the prices, understood otherwise": World("9341450000000003", UK, {"prices": "with_tax"}, "net"),
    "HST": World("9341450000000006", CANADA, {"taxCodeId": "2"}),
    "GST and QST": World("9341450000000006", CANADA, {"taxCodeId": "6"}),
    "many currencies": World(
        "9341450000000004", replace(BY_HAND, multicurrency=True), {"taxCodeId": "taxable"}, "gross", "1"
    ),
}

names = st.sampled_from(sorted(ITEMS))
amounts = st.decimals("0.01", "999", places=2)
lines = st.builds(
    lambda number, name, quantity, price, share, rate, start: LineItem(
        ObjectId(str(number)),
        name,
        quantity,
        price,
        discount_percentage=share,
        tax_rates=(rate,) if rate else (),
        start_date=start,
    ),
    st.integers(1, 10**6),
    names,
    st.sampled_from([Decimal(1), Decimal(3), Decimal("2.5")]),
    amounts,
    st.sampled_from([Decimal(0), Decimal("12.5")]),
    st.sampled_from(["", "5", "0"]),
    st.sampled_from([None, date(2026, 11, 1)]),
)
deals = st.lists(lines, min_size=1, max_size=4, unique_by=lambda line: line.id)
extras = st.fixed_dictionaries(
    {},
    optional={
        "discountPercent": st.sampled_from(["10", "33.333"]),
        "shippingAmount": st.sampled_from(["5", "12.34"]),
        "serviceDate": st.just("2026-11-03"),
    },
)
quick = settings(max_examples=10, deadline=None)


@cache
def books() -> QuickBooks:
    quickbooks = QuickBooks(SandboxClock())
    for realm_id in {world.realm_id for world in WORLDS.values()}:
        preferences = quickbooks.realm(realm_id).shelves["Preferences"]
        (row,) = list(preferences)
        row = json.loads(json.dumps(row, default=float))
        row["SalesFormsPrefs"] |= FORMS
        row["AccountingInfoPrefs"]["ClassTrackingPerTxnLine"] = True
        quickbooks.realm(realm_id).put("Preferences", row)
    return quickbooks


def open_books(world: World) -> Realm:
    books().settings.inclusive_amount = world.inclusive_amount
    return books().realm(world.realm_id)


def write(realm: Realm, body: bytes | Mapping[str, Any]) -> dict[str, Any]:
    """As QuickBooks answers it, read as the gateway reads it."""
    text = body if isinstance(body, bytes) else canonical_body(body)
    wanted = "update" if b'"SyncToken"' in text else "create"
    answered = perform(realm, KINDS["Invoice"], wanted, json.loads(text, parse_float=Decimal))
    entity: dict[str, Any] = json.loads(json.dumps(answered, default=float), parse_float=Decimal)
    return entity


def ids(deal: Sequence[LineItem]) -> dict[str, ItemId]:
    return {line.id: ITEMS[line.name] for line in deal}


def create(world: World, deal: Sequence[LineItem], inputs: Mapping[str, str]) -> dict[str, Any]:
    draft = draft_invoice(
        make_deal(deal_currency_code=world.facts.home_currency),
        deal,
        customer_id=CustomerId(world.customer_id),
        item_ids=ids(deal),
        inputs=parse_inputs(inputs),
        realm=world.facts,
        today=TODAY,
        mark=MARK,
    )
    return write(open_books(world), draft.body())


def plan(
    world: World,
    entity: Mapping[str, Any],
    deal: Sequence[LineItem],
    created: Mapping[str, str] | None,
    said: Mapping[str, str] | None = None,
) -> PlannedLines:
    return plan_deal_lines(
        entity,
        sorted(deal, key=lambda line: int(line.id)),
        ids(deal),
        inputs=parse_update_inputs({"lines": "line_items", **(said or {})}),
        earlier=join_choices(entity, created, [], world.facts),
        realm=world.facts,
        currency=world.facts.home_currency,
        txn_date=TODAY,
    )


def update(world: World, entity: Mapping[str, Any], planned: PlannedLines) -> dict[str, Any]:
    named = {"Id": entity["Id"], "SyncToken": entity["SyncToken"], "sparse": True}
    return write(open_books(world), {**named, **planned.changes}) if planned.changes else dict(entity)


@pytest.mark.parametrize("world", WORLDS)
@quick
@given(deal=deals, more=extras)
def test_an_unchanged_deal_changes_nothing(world: str, deal: list[LineItem], more: dict[str, str]) -> None:
    """Whether we still know what was chosen or only see the invoice."""
    made = WORLDS[world]
    inputs = {**made.inputs, **more}
    entity = create(made, deal, inputs)
    assert plan(made, entity, deal, inputs).changes == {}
    assert plan(made, entity, deal, None).changes == {}


@pytest.mark.parametrize("world", WORLDS)
@quick
@given(before=deals, after=deals, more=extras)
def test_a_changed_deal_is_billed_as_a_new_one(
    world: str, before: list[LineItem], after: list[LineItem], more: dict[str, str]
) -> None:
    made = WORLDS[world]
    inputs = {**made.inputs, **more}
    entity, new = create(made, before, inputs), create(made, after, inputs)
    if made.facts.sales_tax == SalesTax.CODES:
        # The deal has taken a line's rate away: its code stays as it is there.
        after = [replace(line, tax_rates=("5",)) for line in after]
        new = create(made, after, inputs)
    planned = plan(made, entity, after, inputs)
    updated = update(made, entity, planned)
    assert (updated["TotalAmt"], updated["TxnTaxDetail"]["TotalTax"]) == (
        new["TotalAmt"],
        new["TxnTaxDetail"]["TotalTax"],
    )
    assert plan(made, updated, after, inputs).changes == {}
    if made.inclusive_amount == "gross":
        assert find_difference(canonical_body(planned.wanted), updated) is None
    numbers = [line["LineNum"] for line in updated["Line"] if "LineNum" in line]
    assert len(set(numbers)) == len(numbers)


CODES = {"US by hand, as the items are": ["3", "exempt"], "VAT on top": ["3"], "VAT in the prices": ["3", "4"]}


@pytest.mark.parametrize("world", CODES)
@quick
@given(deal=deals, more=extras, data=st.data())
def test_a_tax_code_for_lines_that_stay_is_as_if_it_had_been_chosen_at_first(
    world: str, deal: list[LineItem], more: dict[str, str], data: st.DataObject
) -> None:
    made = WORLDS[world]
    # What a line's own rate says counts more when an invoice is made; lines that stay have no rate any more.
    deal = [replace(line, tax_rates=()) for line in deal]
    code = data.draw(st.sampled_from(CODES[world]))
    inputs = {**made.inputs, **more}
    entity, new = create(made, deal, inputs), create(made, deal, {**inputs, "taxCodeId": code})
    planned = plan_kept_lines(
        entity,
        inputs=parse_update_inputs({"taxCodeId": code}),
        earlier=join_choices(entity, inputs, [], made.facts),
        realm=made.facts,
        currency=made.facts.home_currency,
    )
    updated = update(made, entity, planned)
    if code == "exempt":
        # The rate of the whole sale stays, and taxes nothing.
        updated["TxnTaxDetail"].pop("TxnTaxCodeRef", None)
    assert (updated["TotalAmt"], updated["TxnTaxDetail"]) == (new["TotalAmt"], new["TxnTaxDetail"])
    assert find_difference(canonical_body(planned.wanted), updated) is None
