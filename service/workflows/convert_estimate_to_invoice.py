"""Convert estimate to invoice: an estimate becomes exactly one invoice, linked to it. Read it top to bottom."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from decimal import Decimal
from typing import Any

from service.errors import CannotInvoice, EstimateNotFound, NumberTaken, RefusedByQuickBooks, TotalDiffers
from service.ids import DealId, RealmId
from service.invoicing.billing import check_total
from service.invoicing.conversion import ConversionInputs, check_open, draft_conversion, parse_conversion_inputs
from service.invoicing.marks import derive_mark, names_deal, read_part
from service.invoicing.money import Money, round_half_up
from service.invoicing.numbering import is_template
from service.invoicing.split import read_sold, refuse_more
from service.logs import log
from service.quickbooks.conversion import copy_estimate
from service.quickbooks.invoices import parse_invoice
from service.quickbooks.sales import SaleFacts, names_estimate, parse_sale
from service.store.callbacks import StoredCallback
from service.store.reservations import Reservation
from service.workflows.choose_invoice import owner_of
from service.workflows.create_sale import find_sale_of_deal
from service.workflows.ensure_properties import names_of
from service.workflows.gather_deal import get_deal
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.split_deal import learn_billed
from service.workflows.view_invoice import status_of
from service.workflows.write_reserved import Written, find_open_reservation, next_generation, reserve, send_reserved
from service.workflows.write_sale import NUMBERS_TRIED

LOG = logging.getLogger("service.workflows")


def convert_estimate_to_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the invoice of the estimate.

    Raises: CannotInvoice (nothing was created), TryLater, OutcomeUnknown, NotConnected.
    """
    realm = know_realm(services, callback.portal_id, RealmId(str(callback.realm_id)))
    inputs = parse_conversion_inputs(callback.inputs)
    begun = find_open_reservation(services, callback)
    # Two deals may name the same estimate: the second one finds the first one's invoice.
    with services.locks.hold(f"estimates:{callback.realm_id}"):
        estimate = find_estimate(services, callback, realm, inputs, begun)
        facts = parse_sale(estimate)
        written = repeat(services, callback, begun) if begun else None
        existing = None if written else find_invoice(services, callback, realm, facts)
        if existing is None and written is None:
            written = write(services, callback, realm, inputs, estimate, repeated=begun is not None)
        if written is not None:
            close_estimate(services, callback, facts)
    invoice = existing or (written.entity if written else {})
    # What another deal's callback has made stays that deal's; what a person has made is this one's.
    deal_id = (owner_of(services, callback, existing) if existing else None) or DealId(callback.object_id)
    done, but = ([written], compare(facts, invoice)) if written else ([], None)
    settle_invoice(services, callback, realm, invoice, deal_id, written=done, more={"estimateId": facts.id}, but=but)
    log(LOG, "converted", estimate=facts.id, invoice=invoice["Id"], **callback.key)


def find_estimate(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    inputs: ConversionInputs,
    begun: Reservation | None,
) -> dict[str, Any]:
    """The estimate that was begun with, else the one the author names, else the deal's newest.

    Raises: EstimateNotFound.
    """
    named = read_estimate_id(begun) if begun else inputs.estimate_id
    if named:
        found = services.quickbooks.read(RealmId(str(callback.realm_id)), "Estimate", named)
        if found is None:
            raise EstimateNotFound(f'QuickBooks has no estimate {named}: correct "estimateId" in the action.')
        return found
    found = find_sale_of_deal(services, callback, realm, "Estimate", may_become_invoice)
    if found is None:
        raise EstimateNotFound(
            "The deal has no estimate in QuickBooks that was made here and not rejected: "
            'create one first, or give the id of another as "estimateId" in the action.'
        )
    return found


def may_become_invoice(facts: SaleFacts) -> bool:
    """Everything but what the customer does not want; what has become one already is found again."""
    return facts.status != "Rejected"


def read_estimate_id(begun: Reservation) -> str:
    """The estimate that a reserved invoice is linked to."""
    return str(json.loads(begun.body)["LinkedTxn"][0]["TxnId"])


def repeat(services: Services, callback: StoredCallback, begun: Reservation) -> Written | None:
    """Send again what was reserved by an earlier run; None: QuickBooks refuses it now, and made nothing of it."""
    try:
        return send_reserved(services, callback, begun, repeated=True)
    except (NumberTaken, RefusedByQuickBooks):
        return None


