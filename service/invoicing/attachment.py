"""The PDF of an invoice on its deal: how the file is called, and what the note says."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from service.ids import InvoiceId, RealmId
from service.invoicing.input_fields import load_inputs
from service.invoicing.which_invoice import InvoiceInputs, InvoiceSchema

FOLDER = "/QuickBooks invoices"
_NOT_FOR_FILES = re.compile(r"[^A-Za-z0-9._-]+")


class AttachPdfSchema(InvoiceSchema):
    """Input names as the action's definition has them."""


def parse_attach_inputs(given: Mapping[str, object]) -> InvoiceInputs:
    """Raises: InputInvalid."""
    return InvoiceInputs(**load_inputs(AttachPdfSchema(), given, "Attach invoice PDF"))


def derive_file_name(realm_id: RealmId, invoice_id: InvoiceId, number: str | None) -> str:
    """One invoice has one file, whatever number it has by now is read from its name too."""
    readable = _NOT_FOR_FILES.sub("-", number or "").strip("-.")
    return "-".join(filter(None, ["invoice", readable, realm_id, invoice_id])) + ".pdf"


def draft_pdf_note(number: str | None, recipient: str) -> str:
    """The note's HTML; what comes from QuickBooks is text in it."""
    named = f"Invoice {number}" if number else "Invoice"
    to = f" to {recipient}" if recipient else ""
    return f"<p>{html.escape(named + to)}: PDF from QuickBooks.</p>"
