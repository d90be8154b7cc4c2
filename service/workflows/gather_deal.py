"""Gather what HubSpot knows of a deal that is to be invoiced: deal, line items, recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.errors import DealHasNoRecipient, DealNotFound
from service.hubspot import companies, contacts, line_items
from service.ids import DealId, ObjectId, PortalId
from service.invoicing.deal import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    DEAL_PROPERTIES,
    LINE_ITEM_PROPERTIES,
    Deal,
    LineItem,
    Recipient,
    RecipientKind,
    read_deal,
    read_line_item,
    read_recipient,
)
from service.invoicing.inputs import BillTo, CreateInvoiceInputs, LinesFrom
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class Gathered:
    """A deal with everything an invoice needs from HubSpot."""

    deal: Deal
    line_items: tuple[LineItem, ...]
    recipient: Recipient


def gather_deal(
    services: Services,
    portal_id: PortalId,
    deal_id: DealId,
    inputs: CreateInvoiceInputs,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Gathered:
    """Read deal, line items and recipient, fresh, in calls shared with other runs.

    `names`: what the portal calls our own deal properties, where that differs.
    Raises: DealNotFound, DealHasNoRecipient, LineItemUnusable, and what the gateway raises.
    """
    portal = services.portal
    wanted = {ours: names.get(ours, ours) for ours in DEAL_PROPERTIES}
    record = portal.get_object(portal_id, "deals", deal_id, list(wanted.values()))
    if record is None:
        raise DealNotFound("The deal does not exist any more: it was deleted or merged. Enrol the deal that is there.")
    lines: tuple[LineItem, ...] = ()
    if inputs.lines == LinesFrom.LINE_ITEMS:
        lines = _gather_line_items(services, portal_id, deal_id)
    deal = read_deal(deal_id, {ours: record.properties.get(theirs) for ours, theirs in wanted.items()})
    return Gathered(deal, lines, _gather_recipient(services, portal_id, deal_id, inputs.bill_to))


def _gather_line_items(services: Services, portal_id: PortalId, deal_id: DealId) -> tuple[LineItem, ...]:
    belonging = services.portal.get_associations(portal_id, "deals", line_items.OBJECT_TYPE, deal_id)
    ids = [each.object_id for each in belonging]
    found = services.portal.get_objects(portal_id, line_items.OBJECT_TYPE, ids, LINE_ITEM_PROPERTIES)
    return tuple(read_line_item(ObjectId(i), found[i].properties) for i in ids if i in found)


def _gather_recipient(services: Services, portal_id: PortalId, deal_id: DealId, bill_to: BillTo) -> Recipient:
    is_contact = bill_to == BillTo.PRIMARY_CONTACT
    vocabulary = contacts if is_contact else companies
    belonging = services.portal.get_associations(portal_id, "deals", vocabulary.OBJECT_TYPE, deal_id)
    chosen = contacts.choose_contact(belonging) if is_contact else companies.choose_company(belonging)
    record = None
    if chosen is not None:
        wanted = CONTACT_PROPERTIES if is_contact else COMPANY_PROPERTIES
        record = services.portal.get_object(portal_id, vocabulary.OBJECT_TYPE, chosen, wanted)
    if chosen is None or record is None:
        whom = "contact" if is_contact else "company"
        raise DealHasNoRecipient(f'The deal has no {whom} to bill: associate one, or choose another "Bill to".')
    kind = RecipientKind.CONTACT if is_contact else RecipientKind.COMPANY
    return read_recipient(kind, chosen, record.properties)
