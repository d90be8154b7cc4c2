from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import MARK, draft, line_properties, make_line, parse_body, quick, read_deal, wild

from service.errors import CannotInvoice
from service.ids import DealId, ObjectId
from service.invoicing.deal import DEAL_PROPERTIES, LINE_ITEM_PROPERTIES, read_line_item
from service.invoicing.draft import Draft
from service.invoicing.marks import carries
from service.invoicing.money import drop_double_noise, minor_units, to_json_number
from service.invoicing.realm import RealmFacts, SalesTax

currencies = st.sampled_from(["USD", "JPY", "KWD"])


def round_fraction(value: Fraction, places: int) -> Fraction:
    return Fraction(floor(value * 10**places + Fraction(1, 2)), 10**places)


def net_of(properties: dict[str, Any], places: int) -> Fraction:
    """The arithmetic of the deal once more, in fractions."""
    quantity, price, discount, share = (
        Fraction(Decimal(drop_double_noise(properties.get(name) or "0")))
        for name in ("quantity", "price", "discount", "hs_discount_percentage")
    )
    return round_fraction(quantity * (price - discount - price * share / 100), places)


@quick
@given(st.lists(line_properties, min_size=1, max_size=5), currencies)
def test_totals_add_up_and_quickbooks_computes_the_same(lines: list[dict[str, Any]], currency: str) -> None:
    places = minor_units(currency)
    items = [make_line(str(number), **properties) for number, properties in enumerate(lines)]
    try:
        made = draft(None, items, realm=RealmFacts(currency))
    except CannotInvoice:
        nets = [net_of(line, places) for line in lines]
        bad = any(Decimal(line[name]) <= 0 for line in lines for name in ("quantity", "price"))
        assert bad or min(nets) < 0 or sum(nets) <= 0 or max(nets) >= 10**10
        return
    assert Fraction(made.total.amount) == sum(net_of(line, places) for line in lines)
    for line in parse_body(made.body())["Line"]:
        detail = line["SalesItemLineDetail"]
        product = round_fraction(Fraction(detail["Qty"]) * Fraction(detail["UnitPrice"]), places)
        assert Fraction(line["Amount"]) == product
        assert all(len(to_json_number(detail[name]).partition(".")[2]) <= 5 for name in ("Qty", "UnitPrice"))
        assert 0 < len(line["Description"]) <= 4000


realms = st.builds(
    RealmFacts,
    home_currency=st.sampled_from(["USD", "EUR"]),
    multicurrency=st.booleans(),
    sales_tax=st.sampled_from(SalesTax),
    custom_numbers=st.booleans(),
    default_tax_code_id=st.sampled_from([None, "3"]),
)
chosen = st.fixed_dictionaries(
    {},
    optional={
        "lines": st.sampled_from(["line_items", "deal_amount"]),
        "dueInDays": st.sampled_from(["30", "3650"]),
        "taxCodeId": st.sampled_from(["taxable", "exempt", "5"]),
        "privateNote": st.text(max_size=20),
        "messageToCustomer": st.text(max_size=20),
        "invoiceNumber": st.text(max_size=10),
        "invoiceDate": st.sampled_from(["2199-12-31", "2026-01-01"]),
    },
)


@quick
@given(
    st.dictionaries(st.sampled_from(DEAL_PROPERTIES), wild),
    st.lists(st.one_of(line_properties, st.dictionaries(st.sampled_from(LINE_ITEM_PROPERTIES), wild)), max_size=4),
    realms,
    chosen,
)
def test_a_draft_or_a_named_refusal_and_nothing_else(
    deal: dict[str, Any], lines: list[dict[str, Any]], realm: RealmFacts, inputs: dict[str, Any]
) -> None:
    made: Draft | CannotInvoice
    try:
        items = [read_line_item(ObjectId(str(number)), line) for number, line in enumerate(lines)]
        made = draft(read_deal(DealId("1"), deal), items, realm, inputs)
    except CannotInvoice as refusal:
        made = refusal
    if isinstance(made, CannotInvoice):
        assert made.code != CannotInvoice.code
        made.sentence.encode()
        return
    body = parse_body(made.body())
    assert made.body() == replace(made).body()
    assert carries(body["PrivateNote"], MARK)
    assert sum(line["Amount"] for line in body["Line"]) == made.total.amount > 0
    assert ("CurrencyRef" in body) is realm.multicurrency
    assert ("DocNumber" in body) is realm.custom_numbers
    assert 0 < len(body.get("DocNumber", "x")) <= 21
