"""Preview: what Create invoice would do with a deal, without writing anything anywhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from service.errors import CannotInvoice, NotConnected, ServiceError
from service.ids import CustomerId, DealId, ItemId, Mark, PortalId, RealmId
from service.invoicing.billing import decide_total, plan_lines
from service.invoicing.currency import decide_currency
from service.invoicing.deal import LineItem
from service.invoicing.draft import Draft, draft_invoice
from service.invoicing.inputs import CreateInvoiceInputs, parse_inputs
from service.invoicing.naming import derive_customer_names, derive_display_name
from service.invoicing.status import Status
from service.logs import log
from service.workflows.ensure_customer import find_customer, recall_customer, refuse_new
from service.workflows.ensure_items import ItemSearch, find_items
from service.workflows.ensure_properties import names_of
from service.workflows.gather_deal import Gathered, gather_deal
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.split_deal import count_billed

LOG = logging.getLogger("service.preview")
# What an id is before there is one; a mark belongs to a callback, and here is none.
NEW_CUSTOMER = CustomerId("(to be created)")
NEW_ITEM = ItemId("(to be created)")
NO_MARK = Mark("hs:0000000000000000")
AT_ONCE = 5
REST = timedelta(minutes=1)
KEPT = timedelta(days=1)


def preview_invoice(
    services: Services, portal_id: PortalId, realm_id: RealmId, deal_id: DealId, given: Mapping[str, object]
) -> dict[str, Any]:
    """The exact body, customer and items with the reasons, and the total, as a JSON document.

    `given`: the action's inputs. Reads HubSpot, and QuickBooks for what we do not know yet; writes nothing there.
    Raises: CannotInvoice as the action would, TryLater, NotConnected.
    """
    inputs = parse_inputs(given)
    realm = know_realm(services, portal_id, realm_id)
    gathered = gather_deal(services, portal_id, deal_id, inputs, names_of(services, portal_id, realm_id))
    if inputs.lines.splits:
        taken = count_billed(services, portal_id, realm_id, "Invoice", deal_id)
        gathered = replace(gathered, deal=replace(gathered.deal, billed=taken))
    today = realm.day_of(services.clock.now())
    decide_total(gathered.deal, gathered.line_items, inputs=inputs, realm=realm.facts, today=today)
    billed = plan_lines(gathered.deal, gathered.line_items, inputs)
    customer = _describe_customer(services, portal_id, realm_id, gathered, inputs, realm)
    decide_currency(gathered.deal, billed, realm.facts, customer["currency"])
    search = find_items(services, portal_id, realm_id, billed, inputs, realm)
    draft = draft_invoice(
        gathered.deal,
        gathered.line_items,
        customer_id=CustomerId(customer["id"]),
        item_ids=_item_ids(search),
        inputs=inputs,
        realm=realm.facts,
        today=today,
        mark=NO_MARK,
        recipient=gathered.recipient,
        customer_currency=customer["currency"],
    )
    return {
        "deal": {"id": deal_id, "name": gathered.deal.name},
        "realm": {"id": realm_id, "name": realm.settings.company_name, "tax": realm.facts.sales_tax.value},
        "customer": customer,
        "lines": _describe_lines(billed, draft, search),
        "total": draft.total.text(),
        "currency": draft.total.currency,
        "total_is": "with tax" if draft.billed.tax.is_inclusive else "before tax",
        "remarks": [*_find_invoices(services, portal_id, realm_id, deal_id, inputs), *draft.remarks],
        "body": json.loads(draft.body()),
    }


def make_previews(services: Services) -> int:
    """What operators asked for on their page; returns how many were made."""
    services.previews.forget(services.clock.now() - KEPT)
    done = 0
    for asked in services.previews.claim(services.clock.now(), REST, AT_ONCE):
        services.previews.keep(asked, _answer(services, asked.portal_id, asked.realm_id, asked.deal_id, asked.inputs))
        done += 1
    return done


def _answer(
    services: Services, portal_id: PortalId, realm_id: RealmId, deal_id: DealId, given: Mapping[str, object]
) -> dict[str, Any]:
    """The preview, or why there is none: both are what somebody waits to read."""
    try:
        return preview_invoice(services, portal_id, realm_id, deal_id, given)
    except CannotInvoice as error:
        return {"refusal": {"code": error.code, "sentence": error.sentence}}
    except ServiceError as error:
        log(LOG, "no preview", level=logging.WARNING, portal_id=portal_id, reason=type(error).__name__)
        code = "NOT_CONNECTED" if isinstance(error, NotConnected) else "TRY_LATER"
        return {"refusal": {"code": code, "sentence": error.sentence}}


def _describe_customer(
    services: Services,
    portal_id: PortalId,
    realm_id: RealmId,
    gathered: Gathered,
    inputs: CreateInvoiceInputs,
    realm: KnownRealm,
) -> dict[str, Any]:
    recipient, deal = gathered.recipient, gathered.deal
    currency = (deal.currency or realm.facts.home_currency) if realm.facts.multicurrency else None
    name = derive_display_name(recipient)
    told = {"name": name, "currency": currency, "recipient": f"{recipient.kind.value} {recipient.object_id}"}
    known = recall_customer(services, portal_id, realm_id, recipient, currency)
    if known is not None:
        return {**told, "id": known.id, "currency": known.currency, "why": known.why}
    search = find_customer(services, realm_id, recipient, currency)
    if search.customer is not None:
        found = search.customer
        return {**told, "id": found.id, "name": found.display_name, "currency": found.currency, "why": search.why}
    refuse_new(inputs, search, currency)
    names = derive_customer_names(name, currency)
    held = search.in_other_currency is not None and search.in_other_currency.display_name.casefold() == name.casefold()
    return {**told, "id": NEW_CUSTOMER, "name": names[1 if held else 0], "why": "does not exist yet"}


def _item_ids(search: ItemSearch) -> dict[str, ItemId]:
    made = {line_id: NEW_ITEM for new in search.plan.to_create for line_id in new.line_item_ids}
    return {**search.linked, **search.plan.item_ids, **made}


def _describe_lines(billed: Sequence[LineItem], draft: Draft, search: ItemSearch) -> list[dict[str, Any]]:
    currency, found = draft.total.currency, search.matches
    named = {line_id: new.name for new in search.plan.to_create for line_id in new.line_item_ids}

    def why(line: LineItem) -> str:
        if line.id in search.linked:
            return "known from before"
        if line.id in found.item_ids:
            return found.reasons[line.id]
        return f'will be created as "{named[line.id]}"' if line.id in named else "the default item: none matches"

    return [
        {
            "line_item": item.id,
            "name": item.name,
            "amount": format(line.amount, "f"),
            "currency": currency,
            "item_id": line.details.item_id,
            "why": why(item),
        }
        for item, line in zip(billed, draft.lines, strict=True)
    ]


def _find_invoices(
    services: Services, portal_id: PortalId, realm_id: RealmId, deal_id: DealId, inputs: CreateInvoiceInputs
) -> list[str]:
    """What we know of the deal's invoices; the action itself would look again."""
    known = [each for each in services.invoices.of_deal(portal_id, deal_id) if each.realm_id == realm_id]
    live = [each.invoice_id for each in known if Status(each.status).is_live]
    if not live:
        return []
    policy = inputs.existing.value.replace("_", " ")
    return [f"The deal already has an invoice (id {live[-1]}): the action's choice for that is {policy}."]
