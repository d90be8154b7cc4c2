"""Every deal of the sandbox is billed to the cent, or refused by name with nothing made in QuickBooks."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.harness import PORTAL, Harness

UK_PORTAL, VAT_REALM = 20000002, "9341450000000003"
# What cannot be billed as it stands, and the code that says why.
REFUSED = {
    "free-of-charge": "TOTAL_NOT_POSITIVE",
    "no-lines": "NO_LINE_ITEMS",
    "no-lines-no-amount": "NO_LINE_ITEMS",
    "no-contact": "NO_CUSTOMER",
    "company-only": "NO_CUSTOMER",
    "euro": "CURRENCY_MISMATCH",
    "zero-amount": "TOTAL_NOT_POSITIVE",
    "negative-amount": "NO_LINE_ITEMS",
    "negative-line": "BAD_LINE_ITEM",
    "no-price": "BAD_LINE_ITEM",
    "no-quantity": "BAD_LINE_ITEM",
    "name-of-a-vendor": "NO_CUSTOMER",
    "uk-company-only": "NO_CUSTOMER",
    "uk-euro": "CURRENCY_MISMATCH",
    "uk-no-lines": "NO_LINE_ITEMS",
}


def expected_total(harness: Harness, portal_id: int, deal_id: str) -> Decimal:
    """What HubSpot's line items come to, each rounded to the cent: quantity times price less its discounts."""
    place = f"/hubspot/objects/{portal_id}"
    lines = harness.ask_sandbox("GET", f"{place}/deals/{deal_id}")["associations"].get("line_items", [])
    total = Decimal(0)
    for line_id in lines:
        told: dict[str, Any] = harness.ask_sandbox("GET", f"{place}/line_items/{line_id}")["properties"]
        unit = Decimal(told["price"]) - Decimal(told.get("discount") or 0)
        unit -= Decimal(told["price"]) * Decimal(told.get("hs_discount_percentage") or 0) / 100
        total += (unit * Decimal(told["quantity"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return total


def test_all_stories(harness: Harness) -> None:
    harness.connect()
    harness.connect(UK_PORTAL, VAT_REALM)
    told = harness.ask_sandbox("GET", "/hubspot/stories")
    for portal_id, realm_id in ((PORTAL, "9341450000000001"), (UK_PORTAL, VAT_REALM)):
        inputs = {"taxCodeId": "exempt" if portal_id == PORTAL else "4"}
        for name, deal_id in told[str(portal_id)].items():
            before = harness.counts(realm_id)
            callback_id = harness.enroll(deal_id, inputs, portal_id)
            harness.work()
            if name in REFUSED:
                harness.assert_refused(callback_id, deal_id, REFUSED[name], portal_id)
                assert harness.counts(realm_id) == before, name
            else:
                invoice = harness.assert_invoiced_once(callback_id, deal_id, portal_id, realm_id)
                assert Decimal(str(invoice["TotalAmt"])) == expected_total(harness, portal_id, str(deal_id)), name
    assert harness.refusals() == []


def test_one_line_from_the_amount(harness: Harness) -> None:
    """The deal's amount is billed as one line; without a positive one, nothing is."""
    harness.connect()
    for name, total in (("no-lines", 1500), ("amount-differs", 999), ("big", 1234567.89), ("thirds", 100)):
        deal_id = harness.story(name)
        callback_id = harness.enroll(deal_id, {"lines": "deal_amount", "taxCodeId": "exempt"})
        harness.work()
        assert harness.assert_invoiced_once(callback_id, deal_id)["TotalAmt"] == total
    before = harness.counts()
    for name, code in (
        ("no-lines-no-amount", "NO_AMOUNT"),
        ("negative-amount", "TOTAL_NOT_POSITIVE"),
        ("zero-amount", "TOTAL_NOT_POSITIVE"),
    ):
        deal_id = harness.story(name)
        callback_id = harness.enroll(deal_id, {"lines": "deal_amount"})
        harness.work()
        harness.assert_refused(callback_id, deal_id, code)
    assert harness.counts() == before
    assert harness.refusals() == []


def test_odd_money(harness: Harness) -> None:
    """Quantities and prices that do not divide: the invoice is what HubSpot's lines come to, to the cent."""
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    for lines in (
        [("0.1", "3")],
        [("0.005", "1")],
        [("19.99", "0.333")],
        [("1.005", "100"), ("2.675", "100")],
        [("99999999.99", "99")],
        [("0.00001", "100000")],
        [("33.333333", "3"), ("66.666667", "3")],
    ):
        properties = [{"name": "Odd", "price": price, "quantity": quantity} for price, quantity in lines]
        deal_id = harness.make_deal(properties, contact)
        callback_id = harness.enroll(deal_id, {"taxCodeId": "exempt"})
        harness.work()
        invoice = harness.assert_invoiced_once(callback_id, deal_id)
        assert Decimal(str(invoice["TotalAmt"])) == expected_total(harness, PORTAL, deal_id), lines
    assert harness.refusals() == []


def test_numbers_that_are_none(harness: Harness) -> None:
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    before = harness.counts()
    for line in (
        {"price": "10", "quantity": "0"},
        {"price": "10", "quantity": "-1"},
        {"price": "-10", "quantity": "1"},
        {"price": "10", "quantity": "1", "hs_discount_percentage": "101"},
        {"price": "10", "quantity": "1", "discount": "11"},
        {"price": "99999999999", "quantity": "1"},
    ):
        deal_id = harness.make_deal([{"name": "Wrong", **line}], contact)
        callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
        harness.work()
        harness.assert_refused(callback_id, deal_id, "BAD_LINE_ITEM")
    assert harness.counts() == before
    assert harness.refusals() == []
