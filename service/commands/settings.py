"""Commands about settings: the configuration, and the deal's properties in HubSpot."""

from __future__ import annotations

import argparse

from service.config import load_config
from service.store.schema import migrate
from service.wiring import make_services, open_stores
from service.workflows.know_realm import ensure_properties as ensure


def check_config(_: argparse.Namespace) -> int:
    """Say that all is well; problems are raised as one ConfigError. Writes nothing."""
    config = load_config(create=False)
    print(f"settings are complete; callbacks are taken at {config.public_url}/hubspot/actions/<action>")
    return 0


def ensure_properties(arguments: argparse.Namespace) -> int:
    """Create the missing properties in one portal, or in all that are connected."""
    stores = open_stores(load_config())
    migrate(stores.database)
    services = make_services(stores)
    portals = sorted({c.portal_id for c in stores.connections.all()})
    for portal_id in portals if arguments.portal is None else [p for p in portals if p == arguments.portal]:
        created = ensure(services, portal_id)
        print(f"portal {portal_id}: {', '.join(created) + ' created' if created else 'nothing was missing'}")
    return 0
