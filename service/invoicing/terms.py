"""When an invoice is dated and due. Knows no clock: today is given."""

from __future__ import annotations

from datetime import date, timedelta

from service.errors import BooksClosed
from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.realm import RealmFacts
from service.invoicing.sale_inputs import SaleInputs


def decide_txn_date(inputs: SaleInputs, realm: RealmFacts, today: date) -> date:
    """A sale bears the author's date, else today's in the realm's time zone.

    Raises: BooksClosed.
    """
    txn_date = inputs.txn_date or today
    if realm.book_close_date and txn_date <= realm.book_close_date:
        raise BooksClosed(
            f"The date {txn_date} lies in books closed up to {realm.book_close_date}. "
            "Choose a later date in the action, or reopen the books in QuickBooks."
        )
    return txn_date


def decide_due_date(inputs: CreateInvoiceInputs, txn_date: date) -> date | None:
    """An invoice is due when the author says; None leaves it to the terms in QuickBooks."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (DueDate)
    # Left out, QuickBooks applies the invoice's terms, else the customer's, else the realm's.
    if inputs.due_date is None and inputs.due_in_days is not None:
        return txn_date + timedelta(days=inputs.due_in_days)
    return inputs.due_date
