from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import TODAY, quick

from service.ids import InvoiceId
from service.invoicing.invoice import (
    OUTPUT_NAMES,
    InvoiceView,
    deal_properties,
    derive_recipient_text,
    failure_outputs,
    failure_properties,
    outputs,
)
from service.invoicing.money import Money
from service.invoicing.rollup import WORST_FIRST, Rollup, choose_shown, roll_up
from service.invoicing.status import Status, days_overdue, derive_status

OPEN: dict[str, Any] = {
    "total": Decimal(100),
    "balance": Decimal(100),
    "deposit": Decimal(0),
    "due_date": TODAY,
    "today": TODAY,
}


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ({}, "draft"),
        ({"email_status": "NeedToSend"}, "draft"),
        ({"email_status": "EmailSent"}, "sent"),
        ({"delivery_time": "2026-11-20T10:00:00-08:00"}, "sent"),
        ({"e_invoice_status": "Delivered"}, "sent"),
        ({"e_invoice_status": "Viewed", "email_status": "EmailSent"}, "viewed"),
        ({"balance": Decimal(40), "e_invoice_status": "Viewed"}, "partially_paid"),
        ({"balance": Decimal(88), "deposit": Decimal(12)}, "draft"),
        ({"balance": Decimal(87), "deposit": Decimal(12)}, "partially_paid"),
        ({"due_date": TODAY - timedelta(1)}, "overdue"),
        ({"balance": Decimal(40), "due_date": date(2026, 1, 1)}, "overdue"),
        ({"due_date": None}, "draft"),
        ({"balance": Decimal(0), "due_date": date(2026, 1, 1)}, "paid"),
        ({"balance": Decimal(0), "total": Decimal(0)}, "paid"),
        ({"balance": Decimal(0), "total": Decimal(0), "private_note": "Voided - x"}, "voided"),
        ({"private_note": "Voided by mistake, is fine"}, "draft"),
        ({"voided": True}, "voided"),
        ({"voided": True, "deleted": True, "balance": Decimal(0)}, "deleted"),
    ],
)
def test_the_first_rule_that_holds(seen: dict[str, Any], status: str) -> None:
    assert derive_status(**{**OPEN, **seen}) == status


amounts = st.decimals(-10, 1000, places=2, allow_nan=False)
days = st.dates(date(2000, 1, 1), date(2199, 12, 31))
texts = st.one_of(st.none(), st.sampled_from(["", "EmailSent", "Viewed", "Sent", "Voided"]), st.text(max_size=5))


seen_values = st.tuples(
    amounts, amounts, amounts, st.none() | days, days, texts, texts, texts, texts, st.booleans(), st.booleans()
)


@quick
@given(seen_values)
def test_every_invoice_has_a_status(seen: tuple[Any, ...]) -> None:
    status = derive_status(*seen)
    assert status in Status
    assert status.label
    assert (status == Status.OVERDUE) <= (days_overdue(seen[1], seen[3], seen[4]) > 0)
    assert status.is_live == (status not in ("deleted", "voided"))


def test_days_overdue() -> None:
    assert days_overdue(Decimal(1), date(2026, 11, 20), TODAY) == 2
    assert days_overdue(Decimal(1), TODAY, TODAY) == 0
    assert days_overdue(Decimal(0), date(2026, 11, 20), TODAY) == 0
    assert days_overdue(Decimal(1), None, TODAY) == 0
    assert days_overdue(Decimal(1), date(2026, 12, 1), TODAY) == 0


VIEW = InvoiceView(
    id=InvoiceId("130"),
    number="1037",
    total=Decimal("362.07"),
    balance=Decimal("100"),
    currency="USD",
    txn_date=date(2026, 10, 1),
    due_date=date(2026, 11, 20),
    recipient=derive_recipient_text("Jane Doe", "jane@example.com"),
    status=Status.PARTIALLY_PAID,
    url="https://app.qbo.intuit.com/app/invoice?txnId=130",
    updated_at=datetime(2026, 11, 22, 2, 0, tzinfo=timezone(timedelta(hours=-8))),
    last_payment_date=date(2026, 11, 1),
)


