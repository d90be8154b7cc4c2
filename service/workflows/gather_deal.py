"""Gather what HubSpot knows of a deal that is to be invoiced: deal, line items, recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from service.errors import DealHasNoRecipient, DealNotFound, InputInvalid
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
from service.invoicing.sale_inputs import BillTo, LinesFrom, Parent, SaleInputs
from service.workflows.know_realm import know_portal
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class Gathered:
    """A deal with everything an invoice needs from HubSpot.

    `parent`: the company below which a new customer stands, where the author wants that.
    """

    deal: Deal
    line_items: tuple[LineItem, ...]
    recipient: Recipient
    parent: Recipient | None = None


def gather_deal(
    services: Services,
    portal_id: PortalId,
    deal_id: DealId,
    inputs: SaleInputs,
    names: Mapping[str, str] = MappingProxyType({}),
    quote_id: str | None = None,
    *,
    meet: bool = True,
) -> Gathered:
    """Read deal, line items and recipient, fresh, in calls shared with other runs.

    `names`: what the portal calls our own deal properties, where that differs; `quote_id`: the quote whose
    line items are meant, where it has some: they are copies of the deal's, as the customer accepted them;
    `meet` as in `know_portal`.
    Raises: DealNotFound, DealHasNoRecipient, LineItemUnusable, and what the gateway raises.
    """
    deal = get_deal(services, portal_id, deal_id, names)
    lines: tuple[LineItem, ...] = ()
    if inputs.lines == LinesFrom.LINE_ITEMS:
        quoted = _gather_line_items(services, portal_id, "quotes", quote_id) if quote_id else ()
        lines = quoted or _gather_line_items(services, portal_id, "deals", deal_id)
    deal = _complete_currency(services, portal_id, deal, meet=meet)
    recipient = gather_recipient(services, portal_id, deal_id, inputs)
    if recipient.kind == RecipientKind.COMPANY and not recipient.mail_to:
        # HubSpot's companies have no e-mail address.
        contact = find_recipient(services, portal_id, deal_id, RecipientKind.CONTACT)
        recipient = replace(recipient, contact_email=contact.email if contact else "")
    parent = None
    if inputs.parent == Parent.PRIMARY_COMPANY and recipient.kind != RecipientKind.COMPANY:
        parent = find_recipient(services, portal_id, deal_id, RecipientKind.COMPANY)
    return Gathered(deal, lines, recipient, parent)


def gather_lines(
    services: Services, portal_id: PortalId, deal_id: DealId, names: Mapping[str, str] = MappingProxyType({})
) -> tuple[Deal, tuple[LineItem, ...]]:
    """As `gather_deal`, without a recipient."""
    deal = _complete_currency(services, portal_id, get_deal(services, portal_id, deal_id, names))
    return deal, _gather_line_items(services, portal_id, "deals", deal_id)


def get_deal(
    services: Services, portal_id: PortalId, deal_id: DealId, names: Mapping[str, str] = MappingProxyType({})
) -> Deal:
    """The deal alone. Raises: DealNotFound, and what the gateway raises."""
    wanted = {ours: names.get(ours, ours) for ours in DEAL_PROPERTIES}
    record = services.portal.get_object(portal_id, "deals", deal_id, list(wanted.values()))
    if record is None:
        raise DealNotFound("The deal does not exist any more: it was deleted or merged. Enrol the deal that is there.")
    return read_deal(deal_id, {ours: record.properties.get(theirs) for ours, theirs in wanted.items()})


def _complete_currency(services: Services, portal_id: PortalId, deal: Deal, *, meet: bool = True) -> Deal:
    if deal.currency is not None:
        return deal
    # The portal's own: what is meant in euro must not be billed as dollars because nobody wrote it down.
    return replace(deal, currency=know_portal(services, portal_id, meet=meet).currency or None)


def _gather_line_items(
    services: Services, portal_id: PortalId, object_type: str, object_id: str
) -> tuple[LineItem, ...]:
    belonging = services.portal.get_associations(portal_id, object_type, line_items.OBJECT_TYPE, object_id)
    ids = [each.object_id for each in belonging]
    found = services.portal.get_objects(portal_id, line_items.OBJECT_TYPE, ids, LINE_ITEM_PROPERTIES)
    return tuple(read_line_item(ObjectId(i), found[i].properties) for i in ids if i in found)


def gather_recipient(services: Services, portal_id: PortalId, deal_id: DealId, inputs: SaleInputs) -> Recipient:
    """Whom the author bills. Raises: DealHasNoRecipient, InputInvalid."""
    kind, type_id = _decide_kind(inputs)
    recipient = find_recipient(services, portal_id, deal_id, kind, type_id)
    if recipient is None:
        label = " with the association label chosen" if type_id else ""
        raise DealHasNoRecipient(
            f'The deal has no {kind.value}{label} to bill: associate one, or choose another "Bill to" in the action.'
        )
    return recipient


def find_recipient(
    services: Services, portal_id: PortalId, deal_id: DealId, kind: RecipientKind, type_id: int | None = None
) -> Recipient | None:
    """The deal's primary contact or company, or the one with an association type; None: there is none."""
    is_contact = kind == RecipientKind.CONTACT
    vocabulary = contacts if is_contact else companies
    belonging = services.portal.get_associations(portal_id, "deals", vocabulary.OBJECT_TYPE, deal_id)
    if type_id is not None:
        # A portal's labels and HubSpot's own types may have the same id; HubSpot's have no label.
        labelled = (each for each in belonging if any(t.type_id == type_id and t.label for t in each.types))
        chosen = contacts.choose_lowest(labelled)
    else:
        chosen = contacts.choose_contact(belonging) if is_contact else companies.choose_company(belonging)
    return None if chosen is None else get_recipient(services, portal_id, kind, chosen)


def get_recipient(services: Services, portal_id: PortalId, kind: RecipientKind, object_id: str) -> Recipient | None:
    """The contact or company with an id; None: it is gone."""
    is_contact = kind == RecipientKind.CONTACT
    object_type = contacts.OBJECT_TYPE if is_contact else companies.OBJECT_TYPE
    wanted = CONTACT_PROPERTIES if is_contact else COMPANY_PROPERTIES
    record = services.portal.get_object(portal_id, object_type, object_id, wanted)
    return None if record is None else read_recipient(kind, ObjectId(object_id), record.properties)


def _decide_kind(inputs: SaleInputs) -> tuple[RecipientKind, int | None]:
    """Whom to bill, and by which association type; None: the primary one."""
    if inputs.bill_to == BillTo.LABELLED:
        object_type, _, type_id = (inputs.label or "").partition(":")
        if not type_id:
            raise InputInvalid('The action bills by association label, but its "billToLabel" is empty. Choose one.')
        return RecipientKind.CONTACT if object_type == contacts.OBJECT_TYPE else RecipientKind.COMPANY, int(type_id)
    is_contact = inputs.bill_to == BillTo.PRIMARY_CONTACT
    return RecipientKind.CONTACT if is_contact else RecipientKind.COMPANY, None
