"""Change an invoice that exists: choose it, plan, write by its sync token, settle.

A write without an answer needs no look for a mark: the invoice itself shows whether it was made. It is read
again and planned again, and what is as it should be is not written. The reservation only pins which invoice
was meant, so that a run begun again does not take the deal's next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.errors import CannotInvoice, TotalDiffers
from service.ids import CustomerId, InvoiceId
from service.invoicing.body import canonical_body
from service.invoicing.read_back import find_difference
from service.invoicing.which_invoice import InvoiceInputs
from service.store.callbacks import StoredCallback
from service.store.reservations import REFUSED, UPDATE, VOID, Reservation
from service.workflows.choose_invoice import ChosenInvoice, choose_invoice
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.write_reserved import Written, find_open_reservation, reserve


@dataclass(frozen=True, slots=True)
class Planned:
    """What to do with an invoice.

    `changes`: in QuickBooks' fields (nothing to name for a void); None: it is as it should be. `wanted`: the
    lines it shall have, None: whichever it has.
    """

    changes: Mapping[str, Any] | None
    wanted: Mapping[str, Any] | None = None


Plan = Callable[[ChosenInvoice], Planned]
MayPlanAgain = Callable[[Mapping[str, Any], CannotInvoice], bool]
"""Whether another plan may fare better than the changes refused; forgets what misled it."""


def never(_changes: Mapping[str, Any], _error: CannotInvoice) -> bool:
    """The same plan would be refused again."""
    return False


def change_invoice(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    inputs: InvoiceInputs,
    operation: str,
    plan: Plan,
    may_plan_again: MayPlanAgain = never,
) -> None:
    """Settle the callback with the invoice voided or updated; `operation` says which.

    An invoice that QuickBooks brings to another total than its lines is updated all the same: that is told with it.

    Raises: CannotInvoice (nothing was changed), SyncTokenStale and other TryLater, OutcomeUnknown, NotConnected.
    """
    begun = find_open_reservation(services, callback, operation)
    if begun is not None:
        inputs = replace(inputs, invoice_id=InvoiceId(str(begun.entity_id)))
    try:
        chosen = choose_invoice(services, callback, realm, inputs)
        planned = plan(chosen)
        entity = chosen.entity
        if planned.changes is not None:
            begun = begun or _pin(services, callback, chosen, operation, planned.changes)
            try:
                entity = _write(services, begun, chosen, operation, planned.changes)
            except CannotInvoice as error:
                if not may_plan_again(planned.changes, error):
                    raise
                # Nothing was changed, so that it is still the invoice that was chosen.
                planned = plan(chosen)
                entity = _write(services, begun, chosen, operation, planned.changes or {})
    except CannotInvoice:
        if begun is not None:
            with services.database.write() as tx:
                services.reservations.end(tx, begun, REFUSED, services.clock.now())
        raise
    written = [] if begun is None else [Written(begun, entity)]
    differs = find_difference(canonical_body(planned.wanted), entity) if begun and planned.wanted else None
    but = TotalDiffers(differs) if differs else None
    is_void = operation == VOID
    settle_invoice(services, callback, realm, entity, chosen.deal_id, written=written, but=but, voided=is_void)


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
