"""What the Create credit memo action takes and tells. Knows no call and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from marshmallow import fields

from service.invoicing.input_fields import DayField, NameField, load_inputs
from service.invoicing.numbering import check_number
from service.invoicing.other_sale import OtherSaleInputs, OtherSaleSchema, SaleView, WhenSaleExists

OUTPUT_NAMES = (
    *("creditMemoId", "creditMemoNumber", "creditMemoAmount", "creditMemoBalance"),
    *("creditMemoRecipient", "creditMemoLink", "errorCode", "errorMessage"),
)


class CreditMemoSchema(OtherSaleSchema):
    """Input names as the action's definition has them."""

    txn_date = DayField(data_key="creditMemoDate")
    number = NameField(data_key="creditMemoNumber", validate=check_number)
    existing = fields.Enum(WhenSaleExists, by_value=True, data_key="existingCreditMemo")


def parse_credit_memo_inputs(given: Mapping[str, object]) -> OtherSaleInputs:
    """The author's choices are understood, or the wrong ones are named. Raises: InputInvalid."""
    return OtherSaleInputs(**load_inputs(CreditMemoSchema(), given, "Create credit memo"))


def credit_memo_fields(inputs: OtherSaleInputs, txn_date: date) -> dict[str, object]:
    """A credit memo says nothing that other sales do not."""
    return {}


def credit_memo_outputs(view: SaleView) -> dict[str, str]:
    """The workflow's later actions get the credit memo."""
    return {
        "creditMemoId": view.id,
        "creditMemoNumber": view.number,
        "creditMemoAmount": view.amount_text,
        "creditMemoBalance": view.balance_text,
        "creditMemoRecipient": view.recipient,
        "creditMemoLink": view.url,
    }
