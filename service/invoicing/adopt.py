"""Adopting an invoice that was made in QuickBooks: which one must be said, by its number or its id."""

from __future__ import annotations

from collections.abc import Mapping

from service.errors import InputInvalid
from service.invoicing.input_fields import load_inputs
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema


class AdoptInvoiceSchema(InvoiceSchema):
    """Input names as the action's definition has them."""


def parse_adopt_inputs(given: Mapping[str, object]) -> InvoiceInputs:
    """Raises: InputInvalid."""
    inputs = InvoiceInputs(**load_inputs(AdoptInvoiceSchema(), given, "Adopt invoice"))
    if not (inputs.invoice_id or inputs.invoice_number):
        raise InputInvalid("Say which invoice is the deal's: fill in its number or its id in the action.")
    return inputs
