"""Adopt invoices that were born in QuickBooks: find each one's deal, or put it before a person. Top to bottom.

Meeting one costs a row; what it takes to decide is read here, beside the callbacks, a few calls for each.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from service.errors import (
    InputInvalid,
    InvoiceNotFound,
    InvoiceOfAnotherDeal,
    NotConnected,
    RefusedByHubSpot,
    ServiceError,
)
from service.hubspot.answers import CrmRecord
from service.ids import DealId, InvoiceId, PortalId, RealmId
from service.invoicing.adopt import parse_adopt_inputs
from service.invoicing.adoption import BornInvoice, Decision, NearDeal, decide_adoption
from service.invoicing.marks import list_marks, list_named_deals
from service.invoicing.money import Money
from service.invoicing.which_invoice import InvoiceInputs
from service.logs import log
from service.quickbooks.invoice_details import list_estimate_ids, read_po_number
from service.quickbooks.invoices import InvoiceFacts, find_by_number, parse_invoice
from service.quickbooks.query import divide_values, where_in
from service.store.adoptions import (
    ADOPTED,
    CHOSEN,
    REVIEW,
    UNRELATED,
    Adoption,
    Possible,
    as_invoice,
)
from service.store.callbacks import StoredCallback
from service.store.hints import Hint, TakenHint
from service.store.reservations import OPEN
from service.workflows.keep_news import deal_hints
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.run_callback import back_off
from service.workflows.services import Services
from service.workflows.settle_invoice import settle_invoice
from service.workflows.view_invoice import known_invoice

LOG = logging.getLogger("service.adoption")
MOST = 20
# A customer may have had any number of deals; those made last are the ones an invoice of today is for.
MOST_DEALS = 100
# An invoice that we have just created ourselves is a row within this time.
OURS_FIRST = timedelta(seconds=20)
PO_NUMBER = "hs_po_number"
_BAD_REQUEST = 400
DEAL_PROPERTIES = ("dealname", "amount", "deal_currency_code", "dealstage", "hs_is_closed_lost", PO_NUMBER)


def meet_strangers(services: Services, portal_id: PortalId, realm_id: RealmId, taken: Iterable[TakenHint]) -> int:
    """Write down the invoices that were heard of and that are not ours; returns how many. Raises: as the gateway."""
    heard = {InvoiceId(hint.entity_id) for hint in taken if hint.kind == "Invoice"}
    gone = {InvoiceId(hint.entity_id) for hint in taken if hint.kind == "Invoice" and "deleted" in hint.reasons}
    services.adoptions.note_deleted(realm_id, gone, services.clock.now())
    strange = heard - gone - set(services.invoices.find(realm_id, heard))
    found: dict[InvoiceId, dict[str, Any]] = {}
    for some in divide_values(sorted(strange)):
        for each in services.quickbooks.query(realm_id, "Invoice", where_in("Id", some), order_by=""):
            found[InvoiceId(str(each.get("Id")))] = each
    return note_strangers(services, portal_id, realm_id, found)


def note_strangers(
    services: Services, portal_id: PortalId, realm_id: RealmId, entities: Mapping[InvoiceId, dict[str, Any]]
) -> int:
    """As `meet_strangers`, with invoices that were read already."""
    known = services.invoices.find(realm_id, entities)
    strange = {invoice_id: entity for invoice_id, entity in entities.items() if invoice_id not in known}
    if not strange:
        return 0
    realm, now = know_realm(services, portal_id, realm_id), services.clock.now()
    for entity in strange.values():
        row = known_invoice(entity, portal_id, realm_id, DealId(""), None, realm.day_of(now), now)
        services.adoptions.note(row, parse_invoice(entity).doc_number or "", now + OURS_FIRST)
    return len(strange)


def adopt_invoice(services: Services, callback: StoredCallback) -> None:
    """The workflow action: the invoice named is the enrolled deal's from now on.

    Raises: InvoiceNotFound, InvoiceOfAnotherDeal, TryLater, NotConnected.
    """
    inputs = parse_adopt_inputs(callback.inputs)
    realm_id, deal_id = RealmId(str(callback.realm_id)), DealId(callback.object_id)
    realm = know_realm(services, callback.portal_id, realm_id)
    entity = _read_named(services, realm_id, inputs)
    invoice_id = InvoiceId(str(entity["Id"]))
    known = services.invoices.find(realm_id, [invoice_id]).get(invoice_id)
    if known is not None and (known.portal_id, known.deal_id) != (callback.portal_id, deal_id):
        raise InvoiceOfAnotherDeal(
            f"The invoice belongs to deal {known.deal_id} already: enrol that one, "
            "or name another invoice in the action."
        )
    settle_invoice(services, callback, realm, entity, deal_id)
    adoption, now = services.adoptions.find(realm_id, invoice_id), services.clock.now()
    if adoption is not None:
        services.adoptions.decide(adoption, state=ADOPTED, reason="by a workflow", deal_id=deal_id, candidates=())
    # Its payments are read with it.
    services.hints.hear([Hint("quickbooks", realm_id, "Invoice", invoice_id, frozenset({"adopted"}))], now)


def _read_named(services: Services, realm_id: RealmId, inputs: InvoiceInputs) -> dict[str, Any]:
    invoice_id = inputs.invoice_id
    if invoice_id is None:
        found = find_by_number(services.quickbooks, realm_id, str(inputs.invoice_number))
        if len(found) != 1:
            how = "several invoices" if found else "no invoice"
            raise InvoiceNotFound(f"QuickBooks has {how} with this number: give the invoice's id in the action.")
        invoice_id = found[0].id
    entity = services.quickbooks.read(realm_id, "Invoice", invoice_id)
    if entity is None:
        raise InvoiceNotFound(f"QuickBooks has no invoice with the id {invoice_id}: correct it in the action.")
    return entity


def adopt_invoices(services: Services) -> int:
    """Decide what is due; returns how many were looked at."""
    due = services.adoptions.due(services.clock.now(), MOST)
    for adoption in due:
        began_at = services.clock.now()
        try:
            with services.locks.hold(f"adopt:{adoption.realm_id}:{adoption.invoice_id}"):
                adopt_or_ask(services, adoption)
        except ServiceError as error:
            if isinstance(error, NotConnected):
                note_lost_access(services, error, adoption.portal_id, adoption.realm_id, began_at)
            later = services.clock.now() + back_off(adoption.tries)
            services.adoptions.decide(adoption, due_at=later, tries=adoption.tries + 1)
            log(LOG, "not decided", level=logging.WARNING, invoice=adoption.invoice_id, reason=type(error).__name__)
    return len(due)


def adopt_or_ask(services: Services, adoption: Adoption) -> None:
    """Tie one invoice to its deal, or put it before a person. Raises: what the gateways raise."""
    if services.invoices.find(adoption.realm_id, [adoption.invoice_id]):
        services.adoptions.decide(adoption, state=ADOPTED, reason="made by one of our actions")
        return
    if adoption.state == CHOSEN and adoption.deal_id:
        try:
            adopt_by_hand(services, adoption, adoption.deal_id)
        except InputInvalid as error:
            services.adoptions.decide(adoption, state=REVIEW, reason=error.sentence, deal_id=None)
        return
    marks = services.reservations.of_marks(adoption.realm_id, list_marks(facts_of(adoption).private_note))
    if any(each.state == OPEN for each, _ in marks):
        # Ours, and its callback has not heard of it yet: that one ties it.
        services.adoptions.decide(adoption, due_at=services.clock.now() + back_off(adoption.tries),
                                  tries=adoption.tries + 1)  # fmt: skip
        return
    realm = know_realm(services, adoption.portal_id, adoption.realm_id)
    born = describe(services, adoption, realm, [deal_id for _, deal_id in marks])
    decision = decide_adoption(born, near_deals(services, adoption, realm, born))
    if decision.deal is not None:
        tie(services, adoption, decision.deal.id, decision.reason)
        return
    services.adoptions.decide(
        adoption,
        state=REVIEW if decision.candidates else UNRELATED,
        candidates=_possible(decision),
        reason=decision.reason,
    )


def tie(services: Services, adoption: Adoption, deal_id: DealId, reason: str) -> None:
    """From now on the invoice is the deal's: kept, shown on it, mirrored on it, followed with its payments."""
    now = services.clock.now()
    row = as_invoice(adoption, deal_id)
    read_again = Hint("quickbooks", adoption.realm_id, "Invoice", adoption.invoice_id, frozenset({"adopted"}))
    with services.database.write() as tx:
        services.invoices.keep(tx, row)
        services.adoptions.decide_in(tx, adoption, state=ADOPTED, reason=reason, deal_id=deal_id, candidates=())
        services.hints.hear_in(tx, [*deal_hints([row], "adopted"), read_again], now)
    log(LOG, "adopted", portal_id=adoption.portal_id, realm_id=adoption.realm_id, invoice=adoption.invoice_id)


