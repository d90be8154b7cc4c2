"""Create credit memo: what the customer of a deal gets back becomes exactly one QuickBooks credit memo."""

from __future__ import annotations

from typing import Any

from service.ids import CustomerId, DealId, RealmId
from service.invoicing.credit_memo import (
    ApplyTo,
    CreditMemoInputs,
    credit_memo_fields,
    credit_memo_outputs,
    draft_application,
    parse_credit_memo_inputs,
)
from service.invoicing.marks import derive_mark
from service.invoicing.which_invoice import InvoiceInputs
from service.quickbooks.sales import parse_sale
from service.store.callbacks import StoredCallback
from service.store.reservations import APPLY
from service.workflows.choose_invoice import choose_invoice
from service.workflows.create_sale import Followed, SaleKind, create_sale
from service.workflows.create_sales_receipt import still_stands
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.write_reserved import (
    find_open_reservation,
    reserve,
    send_reserved,
    should_look_first,
)


def apply_credit(
    services: Services, callback: StoredCallback, realm: KnownRealm, inputs: CreditMemoInputs, memo: dict[str, Any]
) -> Followed:
    """Take the credit off the deal's invoice, where asked for and as far as both go.

    QuickBooks does so by a payment of nothing that is linked to both: reserved like any other create.
    Raises: InvoiceNotFound, and what `send_reserved` raises; the credit memo is there all the same.
    """
    if inputs.apply_to != ApplyTo.DEAL_INVOICE:
        return [], memo
    realm_id, memo_id = RealmId(str(callback.realm_id)), str(memo["Id"])
    begun = find_open_reservation(services, callback, APPLY)
    repeated = begun is not None
    if begun is None:
        invoice = choose_invoice(services, callback, realm, InvoiceInputs()).facts
        # Companies may have credit applied by itself: what is left is asked for, not assumed.
        facts = parse_sale(services.quickbooks.read(realm_id, "CreditMemo", memo_id) or memo)
        amount = min(invoice.balance, facts.balance)
        if amount <= 0:
            return [], memo
        body = draft_application(
            memo_id,
            invoice.id,
            amount,
            customer_id=facts.customer_id,
            currency=facts.currency if realm.facts.multicurrency else None,
            txn_date=realm.day_of(callback.received_at),
            deal_id=DealId(callback.object_id),
            mark=derive_mark(callback.portal_id, realm_id, callback.callback_id),
        )
        look_first = should_look_first(callback, services.clock.now())
        begun = reserve(
            services, callback, "Payment", CustomerId(facts.customer_id), body, operation=APPLY, look_first=look_first
        )
    applied = send_reserved(services, callback, begun, repeated=repeated)
    return [applied], services.quickbooks.read(realm_id, "CreditMemo", memo_id) or memo


CREDIT_MEMO: SaleKind[CreditMemoInputs] = SaleKind(
    entity="CreditMemo",
    noun="credit memo",
    prefix="C",
    parse=parse_credit_memo_inputs,
    own_fields=credit_memo_fields,
    outputs=credit_memo_outputs,
    counts=still_stands,
    follow_up=apply_credit,
)


def create_credit_memo(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with a credit memo. Raises: as `create_sale`."""
    create_sale(services, callback, CREDIT_MEMO)
