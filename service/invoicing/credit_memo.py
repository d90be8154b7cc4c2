"""What the Create credit memo action takes and tells. Knows no call and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from marshmallow import fields

from service.ids import DealId, InvoiceId, Mark
from service.invoicing.body import canonical_body
from service.invoicing.input_fields import DayField, NameField
from service.invoicing.marks import sign_note
from service.invoicing.numbering import check_number
from service.invoicing.other_sale import OtherSaleInputs, OtherSaleSchema, SaleView
from service.invoicing.sale_inputs import WhenSaleExists, load_sale_inputs

OUTPUT_NAMES = (
    *("creditMemoId", "creditMemoNumber", "creditMemoAmount", "creditMemoBalance"),
    *("creditMemoRecipient", "creditMemoLink", "errorCode", "errorMessage"),
)


class ApplyTo(StrEnum):
    """What the credit pays at once."""

    NOTHING = "nothing"
    DEAL_INVOICE = "deal_invoice"


@dataclass(frozen=True, slots=True)
class CreditMemoInputs(OtherSaleInputs):
    """The author's choices for a credit memo; None means that nothing was said."""

    apply_to: ApplyTo = ApplyTo.NOTHING


class CreditMemoSchema(OtherSaleSchema):
    """Input names as the action's definition has them."""

    txn_date = DayField(data_key="creditMemoDate")
    number = NameField(data_key="creditMemoNumber", validate=check_number)
    apply_to = fields.Enum(ApplyTo, by_value=True, data_key="applyTo")
    existing = fields.Enum(WhenSaleExists, by_value=True, data_key="existingCreditMemo")


def parse_credit_memo_inputs(given: Mapping[str, object]) -> CreditMemoInputs:
    """The author's choices are understood, or the wrong ones are named. Raises: InputInvalid."""
    return CreditMemoInputs(**load_sale_inputs(CreditMemoSchema(), given, "Create credit memo"))


def credit_memo_fields(inputs: CreditMemoInputs, txn_date: date) -> dict[str, object]:
    """A credit memo says nothing that other sales do not."""
    return {}


def draft_application(
    memo_id: str,
    invoice_id: InvoiceId,
    amount: Decimal,
    *,
    customer_id: str,
    currency: str | None,
    txn_date: date,
    deal_id: DealId,
    mark: Mark,
) -> bytes:
    """The exact bytes of the payment of nothing that takes so much of the credit off the invoice.

    `currency` None: the realm has only one.
    """
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/creditmemo
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": txn_id, "TxnType": kind}]}
        for txn_id, kind in ((invoice_id, "Invoice"), (memo_id, "CreditMemo"))
    ]
    return canonical_body(
        {
            "CustomerRef": {"value": customer_id},
            **({"CurrencyRef": {"value": currency}} if currency else {}),
            "TxnDate": txn_date.isoformat(),
            "TotalAmt": Decimal(0),
            "PrivateNote": sign_note(deal_id, mark),
            "Line": lines,
        }
    )


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
