"""Write down that an action ended well with an invoice: outcome, invoice and reservation in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from service.errors import CannotInvoice
from service.ids import DealId, InvoiceId, RealmId
from service.invoicing.actions import output_names
from service.invoicing.invoice import fill_outputs, outputs
from service.invoicing.status import Status
from service.store.callbacks import SUCCESS, StoredCallback
from service.store.hints import Hint
from service.store.invoices import KnownInvoice
from service.workflows.find_pay_link import link_hints, with_pay_links
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.view_invoice import facts_of, known_invoice, view_invoice
from service.workflows.write_reserved import Written, end_created


def settle_invoice(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    entity: dict[str, Any],
    deal_id: DealId | None,
    *,
    written: Sequence[Written] = (),
    more: Mapping[str, str] | None = None,
    but: CannotInvoice | None = None,
    voided: bool = False,
) -> None:
    """`entity`: the invoice as QuickBooks has just answered it.

    `written`: the reserved writes that have been made; `more`: outputs of this action only; `but`: what is
    not as it should be although it was done; `voided`: by us, whatever language QuickBooks notes it in.
    """
    now = services.clock.now()
    today = realm.day_of(now)
    realm_id, portal_id = RealmId(str(callback.realm_id)), callback.portal_id
    invoice_id = InvoiceId(str(entity["Id"]))
    entity = with_pay_links(services, realm_id, realm, {invoice_id: entity})[invoice_id]
    # An invoice without a deal is told to the workflow, and not kept: nothing of ours would follow it.
    row = known_invoice(entity, portal_id, realm_id, deal_id or DealId(""), callback.callback_id, today, now)
    if voided:
        row = replace(row, status=Status.VOIDED.value)
    told = outputs_of(services, row, realm, today) | dict(more or {})
    error = (but.code, but.sentence) if but else None
    if but:
        told |= {"errorCode": but.code, "errorMessage": but.sentence}
    heard = [*payment_hints(services, row), *link_hints(realm, realm_id, entity)] if deal_id is not None else []
    with services.database.write() as tx:
        for each in written:
            end_created(services, tx, each, now)
        if deal_id is not None:
            services.invoices.keep(tx, row)
            services.hints.hear_in(tx, heard, now)
        services.callbacks.settle(tx, callback, SUCCESS, fill_outputs(told, output_names(callback.action)), now, error)


def payment_hints(services: Services, row: KnownInvoice) -> list[Hint]:
    """Payments that the invoice names and we do not know: just recorded, or applied by QuickBooks itself."""
    named = facts_of(row).payment_ids
    unknown = set(named) - set(services.payments.find(row.realm_id, named))
    return [Hint("quickbooks", row.realm_id, "Payment", each, frozenset({"named"})) for each in sorted(unknown)]


def outputs_of(services: Services, row: KnownInvoice, realm: KnownRealm, today: date) -> dict[str, str]:
    """The workflow's outputs for an invoice."""
    return outputs(view_invoice(row, today, realm.facts.home_currency, sandbox=services.quickbooks_sandbox))


def settle_known(services: Services, callback: StoredCallback, realm: KnownRealm, row: KnownInvoice) -> None:
    """The same with an invoice that is kept already, and may be deleted."""
    now = services.clock.now()
    told = outputs_of(services, row, realm, realm.day_of(now))
    with services.database.write() as tx:
        services.callbacks.settle(tx, callback, SUCCESS, fill_outputs(told, output_names(callback.action)), now)