def adopt_by_hand(services: Services, adoption: Adoption, deal_id: DealId) -> None:
    """A person chose the deal. Raises: InputInvalid when there is no such deal, and what the gateway raises."""
    if not services.hubspot.read_objects(adoption.portal_id, "deals", [deal_id], ("dealname",)):
        raise InputInvalid(f"The portal has no deal {deal_id}: copy the number from the deal's address in HubSpot.")
    tie(services, adoption, deal_id, "chosen by a person")


def facts_of(adoption: Adoption) -> InvoiceFacts:
    """What the invoice says, as last known."""
    return parse_invoice(adoption.content())


def describe(services: Services, adoption: Adoption, realm: KnownRealm, marked: Iterable[DealId]) -> BornInvoice:
    """What the invoice says of where it comes from."""
    facts, content = facts_of(adoption), adoption.content()
    currency = facts.currency or realm.facts.home_currency
    estimates = services.reservations.deals_of(adoption.realm_id, "Estimate", list_estimate_ids(content))
    return BornInvoice(
        total=Money(facts.total, currency),
        net=Money(facts.total - facts.total_tax, currency),
        po_number=read_po_number(content),
        marked=tuple(dict.fromkeys(marked)),
        estimated=tuple(dict.fromkeys(estimates)),
        named=list_named_deals(facts.private_note),
    )


