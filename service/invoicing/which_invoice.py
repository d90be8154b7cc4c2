"""Which invoice an action means: the one named in its inputs, else the one the deal shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marshmallow import fields, validate

from service.ids import InvoiceId, RealmId
from service.invoicing.input_fields import InputsSchema, NameField, is_id
from service.invoicing.invoice import InvoiceView
from service.invoicing.numbering import MAX_NUMBER
from service.invoicing.rollup import choose_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceInputs:
    """The inputs that all actions on an invoice have; None: not given."""

    realm_id: RealmId | None = None
    invoice_id: InvoiceId | None = None
    invoice_number: str | None = None


class InvoiceSchema(InputsSchema):
    """The same, as the definitions name them."""

    realm_id = fields.String(data_key="realmId", validate=is_id("a company"))
    invoice_id = fields.String(data_key="invoiceId", validate=is_id("an invoice"))
    invoice_number = NameField(
        data_key="invoiceNumber",
        validate=validate.Length(max=MAX_NUMBER, error=f"Must have at most {MAX_NUMBER} characters."),
    )


def choose_meant(views: Sequence[InvoiceView], number: str | None) -> InvoiceView | None:
    """Of a deal's invoices the one with the number, else the one that is shown: live ones before others."""
    wanted = [view for view in views if number is None or view.number == number]
    return choose_shown([view for view in wanted if view.status.is_live]) or choose_shown(wanted)
