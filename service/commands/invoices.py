"""Commands about invoices that were made in QuickBooks, and the deals they belong to."""

from __future__ import annotations

import argparse
import json
import sys

from service.config import load_config
from service.errors import InputInvalid
from service.ids import DealId, InvoiceId
from service.quickbooks.invoices import find_by_number
from service.store.adoptions import ADOPTED, REVIEW, Adoption
from service.store.connections import LIVE
from service.store.schema import migrate
from service.wiring import make_command_services, open_stores
from service.workflows.adopt_invoice import adopt_by_hand, note_strangers
from service.workflows.services import Services

STATES = ("new", "review", "unrelated", "chosen", "refused", "adopted")


def list_invoices(arguments: argparse.Namespace) -> int:
    """The invoices born in QuickBooks, those that a person must look at by default."""
    stores = open_stores(load_config(vendors=False), pool_size=4)
    migrate(stores.database)
    found = stores.adoptions.of_states([arguments.state or REVIEW], arguments.limit)
    rows = [
        {
            "number": each.number,
            "invoice_id": each.invoice_id,
            "realm_id": each.realm_id,
            "portal_id": each.portal_id,
            "state": each.state,
            "reason": each.reason,
            "deal_id": each.deal_id,
            "candidates": [{"deal_id": deal.deal_id, "reasons": list(deal.reasons)} for deal in each.candidates],
        }
        for each in found
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    for each in found:
        deals = " or ".join(f"{deal.deal_id} ({', '.join(deal.reasons)})" for deal in each.candidates)
        print(f"{each.number or each.invoice_id}  realm {each.realm_id}  {each.state}: {each.reason}  "
              f"{each.deal_id or deals}".rstrip())  # fmt: skip
    if not found:
        print("none")
    return 0


def adopt_invoice(arguments: argparse.Namespace) -> int:
    """Tie an invoice to a deal by hand; asks QuickBooks for it when nobody has heard of it yet."""
    stores = open_stores(load_config())
    migrate(stores.database)
    services = make_command_services(stores)
    _look_up(services, arguments)
    found = _named(services, arguments)
    if len(found) != 1:
        what = "no invoice" if not found else f"{len(found)} invoices"
        print(f"error: there is {what} with the number {arguments.number}; one that an action made has its deal, "
              "for several give --realm", file=sys.stderr)  # fmt: skip
        return 1
    if found[0].state == ADOPTED:
        print(f"error: the invoice belongs to deal {found[0].deal_id} already", file=sys.stderr)
        return 1
    try:
        adopt_by_hand(services, found[0], DealId(arguments.deal))
    except InputInvalid as error:
        print(f"error: {error.sentence}", file=sys.stderr)
        return 1
    print(f"invoice {arguments.number} belongs to deal {arguments.deal}; the worker shows it there")
    return 0


def _named(services: Services, arguments: argparse.Namespace) -> list[Adoption]:
    found = services.adoptions.by_number(arguments.number)
    return [
        each
        for each in found
        if arguments.realm in (None, each.realm_id) and arguments.portal in (None, each.portal_id)
    ]


def _look_up(services: Services, arguments: argparse.Namespace) -> None:
    if _named(services, arguments):
        return
    for each in services.connections.all():
        wanted = arguments.realm in (None, each.realm_id) and arguments.portal in (None, each.portal_id)
        if each.state == LIVE and wanted:
            found = find_by_number(services.quickbooks, each.realm_id, arguments.number)
            there = {InvoiceId(str(entity["Id"])): entity for entity in found}
            note_strangers(services, each.portal_id, each.realm_id, there)
