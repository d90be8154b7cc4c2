"""What the workflow's author chose in the Create invoice action. Knows no deal and no realm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from marshmallow import fields

from service.invoicing.input_fields import AmountField, DayField, DaysField, NameField, is_id
from service.invoicing.numbering import check_number
from service.invoicing.sale_inputs import SaleInputs, SaleSchema, WhenSaleExists, load_sale_inputs


class OnlinePayment(StrEnum):
    """How the customer may pay online."""

    CARD = "card"
    ACH = "ach"
    CARD_AND_ACH = "card_and_ach"
    NONE = "none"


class Send(StrEnum):
    """Whether QuickBooks e-mails the invoice."""

    NO = "no"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class CreateInvoiceInputs(SaleInputs):
    """The author's choices for an invoice; None means that nothing was said."""

    term_id: str | None = None
    due_date: date | None = None
    due_in_days: int | None = None
    deposit: Decimal | None = None
    deposit_account_id: str | None = None
    online_payment: OnlinePayment | None = None
    send: Send = Send.NO


class CreateInvoiceSchema(SaleSchema):
    """Input names as the action's definition has them."""

    term_id = fields.String(data_key="termId", validate=is_id("terms"))
    txn_date = DayField(data_key="invoiceDate")
    due_date = DayField(data_key="dueDate")
    due_in_days = DaysField(data_key="dueInDays")
    number = NameField(data_key="invoiceNumber", validate=check_number)
    deposit = AmountField(data_key="deposit")
    deposit_account_id = fields.String(data_key="depositAccountId", validate=is_id("an account"))
    online_payment = fields.Enum(OnlinePayment, by_value=True, data_key="onlinePayment")
    send = fields.Enum(Send, by_value=True, data_key="send")
    existing = fields.Enum(WhenSaleExists, by_value=True, data_key="existingInvoice")


def parse_inputs(given: Mapping[str, object]) -> CreateInvoiceInputs:
    """The author's choices are understood, or the wrong ones are named.

    `given` is HubSpot's `inputFields`: all values text. Raises: InputInvalid.
    """
    return CreateInvoiceInputs(**load_sale_inputs(CreateInvoiceSchema(), given, "Create invoice"))
