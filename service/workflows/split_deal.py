"""What earlier invoices took of a deal that is billed in shares: from our rows, without a call."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from service.ids import PortalId, RealmId
from service.invoicing.deal import Deal
from service.invoicing.marks import read_share
from service.invoicing.status import Status
from service.store.invoices import KnownInvoice
from service.store.reservations import CREATE, CREATED
from service.workflows.services import Services


def count_shares(services: Services, portal_id: PortalId, realm_id: RealmId, deal: Deal) -> Deal:
    """The deal with what its live invoices for a share of it have billed so far."""
    known = services.invoices.of_deal(portal_id, deal.id)
    live = [each for each in known if each.realm_id == realm_id and Status(each.status).is_live]
    parts = [_read_part(services, each) for each in live]
    return replace(
        deal,
        share_billed=sum((share for share, _ in parts), Decimal(0)),
        amount_billed=sum((amount for _, amount in parts), Decimal(0)),
    )


def _read_part(services: Services, invoice: KnownInvoice) -> tuple[Decimal, Decimal]:
    """Share and amount of an invoice; nothing of either when it is not for a share.

    What we sent counts, since people may edit the memo; what QuickBooks holds, where our row is gone.
    """
    sent = services.reservations.all(invoice.portal_id, invoice.callback_id) if invoice.callback_id else []
    bodies = [each.body for each in sent if (each.operation, each.state) == (CREATE, CREATED)]
    content = json.loads(bodies[-1] if bodies else invoice.document, parse_float=Decimal)
    share = read_share(content.get("PrivateNote"))
    if share is None:
        return Decimal(0), Decimal(0)
    return share, Decimal(str(content["Line"][0]["Amount"]))
