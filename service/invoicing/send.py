"""Sending an invoice by e-mail: what the author chose, and what to do about the invoice as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marshmallow import fields, validate

from service.errors import InvoiceVoided
from service.invoicing.input_fields import load_inputs
from service.invoicing.status import Status
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (BillEmail)
MAX_EMAIL = 100


class WhenSent(StrEnum):
    """What happens when the invoice was sent before."""

    SEND_AGAIN = "send_again"
    LEAVE_IT = "leave_it"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendInvoiceInputs(InvoiceInputs):
    """The author's choices; `send_to` None: the invoice's own address, else the customer's."""

    send_to: str | None = None
    already_sent: WhenSent = WhenSent.SEND_AGAIN


EMAIL = [
    validate.Regexp(r"\A[^@\s]+@[^@\s]+\.[^@\s]+\Z", error="Must be an e-mail address."),
    validate.Length(max=MAX_EMAIL, error=f"Must have at most {MAX_EMAIL} characters."),
]


class SendInvoiceSchema(InvoiceSchema):
    """Input names as the action's definition has them."""

    send_to = fields.String(data_key="sendTo", validate=EMAIL)
    already_sent = fields.Enum(WhenSent, by_value=True, data_key="alreadySent")


def parse_send_inputs(given: Mapping[str, object]) -> SendInvoiceInputs:
    """Raises: InputInvalid."""
    return SendInvoiceInputs(**load_inputs(SendInvoiceSchema(), given, "Send invoice"))


def plan_send(status: Status, *, was_sent: bool, inputs: SendInvoiceInputs) -> bool:
    """Whether to send. Raises: InvoiceVoided."""
    if status == Status.VOIDED:
        raise InvoiceVoided("The invoice is voided in QuickBooks and cannot be sent: create a new one for the deal.")
    return not (was_sent and inputs.already_sent == WhenSent.LEAVE_IT)
