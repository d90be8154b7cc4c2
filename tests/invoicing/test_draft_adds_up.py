from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import (
    MARK,
    decimals,
    draft,
    line_properties,
    make_deal,
    make_line,
    parse_body,
    quick,
    read_deal,
    wild,
)

from service.errors import CannotInvoice, SplitTooLarge, TotalNotPositive
from service.ids import DealId, ObjectId
from service.invoicing.deal import DEAL_PROPERTIES, LINE_ITEM_PROPERTIES, Billed, Deal, read_line_item
from service.invoicing.draft import Draft
from service.invoicing.marks import carries, read_part, read_share
from service.invoicing.money import drop_double_noise, minor_units, to_json_number
from service.invoicing.read_back import derive_expected
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


@quick
@given(decimals(1, 100000, 3), st.lists(decimals(0, 100, 2), min_size=1, max_size=6), currencies)
def test_shares_add_up_to_exactly_the_deal(amount: str, shares: list[str], currency: str) -> None:
    """Whatever the shares, those that were billed come to the deal's share so far, rounded once."""
    places, billed, percent = minor_units(currency), Decimal(0), Decimal(0)
    for share in [*shares, format(100 - sum(map(Decimal, shares)), "f")]:
        deal = replace(make_deal(amount=amount), billed=Billed(billed, percent, billed, is_split=True))
        inputs = {"lines": "deal_percentage", "percentage": share}
        try:
            made = draft(deal, [], RealmFacts(currency), inputs)
        except CannotInvoice:
            # Less than nothing, nothing, or more than the deal.
            rest = round_fraction(Fraction(Decimal(amount)) * Fraction(percent + Decimal(share)) / 100, places)
            assert Decimal(share) < 0 or percent + Decimal(share) > 100 or rest <= Fraction(billed)
            continue
        assert read_share(made.private_note) == Decimal(share)
        billed, percent = billed + made.total.amount, percent + Decimal(share)
        assert Fraction(billed) == round_fraction(Fraction(Decimal(amount)) * Fraction(percent) / 100, places)


PART_INPUTS = {
    "%": lambda value: {"lines": "deal_percentage", "percentage": value},
    "part": lambda value: {"lines": "deal_part", "partAmount": value},
    "rest": lambda _: {"lines": "deal_rest"},
}
steps = st.lists(
    st.one_of(
        st.tuples(st.just("%"), decimals(0, 60, 2)),
        st.tuples(st.just("part"), decimals(0, 600, 3)),
        st.tuples(st.just("rest"), st.just("")),
        st.tuples(st.just("void"), st.integers(0, 5)),
    ),
    max_size=8,
)


def draft_or_refusal(deal: Deal, currency: str, inputs: dict[str, str]) -> Draft | CannotInvoice:
    try:
        return draft(deal, [], RealmFacts(currency), inputs)
    except CannotInvoice as refusal:
        return refusal


@quick
@given(decimals(1, 1000, 3), steps, currencies)
def test_shares_parts_and_the_rest_are_exactly_the_deal(
    amount: str, steps: list[tuple[str, Any]], currency: str
) -> None:
    """In any order, with any of them voided between: never more than the deal, and with the rest all of it."""
    places = minor_units(currency)
    deal = make_deal(amount=amount, deal_currency_code=currency)
    whole = round_fraction(Fraction(Decimal(amount)), places)
    live: list[Draft] = []
    for kind, value in [*steps, ("rest", "")]:
        if kind == "void":
            del live[value : value + 1]
            continue
        taken = sum((each.total.amount for each in live), Decimal(0))
        shares = [(read_share(each.private_note), each.total.amount) for each in live]
        by_shares = sum((each for share, each in shares if share), Decimal(0))
        billed = Billed(taken, sum((share for share, _ in shares), Decimal(0)), by_shares, is_split=bool(live))
        made = draft_or_refusal(replace(deal, billed=billed), currency, PART_INPUTS[kind](value))
        if isinstance(made, CannotInvoice):
            left = whole - Fraction(taken)
            # Nothing is asked for, or more than there is.
            assert isinstance(made, SplitTooLarge) or (isinstance(made, TotalNotPositive) and kind != "rest")
            assert ("nothing is left" in made.sentence) is (left <= 0), made.sentence
            assert kind != "rest" or left <= 0
            part = round_fraction(Fraction(Decimal(value)), places) if kind == "part" else 0
            assert part == 0 or part > left, made.sentence
            continue
        assert read_part(made.private_note) in ("part", "rest") or kind == "%"
        live.append(made)
        total = sum(Fraction(each.total.amount) for each in live)
        assert total <= whole
        if kind == "rest":
            assert total == whole
    assert sum(Fraction(each.total.amount) for each in live) == whole


realms = st.builds(
    RealmFacts,
    home_currency=st.sampled_from(["USD", "EUR"]),
    multicurrency=st.booleans(),
    sales_tax=st.sampled_from(SalesTax),
    custom_numbers=st.booleans(),
    default_tax_code_id=st.sampled_from([None, "3"]),
    allow_discount=st.booleans(),
    allow_deposit=st.booleans(),
    allow_shipping=st.booleans(),
    class_per_sale=st.booleans(),
    class_per_line=st.booleans(),
    locations=st.booleans(),
    custom_fields=st.sampled_from([{}, {"1": "Crew #"}, {"2": "P.O. No."}]),
    tax_codes_by_rate=st.sampled_from([{}, {"20": "3"}, {"20": "exempt"}]),
)
chosen = st.fixed_dictionaries(
    {},
    optional={
        "lines": st.sampled_from(["line_items", "deal_amount", "deal_percentage", "deal_part", "deal_rest"]),
        "partAmount": st.sampled_from(["0", "0.005", "30"]),
        "partName": st.text(max_size=40),
        "recipientEmail": st.sampled_from(["a@example.com;b@example.com", "nobody"]),
        "percentage": st.sampled_from(["30", "33.333", "0", "100"]),
        "discountPercent": st.sampled_from(["10", "33.333", "100"]),
        "discountAmount": st.sampled_from(["0.005", "5"]),
        "shippingAmount": st.sampled_from(["0", "7.77"]),
        "deposit": st.sampled_from(["0.01", "1000000"]),
        "prices": st.sampled_from(["with_tax", "without_tax"]),
        "classId": st.just("1"),
        "locationId": st.just("1"),
        "poNumber": st.text(max_size=40),
        "customField1": st.text(max_size=40),
        "addresses": st.sampled_from(["hubspot", "quickbooks"]),
        "onlinePayment": st.sampled_from(["card", "none"]),
        "serviceDate": st.just("2026-01-01"),
        "dueInDays": st.sampled_from(["30", "3650"]),
        "taxCodeId": st.sampled_from(["taxable", "exempt", "5"]),
        "privateNote": st.text(max_size=20),
        "messageToCustomer": st.text(max_size=20),
        "invoiceNumber": st.one_of(st.text(max_size=10), st.just("{year}-{deal}-{mark}")),
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
    assert derive_expected(made.body()) == made.total.amount > 0
    assert body.get("Deposit", 0) <= made.total.amount
    assert all(len(field["StringValue"]) <= 31 for field in body.get("CustomField", []))
    assert ("CurrencyRef" in body) is realm.multicurrency
    assert ("DocNumber" in body) is realm.custom_numbers
    assert 0 < len(body.get("DocNumber", "x")) <= 21
