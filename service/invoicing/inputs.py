"""What the workflow's author chose in the Create invoice action. Knows no deal and no realm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marshmallow import fields, validate

from service.ids import ItemId, RealmId
from service.invoicing.input_fields import DayField, DaysField, InputsSchema, NameField, TextField, is_id, load_inputs
from service.invoicing.numbering import MAX_NUMBER


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


class CreateInvoiceSchema(InputsSchema):
    """Input names as the action's definition has them; unknown ones belong to other versions of it."""

    realm_id = fields.String(data_key="realmId", validate=is_id("a company"))
    bill_to = fields.Enum(BillTo, by_value=True, data_key="billTo")
    customer_not_found = fields.Enum(WhenCustomerNotFound, by_value=True, data_key="customerNotFound")
    lines = fields.Enum(LinesFrom, by_value=True, data_key="lines")
    item_not_found = fields.Enum(WhenItemNotFound, by_value=True, data_key="itemNotFound")
    default_item_id = fields.String(data_key="defaultItemId", validate=is_id("an item"))
    income_account_id = fields.String(data_key="incomeAccountId", validate=is_id("an income account"))
    term_id = fields.String(data_key="termId", validate=is_id("terms"))
    invoice_date = DayField(data_key="invoiceDate")
    due_date = DayField(data_key="dueDate")
    due_in_days = DaysField(data_key="dueInDays")
    tax_code_id = fields.String(
        data_key="taxCodeId",
        validate=validate.Regexp(
            r"\A([0-9]{1,20}|taxable|exempt|TAX|NON)\Z",
            error="Must be taxable, exempt or the id of a tax code in QuickBooks.",
        ),
    )
    invoice_number = NameField(
        data_key="invoiceNumber",
        validate=validate.Length(max=MAX_NUMBER, error=f"Must have at most {MAX_NUMBER} characters."),
    )
    message_to_customer = TextField(data_key="messageToCustomer")
    private_note = TextField(data_key="privateNote")
    existing_invoice = fields.Enum(WhenInvoiceExists, by_value=True, data_key="existingInvoice")


def parse_inputs(given: Mapping[str, object]) -> CreateInvoiceInputs:
    """The author's choices are understood, or the wrong ones are named.

    `given` is HubSpot's `inputFields`: all values text.
    Raises: InputInvalid.
    """
    return CreateInvoiceInputs(**load_inputs(CreateInvoiceSchema(), given, "Create invoice"))