def near_deals(services: Services, adoption: Adoption, realm: KnownRealm, born: BornInvoice) -> list[NearDeal]:
    """The deals it points at, and those of its customer's contacts and companies, each once."""
    portal_id = adoption.portal_id
    of_customer: list[str] = []
    customer_id = facts_of(adoption).customer_id
    links = services.links.leading_to(portal_id, adoption.realm_id, ("contact", "company"), [customer_id])
    for kind, object_type in (("contact", "contacts"), ("company", "companies")):
        keys = [link.key for link in links if link.kind == kind]
        if keys:
            neighbours = services.hubspot.read_associations(portal_id, object_type, "deals", keys)
            of_customer += [each.object_id for some in neighbours.values() for each in some]
    of_customer = sorted(dict.fromkeys(of_customer), key=int, reverse=True)[:MOST_DEALS]
    ordered = _search_po_number(services, portal_id, born.po_number)
    ids = list(dict.fromkeys([*born.estimated, *born.marked, *born.named, *of_customer, *ordered]))
    records = services.hubspot.read_objects(portal_id, "deals", ids, DEAL_PROPERTIES) if ids else {}
    invoiced = {deal_id for deal_id, rows in services.invoices.of_deals(portal_id, list(records)).items()
                if any(row.status not in ("deleted", "voided") for row in rows)}  # fmt: skip
    return [_near(records[each], realm, each in of_customer, bool(links), DealId(each) in invoiced)
            for each in ids if each in records]  # fmt: skip


def _search_po_number(services: Services, portal_id: PortalId, po_number: str) -> list[str]:
    """Deals of whomever with this PO number; none in a portal whose deals have no such property."""
    if not po_number:
        return []
    try:
        return services.hubspot.search_ids(portal_id, "deals", PO_NUMBER, po_number)
    except RefusedByHubSpot as error:
        if error.status != _BAD_REQUEST:
            raise
        return []


def _near(record: CrmRecord, realm: KnownRealm, is_customers: bool, known_customer: bool, invoiced: bool) -> NearDeal:
    said = record.properties
    currency = said.get("deal_currency_code") or realm.facts.home_currency
    return NearDeal(
        id=DealId(record.id),
        name=said.get("dealname") or f"Deal {record.id}",
        amount=_money(said.get("amount"), currency),
        po_number=said.get(PO_NUMBER) or "",
        is_customers=is_customers if known_customer or is_customers else None,
        is_lost=said.get("hs_is_closed_lost") == "true" or said.get("dealstage") == "closedlost",
        is_invoiced=invoiced,
    )


def _money(text: str | None, currency: str) -> Money | None:
    try:
        return Money(Decimal(text), currency) if text else None
    except ArithmeticError:
        return None


def _possible(decision: Decision) -> tuple[Possible, ...]:
    return tuple(Possible(each.deal.id, each.deal.name, each.reasons) for each in decision.candidates)
