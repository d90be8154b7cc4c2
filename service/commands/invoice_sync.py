"""Commands about the sync of invoices: QuickBooks' invoices as HubSpot invoices, which ones, and how they stand."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from service.clock import SystemClock
from service.commands.mappings import print_mapping, print_previews, read_file
from service.commands.sync import ACTOR, choose_connection, open_sync
from service.config import load_config
from service.errors import InputInvalid
from service.store.connections import Connection
from service.store.invoice_sync import InvoiceRules, check_one_way, read_rules, read_which
from service.store.schema import migrate
from service.sync.direction import INVOICES
from service.sync.mapping_file import parse_mapping
from service.wiring import Stores, make_command_services, open_stores
from service.workflows.map_invoices import find_invoice_problems, preview_invoices
from service.workflows.preview_mapping import know_properties
from service.workflows.services import Services


def describe_invoices(stores: Stores, connection: Connection) -> dict[str, Any]:
    """How the invoices of a connection stand, for people and programs."""
    rules = read_rules(connection)
    return {
        "portal_id": rules.portal_id,
        "realm_id": rules.realm_id,
        "object": INVOICES,
        "state": "on" if rules.is_on else "off",
        "direction": "to_hubspot",
        "winner": "quickbooks",
        "which": rules.which,
        "mapping_version": rules.fields.version,
        "records": stores.invoice_sync.count(rules, SystemClock().now()),
    }


def turn_invoices_on(arguments: argparse.Namespace) -> int:
    """Mirror invoices from now on."""
    check_one_way(arguments.direction, arguments.winner)
    if arguments.filter or arguments.deactivate is not None or arguments.follow:
        raise InputInvalid("For invoices `sync on` takes --which, and none of --filter, --deactivate and --follow.")
    stores, rules = _find(arguments)
    stores.invoice_sync.turn_on(rules, ACTOR, SystemClock().now(), read_which(arguments.which))
    print("invoices are shown as HubSpot invoices: a worker does it, `sync status` tells how they stand")
    return 0


def turn_invoices_off(arguments: argparse.Namespace) -> int:
    """Stop; what is there stays."""
    stores, rules = _find(arguments)
    stores.invoice_sync.turn_off(rules, ACTOR, SystemClock().now())
    print("invoices are no longer shown as HubSpot invoices; what is there stays")
    return 0


def run_invoices(arguments: argparse.Namespace) -> int:
    """Draw every HubSpot invoice anew."""
    stores, rules = _find(arguments)
    print(f"{stores.invoice_sync.run(rules, ACTOR, SystemClock().now())} invoices are compared anew")
    return 0


def delete_invoices(arguments: argparse.Namespace) -> int:
    """Forget which HubSpot invoice shows which, and the settings."""
    if not arguments.yes:
        print("error: this forgets all links and settings of the object; add --yes", file=sys.stderr)
        return 2
    stores, rules = _find(arguments)
    stores.invoice_sync.delete(rules, ACTOR, SystemClock().now())
    print("links and settings of invoices are forgotten; no record was touched")
    return 0


def list_invoice_records(arguments: argparse.Namespace) -> int:
    """Invoices by number, customer or id; with the state of their HubSpot invoices and the reason."""
    stores, rules = _find(arguments)
    found = stores.invoice_sync.search(
        rules, SystemClock().now(), arguments.text or "", arguments.state or "", arguments.limit
    )
    if arguments.json:
        rows = [
            {
                "record": each.invoice_id, "name": each.customer, "number": each.number, "hubspot_id": each.object_id,
                "quickbooks_id": each.invoice_id, "state": each.state, "message": each.sentence, "tries": each.tries,
                "due_at": each.due_at.isoformat() if each.due_at else None,
            }
            for each in found
        ]  # fmt: skip
        print(json.dumps(rows, indent=2))
        return 0
    for each in found:
        ids = f"HubSpot {each.object_id or '-'}  QuickBooks {each.invoice_id}"
        print(f"{each.number or '-'}  {each.state:<8}  {each.customer or '-'}  {ids}")
        if each.sentence:
            print(f"  {each.sentence}")
    if not found:
        print("there are none")
    return 0


def replay_invoices(arguments: argparse.Namespace) -> int:
    """Try again what HubSpot did not take."""
    stores, rules = _find(arguments)
    record = "" if arguments.record is None else str(arguments.record)
    count = stores.invoice_sync.replay(rules, ACTOR, SystemClock().now(), record)
    print(f"{count} {'record is' if count == 1 else 'records are'} tried again")
    return 0 if count else 1


def apply_invoice_mapping(arguments: argparse.Namespace) -> int:
    """Check a mapping against the portal's properties, and show invoices by it from now on."""
    document = read_file(arguments.file)
    stores, rules, services = _with_vendors(arguments)
    known = know_properties(services, rules.portal_id, INVOICES)
    mapping = parse_mapping(document, known)
    problems = find_invoice_problems(mapping, known)
    if problems:
        raise InputInvalid("The mapping cannot be applied. " + "; ".join(problems) + ".")
    version = stores.invoice_sync.apply_mapping(rules, mapping, ACTOR, SystemClock().now())
    print(f"version {version} of the mapping of invoices is applied; all are compared anew")
    return 0


def show_invoice_mapping(arguments: argparse.Namespace) -> int:
    """The mapping that is applied, as a file."""
    return print_mapping(_find(arguments)[1].fields)


def test_invoice_mapping(arguments: argparse.Namespace) -> int:
    """What a mapping would do to chosen HubSpot invoices; nothing is written. 1 when it could not be applied."""
    document = read_file(arguments.file) if arguments.file else None
    _, rules, services = _with_vendors(arguments)
    known = know_properties(services, rules.portal_id, INVOICES)
    mapping = parse_mapping(document, known) if document is not None else rules.fields
    problems = find_invoice_problems(mapping, known)
    previews = [] if problems else preview_invoices(services, rules, mapping, arguments.record)
    return print_previews(mapping, problems, previews, as_json=arguments.json)


def _find(arguments: argparse.Namespace) -> tuple[Stores, InvoiceRules]:
    stores = open_sync()
    return stores, read_rules(choose_connection(stores, arguments))


def _with_vendors(arguments: argparse.Namespace) -> tuple[Stores, InvoiceRules, Services]:
    stores = open_stores(load_config())
    migrate(stores.database)
    return stores, read_rules(choose_connection(stores, arguments)), make_command_services(stores)
