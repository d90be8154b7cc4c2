"""A QuickBooks-born invoice finds its deal when it is plain, and a person when it is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.ids import DealId
from service.invoicing.adoption import BornInvoice, NearDeal, decide_adoption
from service.invoicing.money import Money

A, B = DealId("1"), DealId("2")


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


INVOICE = BornInvoice(usd("108"), usd("100"))
DEAL = NearDeal(A, "Acme", usd("500"))
OTHER = NearDeal(B, "Beta", usd("700"))


def born(**changes: Any) -> BornInvoice:
    return replace(INVOICE, **changes)


def near(deal: NearDeal = DEAL, **changes: Any) -> NearDeal:
    return replace(deal, **changes)


@pytest.mark.parametrize(
    ("invoice", "deals", "deal_id", "candidates"),
    [
        # estimate
        (born(estimated=(A,)), [DEAL, OTHER], A, []),
        (born(estimated=(A,)), [near(is_customers=False)], A, []),
        (born(estimated=(A, B)), [DEAL, OTHER], None, [A, B]),
        # mark
        (born(marked=(A,), named=(A,)), [DEAL, OTHER], A, []),
        (born(marked=(A,)), [near(is_customers=None)], A, []),
        (born(marked=(A,)), [near(is_customers=False)], None, [A]),
        (born(marked=(A,), estimated=(B,)), [DEAL, OTHER], None, [A, B]),
        # the note alone
        (born(named=(A,)), [DEAL], A, []),
        (born(named=(A,)), [near(is_customers=None)], None, [A]),
        (born(named=(A,)), [near(is_customers=False)], None, [A]),
        # PO number
        (born(po_number="PO 7"), [near(po_number="po7"), OTHER], A, []),
        (born(po_number="PO 7"), [near(po_number="po7"), near(OTHER, po_number="PO 7")], None, [A, B]),
        (born(po_number="PO 7"), [near(po_number="po7", is_customers=False)], None, [A]),
        (born(po_number="PO 7"), [near(po_number="po7", is_lost=True)], None, [A]),
        (born(po_number="PO 7"), [near(po_number="po7", is_invoiced=True)], A, []),
        (born(), [near(po_number="", is_invoiced=True)], None, []),
        # customer and amount
        (born(), [near(amount=usd("100")), OTHER], A, []),
        (born(), [near(amount=usd("108.00")), OTHER], A, []),
        (born(), [near(amount=Money(Decimal(100), "EUR"))], None, [A]),
        (born(), [near(amount=usd("100")), near(OTHER, amount=usd("108"))], None, [A, B]),
        (born(), [near(amount=usd("100"), is_lost=True)], None, []),
        (born(), [near(amount=usd("100"), is_invoiced=True)], None, []),
        (born(), [near(amount=usd("100"), is_customers=None)], None, []),
        (born(total=usd("0"), net=usd("0")), [near(amount=usd("0"))], None, [A]),
        # nothing but the customer
        (born(), [DEAL, OTHER], None, [A, B]),
        (born(), [near(amount=None)], None, [A]),
        (born(), [], None, []),
    ],
)
def test_decisions(
    invoice: BornInvoice, deals: list[NearDeal], deal_id: DealId | None, candidates: list[DealId]
) -> None:
    decision = decide_adoption(invoice, deals)
    assert (decision.deal.id if decision.deal else None) == deal_id
    assert [each.deal.id for each in decision.candidates] == candidates
    assert decision.reason
    assert all(each.reasons for each in decision.candidates)
