from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import JANE, make_line, quick

from service.errors import (
    CustomerInactive,
    ItemInactive,
    ItemNotFound,
    LineItemUnusable,
    NoDefaultItem,
    NoIncomeAccount,
)
from service.ids import CustomerId, ItemId, ObjectId
from service.invoicing.deal import LineItem, Recipient, RecipientKind
from service.invoicing.inputs import parse_inputs
from service.invoicing.matching import Customer, Item, choose_customer, match_items, plan_items
from service.invoicing.naming import (
    derive_alternative_name,
    derive_display_name,
    derive_item_name,
    derive_sku_name,
    list_item_names,
)


def customer(customer_id: str, name: str = "Acme", email: str = "", **more: object) -> Customer:
    return Customer(CustomerId(customer_id), name, email, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], None),
        ([customer("1", "Other")], None),
        ([customer("10"), customer("9")], "9"),
        ([customer("1"), customer("2", "Other", "JANE@example.com")], "2"),
        ([customer("1", "Other", "bob@example.com, jane@example.com")], "1"),
        ([customer("1", "Other", "jane@example.com", active=False), customer("2", "ACME")], "2"),
        ([customer("1", "Acme", currency="EUR"), customer("2", "Acme", currency="USD")], "2"),
        ([customer("1", "Acme", currency="EUR")], None),
        ([customer("1", "Other", "")], None),
        ([customer("5", "Job", "jane@example.com", sub_customer=True), customer("9", "Main", "jane@example.com")], "9"),
        ([customer("5", "Job", "jane@example.com", sub_customer=True), customer("9", "Acme")], "5"),
    ],
)
def test_chooses_a_customer(found: list[Customer], expected: str | None) -> None:
    chosen = choose_customer(found, email="jane@example.com", display_name="Acme", currency="USD")
    assert (chosen.id if chosen else None) == expected


def test_an_inactive_customer_is_explained() -> None:
    with pytest.raises(CustomerInactive, match=r'"Acme" is inactive.*Make it active'):
        choose_customer([customer("1", active=False)], display_name="acme ")


@pytest.mark.parametrize(
    ("recipient", "name"),
    [
        (JANE, "Jane Doe"),
        (Recipient(RecipientKind.CONTACT, ObjectId("1"), company_name="Acme"), "Acme"),
        (Recipient(RecipientKind.CONTACT, ObjectId("1"), email="a@b.co"), "a@b.co"),
        (Recipient(RecipientKind.CONTACT, ObjectId("1")), "HubSpot contact 1"),
        (Recipient(RecipientKind.COMPANY, ObjectId("1"), company_name="Acme: North"), "Acme - North"),
        (Recipient(RecipientKind.COMPANY, ObjectId("1"), company_name=" : "), "HubSpot company 1"),
    ],
)
def test_display_names(recipient: Recipient, name: str) -> None:
    assert derive_display_name(recipient) == name


def test_alternative_names() -> None:
    assert [derive_alternative_name("Acme", attempt) for attempt in range(4)] == [
        "Acme",
        "Acme (Customer)",
        "Acme (Customer 2)",
        "Acme (Customer 3)",
    ]


@quick
@given(st.text(max_size=600), st.integers(0, 30))
def test_names_fit(text: str, attempt: int) -> None:
    name = derive_display_name(Recipient(RecipientKind.COMPANY, ObjectId("1"), company_name=text))
    name = derive_alternative_name(name, attempt)
    assert 0 < len(name.encode("utf-16-le")) // 2 <= 500
    assert not set(name) & set(":\t\n\r")
    assert 0 < len(derive_item_name(make_line(name=text))) <= 100


def item(item_id: str, name: str, sku: str = "", **more: object) -> Item:
    return Item(ItemId(item_id), name, sku, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([item("4", "Design", "DS-1"), item("5", "Custom Design"), item("6", "Stored")], "6"),
        ([item("4", "Design", "ds-1"), item("5", "Custom Design")], "4"),
        ([item("5", "CUSTOM design")], "5"),
        ([item("12", "Custom Design"), item("5", "Custom Design")], "5"),
        ([item("5", "Custom Design", type="Category")], None),
        ([item("5", "Custom Design", type="Group")], None),
        ([item("3", "Bundle", "DS-1", type="Group"), item("4", "Design", "DS-1")], "4"),
        ([item("3", "Custom Design", full_name="Old:Custom Design"), item("5", "Custom Design")], "5"),
        ([item("3", "Custom Design", full_name="Old:Custom Design")], "3"),
        ([item("6", "Stored", active=False), item("4", "Design", "DS-1")], "4"),
        ([item("5", "Custom Design", active=False)], None),
        ([], None),
    ],
)
def test_matches_items(items: list[Item], expected: str | None) -> None:
    line = make_line(hs_sku="DS-1", hs_product_id="77")
    matches = match_items([line], items, {"77": ItemId("6")})
    assert matches.item_ids.get("501") == expected
    assert [it.id for it in matches.unmatched] == ([] if expected else ["501"])


LINES = [make_line("1", name="A", hs_sku="S"), make_line("2", name="B: x", price="9"), make_line("3", name="b: X")]


