"""Updating an invoice: what the author chose, and what of it is not so in QuickBooks yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from service.errors import InvoicePaid, InvoiceVoided
from service.ids import ItemId
from service.invoicing.input_fields import DayField, DaysField, TextField, is_id, load_inputs
from service.invoicing.lines import SHIPPING_ITEM, DraftLines
from service.invoicing.marks import drop_marks, read_signature
from service.invoicing.sale_inputs import LinesFrom, SaleInputs, WhenItemNotFound
from service.invoicing.send import EMAIL
from service.invoicing.status import Status
from service.invoicing.text import cut_text
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema

_LONGEST_MESSAGE, _LONGEST_NOTE = 1000, 4000


class UpdateLines(StrEnum):
    """What becomes of the invoice's lines."""

    KEEP = "keep"
    LINE_ITEMS = "line_items"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateInvoiceInputs(InvoiceInputs):
    """The author's choices; None and "" leave the invoice as it is."""

    lines: UpdateLines = UpdateLines.KEEP
    item_not_found: WhenItemNotFound = WhenItemNotFound.DEFAULT_ITEM
    default_item_id: ItemId | None = None
    income_account_id: str | None = None
    tax_code_id: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    due_in_days: int | None = None
    term_id: str | None = None
    recipient_email: str | None = None
    message_to_customer: str = ""
    private_note: str = ""

    def sale_inputs(self, txn_date: date | None) -> SaleInputs:
        """What the drafting of lines must know."""
        return SaleInputs(
            lines=LinesFrom.LINE_ITEMS,
            item_not_found=self.item_not_found,
            default_item_id=self.default_item_id,
            income_account_id=self.income_account_id,
            tax_code_id=self.tax_code_id,
            txn_date=txn_date,
        )


class UpdateInvoiceSchema(InvoiceSchema):
    """Input names as the action's definition has them."""

    lines = fields.Enum(UpdateLines, by_value=True, data_key="lines")
    item_not_found = fields.Enum(WhenItemNotFound, by_value=True, data_key="itemNotFound")
    default_item_id = fields.String(data_key="defaultItemId", validate=is_id("an item"))
    income_account_id = fields.String(data_key="incomeAccountId", validate=is_id("an income account"))
    tax_code_id = fields.String(
        data_key="taxCodeId",
        validate=validate.Regexp(
            r"\A([0-9]{1,20}|taxable|exempt|TAX|NON)\Z",
            error="Must be taxable, exempt or the id of a tax code in QuickBooks.",
        ),
    )
    invoice_date = DayField(data_key="invoiceDate")
    due_date = DayField(data_key="dueDate")
    due_in_days = DaysField(data_key="dueInDays")
    term_id = fields.String(data_key="termId", validate=is_id("terms"))
    recipient_email = fields.String(data_key="recipientEmail", validate=EMAIL)
    message_to_customer = TextField(data_key="messageToCustomer")
    private_note = TextField(data_key="privateNote")


def parse_update_inputs(given: Mapping[str, object]) -> UpdateInvoiceInputs:
    """Raises: InputInvalid."""
    return UpdateInvoiceInputs(**load_inputs(UpdateInvoiceSchema(), given, "Update invoice"))


def plan_header(entity: Mapping[str, Any], inputs: UpdateInvoiceInputs) -> dict[str, Any]:
    """The fields above the lines that are not yet as the author wants them."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice#sparse-update-an-invoice
    due_date, day = inputs.due_date, inputs.invoice_date or _day(entity.get("TxnDate"))
    if due_date is None and inputs.due_in_days is not None and day is not None:
        due_date = day + timedelta(days=inputs.due_in_days)
    note = _write_note(str(entity.get("PrivateNote") or ""), inputs.private_note)
    message = cut_text(inputs.message_to_customer, _LONGEST_MESSAGE)
    wanted: dict[str, Any] = {
        "TxnDate": inputs.invoice_date.isoformat() if inputs.invoice_date else None,
        "DueDate": due_date.isoformat() if due_date else None,
        "SalesTermRef": {"value": inputs.term_id} if inputs.term_id else None,
        "BillEmail": {"Address": inputs.recipient_email} if inputs.recipient_email else None,
        "CustomerMemo": {"value": message} if message else None,
        "PrivateNote": note,
    }
    return {name: value for name, value in wanted.items() if value is not None and not _is(entity.get(name), value)}


def plan_new_lines(entity: Mapping[str, Any], drafted: DraftLines) -> dict[str, Any]:
    """The lines that are not yet as the deal has them; discount and shipping of the invoice stay."""
    told = drafted.fields()
    lines: list[dict[str, Any]] = [dict(line) for line in told["Line"]]  # type: ignore[attr-defined]
    there = [line for line in entity.get("Line") or [] if isinstance(line, Mapping)]
    sold, wanted = [_sold(line) for line in there if _is_sold(line)], list(map(_sold, lines))
    if len(sold) == len(wanted) and all(map(_is_same, sold, wanted)):
        return {}
    kept = [dict(line) for line in there if line.get("DetailType") == "DiscountLineDetail" or _is_shipping(line)]
    return {**told, "Line": [*lines, *kept]}


def check_update(status: Status, *, received: Decimal, changes_lines: bool) -> None:
    """Raises: InvoiceVoided, InvoicePaid."""
    if status == Status.VOIDED:
        raise InvoiceVoided("The invoice is voided in QuickBooks and was not changed: create a new one for the deal.")
    if changes_lines and received > 0:
        raise InvoicePaid(
            "The invoice has payments, so its lines were not changed: correct it in QuickBooks, or bill the "
            "difference with another invoice or a credit memo."
        )


def _write_note(there: str, text: str) -> str | None:
    """The author's words after the line by which we find the invoice again."""
    if not text:
        return None
    return cut_text("\n".join(filter(None, [read_signature(there), drop_marks(text)])), _LONGEST_NOTE)


def _is(there: Any, wanted: Any) -> bool:
    """References come back with a name beside the value."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(there.get(name) == value for name, value in wanted.items())
    return bool(there == wanted)


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _is_shipping(line: Mapping[str, Any]) -> bool:
    return _sold(line)[0] == SHIPPING_ITEM


def _is_sold(line: Mapping[str, Any]) -> bool:
    return line.get("DetailType") == "SalesItemLineDetail" and not _is_shipping(line)


def _is_same(there: Sequence[object], wanted: Sequence[object]) -> bool:
    """What the draft leaves out QuickBooks fills: it makes no difference."""
    return all(ours in (None, "", theirs) for theirs, ours in zip(there, wanted, strict=True))


def _sold(line: Mapping[str, Any]) -> Sequence[object]:
    """What makes one line another one."""
    detail = line.get("SalesItemLineDetail") or {}
    item, tax_code = (detail.get(name) or {} for name in ("ItemRef", "TaxCodeRef"))
    numbers = (line.get("Amount"), detail.get("Qty"), detail.get("UnitPrice"))
    amounts = [None if each is None else Decimal(str(each)) for each in numbers]
    return (item.get("value"), line.get("Description"), tax_code.get("value"), *amounts)
