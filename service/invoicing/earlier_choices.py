"""What authors chose for an invoice before, or what it shows of that. Knows no row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from service.errors import InputInvalid
from service.invoicing.inputs import CreateInvoiceInputs, parse_inputs
from service.invoicing.invoice_lines import SALE, Line, read_lines, reference_of
from service.invoicing.realm import RealmFacts, SalesTax
from service.invoicing.tax import EXEMPT_CODE
from service.invoicing.update import parse_update_inputs

Choices = TypeVar("Choices")
Given = Mapping[str, object]
"""HubSpot's `inputFields`."""


def join_choices(
    entity: Mapping[str, Any], created: Given | None, updated: Sequence[Given], realm: RealmFacts
) -> CreateInvoiceInputs:
    """Everything that was chosen for an invoice, the latest word counting.

    `created`: what it was made with, None where nobody knows; `updated`: later updates, the oldest first.
    Raises: LineItemUnusable.
    """
    choices = _parse(parse_inputs, created) or infer_choices(entity, realm)
    for given in updated:
        update = _parse(parse_update_inputs, given)
        choices = update.over(choices) if update else choices
    return choices


def infer_choices(entity: Mapping[str, Any], realm: RealmFacts) -> CreateInvoiceInputs:
    """What all lines have in common must have been chosen for all of them.

    Raises: LineItemUnusable.
    """
    sold = read_lines(entity).sold
    return CreateInvoiceInputs(
        tax_code_id=_infer_tax_code(sold, realm),
        class_id=_common(reference_of(line, "ClassRef") for line in sold) if realm.class_per_line else None,
        service_date=_day(_common((line.get(SALE) or {}).get("ServiceDate") for line in sold)),
    )


def _infer_tax_code(sold: Sequence[Line], realm: RealmFacts) -> str | None:
    code = _common(reference_of(line, "TaxCodeRef") for line in sold)
    if realm.sales_tax == SalesTax.CODES:
        return code
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    # Lines that are taxable may be so because their items are: the next item may not be.
    return EXEMPT_CODE if realm.sales_tax.is_us and code == "NON" else None


def sale_code_of(entity: Mapping[str, Any]) -> str | None:
    """The rate of a whole sale, where it has one (US)."""
    reference = (entity.get("TxnTaxDetail") or {}).get("TxnTaxCodeRef") or {}
    return reference.get("value")


def _parse(parse: Callable[[Given], Choices], given: Given | None) -> Choices | None:
    """What an older version understood and this one does not says nothing."""
    try:
        return None if given is None else parse(given)
    except InputInvalid:
        return None


def _common(values: Iterable[str | None]) -> str | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
