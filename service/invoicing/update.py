"""Update invoice: what the author chose, and when the invoice does not allow it. Knows no line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import EXCLUDE, fields

from service.errors import DepositTooLarge, InvoicePaid, InvoiceVoided
from service.invoicing.draft import limit_deposit
from service.invoicing.input_fields import load_inputs
from service.invoicing.inputs import CreateInvoiceInputs, CreateInvoiceSchema
from service.invoicing.money import Money
from service.invoicing.realm import RealmFacts
from service.invoicing.sale_inputs import LinesFrom
from service.invoicing.status import Status
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema

# Of create-invoice's choices, what shapes lines and not only what stands above them.
_OF_LINES = frozenset(
    {"tax_code_id", "prices", "discount_percent", "discount_amount", "shipping", "service_date", "class_id"}
)
# What a new invoice and one that exists can be told alike.
_SHARED = frozenset(
    {
        *("item_not_found", "default_item_id", "new_item_type", "income_account_id"),
        *("tax_code_id", "prices", "discount_percent", "discount_amount", "shipping"),
        *("deposit", "deposit_account_id", "online_payment"),
        *("term_id", "txn_date", "due_date", "due_in_days", "service_date"),
        *("recipient_email", "email_cc", "email_bcc", "addresses"),
        *("po_number", "message_to_customer", "private_note"),
        *("custom_field_1", "custom_field_2", "custom_field_3", "class_id", "location_id"),
    }
)
_DISCOUNTS = ("discount_percent", "discount_amount")


class UpdateLines(StrEnum):
    """What becomes of the invoice's lines."""

    KEEP = "keep"
    LINE_ITEMS = "line_items"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateInvoiceInputs(InvoiceInputs):
    """The author's choices; what is not among them leaves the invoice as it is.

    `said`: the choices that create-invoice has as well, by the names of `CreateInvoiceInputs`.
    """

    lines: UpdateLines = UpdateLines.KEEP
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sale(self) -> CreateInvoiceInputs:
        """What was said, and nothing else."""
        return CreateInvoiceInputs(**self.said)

    @property
    def shapes_lines(self) -> bool:
        """Whether the lines must be looked at."""
        return self.lines == UpdateLines.LINE_ITEMS or not _OF_LINES.isdisjoint(self.said)

    def over(self, earlier: CreateInvoiceInputs) -> CreateInvoiceInputs:
        """Earlier choices, where nothing else is said now."""
        if not self.said.keys().isdisjoint(_DISCOUNTS):
            earlier = replace(earlier, discount_percent=None, discount_amount=None)
        return replace(earlier, **{**self.said, "lines": LinesFrom.LINE_ITEMS})


class UpdateInvoiceSchema(InvoiceSchema):
    """Input names as the action's definition has them: those of create-invoice that make sense afterwards."""

    class Meta:
        unknown = EXCLUDE
        include: ClassVar = {
            name: field for name, field in CreateInvoiceSchema().declared_fields.items() if name in _SHARED
        }

    lines = fields.Enum(UpdateLines, by_value=True, data_key="lines")


_OWN = ("realm_id", "invoice_id", "invoice_number", "lines")


def parse_update_inputs(given: Mapping[str, object]) -> UpdateInvoiceInputs:
    """Raises: InputInvalid."""
    chosen = load_inputs(UpdateInvoiceSchema(), given, "Update invoice")
    own = {name: chosen.pop(name) for name in _OWN if name in chosen}
    return UpdateInvoiceInputs(**own, said=chosen)


def check_update(status: Status, *, received: Decimal, changes_lines: bool) -> None:
    """Raises: InvoiceVoided, InvoicePaid."""
    if status == Status.VOIDED:
        raise InvoiceVoided("The invoice is voided in QuickBooks and was not changed: create a new one for the deal.")
    if changes_lines and received > 0:
        raise InvoicePaid(
            "The invoice has payments, so its lines were not changed: correct it in QuickBooks, or bill the "
            "difference with another invoice or a credit memo."
        )


def plan_deposit(
    entity: Mapping[str, Any],
    there: Decimal,
    inputs: UpdateInvoiceInputs,
    most: Money,
    realm: RealmFacts,
    *,
    may_grow: bool,
) -> dict[str, Any]:
    """The deposit where it is not yet the author's, and its account.

    `there`: the deposit at present; `most`: what will be left to be paid, before it; `may_grow`: by tax that only
    QuickBooks can reckon it may be more.
    Raises: SettingOff, DepositTooLarge.
    """
    sale = inputs.sale
    deposit = there
    if sale.deposit is not None:
        deposit = limit_deposit(sale.deposit, most, realm, may_grow=may_grow)
    elif there > most.amount:
        raise DepositTooLarge(
            f"The invoice has a deposit of {Money(there, most.currency)}, more than the {most} it would come to. "
            'Lower it with "deposit" in the action, or correct the deal.'
        )
    changes: dict[str, Any] = {} if deposit == there else {"Deposit": deposit}
    account = {"value": sale.deposit_account_id}
    # An invoice may not show the account: then it goes with another deposit only, or it would be written each time.
    shown = (entity.get("DepositToAccountRef") or account).get("value")
    if deposit and sale.deposit_account_id and (changes or shown != sale.deposit_account_id):
        changes["DepositToAccountRef"] = account
    return changes