def find_invoice(
    services: Services, callback: StoredCallback, realm: KnownRealm, estimate: SaleFacts
) -> dict[str, Any] | None:
    """The live invoice that the estimate has become, read afresh: as our rows or the estimate itself know it."""
    realm_id, today = RealmId(str(callback.realm_id)), realm.day_of(services.clock.now())
    rows = services.invoices.of_deal(callback.portal_id, DealId(callback.object_id))
    ours = [row for row in rows if row.realm_id == realm_id]
    known = [row.invoice_id for row in ours if names_estimate(json.loads(row.document), estimate.id)]
    for invoice_id in dict.fromkeys([*known, *estimate.invoice_ids]):
        invoice = services.quickbooks.read(realm_id, "Invoice", invoice_id)
        if invoice is not None and status_of(parse_invoice(invoice), today).is_live:
            return invoice
    return None


def write(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    inputs: ConversionInputs,
    estimate: dict[str, Any],
    *,
    repeated: bool,
) -> Written:
    """Decide what the invoice says, reserve, send; with the next number when ours is taken.

    Raises: EstimateClosed, TotalNotPositive, SplitTooLarge, BooksClosed, LineItemUnusable, and what
    `send_reserved` raises.
    """
    facts = parse_sale(estimate)
    check_open(facts.doc_number or facts.id, facts.status, is_open=facts.is_open)
    check_total(Money(facts.total, facts.currency or realm.facts.home_currency))
    copied, deal_id = copy_estimate(estimate), DealId(callback.object_id)
    # What another deal's estimate is a part of is not this deal.
    part = read_part(facts.private_note) if names_deal(facts.private_note, deal_id) else ""
    check_left(services, callback, realm, estimate, part)
    for _ in range(NUMBERS_TRIED):
        body = draft_conversion(
            copied,
            estimate_id=facts.id,
            deal_id=deal_id,
            inputs=inputs,
            realm=realm.facts,
            today=realm.day_of(callback.received_at),
            mark=derive_mark(callback.portal_id, RealmId(str(callback.realm_id)), callback.callback_id),
            part=part,
            generation=next_generation(services, callback) - 1,
        )
        reservation = reserve(services, callback, "Invoice", facts.customer_id, body, look_first=repeated)
        try:
            return send_reserved(services, callback, reservation)
        except NumberTaken:
            if inputs.number and not is_template(inputs.number):
                raise
    raise NumberTaken("The invoice numbers tried are taken in QuickBooks: give one in the action.")


def check_left(
    services: Services, callback: StoredCallback, realm: KnownRealm, estimate: dict[str, Any], part: str
) -> None:
    """Of a deal that is billed in parts, no estimate bills more than what is left.

    A deal of which nothing is a part is none of our business: the estimate is what the customer agreed to.
    Raises: SplitTooLarge, DealNotFound.
    """
    deal_id = DealId(callback.object_id)
    billed = learn_billed(services, callback, realm, "Invoice", deal_id)
    if not (part or billed.is_split):
        return
    names = names_of(services, callback.portal_id, RealmId(str(callback.realm_id)))
    currency = parse_sale(estimate).currency or realm.facts.home_currency
    deal = replace(get_deal(services, callback.portal_id, deal_id, names), billed=billed, currency=currency)
    sold = read_sold(estimate) or Decimal(0)
    if deal.amount is not None and billed.total + sold > round_half_up(deal.amount, currency):
        raise refuse_more(deal, f"the estimate is for {Money(sold, currency)}")


def close_estimate(services: Services, callback: StoredCallback, estimate: SaleFacts) -> None:
    """QuickBooks closes what an invoice is linked to; in which word, and whether always, is not documented."""
    realm_id = RealmId(str(callback.realm_id))
    found = services.quickbooks.read(realm_id, "Estimate", estimate.id)
    if found is None or not parse_sale(found).is_open:
        return
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/estimate  (TxnStatus)
    changes = {"Id": estimate.id, "SyncToken": parse_sale(found).sync_token, "TxnStatus": "Closed"}
    try:
        services.quickbooks.update(realm_id, "Estimate", changes)
    except CannotInvoice as error:
        note = f"The estimate stays open in QuickBooks: {error.sentence}"
        services.callbacks.note_event(callback, "remark", note, services.clock.now())


def compare(estimate: SaleFacts, invoice: dict[str, Any]) -> TotalDiffers | None:
    """What the invoice comes to otherwise than the estimate is said: tax may have changed, or a bundle's prices."""
    total = parse_invoice(invoice).total
    if total == estimate.total:
        return None
    return TotalDiffers(
        f"The invoice comes to {total}, the estimate to {estimate.total}. "
        "Compare the two, and correct or void the invoice in QuickBooks."
    )
