"""`sync status`: every object of every connection, records and invoices alike."""

from __future__ import annotations

import argparse
import json

from service.commands.invoice_sync import describe_invoices
from service.commands.sync import describe, open_sync
from service.sync.direction import PAIRINGS


def show_status(arguments: argparse.Namespace) -> int:
    """What is kept in step, and how it stands."""
    stores = open_sync()
    rows = [
        row
        for each in stores.connections.all()
        for row in (
            *(describe(stores, stores.sync.settings.find(each.portal_id, each.realm_id, name)) for name in PAIRINGS),
            describe_invoices(stores, each),
        )
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    for row in rows:
        counts = ", ".join(f"{number} {state}" for state, number in row["records"].items()) or "no records"
        said = f"{row['phase']}" if "phase" in row else f"{row['which']} of them"
        print(
            f"portal {row['portal_id']}  realm {row['realm_id']}  {row['object']:<9}  {row['state']:<3}  "
            f"{row['direction']}  winner {row['winner']}  {said}  {counts}"
        )
        for line in (row.get("problem"), row.get("left"), *row.get("rests", ())):
            if line:
                print(f"  {line}")
    if not rows:
        print("no connections: `python -m service connections add` makes one")
    return 0
