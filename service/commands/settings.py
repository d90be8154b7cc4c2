"""Commands about settings: the configuration, the properties in HubSpot, the seals of tokens."""

from __future__ import annotations

import argparse
import sys

from service.config import load_config
from service.store.schema import migrate
from service.wiring import make_command_services, open_stores
from service.workflows.ensure_properties import repair_properties


def check_config(_: argparse.Namespace) -> int:
    """Say that all is well; problems are raised as one ConfigError. Writes nothing."""
    config = load_config(create=False)
    print(f"settings are complete; callbacks are taken at {config.public_url}/hubspot/actions/<action>")
    return 0


def ensure_properties(arguments: argparse.Namespace) -> int:
    """Create and repair the properties in one portal, or in all that are connected; 1 when something is left to do."""
    stores = open_stores(load_config())
    migrate(stores.database)
    services = make_command_services(stores)
    portals = sorted({c.portal_id for c in stores.connections.all()})
    wanted = portals if arguments.portal is None else [p for p in portals if p == arguments.portal]
    if not wanted:
        print("error: no such portal is connected: see `connections list`", file=sys.stderr)
        return 1
    left = False
    for portal_id in wanted:
        for object_type, repair in repair_properties(services, portal_id).items():
            done = [f"{name} created" for name in repair.created] + [f"{name} widened" for name in repair.widened]
            print(f"portal {portal_id}, {object_type}: {', '.join(done) or 'nothing to do'}")
            problems = [*repair.wrong, *([f"missing: {', '.join(repair.missing)}"] if repair.missing else [])]
            # HubSpot invoices are an extra that not every portal's tier has.
            left = left or (object_type == "deals" and bool(problems))
            for problem in problems:
                print(f"portal {portal_id}, {object_type}: {problem}; `doctor` says what to do", file=sys.stderr)
    return 1 if left else 0


def reseal_credentials(_: argparse.Namespace) -> int:
    """Seal every token with the first of ENCRYPTION_KEYS; 1 while some cannot be opened."""
    stores = open_stores(load_config(vendors=False), pool_size=4)
    migrate(stores.database)
    done, seals = stores.resealing.reseal(), stores.resealing.count()
    print(f"{done} sealed again; {seals.first} with the first key, {seals.older} with an older one")
    if seals.closed:
        print(f"error: no key in ENCRYPTION_KEYS opens {seals.closed}: add their key, or reconnect", file=sys.stderr)
    return 1 if seals.closed else 0
