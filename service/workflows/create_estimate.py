"""Create estimate: a deal becomes exactly one QuickBooks estimate, which may later become an invoice."""

from __future__ import annotations

from service.invoicing.estimate import EstimateInputs, estimate_fields, estimate_outputs, parse_estimate_inputs
from service.quickbooks.sales import SaleFacts
from service.store.callbacks import StoredCallback
from service.workflows.create_sale import SaleKind, create_sale
from service.workflows.services import Services


def is_open(facts: SaleFacts) -> bool:
    """An estimate that was invoiced or rejected is no reason not to make another."""
    return facts.is_open


ESTIMATE: SaleKind[EstimateInputs] = SaleKind(
    entity="Estimate",
    noun="estimate",
    prefix="E",
    parse=parse_estimate_inputs,
    own_fields=estimate_fields,
    outputs=estimate_outputs,
    counts=is_open,
)


def create_estimate(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with an estimate. Raises: as `create_sale`."""
    create_sale(services, callback, ESTIMATE)
