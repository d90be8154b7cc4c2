"""What the Create sales receipt action takes and tells. Knows no call and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from marshmallow import fields, validate

from service.invoicing.input_fields import DayField, NameField, is_id
from service.invoicing.invoice import date_text
from service.invoicing.numbering import check_number
from service.invoicing.other_sale import OtherSaleInputs, OtherSaleSchema, SaleView
from service.invoicing.sale_inputs import WhenSaleExists, load_sale_inputs

OUTPUT_NAMES = (
    *("salesReceiptId", "salesReceiptNumber", "salesReceiptAmount", "salesReceiptDate"),
    *("salesReceiptRecipient", "salesReceiptLink", "errorCode", "errorMessage"),
)
LONGEST_REFERENCE = 21
"""Longest PaymentRefNum."""


@dataclass(frozen=True, slots=True)
class SalesReceiptInputs(OtherSaleInputs):
    """The author's choices for a sales receipt; None means that nothing was said."""

    deposit_account_id: str | None = None
    payment_reference: str = ""


class SalesReceiptSchema(OtherSaleSchema):
    """Input names as the action's definition has them."""

    txn_date = DayField(data_key="salesReceiptDate")
    deposit_account_id = fields.String(data_key="depositAccountId", validate=is_id("an account"))
    payment_reference = NameField(
        data_key="paymentReference",
        validate=validate.Length(max=LONGEST_REFERENCE, error=f"Must have at most {LONGEST_REFERENCE} characters."),
    )
    number = NameField(data_key="salesReceiptNumber", validate=check_number)
    existing = fields.Enum(WhenSaleExists, by_value=True, data_key="existingSalesReceipt")


def parse_sales_receipt_inputs(given: Mapping[str, object]) -> SalesReceiptInputs:
    """The author's choices are understood, or the wrong ones are named. Raises: InputInvalid."""
    return SalesReceiptInputs(**load_sale_inputs(SalesReceiptSchema(), given, "Create sales receipt"))


def sales_receipt_fields(inputs: SalesReceiptInputs, txn_date: date) -> dict[str, object]:
    """What a sales receipt says and no other sale does: where the money went."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/salesreceipt
    # Without an account the money waits in Undeposited Funds.
    account = {"DepositToAccountRef": {"value": inputs.deposit_account_id}} if inputs.deposit_account_id else {}
    reference = {"PaymentRefNum": inputs.payment_reference} if inputs.payment_reference else {}
    return {**account, **reference}


def sales_receipt_outputs(view: SaleView) -> dict[str, str]:
    """The workflow's later actions get the sales receipt."""
    return {
        "salesReceiptId": view.id,
        "salesReceiptNumber": view.number,
        "salesReceiptAmount": view.amount_text,
        "salesReceiptDate": date_text(view.txn_date),
        "salesReceiptRecipient": view.recipient,
        "salesReceiptLink": view.url,
    }
