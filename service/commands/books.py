"""Commands about invoices: compare what we know with QuickBooks' books."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from service.config import load_config
from service.store.connections import LIVE
from service.store.schema import migrate
from service.wiring import make_command_services, open_stores
from service.workflows.check_invoices import Report, check_realm


def check_invoices(arguments: argparse.Namespace) -> int:
    """Compare the invoices of one realm, or of all, with the books; 1 when something differed."""
    stores = open_stores(load_config())
    migrate(stores.database)
    services = make_command_services(stores)
    live = {each.realm_id: each.portal_id for each in stores.connections.all() if each.state == LIVE}
    wanted = {realm_id: portal_id for realm_id, portal_id in live.items() if arguments.realm in (None, realm_id)}
    if not wanted:
        print("error: no such realm is connected: see `connections list`", file=sys.stderr)
        return 1
    reports = [
        check_realm(services, portal_id, realm_id, every=arguments.every, repair=not arguments.dry_run)
        for realm_id, portal_id in wanted.items()
    ]
    if arguments.json:
        print(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        for report in reports:
            _print(report, repaired=not arguments.dry_run)
    return 1 if any(report.drifts for report in reports) else 0


def _print(report: Report, *, repaired: bool) -> None:
    done = "repaired; the worker writes the deals" if repaired else "left as they are"
    found = f"{len(report.drifts)} differed, {done}" if report.drifts else "all agree"
    print(f"realm {report.realm_id}: {report.compared} invoices compared, {found}; {report.reads} metered reads")
    for drift in report.drifts:
        print(f"  invoice {drift.invoice_id}: {drift.was} -> {drift.now}")
