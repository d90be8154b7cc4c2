"""Void invoice: its amounts become zero in QuickBooks, number and customer stay. There is no way back."""

from __future__ import annotations

from service.errors import InvoicePaid, RefusedByQuickBooks
from service.ids import RealmId
from service.invoicing.void import HAS_PAYMENTS, parse_void_inputs, plan_void
from service.store.callbacks import StoredCallback
from service.store.reservations import VOID
from service.workflows.change_invoice import Planned, change_invoice
from service.workflows.choose_invoice import ChosenInvoice
from service.workflows.know_realm import know_realm
from service.workflows.services import Services

# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
SETTLED = "6450"


def void_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the invoice voided.

    Raises: CannotInvoice (it is not voided), TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_void_inputs(callback.inputs)
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))

    def plan(chosen: ChosenInvoice) -> Planned:
        facts = chosen.facts
        received = facts.total - facts.deposit - facts.balance
        to_void = plan_void(chosen.status, received=received, has_payments=bool(facts.payment_ids))
        return Planned({} if to_void else None)

    try:
        change_invoice(services, callback, realm, inputs, VOID, plan)
    except RefusedByQuickBooks as error:
        if error.fault_code != SETTLED:
            raise
        raise InvoicePaid(HAS_PAYMENTS) from error
