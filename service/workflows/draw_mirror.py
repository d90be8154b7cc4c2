"""Draw what a HubSpot invoice is to show: from rows alone, but for a deal's contact that nothing of ours knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from service.hubspot.contacts import choose_contact
from service.ids import CustomerId, DealId, InvoiceId
from service.invoicing.mirror import ALL, BilledLine, mirror_lines, mirror_properties, next_change
from service.quickbooks.invoice_details import parse_lines, read_field, read_po_number
from service.store.connections import Connection
from service.store.invoice_sync import PROPERTIES, read_rules
from service.store.invoices import KnownInvoice
from service.store.mirrors import Mirror
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.map_invoices import map_invoice
from service.workflows.services import Services
from service.workflows.show_deal import payment_days
from service.workflows.view_invoice import facts_of, view_invoice

PO_NUMBER = "hs_purchase_order_number"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one HubSpot invoice is to show. `recipients`: object type and id; `next_at`: when it shows other things."""

    properties: dict[str, str]
    lines: list[dict[str, str]]
    deal_id: DealId | None
    recipients: tuple[tuple[str, str], ...]
    next_at: datetime | None


def draw_mirrors(services: Services, connection: Connection, due: Sequence[Mirror]) -> dict[InvoiceId, Drawn]:
    """What the mirrors of a connection are to show, by invoice; those that are not to be mirrored are absent.

    Raises: NotConnected, TryLater.
    """
    realm = know_realm(services, connection.portal_id, connection.realm_id)
    ids = [each.invoice_id for each in due]
    known = services.invoices.find(connection.realm_id, ids)
    if read_rules(connection).which == ALL:
        known = {**services.adoptions.find_invoices(connection.realm_id, ids), **known}
    days = payment_days(services, list(known.values()))
    recipients = _find_recipients(services, connection, known, [each for each in due if each.object_id is None])
    return {
        invoice_id: _draw(
            services,
            connection,
            realm,
            each,
            recipients.get(invoice_id, ()),
            days.get((connection.realm_id, invoice_id), ()),
        )
        for invoice_id, each in known.items()
    }


def _draw(
    services: Services,
    connection: Connection,
    realm: KnownRealm,
    known: KnownInvoice,
    recipients: tuple[tuple[str, str], ...],
    paid_on: Sequence[date],
) -> Drawn:
    today = realm.day_of(services.clock.now())
    view = view_invoice(known, today, realm.facts.home_currency, sandbox=services.quickbooks_sandbox, paid_on=paid_on)
    content = json.loads(known.document, parse_float=Decimal)
    plain, rules = connection.settings.get(PROPERTIES) or {}, read_rules(connection)
    properties = mirror_properties(
        view,
        today,
        realm_id=known.realm_id,
        company=realm.settings.company_name,
        created_at=facts_of(known).created_at,
        mapped={PO_NUMBER: read_po_number(content)}
        | {str(name): read_field(content, str(path)) for name, path in plain.items()}
        | map_invoice(rules.fields, content)[0],
    )
    lines: tuple[BilledLine, ...] = parse_lines(content)
    day = next_change(view, today)
    return Drawn(
        properties,
        mirror_lines(lines, view.currency),
        known.deal_id or None,
        recipients,
        _begins(day, realm) if day else None,
    )


def _begins(day: date, realm: KnownRealm) -> datetime:
    return datetime.combine(day, time(), realm.zone).astimezone(UTC)


def _find_recipients(
    services: Services, connection: Connection, known: dict[InvoiceId, KnownInvoice], new: Sequence[Mirror]
) -> dict[InvoiceId, tuple[tuple[str, str], ...]]:
    """Whom the mirrors that are to be created belong to: contact and company of the customer, else of the deal."""
    customers = {each.invoice_id: facts_of(known[each.invoice_id]).customer_id for each in new
                 if each.invoice_id in known}  # fmt: skip
    of_customer: dict[CustomerId, dict[str, str]] = {}
    kinds = {"contact": "contacts", "company": "companies"}
    ids = list(dict.fromkeys(customers.values()))
    for link in services.links.leading_to(connection.portal_id, connection.realm_id, tuple(kinds), ids):
        of_customer.setdefault(CustomerId(link.entity_id), {}).setdefault(kinds[link.kind], link.key)
    found = {invoice_id: tuple(of_customer.get(customer, {}).items()) for invoice_id, customer in customers.items()}
    orphans = {
        known[each].deal_id: each for each, recipients in found.items() if not recipients and known[each].deal_id
    }
    if orphans:
        neighbours = services.hubspot.read_associations(connection.portal_id, "deals", "contacts", orphans)
        for deal_id, invoice_id in orphans.items():
            contact = choose_contact(neighbours.get(deal_id, ()))
            found[invoice_id] = (("contacts", contact),) if contact else ()
    return found
