"""Commands about connections."""

from __future__ import annotations

import argparse
import json
import sys

from service.app import make_desk
from service.clock import SystemClock
from service.config import load_config
from service.errors import PageNotFound
from service.hubspot.properties import find_mapping_problems, find_name_problems
from service.ids import PortalId, RealmId
from service.invoicing.numbering import find_template_problems
from service.invoicing.tax import find_tax_code_problems
from service.store.audit import Audit
from service.store.connection_settings import change_settings
from service.store.schema import migrate
from service.web.disconnect import end_connection
from service.wiring import Stores, open_stores


def _stores() -> Stores:
    stores = open_stores(load_config(vendors=False), pool_size=4)
    migrate(stores.database)
    return stores


def add_connection(arguments: argparse.Namespace) -> int:
    """Seal the tokens, join the pair, let parked work go on."""
    if not arguments.realm.isascii() or not arguments.realm.isdigit() or arguments.portal <= 0:
        print("error: --portal and --realm are numbers, as HubSpot and QuickBooks show them", file=sys.stderr)
        return 2
    stores, now = _stores(), SystemClock().now()
    portal_id, realm_id = PortalId(arguments.portal), RealmId(arguments.realm)
    given = arguments.hubspot_refresh_token.strip(), arguments.quickbooks_refresh_token.strip()
    if not all(given):
        print("error: a refresh token is empty", file=sys.stderr)
        return 2
    stores.credentials.keep("hubspot", str(portal_id), refresh_token=given[0], now=now)
    stores.credentials.keep("quickbooks", realm_id, refresh_token=given[1], now=now)
    resumed = stores.connections.add(portal_id, realm_id, now)
    stores.hints.resume("hubspot", str(portal_id), now)
    stores.hints.resume("quickbooks", realm_id, now)
    print(f"connected portal {portal_id} and realm {realm_id}" + (f"; {resumed} callbacks go on" if resumed else ""))
    return 0


def change_connection(arguments: argparse.Namespace) -> int:
    """Pause or resume."""
    changed = _stores().connections.change_state(
        PortalId(arguments.portal), RealmId(arguments.realm), arguments.state, SystemClock().now()
    )
    if not changed:
        print("error: there is no such connection: see `connections list`", file=sys.stderr)
        return 1
    print(f"portal {arguments.portal} and realm {arguments.realm}: {arguments.state}")
    return 0


def remove_connection(arguments: argparse.Namespace) -> int:
    """Part the pair; what no other connection uses is revoked at QuickBooks and erased here."""
    try:
        told = end_connection(make_desk(_stores()), PortalId(arguments.portal), RealmId(arguments.realm))
    except PageNotFound:
        print("error: there is no such connection: see `connections list`", file=sys.stderr)
        return 1
    print(f"portal {arguments.portal} and realm {arguments.realm}: removed")
    if not told:
        print("QuickBooks could not be told: remove the app there too", file=sys.stderr)
    return 0


def set_connection(arguments: argparse.Namespace) -> int:
    """Change what an operator may say of a connection: property names, tax rates, the mirror."""
    changes, problems = _read_changes(arguments)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        return 2
    portal_id, realm_id = PortalId(arguments.portal), RealmId(arguments.realm)
    stores = _stores()
    if not change_settings(stores.database, portal_id, realm_id, changes, SystemClock().now()):
        print("error: there is no such connection: see `connections list`", file=sys.stderr)
        return 1
    told = ", ".join(
        f"{name.replace('_', ' ')} {given}" if isinstance(given, str) else f"{len(given)} {name.replace('_', ' ')}"
        for name, given in changes.items()
    )
    subject = f"connection of portal {portal_id} and realm {realm_id}"
    Audit(stores.database).note("command line", "connection set", subject, SystemClock().now(), told)
    print(f"portal {portal_id} and realm {realm_id}: {told}")
    return 0


def _read_changes(arguments: argparse.Namespace) -> tuple[dict[str, dict[str, str] | str], list[str]]:
    """The settings given, and what is wrong with them."""
    checks = {
        "property_names": find_name_problems,
        "tax_codes": find_tax_code_problems,
        "number_templates": find_template_problems,
        "invoice_properties": find_mapping_problems,
    }
    changes: dict[str, dict[str, str] | str] = {} if arguments.mirror is None else {"mirror": arguments.mirror}
    problems: list[str] = []
    for name, find_problems in checks.items():
        text = getattr(arguments, name)
        if text is None:
            continue
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        option = f"--{name.replace('_', '-')}"
        problems += find_problems(given) if isinstance(given, dict) else [f"{option} is no JSON object"]
        changes[name] = given
    return changes, problems if changes else ["nothing to set: see `connections set --help`"]


def list_connections(arguments: argparse.Namespace) -> int:
    """All connections, with how each side's access stands."""
    stores = _stores()
    access = {(c.vendor, c.owner_id): c.state for c in stores.credentials.all()}
    rows = [
        {
            "portal_id": c.portal_id,
            "realm_id": c.realm_id,
            "state": c.state,
            "hubspot": access.get(("hubspot", str(c.portal_id)), "absent"),
            "quickbooks": access.get(("quickbooks", c.realm_id), "absent"),
        }
        for c in stores.connections.all()
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("no connections: `python -m service connections add` makes one")
    else:
        for row in rows:
            print("  ".join(f"{name} {value}" for name, value in row.items()))
    return 0
