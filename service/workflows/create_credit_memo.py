"""Create credit memo: what the customer of a deal gets back becomes exactly one QuickBooks credit memo."""

from __future__ import annotations

from service.invoicing.credit_memo import credit_memo_fields, credit_memo_outputs, parse_credit_memo_inputs
from service.invoicing.other_sale import OtherSaleInputs
from service.store.callbacks import StoredCallback
from service.workflows.create_sale import SaleKind, create_sale
from service.workflows.create_sales_receipt import still_stands
from service.workflows.services import Services

CREDIT_MEMO: SaleKind[OtherSaleInputs] = SaleKind(
    entity="CreditMemo",
    noun="credit memo",
    prefix="C",
    parse=parse_credit_memo_inputs,
    own_fields=credit_memo_fields,
    outputs=credit_memo_outputs,
    counts=still_stands,
)


def create_credit_memo(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with a credit memo. Raises: as `create_sale`."""
    create_sale(services, callback, CREDIT_MEMO)
