"""What the Create estimate action takes and tells. Knows no call and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from marshmallow import fields

from service.invoicing.input_fields import DayField, DaysField, NameField
from service.invoicing.invoice import date_text
from service.invoicing.numbering import check_number
from service.invoicing.other_sale import OtherSaleInputs, OtherSaleSchema, SaleView
from service.invoicing.sale_inputs import WhenSaleExists, load_sale_inputs

OUTPUT_NAMES = (
    *("estimateId", "estimateNumber", "estimateAmount", "estimateStatus", "estimateExpirationDate"),
    *("estimateRecipient", "estimateLink", "errorCode", "errorMessage"),
)


@dataclass(frozen=True, slots=True)
class EstimateInputs(OtherSaleInputs):
    """The author's choices for an estimate; None means that nothing was said."""

    expiration_date: date | None = None
    expires_in_days: int | None = None


class EstimateSchema(OtherSaleSchema):
    """Input names as the action's definition has them."""

    txn_date = DayField(data_key="estimateDate")
    expiration_date = DayField(data_key="expirationDate")
    expires_in_days = DaysField(data_key="expiresInDays")
    number = NameField(data_key="estimateNumber", validate=check_number)
    existing = fields.Enum(WhenSaleExists, by_value=True, data_key="existingEstimate")


def parse_estimate_inputs(given: Mapping[str, object]) -> EstimateInputs:
    """The author's choices are understood, or the wrong ones are named. Raises: InputInvalid."""
    return EstimateInputs(**load_sale_inputs(EstimateSchema(), given, "Create estimate"))


def estimate_fields(inputs: EstimateInputs, txn_date: date) -> dict[str, object]:
    """What an estimate says and no other sale does: until when it holds."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/estimate  (ExpirationDate)
    expires = inputs.expiration_date
    if expires is None and inputs.expires_in_days is not None:
        expires = txn_date + timedelta(days=inputs.expires_in_days)
    return {"ExpirationDate": expires.isoformat()} if expires else {}


def estimate_outputs(view: SaleView) -> dict[str, str]:
    """The workflow's later actions get the estimate."""
    return {
        "estimateId": view.id,
        "estimateNumber": view.number,
        "estimateAmount": view.amount_text,
        "estimateStatus": view.status.lower(),
        "estimateExpirationDate": date_text(view.expiration_date),
        "estimateRecipient": view.recipient,
        "estimateLink": view.url,
    }
