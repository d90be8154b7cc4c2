"""What earlier sales took of a deal that is billed in parts: invoices and sales receipts together.

An estimate is for what neither they nor other open estimates have taken, a credit memo for what no other has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from service.ids import DealId, PortalId, RealmId
from service.invoicing.deal import Billed
from service.invoicing.marks import read_part, read_share
from service.invoicing.sale_inputs import SaleInputs
from service.invoicing.split import read_sold
from service.invoicing.status import Status
from service.quickbooks.query import divide_values, where_in
from service.quickbooks.sales import SaleFacts, parse_sale
from service.store.callbacks import StoredCallback
from service.store.invoices import KnownInvoice
from service.store.reservations import CREATE, CREATED
from service.workflows.gather_deal import Gathered
from service.workflows.know_realm import KnownRealm
from service.workflows.learn_unknown import learn_unknown
from service.workflows.services import Services

BILLING = ("Invoice", "SalesReceipt")
COUNTED = {"Estimate": (*BILLING, "Estimate"), "CreditMemo": ("CreditMemo",)}
"""What has taken its part of the deal before another sale of a kind does."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one sale took: `part` as its note says it, "" for a sale of the whole."""

    part: str
    share: Decimal
    amount: Decimal


def split_gathered(
    services: Services, callback: StoredCallback, realm: KnownRealm, entity: str, inputs: SaleInputs, gathered: Gathered
) -> Gathered:
    """The deal knows what is billed of it, where only a part of it is to be sold."""
    if not inputs.lines.splits:
        return gathered
    billed = learn_billed(services, callback, realm, entity, gathered.deal.id)
    return replace(gathered, deal=replace(gathered.deal, billed=billed))


def learn_billed(
    services: Services, callback: StoredCallback, realm: KnownRealm, entity: str, deal_id: DealId
) -> Billed:
    """As `count_billed`, once it is known what became of earlier writes that were never answered."""
    for kind in COUNTED.get(entity, BILLING):
        learn_unknown(services, callback, realm, kind)
    return count_billed(services, callback.portal_id, RealmId(str(callback.realm_id)), entity, deal_id)


def count_billed(services: Services, portal_id: PortalId, realm_id: RealmId, entity: str, deal_id: DealId) -> Billed:
    """What the deal's live sales have taken: invoices from our rows, the others as QuickBooks has them."""
    found: list[Taken] = []
    for kind in COUNTED.get(entity, BILLING):
        if kind == "Invoice":
            found += _list_invoices(services, portal_id, realm_id, deal_id)
        else:
            found += _list_sales(services, portal_id, realm_id, deal_id, kind)
    shares = [each for each in found if each.share]
    return Billed(
        total=sum((each.amount for each in found), Decimal(0)),
        share=sum((each.share for each in shares), Decimal(0)),
        by_shares=sum((each.amount for each in shares), Decimal(0)),
        is_split=any(each.part for each in found),
    )


def _list_invoices(services: Services, portal_id: PortalId, realm_id: RealmId, deal_id: DealId) -> Iterator[Taken]:
    for known in services.invoices.of_deal(portal_id, deal_id):
        if known.realm_id == realm_id and Status(known.status).is_live:
            yield _read_taken(_find_sent(services, known), json.loads(known.document, parse_float=Decimal))


def _find_sent(services: Services, known: KnownInvoice) -> bytes | None:
    """The bytes that made the invoice; None: a person made it, or our row is gone."""
    made_by = services.reservations.all(known.portal_id, known.callback_id) if known.callback_id else []
    bodies = [
        each.body for each in made_by if (each.entity, each.operation, each.state) == ("Invoice", CREATE, CREATED)
    ]
    return bodies[-1] if bodies else None


def _list_sales(
    services: Services, portal_id: PortalId, realm_id: RealmId, deal_id: DealId, entity: str
) -> Iterator[Taken]:
    made = services.reservations.created_of_object(portal_id, realm_id, "DEAL", deal_id, entity)
    sent = {str(each.entity_id): each.body for each in made}
    for ids in divide_values(sent):
        for sale in services.quickbooks.query(realm_id, entity, where_in("Id", ids)):
            if _counts(entity, parse_sale(sale)):
                yield _read_taken(sent[str(sale["Id"])], sale)


def _counts(entity: str, facts: SaleFacts) -> bool:
    """An estimate that became an invoice is counted as that."""
    return facts.is_open if entity == "Estimate" else not facts.is_voided


def _read_taken(sent: bytes | None, held: Mapping[str, Any]) -> Taken:
    """Of a share or part counts what we sent: people may edit the memo, or bill something else along with it.

    Of the whole counts what QuickBooks holds, since Update invoice follows the deal; but where prices hold their
    tax it is not sure which of its figures is the deal's.
    """
    ours = json.loads(sent, parse_float=Decimal) if sent else held
    note = ours.get("PrivateNote")
    is_ours = bool(read_part(note)) or ours.get("GlobalTaxCalculation") == "TaxInclusive"
    first, second = (ours, held) if is_ours else (held, ours)
    amounts = [each for each in map(read_sold, (first, second)) if each is not None]
    return Taken(read_part(note), read_share(note), amounts[0] if amounts else Decimal(0))
