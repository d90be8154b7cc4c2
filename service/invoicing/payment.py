"""Recording a payment on an invoice: what the author chose, and the payment that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from marshmallow import fields, validate

from service.errors import InputInvalid, InvoicePaid, InvoiceVoided, PaymentTooLarge
from service.ids import CustomerId, DealId, InvoiceId, Mark
from service.invoicing.body import canonical_body
from service.invoicing.input_fields import AmountField, DayField, NameField, TextField, is_id, load_inputs
from service.invoicing.marks import drop_marks, sign_note
from service.invoicing.money import Money, round_half_up
from service.invoicing.status import Status
from service.invoicing.text import cut_text
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment  (PaymentRefNum)
MAX_REFERENCE = 21
_LONGEST_NOTE = 4000


class WhenTooMuch(StrEnum):
    """What happens with more money than the invoice has open."""

    FAIL = "fail"
    KEEP_CREDIT = "keep_credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentInputs(InvoiceInputs):
    """The author's choices; `amount` None: all that is open, `payment_date` None: today."""

    amount: Decimal | None = None
    payment_date: date | None = None
    reference_number: str = ""
    deposit_account_id: str | None = None
    private_note: str = ""
    too_much: WhenTooMuch = WhenTooMuch.FAIL


class RecordPaymentSchema(InvoiceSchema):
    """Input names as the action's definition has them."""

    amount = AmountField(data_key="amount")
    payment_date = DayField(data_key="paymentDate")
    reference_number = NameField(
        data_key="referenceNumber",
        validate=validate.Length(max=MAX_REFERENCE, error=f"Must have at most {MAX_REFERENCE} characters."),
    )
    deposit_account_id = fields.String(data_key="depositAccountId", validate=is_id("an account"))
    private_note = TextField(data_key="privateNote")
    too_much = fields.Enum(WhenTooMuch, by_value=True, data_key="tooMuch")


@dataclass(frozen=True, slots=True)
class Receivable:
    """What must be known of an invoice before money is received for it; `currency_ref`: as QuickBooks gave it."""

    id: InvoiceId
    customer_id: CustomerId
    status: Status
    open: Money
    currency_ref: str | None
    deal_id: DealId | None


def parse_payment_inputs(given: Mapping[str, object]) -> RecordPaymentInputs:
    """Raises: InputInvalid."""
    return RecordPaymentInputs(**load_inputs(RecordPaymentSchema(), given, "Record payment"))


def plan_payment(invoice: Receivable, inputs: RecordPaymentInputs) -> tuple[Decimal, Decimal]:
    """The money received, and how much of it settles the invoice; the rest stays with the customer as a credit.

    Raises: InvoiceVoided, InvoicePaid, InputInvalid, PaymentTooLarge.
    """
    if invoice.status == Status.VOIDED:
        raise InvoiceVoided("The invoice is voided in QuickBooks: no payment was recorded.")
    if invoice.open.amount <= 0:
        raise InvoicePaid("The invoice has nothing open in QuickBooks: no payment was recorded.")
    received = round_half_up(inputs.amount if inputs.amount is not None else invoice.open.amount, invoice.open.currency)
    if received <= 0:
        raise InputInvalid('The "amount" of the Record payment action must be above 0: correct it or leave it empty.')
    if received > invoice.open.amount and inputs.too_much == WhenTooMuch.FAIL:
        raise PaymentTooLarge(
            f"The payment of {Money(received, invoice.open.currency)} is more than the {invoice.open} open on the "
            'invoice: correct "amount" in the action, or set "tooMuch" to keep_credit.'
        )
    return received, min(received, invoice.open.amount)


def draft_payment(invoice: Receivable, inputs: RecordPaymentInputs, today: date, mark: Mark) -> bytes:
    """The exact bytes of the create. Raises: as `plan_payment`."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment#create-a-payment
    received, settled = plan_payment(invoice, inputs)
    signed = sign_note(invoice.deal_id, mark) if invoice.deal_id else f"HubSpot [{mark}]"
    body: dict[str, object | None] = {
        "CustomerRef": {"value": invoice.customer_id},
        "TotalAmt": received,
        "CurrencyRef": {"value": invoice.currency_ref} if invoice.currency_ref else None,
        "TxnDate": (inputs.payment_date or today).isoformat(),
        "PaymentRefNum": inputs.reference_number or None,
        "DepositToAccountRef": {"value": inputs.deposit_account_id} if inputs.deposit_account_id else None,
        "PrivateNote": cut_text("\n".join(filter(None, [signed, drop_marks(inputs.private_note)])), _LONGEST_NOTE),
        "Line": [{"Amount": settled, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}],
    }
    return canonical_body({name: value for name, value in body.items() if value is not None})
