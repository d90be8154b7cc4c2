"""All invoices of a deal in one view. Knows nothing of where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.invoicing.deal import id_rank
from service.invoicing.invoice import InvoiceView
from service.invoicing.money import Money
from service.invoicing.status import Status

WORST_FIRST = (
    Status.OVERDUE,
    Status.DRAFT,
    Status.SENT,
    Status.VIEWED,
    Status.PARTIALLY_PAID,
    Status.PAID,
    Status.VOIDED,
    Status.DELETED,
)
"""The farther from the money, the worse: late, not even sent, sent, seen, paid in part, paid."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """The live invoices of a deal on the day `as_of`.

    Money None: the invoices are in several currencies, or there is none. `oldest_due_date`: the
    earliest on which something is still owed. `worst_status` None: no live invoice.
    """

    as_of: date
    count: int = 0
    total: Money | None = None
    balance: Money | None = None
    oldest_due_date: date | None = None
    worst_status: Status | None = None


def roll_up(views: Sequence[InvoiceView], today: date) -> Rollup:
    """A deal's live invoices are counted and added; deleted and voided ones no longer count."""
    live = [view for view in views if view.status.is_live]
    owed = [view.due_date for view in live if view.balance > 0 and view.due_date]
    return Rollup(
        as_of=today,
        count=len(live),
        total=_add([Money(view.total, view.currency) for view in live]),
        balance=_add([view.open_balance for view in live]),
        oldest_due_date=min(owed, default=None),
        worst_status=min((view.status_on(today) for view in live), key=WORST_FIRST.index, default=None),
    )


def choose_shown(views: Sequence[InvoiceView]) -> InvoiceView | None:
    """The deal's single-invoice properties show the invoice QuickBooks changed last."""
    return max(views, key=lambda view: (view.updated_at, id_rank(view.id)), default=None)


def _add(parts: Sequence[Money]) -> Money | None:
    currencies = {part.currency for part in parts}
    if len(currencies) != 1:
        return None
    return Money(sum((part.amount for part in parts), Decimal(0)), currencies.pop())
