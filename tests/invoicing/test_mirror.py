"""What a HubSpot invoice shows of a QuickBooks invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from service.ids import InvoiceId, RealmId
from service.invoicing.invoice import InvoiceView
from service.invoicing.mirror import (
    BilledLine,
    LinePlan,
    hash_content,
    mirror_lines,
    mirror_properties,
    next_change,
    plan_lines,
)
from service.invoicing.status import Status
from service.quickbooks.invoice_details import list_estimate_ids, parse_lines, read_field, read_po_number

TODAY = date(2026, 11, 22)
REALM = RealmId("9341")
VIEW = InvoiceView(
    id=InvoiceId("145"),
    number="1042",
    total=Decimal("1500"),
    balance=Decimal("500.5"),
    currency="USD",
    txn_date=date(2026, 11, 1),
    due_date=date(2026, 12, 1),
    recipient="Jane <jane@example.com>",
    status=Status.PARTIALLY_PAID,
    url="https://qbo/145",
    updated_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
)


def shown(view: InvoiceView = VIEW, today: date = TODAY, **more: Any) -> dict[str, str]:
    return mirror_properties(view, today, realm_id=REALM, **more)


def test_amounts_dates_and_key() -> None:
    properties = shown(company="Acme Gardens")
    wanted = {
        "hs_invoice_billable": "false",
        "hs_currency": "USD",
        "hs_number": "1042",
        "hs_invoice_date": "2026-11-01",
        "hs_due_date": "2026-12-01",
        "hs_amount_billed": "1500.00",
        "hs_balance_due": "500.50",
        "hs_amount_paid": "999.50",
        "qbo_invoice_key": "9341:145",
        "qbo_company": "Acme Gardens",
        "qbo_invoice_status": "partially_paid",
        "qbo_invoice_days_overdue": "0",
    }
    assert {name: properties[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("status", "balance", "today", "hubspot", "ours"),
    [
        (Status.DRAFT, "1500", TODAY, "draft", "draft"),
        (Status.SENT, "1500", TODAY, "open", "sent"),
        (Status.VIEWED, "1500", TODAY, "open", "viewed"),
        (Status.PARTIALLY_PAID, "500", TODAY, "open", "partially_paid"),
        (Status.DRAFT, "1500", date(2026, 12, 2), "open", "overdue"),
        (Status.PAID, "0", date(2026, 12, 2), "paid", "paid"),
        (Status.VOIDED, "0", date(2026, 12, 2), "voided", "voided"),
        (Status.DELETED, "1500", date(2026, 12, 2), "voided", "deleted"),
    ],
)
def test_status(status: Status, balance: str, today: date, hubspot: str, ours: str) -> None:
    properties = shown(replace(VIEW, status=status, balance=Decimal(balance)), today)
    assert (properties["hs_invoice_status"], properties["qbo_invoice_status"]) == (hubspot, ours)


def test_a_portals_own_properties_never_replace_ours() -> None:
    properties = shown(mapped={"crew": "Blue", "hs_number": "7"})
    assert (properties["crew"], properties["hs_number"]) == ("Blue", "1042")


@pytest.mark.parametrize(
    ("changes", "today", "day"),
    [
        ({}, TODAY, date(2026, 12, 2)),
        ({}, date(2026, 12, 1), date(2026, 12, 2)),
        ({}, date(2026, 12, 2), date(2026, 12, 3)),
        ({}, date(2027, 2, 28), date(2027, 3, 1)),
        ({"balance": Decimal(0), "status": Status.PAID}, TODAY, None),
        ({"due_date": None}, TODAY, None),
        ({"status": Status.VOIDED}, TODAY, None),
        ({"status": Status.DELETED}, TODAY, None),
    ],
)
def test_next_change(changes: dict[str, Any], today: date, day: date | None) -> None:
    assert next_change(replace(VIEW, **changes), today) == day


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (BilledLine("Design", "two hours", Decimal("150"), Decimal(2), Decimal("75.00")), ("Design", "2", "75")),
        (BilledLine("Third", "", Decimal("100"), Decimal("3"), Decimal("33.33333")), ("Third", "3", "33.33333")),
        (BilledLine("Flat", "", Decimal("99.90")), ("Flat", "1", "99.9")),
        (BilledLine("", "Free text\nmore", Decimal(0)), ("Free text", "1", "0")),
        (BilledLine("", "", Decimal(0)), ("Line 1", "1", "0")),
        (BilledLine("Discount", "", Decimal("-5.5")), ("Discount", "1", "0")),
        (BilledLine("Return", "", Decimal("-5"), Decimal(-1), Decimal(5)), ("Return", "1", "0")),
    ],
)
def test_lines(line: BilledLine, expected: tuple[str, str, str]) -> None:
    (made,) = mirror_lines([line], "USD")
    assert (made["name"], made["quantity"], made["price"]) == expected


def test_what_is_taken_off_is_said_in_words() -> None:
    (made,) = mirror_lines([BilledLine("Discount", "for friends", Decimal("-5.5"))], "USD")
    assert made["description"] == "-5.50 USD for friends"


LINES = mirror_lines([BilledLine("A", "", Decimal(1)), BilledLine("B", "", Decimal(2))], "USD")


@pytest.mark.parametrize(
    ("there", "plan"),
    [
        ({}, LinePlan(missing=tuple(LINES))),
        ({"9": LINES[0], "10": LINES[1]}, LinePlan()),
        ({"9": {**LINES[0], "price": "1.00"}, "10": LINES[1]}, LinePlan()),
        ({"9": {**LINES[0], "price": "3"}, "10": LINES[1]}, LinePlan({"9": LINES[0]})),
        ({"9": {**LINES[0], "hs_position_on_quote": None}, "10": LINES[1]}, LinePlan({"10": LINES[0], "9": LINES[1]})),
        ({"9": LINES[0]}, LinePlan(missing=(LINES[1],))),
        ({"9": LINES[0], "10": LINES[1], "11": {"hs_position_on_quote": "7"}}, LinePlan(surplus=("11",))),
    ],
)
def test_plan_lines(there: dict[str, Any], plan: LinePlan) -> None:
    assert plan_lines(LINES, there) == plan


def test_hash_knows_no_order() -> None:
    assert hash_content({"a": "1", "b": "2"}) == hash_content({"b": "2", "a": "1"}) != hash_content({"a": "2"})


def _line(kind: str, detail: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"DetailType": kind, kind: detail, **more}


DOCUMENT: dict[str, Any] = {
    "LinkedTxn": [{"TxnId": "100", "TxnType": "Estimate"}, {"TxnId": "70", "TxnType": "Payment"}],
    "CustomField": [{"Name": "Crew #", "StringValue": "Blue"}, {"Name": "P.O. Number", "StringValue": " PO-7 "}],
    "DepartmentRef": {"value": "2", "name": "North"},
    "Line": [
        _line("SalesItemLineDetail", {"ItemRef": {"name": "Pump"}, "Qty": 2, "UnitPrice": Decimal("12.75")},
              Amount=Decimal("25.5"), Description="Fountain pump",
              LinkedTxn=[{"TxnId": "101", "TxnType": "Estimate"}]),
        _line("GroupLineDetail", {"Line": [_line("SalesItemLineDetail", {"ItemRef": {"name": "Part"}}, Amount=5)]}),
        _line("DescriptionOnly", {}, Description="Thank you"),
        {"DetailType": "DescriptionOnly", "Description": "Subtotal: 30.50"},
        _line("DiscountLineDetail", {"PercentBased": True}, Amount=Decimal("3.05")),
        _line("SubTotalLineDetail", {}, Amount=Decimal("30.5")),
    ],
}  # fmt: skip


def _spelled(line: dict[str, Any]) -> dict[str, Any]:
    words = {"SalesItemLineDetail": "SALES_ITEM_LINE_DETAIL", "GroupLineDetail": "GROUP_LINE_DETAIL",
             "SubTotalLineDetail": "SUB_TOTAL_LINE_DETAIL", "DiscountLineDetail": "DISCOUNT_LINE_DETAIL",
             "DescriptionOnly": "DESCRIPTION_ONLY"}  # fmt: skip
    inner = {
        name: {**value, "Line": [_spelled(each) for each in value["Line"]]}
        for name, value in line.items()
        if isinstance(value, dict) and "Line" in value
    }
    return {**line, **inner, "DetailType": words[line["DetailType"]]}


def test_lines_are_the_same_in_the_spelling_of_a_voids_answer() -> None:
    """The documentation's sample of that answer writes SALES_ITEM_LINE_DETAIL."""
    spelled = {**DOCUMENT, "Line": [_spelled(each) for each in DOCUMENT["Line"]]}
    assert parse_lines(spelled) == parse_lines(DOCUMENT) != ()


def test_lines_of_a_document() -> None:
    assert [(line.name, line.amount) for line in parse_lines(DOCUMENT)] == [
        ("Pump", Decimal("25.5")),
        ("Part", Decimal(5)),
        ("", Decimal(0)),
        ("Discount", Decimal("-3.05")),
    ]


def test_other_fields_of_a_document() -> None:
    assert list_estimate_ids(DOCUMENT) == ("100", "101")
    assert read_po_number(DOCUMENT) == "PO-7"
    assert read_field(DOCUMENT, "CustomField:Crew #") == "Blue"
    assert read_field(DOCUMENT, "DepartmentRef.name") == "North"
    assert read_field(DOCUMENT, "ClassRef.name") == ""
    assert read_po_number({}) == ""
    assert read_po_number({"CustomerMemo": {"value": "PO number: PO-77\nThank you."}}) == "PO-77"
    assert read_po_number({"CustomerMemo": {"value": "Sent PO: see your mail"}}) == ""
    assert list_estimate_ids({}) == ()
    assert parse_lines({}) == ()
