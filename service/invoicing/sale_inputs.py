"""What the author may choose in every action that makes a sale: invoice, estimate, receipt, credit. Knows no deal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.ids import ItemId, RealmId
from service.invoicing.input_fields import (
    AmountField,
    DayField,
    EmailsField,
    InputsSchema,
    NameField,
    PercentField,
    TextField,
    is_id,
    load_inputs,
)

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (CustomField)
CUSTOM_FIELD_LENGTH = 31


class BillTo(StrEnum):
    """Who receives the sale."""

    PRIMARY_CONTACT = "primary_contact"
    PRIMARY_COMPANY = "primary_company"
    LABELLED = "labelled"


class WhenCustomerNotFound(StrEnum):
    """What happens when QuickBooks has no such customer."""

    CREATE = "create"
    FAIL = "fail"


class Parent(StrEnum):
    """Below whom a customer stands that is created."""

    NOBODY = "nobody"
    PRIMARY_COMPANY = "primary_company"
    CHOSEN = "chosen"


class LinesFrom(StrEnum):
    """What the lines are made from."""

    LINE_ITEMS = "line_items"
    DEAL_AMOUNT = "deal_amount"
    DEAL_PERCENTAGE = "deal_percentage"
    DEAL_PART = "deal_part"
    DEAL_REST = "deal_rest"

    @property
    def splits(self) -> bool:
        """The sale is one of several that are the deal together."""
        return self in (LinesFrom.DEAL_PERCENTAGE, LinesFrom.DEAL_PART, LinesFrom.DEAL_REST)


class WhenItemNotFound(StrEnum):
    """What happens when QuickBooks has no item for a line item."""

    DEFAULT_ITEM = "default_item"
    CREATE = "create"
    FAIL = "fail"


class NewItemType(StrEnum):
    """What an item is that is created."""

    SERVICE = "service"
    NON_INVENTORY = "non_inventory"


class Prices(StrEnum):
    """Whether the deal's prices hold the tax already."""

    WITHOUT_TAX = "without_tax"
    WITH_TAX = "with_tax"


class Addresses(StrEnum):
    """Whose word counts for the customer's address."""

    QUICKBOOKS = "quickbooks"
    HUBSPOT = "hubspot"


class WhenSaleExists(StrEnum):
    """What happens when the deal already has one of its kind."""

    RETURN_IT = "return_it"
    CREATE_ANOTHER = "create_another"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class SaleInputs:
    """The author's choices, every one optional; None and "" mean that nothing was said.

    `label`: the association label of the recipient, "contacts:37". `percentage`: of the deal's amount.
    `part_amount`: in the deal's currency; `part_name`: what the line of a share, part or rest says.
    `custom_fields`: what stands in the company's first, second and third own field.
    """

    realm_id: RealmId | None = None
    bill_to: BillTo = BillTo.PRIMARY_CONTACT
    label: str | None = None
    customer_not_found: WhenCustomerNotFound = WhenCustomerNotFound.CREATE
    parent: Parent = Parent.NOBODY
    parent_id: str | None = None
    lines: LinesFrom = LinesFrom.LINE_ITEMS
    percentage: Decimal | None = None
    part_amount: Decimal | None = None
    part_name: str = ""
    item_not_found: WhenItemNotFound = WhenItemNotFound.DEFAULT_ITEM
    default_item_id: ItemId | None = None
    new_item_type: NewItemType = NewItemType.SERVICE
    income_account_id: str | None = None
    tax_code_id: str | None = None
    prices: Prices = Prices.WITHOUT_TAX
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    shipping: Decimal | None = None
    service_date: date | None = None
    class_id: str | None = None
    location_id: str | None = None
    addresses: Addresses | None = None
    po_number: str = ""
    custom_field_1: str = ""
    custom_field_2: str = ""
    custom_field_3: str = ""
    recipient_email: str = ""
    email_cc: str = ""
    email_bcc: str = ""
    message_to_customer: str = ""
    private_note: str = ""
    txn_date: date | None = None
    number: str | None = None
    number_template: str | None = None
    existing: WhenSaleExists = WhenSaleExists.RETURN_IT

    @property
    def custom_fields(self) -> dict[str, str]:
        """By the company's number of the field."""
        return {"1": self.custom_field_1, "2": self.custom_field_2, "3": self.custom_field_3}


