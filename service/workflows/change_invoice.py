"""Change an invoice that exists: choose it, plan, write by its sync token, settle.

A write without an answer needs no look for a mark: the invoice itself shows whether it was made. It is read
again and planned again, and what is as it should be is not written. The reservation only pins which invoice
was meant, so that a run begun again does not take the deal's next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from service.errors import CannotInvoice
from service.ids import CustomerId, InvoiceId
from service.invoicing.body import canonical_body
from service.invoicing.which_invoice import InvoiceInputs
from service.store.callbacks import StoredCallback
from service.store.reservations import REFUSED, UPDATE, VOID, Reservation
from service.workflows.choose_invoice import ChosenInvoice, choose_invoice
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.write_reserved import Written, find_open_reservation, reserve

Plan = Callable[[ChosenInvoice], Mapping[str, Any] | None]
"""What to change, in QuickBooks' fields (nothing to name for a void); None: it is as it should be."""


def change_invoice(
    services: Services, callback: StoredCallback, realm: KnownRealm, inputs: InvoiceInputs, operation: str, plan: Plan
) -> None:
    """Settle the callback with the invoice voided or updated; `operation` says which.

    Raises: CannotInvoice (nothing was changed), SyncTokenStale and other TryLater, OutcomeUnknown, NotConnected.
    """
    begun = find_open_reservation(services, callback, operation)
    if begun is not None:
        inputs = replace(inputs, invoice_id=InvoiceId(str(begun.entity_id)))
    try:
        chosen = choose_invoice(services, callback, realm, inputs)
        changes = plan(chosen)
        entity = chosen.entity
        if changes is not None:
            begun = begun or _pin(services, callback, chosen, operation, changes)
            entity = _write(services, begun, chosen, operation, changes)
    except CannotInvoice:
        if begun is not None:
            with services.database.write() as tx:
                services.reservations.end(tx, begun, REFUSED, services.clock.now())
        raise
    written = [] if begun is None else [Written(begun, entity)]
    settle_invoice(services, callback, realm, entity, chosen.deal_id, written=written, voided=operation == VOID)


def _pin(
    services: Services, callback: StoredCallback, chosen: ChosenInvoice, operation: str, changes: Mapping[str, Any]
) -> Reservation:
    facts = chosen.facts
    customer_id = CustomerId(facts.customer_id)
    body = canonical_body(changes)
    return reserve(services, callback, "Invoice", customer_id, body, operation=operation, entity_id=facts.id)


def _write(
    services: Services, begun: Reservation, chosen: ChosenInvoice, operation: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    # Without a request id: a sync token is taken once, and under a known id another body may be answered with the old.
    facts = chosen.facts
    if operation == VOID:
        return services.quickbooks.void(begun.realm_id, "Invoice", facts.id, facts.sync_token)
    assert operation == UPDATE, operation
    return services.quickbooks.update(
        begun.realm_id, "Invoice", {"Id": facts.id, "SyncToken": facts.sync_token, **changes}
    )
