"""Update invoice: what the action names, and the deal's line items where it says so. What is so already stays."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.errors import InputInvalid, InvoiceNotFound
from service.ids import CustomerId, RealmId
from service.invoicing.billing import check_total, plan_lines
from service.invoicing.currency import decide_currency
from service.invoicing.lines import draft_lines
from service.invoicing.marks import read_part
from service.invoicing.update import (
    UpdateInvoiceInputs,
    UpdateLines,
    check_update,
    parse_update_inputs,
    plan_header,
    plan_new_lines,
)
from service.store.callbacks import StoredCallback
from service.store.reservations import UPDATE
from service.workflows.change_invoice import change_invoice
from service.workflows.choose_invoice import ChosenInvoice
from service.workflows.ensure_items import ensure_items
from service.workflows.ensure_properties import names_of
from service.workflows.gather_deal import gather_lines
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.know_tax import know_tax
from service.workflows.services import Services


def update_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the invoice as the action wants it.

    Raises: CannotInvoice (it is not changed), TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_update_inputs(callback.inputs)
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))

    def plan(chosen: ChosenInvoice) -> Mapping[str, Any] | None:
        facts = chosen.facts
        check_update(chosen.status, received=Decimal(0), changes_lines=False)
        changes = plan_header(chosen.entity, inputs)
        if inputs.lines == UpdateLines.LINE_ITEMS:
            lines = _plan_lines(services, callback, realm, chosen, inputs)
            received = facts.total - facts.deposit - facts.balance
            check_update(chosen.status, received=received, changes_lines=bool(lines))
            changes |= lines
        return changes or None

    change_invoice(services, callback, realm, inputs, UPDATE, plan)


def _plan_lines(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    chosen: ChosenInvoice,
    inputs: UpdateInvoiceInputs,
) -> dict[str, Any]:
    """The deal's line items as create-invoice would bill them, where the invoice has other lines."""
    realm_id = RealmId(str(callback.realm_id))
    if chosen.deal_id is None:
        raise InvoiceNotFound("The invoice belongs to no deal, so there are no line items for it: keep its lines.")
    if part := read_part(chosen.facts.private_note):
        raise InputInvalid(
            f"The invoice is for one part of the deal ({part}), and all the line items would bill the deal beyond its "
            'amount. Set "lines" to keep in the action.'
        )
    names = names_of(services, callback.portal_id, realm_id)
    deal, line_items = gather_lines(services, callback.portal_id, chosen.deal_id, names)
    txn_date = inputs.invoice_date or chosen.facts.txn_date or realm.day_of(callback.received_at)
    sale = inputs.sale_inputs(txn_date)
    billed = plan_lines(deal, line_items, sale)
    currency = decide_currency(deal, billed, realm.facts, chosen.facts.currency)
    item_ids = ensure_items(services, callback, billed, sale, realm)
    customer_id = CustomerId(str((chosen.entity.get("CustomerRef") or {}).get("value")))
    known = know_tax(services, callback.portal_id, realm_id, realm.facts, sale, customer_id, item_ids.values())
    drafted = draft_lines(billed, item_ids, currency, sale, realm.facts, known, txn_date=txn_date)
    check_total(drafted.total)
    return plan_new_lines(chosen.entity, drafted)