class SaleSchema(InputsSchema):
    """The inputs that all sales share. The action names `txn_date`, `number` and `existing` after its sale."""

    realm_id = fields.String(data_key="realmId", validate=is_id("a company"))
    bill_to = fields.Enum(BillTo, by_value=True, data_key="billTo")
    label = fields.String(
        data_key="billToLabel",
        validate=validate.Regexp(
            r"\A(contacts|companies):[0-9]{1,20}\Z", error="Must be one of the association labels offered."
        ),
    )
    customer_not_found = fields.Enum(WhenCustomerNotFound, by_value=True, data_key="customerNotFound")
    parent = fields.Enum(Parent, by_value=True, data_key="parentCustomer")
    parent_id = fields.String(data_key="parentCustomerId", validate=is_id("a customer"))
    lines = fields.Enum(LinesFrom, by_value=True, data_key="lines")
    percentage = PercentField(data_key="percentage")
    part_amount = AmountField(data_key="partAmount")
    part_name = NameField(data_key="partName")
    item_not_found = fields.Enum(WhenItemNotFound, by_value=True, data_key="itemNotFound")
    default_item_id = fields.String(data_key="defaultItemId", validate=is_id("an item"))
    new_item_type = fields.Enum(NewItemType, by_value=True, data_key="newItemType")
    income_account_id = fields.String(data_key="incomeAccountId", validate=is_id("an income account"))
    tax_code_id = fields.String(
        data_key="taxCodeId",
        validate=validate.Regexp(
            r"\A([0-9]{1,20}|taxable|exempt|TAX|NON)\Z",
            error="Must be taxable, exempt or the id of a tax code in QuickBooks.",
        ),
    )
    prices = fields.Enum(Prices, by_value=True, data_key="prices")
    discount_percent = PercentField(data_key="discountPercent")
    discount_amount = AmountField(data_key="discountAmount")
    shipping = AmountField(data_key="shippingAmount")
    service_date = DayField(data_key="serviceDate")
    class_id = fields.String(data_key="classId", validate=is_id("a class"))
    location_id = fields.String(data_key="locationId", validate=is_id("a location"))
    addresses = fields.Enum(Addresses, by_value=True, data_key="addresses")
    po_number = NameField(data_key="poNumber")
    custom_field_1 = NameField(data_key="customField1")
    custom_field_2 = NameField(data_key="customField2")
    custom_field_3 = NameField(data_key="customField3")
    number_template = NameField(data_key="numberTemplate")
    recipient_email = EmailsField(data_key="recipientEmail")
    email_cc = EmailsField(data_key="emailCc")
    email_bcc = EmailsField(data_key="emailBcc")
    message_to_customer = TextField(data_key="messageToCustomer")
    private_note = TextField(data_key="privateNote")

    @validates_schema
    def check_split(self, chosen: Mapping[str, Any], **_: Any) -> None:
        """What is said of a share or part must be what is billed: nobody means 30 % and bills it all."""
        lines = chosen.get("lines", LinesFrom.LINE_ITEMS)
        wrong = {}
        for lines_from, attribute in _SAID_OF.items():
            name = str(self.fields[attribute].data_key)
            if lines == lines_from and attribute not in chosen:
                wrong[name] = [f'Must be filled in: "lines" is {lines}, and "{name}" is empty']
            if lines != lines_from and attribute in chosen:
                wrong[name] = [f'Must be empty unless "lines" is {lines_from}; now "lines" is {lines}']
        if chosen.get("part_name") and not lines.splits:
            wrong["partName"] = [f'Must be empty unless "lines" is a part of the deal; now "lines" is {lines}']
        if wrong:
            raise ValidationError(wrong)


_SAID_OF = {LinesFrom.DEAL_PERCENTAGE: "percentage", LinesFrom.DEAL_PART: "part_amount"}


def load_sale_inputs(schema: SaleSchema, given: Mapping[str, object], action: str) -> dict[str, Any]:
    """As `load_inputs`; of a split deal every part is another sale, unless the author says otherwise.

    Raises: InputInvalid.
    """
    chosen = load_inputs(schema, given, action)
    if chosen.get("lines", LinesFrom.LINE_ITEMS).splits:
        chosen.setdefault("existing", WhenSaleExists.CREATE_ANOTHER)
    return chosen
