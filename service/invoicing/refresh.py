"""Refreshing what the deal shows of its invoices: only which one is told to the workflow can be chosen."""

from __future__ import annotations

from collections.abc import Mapping

from service.invoicing.input_fields import load_inputs
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema


class RefreshInvoiceSchema(InvoiceSchema):
    """Input names as the action's definition has them."""


def parse_refresh_inputs(given: Mapping[str, object]) -> InvoiceInputs:
    """Raises: InputInvalid."""
    return InvoiceInputs(**load_inputs(RefreshInvoiceSchema(), given, "Refresh invoice"))
