"""What the workflows work with; made once per worker and found here by the durable runs."""

from __future__ import annotations

from dataclasses import dataclass

from service.clock import Clock
from service.engine.pacing import Pacing
from service.engine.portal_calls import PortalCalls
from service.hubspot.gateway import Gateway as HubSpot
from service.quickbooks.gateway import Gateway as QuickBooks
from service.store.callbacks import Callbacks
from service.store.connections import Connections
from service.store.credentials import Credentials
from service.store.database import Database
from service.store.invoices import Invoices
from service.store.links import Links
from service.store.locks import Locks
from service.store.reservations import Reservations
from service.store.settings import SettingsCache


@dataclass(frozen=True, slots=True)
class Services:
    """Stores, gateways and the clock of one worker."""

    clock: Clock
    database: Database
    callbacks: Callbacks
    reservations: Reservations
    invoices: Invoices
    links: Links
    connections: Connections
    credentials: Credentials
    settings: SettingsCache
    locks: Locks
    pacing: Pacing
    portal: PortalCalls
    hubspot: HubSpot
    quickbooks: QuickBooks
    quickbooks_sandbox: bool = False


_holder: list[Services] = []


def provide(services: Services) -> None:
    """Give the durable runs of this process their services."""
    _holder[:] = [services]


def current() -> Services:
    """The services of this process."""
    return _holder[0]
