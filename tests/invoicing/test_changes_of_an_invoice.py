"""What the actions on an invoice plan: a change or a named refusal, and nothing when it is so already."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import CannotInvoice, InvoicePaid, InvoiceVoided
from service.ids import CustomerId, DealId, InvoiceId, Mark
from service.invoicing.customer import plan_customer
from service.invoicing.dates import parse_date
from service.invoicing.money import Money
from service.invoicing.payment import Receivable, RecordPaymentInputs, WhenTooMuch, draft_payment
from service.invoicing.realm import RealmFacts
from service.invoicing.send import SendInvoiceInputs, WhenSent, plan_send
from service.invoicing.status import Status
from service.invoicing.update import UpdateInvoiceInputs, check_update, parse_update_inputs
from service.invoicing.update_header import plan_header
from service.invoicing.void import plan_void

US = RealmFacts("USD")
MARK = Mark("hs:0123456789abcdef")
CENTS = st.integers(-10_000, 1_000_000).map(lambda cents: Decimal(cents) / 100)


@given(status=st.sampled_from(Status), received=CENTS, has_payments=st.booleans())
def test_void_is_planned_for_what_nobody_paid(status: Status, received: Decimal, has_payments: bool) -> None:
    try:
        planned = plan_void(status, received=received, has_payments=has_payments)
    except InvoicePaid:
        assert has_payments or received > 0
    else:
        assert planned == (status != Status.VOIDED)
        assert not planned or (received <= 0 and not has_payments)


@given(amount=st.none() | CENTS, balance=CENTS, too_much=st.sampled_from(WhenTooMuch), status=st.sampled_from(Status))
def test_a_payment_adds_up_or_is_refused(
    amount: Decimal | None, balance: Decimal, too_much: WhenTooMuch, status: Status
) -> None:
    invoice = Receivable(InvoiceId("9"), CustomerId("7"), status, Money(balance, "USD"), None, DealId("1"))
    inputs = RecordPaymentInputs(amount=amount, too_much=too_much)
    today = parse_date("2026-11-22")
    assert today is not None
    try:
        body = json.loads(draft_payment(invoice, inputs, today, MARK), parse_float=Decimal, parse_int=Decimal)
    except CannotInvoice:
        return
    assert status != Status.VOIDED
    assert body["TotalAmt"] == (balance if amount is None else amount) > 0
    assert body["Line"][0]["Amount"] == min(body["TotalAmt"], balance) > 0
    assert body["TotalAmt"] <= balance or too_much == WhenTooMuch.KEEP_CREDIT
    assert body["PrivateNote"] == f"HubSpot deal 1 [{MARK}]"


@pytest.mark.parametrize(
    ("was_sent", "already_sent", "planned"),
    [
        (False, WhenSent.LEAVE_IT, True),
        (True, WhenSent.LEAVE_IT, False),
        (True, WhenSent.SEND_AGAIN, True),
    ],
)
def test_sent_again_only_where_the_author_wants_it(was_sent: bool, already_sent: WhenSent, planned: bool) -> None:
    inputs = SendInvoiceInputs(already_sent=already_sent)
    assert plan_send(Status.SENT, was_sent=was_sent, inputs=inputs) is planned
    with pytest.raises(InvoiceVoided):
        plan_send(Status.VOIDED, was_sent=was_sent, inputs=inputs)


def entity(**more: Any) -> dict[str, Any]:
    note = f"HubSpot deal 1 [{MARK}]\nold words"
    return {"TxnDate": "2026-11-22", "DueDate": "2026-12-22", "PrivateNote": note, **more}


def test_the_header_is_changed_once() -> None:
    said = parse_update_inputs({"dueInDays": "60", "termId": "3", "privateNote": "new [hs:ffffffffffffffff]"})
    changes = plan_header(entity(SalesTermRef={"value": "1", "name": "Net 10"}), said, US)
    assert changes == {
        "DueDate": "2027-01-21",
        "SalesTermRef": {"value": "3"},
        # Our mark stays, and no other comes in with the author's words.
        "PrivateNote": f"HubSpot deal 1 [{MARK}]\nnew (hs:ffffffffffffffff)",
    }
    changed = entity(**changes) | {"SalesTermRef": {"value": "3", "name": "Net 30"}}
    assert plan_header(changed, said, US) == {}
    assert plan_header(entity(), UpdateInvoiceInputs(), US) == {}


def test_lines_stay_where_money_was_received() -> None:
    check_update(Status.SENT, received=Decimal(0), changes_lines=True)
    check_update(Status.PAID, received=Decimal(5), changes_lines=False)
    with pytest.raises(InvoicePaid):
        check_update(Status.PARTIALLY_PAID, received=Decimal("0.01"), changes_lines=True)


def test_a_customer_is_given_what_it_lacks_and_nothing_is_emptied() -> None:
    there = {
        "DisplayName": "Ada",
        "GivenName": "Ada",
        "PrimaryEmailAddr": {"Address": "old@byron.example, ADA@byron.example"},
        "BillAddr": {"Id": "5", "City": "London", "PostalCode": "W1"},
    }
    wanted = {
        "DisplayName": "Countess",
        "GivenName": "Ada",
        "FamilyName": "Byron",
        "PrimaryEmailAddr": {"Address": "ada@byron.example"},
        "BillAddr": {"City": "London"},
    }
    assert plan_customer(there, wanted) == {"FamilyName": "Byron"}
    assert plan_customer({}, wanted) == {name: value for name, value in wanted.items() if name != "DisplayName"}
