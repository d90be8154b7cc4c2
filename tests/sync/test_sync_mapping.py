"""Mappings: which kinds follow each other, what cannot be written and why, and how a value crosses over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputInvalid
from service.sync.direction import PAIRINGS, Direction
from service.sync.fields import FIELDS, read_entity, write_entity
from service.sync.filters import DEFAULT_FILTERS, Condition, export_filter, may_enter, parse_filter
from service.sync.mapping import (
    FieldMapping,
    KnownHubSpotProperty,
    Mapping,
    default_mapping,
    find_problems,
    possible_direction,
    to_hubspot,
    to_quickbooks,
)
from service.sync.mapping_file import export_mapping, parse_mapping
from service.sync.values import Kind, Unusable, read_value


@pytest.mark.parametrize("name", list(PAIRINGS))
def test_our_own_mappings_can_be_applied_and_come_back_from_their_files(name: str) -> None:
    mapping = default_mapping(name)
    assert find_problems(mapping) == []
    assert parse_mapping(export_mapping(mapping)) == mapping
    assert parse_filter(export_filter(DEFAULT_FILTERS[name])) == DEFAULT_FILTERS[name]


@pytest.mark.parametrize(
    ("hubspot", "quickbooks", "way"),
    [
        (Kind.TEXT, Kind.TEXT, Direction.BOTH),
        (Kind.EMAIL, Kind.TEXT, Direction.BOTH),
        (Kind.NUMBER, Kind.NUMBER, Direction.BOTH),
        (Kind.BOOLEAN, Kind.BOOLEAN, Direction.BOTH),
        (Kind.DATETIME, Kind.DATE, Direction.TO_QUICKBOOKS),
        (Kind.DATE, Kind.DATETIME, Direction.TO_HUBSPOT),
        (Kind.NUMBER, Kind.TEXT, Direction.TO_QUICKBOOKS),
        (Kind.TEXT, Kind.NUMBER, Direction.TO_HUBSPOT),
        (Kind.ENUMERATION, Kind.TEXT, Direction.TO_QUICKBOOKS),
        (Kind.NUMBER, Kind.BOOLEAN, None),
        (Kind.ENUMERATION, Kind.ENUMERATION, None),
    ],
)
def test_which_kinds_follow_each_other(hubspot: Kind, quickbooks: Kind, way: Direction | None) -> None:
    assert possible_direction(FieldMapping("a", "b", kind=hubspot), quickbooks) == way


def test_a_table_of_words_goes_both_ways_when_no_word_is_used_twice() -> None:
    once = FieldMapping("a", "b", kind=Kind.ENUMERATION, values={"x": "1", "y": "2"})
    twice = FieldMapping("a", "b", kind=Kind.ENUMERATION, values={"x": "1", "y": "1"})
    assert possible_direction(once, Kind.ENUMERATION) is Direction.BOTH
    assert possible_direction(twice, Kind.ENUMERATION) is Direction.TO_QUICKBOOKS
    mapping = Mapping(PAIRINGS["contacts"], (FieldMapping("a", "PreferredDeliveryMethod", values={"x": "Print"}),))
    assert to_quickbooks(mapping, mapping.fields[0], "x") == "Print"
    assert to_hubspot(mapping, mapping.fields[0], "Print") == "x"
    with pytest.raises(Unusable, match="add it"):
        to_quickbooks(mapping, mapping.fields[0], "z")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (FieldMapping("phone", "Balance"), "cannot be written: QuickBooks reckons it itself"),
        (FieldMapping("phone", "CurrencyRef.value"), "fixes it when the entry is created"),
        (FieldMapping("phone", "Active", kind=Kind.BOOLEAN), "whether the entry is in use"),
        (FieldMapping("phone", "CustomField.1"), "GraphQL"),
        (FieldMapping("phone", "Nothing"), "no field Nothing"),
        (FieldMapping("nobody", "Notes"), "no property nobody"),
        (FieldMapping("created", "Notes", kind=Kind.DATETIME), "can only go to_quickbooks"),
        (FieldMapping("created", "Notes", Direction.TO_HUBSPOT, Kind.DATETIME), "HubSpot reckons it itself"),
        (FieldMapping("stage", "Title", Direction.TO_QUICKBOOKS, Kind.ENUMERATION, {"q": "Mr"}), "no option 'q'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(field: FieldMapping, reason: str) -> None:
    known = {
        "phone": KnownHubSpotProperty(Kind.TEXT),
        "created": KnownHubSpotProperty(Kind.DATETIME, read_only=True),
        "stage": KnownHubSpotProperty(Kind.ENUMERATION, options=frozenset({"lead"})),
    }
    assert any(reason in each for each in find_problems(Mapping(PAIRINGS["contacts"], (field,)), known))


def test_two_fields_cannot_write_the_same() -> None:
    twice = (FieldMapping("phone", "Notes"), FieldMapping("city", "Notes"))
    assert any("two fields would write it" in each for each in find_problems(Mapping(PAIRINGS["contacts"], twice)))


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"format": 2}, {"format": 1, "object": "deals", "fields": []},
     {"format": 1, "object": "contacts", "fields": [{"hubspot": "a", "quickbooks": "b", "colour": "red"}]}],
)  # fmt: skip
def test_a_file_that_is_not_one_is_refused(document: Any) -> None:
    with pytest.raises(InputInvalid):
        parse_mapping(document)


@given(st.sampled_from(sorted(FIELDS["Customer"])), st.text(max_size=60))
def test_what_is_written_to_an_entity_is_read_back(path: str, text: str) -> None:
    known = FIELDS["Customer"][path]
    value = read_value(known.kind, text)
    if known.kind in (Kind.NUMBER, Kind.BOOLEAN):
        value = {Kind.NUMBER: "12.5", Kind.BOOLEAN: "true"}[known.kind]
    written = write_entity("Customer", {"BillAddr": {"Id": "3", "Line1": "stays"}}, {path: value})
    assert read_entity("Customer", {"BillAddr": {"Line1": "stays"}} | written, [path]) == {path: value}
    if path.startswith("BillAddr.") and path != "BillAddr.Line1":
        assert written["BillAddr"]["Line1"] == "stays", "an address is sent whole"
        assert "Id" not in written["BillAddr"]


@given(st.sampled_from(list(Kind)), st.one_of(st.none(), st.text(), st.integers(), st.booleans(), st.decimals()))
def test_reading_a_value_gives_text_or_nothing_and_reading_it_again_the_same(kind: Kind, raw: Any) -> None:
    value = read_value(kind, raw)
    assert value is None or (isinstance(value, str) and value)
    assert read_value(kind, value) == value


def test_numbers_dates_and_addresses_have_one_form() -> None:
    assert read_value(Kind.NUMBER, Decimal("10.50")) == read_value(Kind.NUMBER, "10.5") == "10.5"
    assert read_value(Kind.DATE, "1790000000000") == read_value(Kind.DATE, "2026-09-21") == "2026-09-21"
    assert read_value(Kind.DATETIME, "2026-09-21T14:13:20+00:00") == "2026-09-21T14:13:20.000Z"
    assert read_value(Kind.EMAIL, "Birds@Intuit.com, second@intuit.com") == "birds@intuit.com"


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        (Condition("a", "known"), "x", True), (Condition("a", "known"), None, False),
        (Condition("a", "unknown"), " ", True), (Condition("a", "is", ("X", "y")), "x", True),
        (Condition("a", "is_not", ("x",)), None, True), (Condition("a", "contains", ("ell",)), "NELL", True),
    ],
)  # fmt: skip
def test_filters(condition: Condition, value: str | None, holds: bool) -> None:
    assert may_enter((condition,), {"a": value}) is holds


@pytest.mark.parametrize(
    ("field", "words", "reason"),
    [
        ("Taxable", {"Reno": "Yes"}, "'Yes' is no boolean"),
        ("Taxable", {"Reno": "true", "Elko": "false"}, None),
        ("PreferredDeliveryMethod", {"Reno": "Pigeon"}, "only Print, Email, None"),
        ("PreferredDeliveryMethod", {"Reno": "Email"}, None),
    ],
)
def test_a_table_leads_to_words_that_the_field_can_hold(field: str, words: dict[str, str], reason: str | None) -> None:
    mapping = Mapping(PAIRINGS["contacts"], (FieldMapping("city", field, values=words),))
    problems = find_problems(mapping)
    assert (problems == []) if reason is None else any(reason in each for each in problems)


def test_a_words_number_is_checked() -> None:
    mapping = Mapping(PAIRINGS["products"], (FieldMapping("hs_sku", "UnitPrice", values={"A": "cheap"}),))
    assert any("'cheap' is no number" in each for each in find_problems(mapping))


@pytest.mark.parametrize(
    ("price", "held"), [("19.989999999999998", "19.99"), ("0.1234567", "0.12346"), ("5", "5"), ("0", "0")]
)
def test_numbers_fit_into_what_quickbooks_takes(price: str, held: str) -> None:
    products = default_mapping("products")
    (each,) = [each for each in products.fields if each.quickbooks == "UnitPrice"]
    assert to_quickbooks(products, each, price) == held
    with pytest.raises(Unusable, match="ten digits"):
        to_quickbooks(products, each, "99999999999")


def test_an_address_is_sent_with_its_documented_members_only_and_emptied_without_null() -> None:
    held = {"BillAddr": {"Id": "3", "Line1": "One", "City": "X", "Lat": "37.4", "Long": "INVALID"}, "UnitPrice": 3}
    assert write_entity("Customer", held, {"BillAddr.City": "Y"}) == {"BillAddr": {"Line1": "One", "City": "Y"}}
    emptied = write_entity("Customer", held, {"BillAddr.City": None, "CompanyName": None, "Taxable": None})
    assert emptied == {"BillAddr": {"Line1": "One", "City": ""}, "CompanyName": "", "Taxable": False}
    assert write_entity("Item", held, {"UnitPrice": None}) == {"UnitPrice": 0}
