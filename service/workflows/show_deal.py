"""What a deal shows of its invoices: from our rows alone, without asking anybody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from service.ids import DealId, InvoiceId, PortalId, RealmId
from service.invoicing.invoice import deal_properties
from service.invoicing.rollup import choose_shown, roll_up
from service.quickbooks.payments import parse_payment
from service.store.invoices import KnownInvoice
from service.store.payments import LIVE
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.services import Services
from service.workflows.view_invoice import facts_of, view_invoice

Key = tuple[RealmId, InvoiceId]


@dataclass(frozen=True, slots=True)
class ShownDeal:
    """A deal's properties under our own names, the realm of the invoice they show, and a name for all of it."""

    realm_id: RealmId
    properties: dict[str, str]
    fingerprint: str


def show_deals(
    services: Services, portal_id: PortalId, deal_ids: Collection[DealId], now: datetime
) -> dict[DealId, ShownDeal]:
    """What each of these deals shows at a moment; deals without invoices are absent.

    Raises: NotConnected, TryLater when a realm's time zone has to be read first.
    """
    rows = services.invoices.of_deals(portal_id, deal_ids)
    every = [row for some in rows.values() for row in some]
    realms = {realm_id: know_realm(services, portal_id, realm_id) for realm_id in {row.realm_id for row in every}}
    days = payment_days(services, every)
    found: dict[DealId, ShownDeal] = {}
    for deal_id, some in rows.items():
        shown = _show(services, some, realms, days, now)
        if shown is not None:
            found[deal_id] = shown
    return found


def payment_days(services: Services, rows: Collection[KnownInvoice]) -> dict[Key, list[date]]:
    """The days of the payments that settle these invoices, as far as we know them."""
    paid: dict[RealmId, list[InvoiceId]] = {}
    for row in rows:
        # Most invoices have none: nothing is asked for them.
        if facts_of(row).payment_ids:
            paid.setdefault(row.realm_id, []).append(row.invoice_id)
    found: dict[Key, list[date]] = {}
    for realm_id, invoice_ids in paid.items():
        for payment in services.payments.of_invoices(realm_id, invoice_ids):
            paid_on = parse_payment(json.loads(payment.document, parse_float=Decimal)).txn_date
            for invoice_id in payment.invoice_ids if payment.state == LIVE and paid_on else ():
                found.setdefault((realm_id, invoice_id), []).append(paid_on)  # type: ignore[arg-type]
    return found


def _show(
    services: Services,
    rows: Collection[KnownInvoice],
    realms: Mapping[RealmId, KnownRealm],
    days: Mapping[Key, list[date]],
    now: datetime,
) -> ShownDeal | None:
    views = {}
    for row in rows:
        realm = realms[row.realm_id]
        paid_on = days.get((row.realm_id, row.invoice_id), ())
        views[row.realm_id, row.invoice_id] = view_invoice(
            row,
            realm.day_of(now),
            realm.facts.home_currency,
            sandbox=services.quickbooks_sandbox,
            paid_on=paid_on,
        )
    shown = choose_shown(list(views.values()))
    if shown is None:
        return None
    realm_id = next(key[0] for key, view in views.items() if view is shown)
    properties = deal_properties(shown, roll_up(list(views.values()), realms[realm_id].day_of(now)))
    # Which invoices they are is part of it: a deal that had another one in between was written in between.
    said = json.dumps([properties, sorted(views)], sort_keys=True)
    return ShownDeal(realm_id, properties, hashlib.sha256(said.encode()).hexdigest())