def test_the_deal_shows_the_invoice() -> None:
    assert deal_properties(VIEW, roll_up([VIEW], TODAY)) == {
        "qbo_invoice_amount": "362.07",
        "qbo_invoice_recipient": "Jane Doe <jane@example.com>",
        "qbo_invoice_number": "1037",
        "qbo_invoice_status": "overdue",
        "qbo_invoice_due_date": "2026-11-20",
        "qbo_invoice_balance": "100.00",
        "qbo_invoice_amount_paid": "262.07",
        "qbo_invoice_date": "2026-10-01",
        "qbo_invoice_last_payment_date": "2026-11-01",
        "qbo_invoice_paid_date": "",
        "qbo_invoice_days_overdue": "2",
        "qbo_invoice_currency": "USD",
        "qbo_invoice_id": "130",
        "qbo_invoice_url": "https://app.qbo.intuit.com/app/invoice?txnId=130",
        "qbo_invoice_pay_link": "",
        "qbo_invoice_error": "",
        "qbo_invoice_updated_at": "2026-11-22T10:00:00.000Z",
        "qbo_invoice_count": "1",
        "qbo_invoiced_total": "362.07",
        "qbo_invoiced_balance": "100.00",
        "qbo_invoice_oldest_due_date": "2026-11-20",
        "qbo_invoice_worst_status": "overdue",
    }


def test_nothing_is_owed_on_a_deleted_invoice() -> None:
    gone = replace(VIEW, status=Status.DELETED)
    shown = deal_properties(gone, roll_up([gone], TODAY))
    assert (shown["qbo_invoice_status"], shown["qbo_invoice_balance"]) == ("deleted", "0.00")
    assert (shown["qbo_invoice_days_overdue"], shown["qbo_invoice_count"]) == ("0", "0")
    assert (shown["qbo_invoiced_total"], shown["qbo_invoice_worst_status"]) == ("", "")


def test_outputs_of_success_and_failure_have_the_same_names() -> None:
    made = outputs(VIEW)
    assert made == {
        "invoiceId": "130",
        "invoiceNumber": "1037",
        "invoiceAmount": "362.07",
        "invoiceBalance": "100.00",
        "invoiceStatus": "partially_paid",
        "invoiceDueDate": "2026-11-20",
        "invoiceRecipient": "Jane Doe <jane@example.com>",
        "invoiceLink": "https://app.qbo.intuit.com/app/invoice?txnId=130",
        "errorCode": "",
        "errorMessage": "",
    }
    failed = failure_outputs("NO_LINE_ITEMS", "Add some.")
    assert tuple(failed) == tuple(made) == OUTPUT_NAMES
    assert {name: value for name, value in failed.items() if value} == {
        "errorCode": "NO_LINE_ITEMS",
        "errorMessage": "Add some.",
    }
    assert failure_properties("NO_LINE_ITEMS", "Add some.") == {"qbo_invoice_error": "NO_LINE_ITEMS: Add some."}


def test_several_invoices_of_a_deal() -> None:
    paid = replace(VIEW, id=InvoiceId("9"), balance=Decimal(0), status=Status.PAID, due_date=date(2026, 1, 1))
    later = replace(VIEW, id=InvoiceId("10"), status=Status.SENT, due_date=date(2026, 12, 24))
    voided = replace(VIEW, id=InvoiceId("11"), total=Decimal(0), balance=Decimal(0), status=Status.VOIDED)
    assert roll_up([paid, later, voided], TODAY) == Rollup(
        as_of=TODAY,
        count=2,
        total=Money(Decimal("724.14"), "USD"),
        balance=Money(Decimal(100), "USD"),
        oldest_due_date=date(2026, 12, 24),
        worst_status=Status.SENT,
    )
    assert choose_shown([paid, later]) == later
    assert choose_shown([later, replace(paid, updated_at=datetime(2027, 1, 1, tzinfo=UTC))]).id == "9"  # type: ignore[union-attr]
    assert choose_shown([]) is None


def test_currencies_are_not_added_up() -> None:
    mixed = roll_up([VIEW, replace(VIEW, currency="EUR")], TODAY)
    assert (mixed.count, mixed.total, mixed.balance) == (2, None, None)
    assert deal_properties(VIEW, mixed)["qbo_invoiced_total"] == ""


def test_worst_is_defined_for_every_status() -> None:
    assert sorted(WORST_FIRST) == sorted(Status)


@pytest.mark.parametrize(("name", "email", "text"), [("A", "", "A"), ("", "a@b.co", "a@b.co"), ("", "", "")])
def test_recipient_text(name: str, email: str, text: str) -> None:
    assert derive_recipient_text(name, email) == text