def test_the_default_item_takes_what_is_left() -> None:
    matches = match_items(LINES, [item("5", "A")])
    assert plan_items(matches, parse_inputs({"defaultItemId": "8"})).item_ids == {"1": "5", "2": "8", "3": "8"}
    assert plan_items(matches, parse_inputs({}), ItemId("9")).item_ids == {"1": "5", "2": "9", "3": "9"}
    with pytest.raises(NoDefaultItem, match=r'"B: x".*defaultItemId'):
        plan_items(matches, parse_inputs({}))


def test_items_are_created_once_per_name() -> None:
    plan = plan_items(match_items(LINES, [item("5", "A")]), parse_inputs({"itemNotFound": "create"}), None, "79")
    assert [(it.name, it.unit_price, it.income_account_id, it.line_item_ids) for it in plan.to_create] == [
        ("B - x", Decimal(9), "79", ("2", "3"))
    ]
    assert plan.item_ids == {"1": "5"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Landscaping:Sod", "7"),
        ("landscaping : sod", "7"),
        ("Garden:Sod", "8"),
        ("Sod", "7"),
        ("Lawn:Sod", None),
        ("Garden", None),
    ],
)
def test_a_name_with_its_categories(name: str, expected: str | None) -> None:
    there = [
        item("6", "Garden", type="Category"),
        item("7", "Sod", full_name="Landscaping:Sod"),
        item("8", "Sod", full_name="Garden:Sod"),
    ]
    matches = match_items([make_line(name=name)], there)
    assert matches.item_ids.get("501") == expected
    assert expected is None or matches.reasons["501"] == f'is called "{there[int(expected) - 6].full_name}"'


def new_items(*lines: LineItem) -> list[tuple[str, str, tuple[str, ...]]]:
    plan = plan_items(match_items(lines, []), parse_inputs({"itemNotFound": "create"}), None, "79")
    return [(it.name, it.sku, it.line_item_ids) for it in plan.to_create]


def test_one_sku_is_one_item() -> None:
    red, blue = {"name": "Chair", "hs_sku": "CH-RED"}, {"name": "chair", "hs_sku": "CH-BLUE"}
    assert new_items(
        make_line("1", **red), make_line("2", **blue), make_line("3", name="Chair, late", hs_sku="ch-blue")
    ) == [("Chair", "CH-RED", ("1",)), ("chair (CH-BLUE)", "CH-BLUE", ("2", "3"))]
    assert new_items(make_line("1", name="Chair"), make_line("2", **red), make_line("3", name="CHAIR")) == [
        ("Chair", "", ("1", "3")),
        ("Chair (CH-RED)", "CH-RED", ("2",)),
    ]
    assert new_items(make_line("1", **red), make_line("2", name="CHAIR")) == [("Chair", "CH-RED", ("1", "2"))]


@quick
@given(st.text(max_size=200), st.text(max_size=200))
def test_names_with_a_sku_fit(text: str, sku: str) -> None:
    line = make_line(name=text, hs_sku=sku)
    for name in (derive_sku_name(line), *list_item_names(line)):
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 200
        assert ":" not in name
    assert len(derive_sku_name(line).encode("utf-16-le")) // 2 <= 100


@pytest.mark.parametrize(
    ("price", "expected"),
    [("75", "75"), ("0.123456", "0.12346"), ("9999999999.9999", "9999999999.9999"), ("10000000000", None), ("0", "0")],
)
def test_an_item_costs_what_quickbooks_can_keep(price: str, expected: str | None) -> None:
    plan = plan_items(match_items([make_line(price=price)], []), parse_inputs({"itemNotFound": "create"}), None, "79")
    assert plan.to_create[0].unit_price == (None if expected is None else Decimal(expected))


def test_a_negative_price_makes_no_item() -> None:
    with pytest.raises(LineItemUnusable, match="negative price"):
        plan_items(match_items([make_line(price="-1")], []), parse_inputs({"itemNotFound": "create"}), None, "79")


def test_items_that_cannot_be_found_stop_the_action() -> None:
    matches = match_items(LINES, [item("5", "A")])
    with pytest.raises(ItemNotFound, match=r'"B: x".*itemNotFound'):
        plan_items(matches, parse_inputs({"itemNotFound": "fail"}))
    with pytest.raises(NoIncomeAccount, match="incomeAccountId"):
        plan_items(matches, parse_inputs({"itemNotFound": "create"}))
    inactive = match_items(LINES[:1], [item("5", "A", active=False)])
    for policy in ("create", "fail"):
        with pytest.raises(ItemInactive, match="inactive in QuickBooks"):
            plan_items(inactive, parse_inputs({"itemNotFound": policy}), None, "79")
    assert plan_items(inactive, parse_inputs({}), ItemId("1")).item_ids == {"1": "1"}


def test_the_deal_amount_is_sold_as_the_default_item_whatever_the_policy() -> None:
    inputs = parse_inputs({"lines": "deal_amount", "itemNotFound": "fail"})
    assert plan_items(match_items(LINES[:1], []), inputs, ItemId("1")).item_ids == {"1": "1"}
