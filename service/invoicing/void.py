"""Voiding an invoice: what the author chose, and whether the invoice allows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from service.errors import InvoicePaid
from service.invoicing.input_fields import load_inputs
from service.invoicing.status import Status
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema

HAS_PAYMENTS = (
    "The invoice has payments and was not voided: remove or refund them in QuickBooks first, or create a credit memo."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidInvoiceInputs(InvoiceInputs):
    """Which invoice; there is nothing else to choose."""


class VoidInvoiceSchema(InvoiceSchema):
    """Input names as the action's definition has them."""


def parse_void_inputs(given: Mapping[str, object]) -> VoidInvoiceInputs:
    """Raises: InputInvalid."""
    return VoidInvoiceInputs(**load_inputs(VoidInvoiceSchema(), given, "Void invoice"))


def plan_void(status: Status, *, received: Decimal, has_payments: bool) -> bool:
    """Whether to void; False: it is voided already.

    What QuickBooks does to an invoice with payments is not documented (its pages leave the money with the
    customer, unapplied): a workflow does not decide that. Raises: InvoicePaid.
    """
    if status == Status.VOIDED:
        return False
    if has_payments or received > 0:
        raise InvoicePaid(HAS_PAYMENTS)
    return True
