"""Refresh invoice: the deal's invoices are read from QuickBooks now, payments with them. Changes nothing there."""

from __future__ import annotations

from service.ids import RealmId
from service.invoicing.refresh import parse_refresh_inputs
from service.invoicing.which_invoice import InvoiceInputs, choose_meant
from service.store.callbacks import StoredCallback
from service.store.invoices import KnownInvoice
from service.workflows.choose_invoice import choose_invoice, find_mirrored
from service.workflows.find_deal import find_deals
from service.workflows.find_pay_link import with_pay_links
from service.workflows.follow_invoice import doubtful_payments, read_invoices, read_payments
from service.workflows.keep_news import News, keep_news
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice, settle_known
from service.workflows.view_invoice import view_invoice


def refresh_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the invoice as it is; one that is gone is told as deleted.

    Raises: InvoiceNotFound, TryLater, NotConnected.
    """
    inputs = parse_refresh_inputs(callback.inputs)
    realm_id = RealmId(str(callback.realm_id))
    realm = know_realm(services, callback.portal_id, realm_id)
    known = _known(services, callback, realm_id, inputs)
    _read(services, callback, realm, known)
    meant = _choose(services, realm, _known(services, callback, realm_id, inputs), inputs)
    if meant is not None:
        settle_known(services, callback, realm, meant)
        return
    # Not one of those we know of: as every other action finds it.
    chosen = choose_invoice(services, callback, realm, inputs)
    settle_invoice(services, callback, realm, chosen.entity, chosen.deal_id)


def _known(
    services: Services, callback: StoredCallback, realm_id: RealmId, inputs: InvoiceInputs
) -> list[KnownInvoice]:
    """The invoice named by its id, else all of the deal's."""
    invoice_id = inputs.invoice_id or (None if inputs.invoice_number else find_mirrored(services, callback))
    if invoice_id:
        return list(services.invoices.find(realm_id, [invoice_id]).values())
    rows = [
        row for deal in find_deals(services, callback) for row in services.invoices.of_deal(callback.portal_id, deal)
    ]
    return [row for row in rows if row.realm_id == realm_id]


def _read(services: Services, callback: StoredCallback, realm: KnownRealm, known: list[KnownInvoice]) -> None:
    """One query for the invoices, one more for payments that nobody has told us of."""
    if not known:
        return
    realm_id = RealmId(str(callback.realm_id))
    news = News(asked_at=services.clock.now())
    read_invoices(services, realm_id, news, [row.invoice_id for row in known], ())
    read_payments(services, realm_id, news, doubtful_payments(services, realm_id, news), ())
    news.invoices = with_pay_links(services, realm_id, realm, news.invoices)
    keep_news(services, callback.portal_id, realm_id, news, reason="refreshed")


def _choose(
    services: Services, realm: KnownRealm, known: list[KnownInvoice], inputs: InvoiceInputs
) -> KnownInvoice | None:
    today = realm.day_of(services.clock.now())
    home, sandbox = realm.facts.home_currency, services.quickbooks_sandbox
    views = {view_invoice(row, today, home, sandbox=sandbox): row for row in known}
    meant = choose_meant(list(views), inputs.invoice_number)
    return views[meant] if meant else None
