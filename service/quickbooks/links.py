"""Where an operator sees an invoice or another sale in QuickBooks' own pages."""

from __future__ import annotations

from urllib.parse import quote

from service.ids import InvoiceId

# No documentation page of Intuit's gives this address: it is what the browser shows. Unverified; it opens
# the invoice only for somebody signed in to the right company.
_PAGES = "https://app.qbo.intuit.com/app/"
_SANDBOX_PAGES = "https://app.sandbox.qbo.intuit.com/app/"


def invoice_url(invoice_id: InvoiceId, *, sandbox: bool = False) -> str:
    """The page of an invoice; `sandbox` for QuickBooks' sandbox companies."""
    return sale_url("Invoice", invoice_id, sandbox=sandbox)


def sale_url(entity: str, sale_id: str, *, sandbox: bool = False) -> str:
    """The page of a sale, by QuickBooks' name of its kind."""
    return f"{_SANDBOX_PAGES if sandbox else _PAGES}{entity.lower()}?txnId={quote(sale_id, safe='')}"
