"""An estimate becomes an invoice: what it takes over, what it says anew. Knows no call and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from marshmallow import fields

from service.errors import EstimateClosed
from service.ids import DealId, Mark
from service.invoicing.body import canonical_body
from service.invoicing.draft import decide_number, write_note
from service.invoicing.input_fields import DayField, DaysField, InputsSchema, NameField, TextField, is_id, load_inputs
from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.invoice import OUTPUT_NAMES as INVOICE_OUTPUT_NAMES
from service.invoicing.numbering import check_number
from service.invoicing.realm import RealmFacts
from service.invoicing.terms import decide_due_date, decide_txn_date
from service.invoicing.text import cut_text

OUTPUT_NAMES = (*INVOICE_OUTPUT_NAMES[:-2], "estimateId", *INVOICE_OUTPUT_NAMES[-2:])
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class ConversionInputs(CreateInvoiceInputs):
    """The author's choices; `estimate_id` None: the deal's newest. What is not said is as in the estimate."""

    estimate_id: str | None = None


class ConversionSchema(InputsSchema):
    """Input names as the action's definition has them."""

    realm_id = fields.String(data_key="realmId", validate=is_id("a company"))
    estimate_id = fields.String(data_key="estimateId", validate=is_id("an estimate"))
    term_id = fields.String(data_key="termId", validate=is_id("terms"))
    txn_date = DayField(data_key="invoiceDate")
    due_date = DayField(data_key="dueDate")
    due_in_days = DaysField(data_key="dueInDays")
    number = NameField(data_key="invoiceNumber", validate=check_number)
    message_to_customer = TextField(data_key="messageToCustomer")
    private_note = TextField(data_key="privateNote")


def parse_conversion_inputs(given: Mapping[str, object]) -> ConversionInputs:
    """The author's choices are understood, or the wrong ones are named. Raises: InputInvalid."""
    return ConversionInputs(**load_inputs(ConversionSchema(), given, "Convert estimate to invoice"))


def check_open(number: str, status: str, *, is_open: bool) -> None:
    """Only an open estimate may become an invoice.

    Raises: EstimateClosed.
    """
    if not is_open:
        raise EstimateClosed(
            f"The estimate {number} is {status.lower()} in QuickBooks, and no invoice there was made from it. "
            "Set it to pending or accepted there, or create a new estimate."
        )


def draft_conversion(
    copied: Mapping[str, object],
    *,
    estimate_id: str,
    deal_id: DealId,
    inputs: ConversionInputs,
    realm: RealmFacts,
    today: date,
    mark: Mark,
    part: str = "",
    generation: int = 0,
) -> bytes:
    """The exact bytes of the invoice: the estimate's content, the invoice's own number, dates and note.

    `copied`: what `quickbooks/conversion` takes over; `part` of the deal that the estimate is for; `today` in the
    realm's time zone.
    Raises: BooksClosed.
    """
    txn_date = decide_txn_date(inputs, realm, today)
    due_date = decide_due_date(inputs, txn_date)
    message = cut_text(inputs.message_to_customer, _LONGEST_MESSAGE)
    anew: dict[str, object | None] = {
        "DocNumber": decide_number(deal_id, inputs, realm, mark, txn_date, generation),
        "TxnDate": txn_date.isoformat(),
        "DueDate": due_date.isoformat() if due_date else None,
        "SalesTermRef": {"value": inputs.term_id} if inputs.term_id else None,
        "EmailStatus": "NotSet",
        "PrivateNote": write_note(deal_id, mark, inputs.private_note, part),
        "CustomerMemo": {"value": message} if message else None,
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (LinkedTxn)
        "LinkedTxn": [{"TxnId": estimate_id, "TxnType": "Estimate"}],
    }
    fields = {**copied, **{name: value for name, value in anew.items() if value is not None}}
    return canonical_body({name: fields[name] for name in sorted(fields, key=lambda name: name == "Line")})
