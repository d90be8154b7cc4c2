"""Where an operator sees an invoice in QuickBooks' own pages."""

from __future__ import annotations

from urllib.parse import quote

from service.ids import InvoiceId

# No documentation page of Intuit's gives this address: it is what the browser shows. Unverified; it opens
# the invoice only for somebody signed in to the right company.
_PAGES = "https://app.qbo.intuit.com/app/invoice?txnId="
_SANDBOX_PAGES = "https://app.sandbox.qbo.intuit.com/app/invoice?txnId="


def invoice_url(invoice_id: InvoiceId, *, sandbox: bool = False) -> str:
    """The page of an invoice; `sandbox` for QuickBooks' sandbox companies."""
    return (_SANDBOX_PAGES if sandbox else _PAGES) + quote(invoice_id, safe="")
