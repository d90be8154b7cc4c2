"""Create sales receipt: a deal that has been paid becomes exactly one QuickBooks sales receipt."""

from __future__ import annotations

from service.invoicing.sales_receipt import (
    SalesReceiptInputs,
    parse_sales_receipt_inputs,
    sales_receipt_fields,
    sales_receipt_outputs,
)
from service.quickbooks.sales import SaleFacts
from service.store.callbacks import StoredCallback
from service.workflows.create_sale import SaleKind, create_sale
from service.workflows.services import Services


def still_stands(facts: SaleFacts) -> bool:
    """A voided sales receipt is no reason not to make another."""
    return not facts.is_voided


SALES_RECEIPT: SaleKind[SalesReceiptInputs] = SaleKind(
    entity="SalesReceipt",
    noun="sales receipt",
    prefix="R",
    parse=parse_sales_receipt_inputs,
    own_fields=sales_receipt_fields,
    outputs=sales_receipt_outputs,
    counts=still_stands,
)


def create_sales_receipt(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with a sales receipt. Raises: as `create_sale`."""
    create_sale(services, callback, SALES_RECEIPT)
