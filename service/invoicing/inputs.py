"""What the workflow's author chose in the Create invoice action. Knows no deal and no realm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from service.errors import InputInvalid
from service.ids import ItemId, RealmId
from service.invoicing.dates import parse_date
from service.invoicing.money import NotANumber, parse_decimal
from service.invoicing.numbering import MAX_NUMBER
from service.invoicing.text import clean_name, clean_text, quote_text


class BillTo(StrEnum):
    """Who receives the invoice."""

    PRIMARY_CONTACT = "primary_contact"
    PRIMARY_COMPANY = "primary_company"


class WhenCustomerNotFound(StrEnum):
    """What happens when QuickBooks has no such customer."""

    CREATE = "create"
    FAIL = "fail"


class LinesFrom(StrEnum):
    """What the lines of the invoice are made from."""

    LINE_ITEMS = "line_items"
    DEAL_AMOUNT = "deal_amount"


class WhenItemNotFound(StrEnum):
    """What happens when QuickBooks has no item for a line item."""

    DEFAULT_ITEM = "default_item"
    CREATE = "create"
    FAIL = "fail"


class WhenInvoiceExists(StrEnum):
    """What happens when the deal already has an invoice."""

    RETURN_IT = "return_it"
    CREATE_ANOTHER = "create_another"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CreateInvoiceInputs:
    """The author's choices, every one optional; None and "" mean that nothing was said."""

    realm_id: RealmId | None = None
    bill_to: BillTo = BillTo.PRIMARY_CONTACT
    customer_not_found: WhenCustomerNotFound = WhenCustomerNotFound.CREATE
    lines: LinesFrom = LinesFrom.LINE_ITEMS
    item_not_found: WhenItemNotFound = WhenItemNotFound.DEFAULT_ITEM
    default_item_id: ItemId | None = None
    income_account_id: str | None = None
    term_id: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    due_in_days: int | None = None
    tax_code_id: str | None = None
    invoice_number: str | None = None
    message_to_customer: str = ""
    private_note: str = ""
    existing_invoice: WhenInvoiceExists = WhenInvoiceExists.RETURN_IT


class _Day(fields.Field[date]):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        day = parse_date(value) if isinstance(value, str) else None
        if day is None:
            raise ValidationError("Must be a date such as 2026-11-22 between the years 2000 and 2199.")
        return day


class _Days(fields.Field[int]):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        try:
            days = parse_decimal(value) if isinstance(value, str) else None
        except NotANumber:
            days = None
        if days is None or days != days.to_integral_value() or not 0 <= days <= 3650:
            raise ValidationError("Must be a whole number of days from 0 to 3650.")
        return int(days)


class _Name(fields.String):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return clean_name(super()._deserialize(value, attr, data, **kwargs))


class _Text(fields.String):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return clean_text(super()._deserialize(value, attr, data, **kwargs))


def _is_id(what: str) -> validate.Regexp:
    return validate.Regexp(r"\A[0-9]{1,20}\Z", error=f"Must be the id of {what} in QuickBooks, digits only.")


class CreateInvoiceSchema(Schema):
    """Input names as the action's definition has them; unknown ones belong to other versions of it."""

    class Meta:
        unknown = EXCLUDE

    realm_id = fields.String(data_key="realmId", validate=_is_id("a company"))
    bill_to = fields.Enum(BillTo, by_value=True, data_key="billTo")
    customer_not_found = fields.Enum(WhenCustomerNotFound, by_value=True, data_key="customerNotFound")
    lines = fields.Enum(LinesFrom, by_value=True, data_key="lines")
    item_not_found = fields.Enum(WhenItemNotFound, by_value=True, data_key="itemNotFound")
    default_item_id = fields.String(data_key="defaultItemId", validate=_is_id("an item"))
    income_account_id = fields.String(data_key="incomeAccountId", validate=_is_id("an income account"))
    term_id = fields.String(data_key="termId", validate=_is_id("terms"))
    invoice_date = _Day(data_key="invoiceDate")
    due_date = _Day(data_key="dueDate")
    due_in_days = _Days(data_key="dueInDays")
    tax_code_id = fields.String(
        data_key="taxCodeId",
        validate=validate.Regexp(
            r"\A([0-9]{1,20}|taxable|exempt|TAX|NON)\Z",
            error="Must be taxable, exempt or the id of a tax code in QuickBooks.",
        ),
    )
    invoice_number = _Name(
        data_key="invoiceNumber",
        validate=validate.Length(max=MAX_NUMBER, error=f"Must have at most {MAX_NUMBER} characters."),
    )
    message_to_customer = _Text(data_key="messageToCustomer")
    private_note = _Text(data_key="privateNote")
    existing_invoice = fields.Enum(WhenInvoiceExists, by_value=True, data_key="existingInvoice")

    @pre_load
    def drop_blanks(self, data: Any, **_: Any) -> Any:
        """An input left empty is an input not given."""
        if not isinstance(data, Mapping):
            return data
        trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in data.items()}
        return {name: value for name, value in trimmed.items() if value is not None and value != ""}


def parse_inputs(given: Mapping[str, object]) -> CreateInvoiceInputs:
    """The author's choices are understood, or the wrong ones are named.

    `given` is HubSpot's `inputFields`: all values text.
    Raises: InputInvalid.
    """
    try:
        return CreateInvoiceInputs(**CreateInvoiceSchema().load(given))
    except ValidationError as error:
        raise InputInvalid(_tell(error, given)) from error


def _tell(error: ValidationError, given: Mapping[str, object]) -> str:
    messages = error.messages if isinstance(error.messages, dict) else {}
    if "_schema" in messages or not messages:
        return "The inputs of the Create invoice action are not a list of names and values. Set the action up again."
    wrong = [f"{name} {_first(texts)} (it is {quote_text(given.get(name))})" for name, texts in messages.items()]
    return f"In the Create invoice action of the workflow, {'; '.join(wrong)}. Correct the action's inputs."


def _first(texts: Any) -> str:
    text = str(texts[0] if isinstance(texts, list) and texts else "Must be text.")
    return text[:1].lower() + text[1:].rstrip(".")
