"""What the workflows work with; made once per worker and found here by the durable runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.clock import Clock
from service.engine.pacing import Pacing
from service.engine.portal_calls import PortalCalls
from service.engine.tokens import Tokens
from service.hubspot.gateway import Gateway as HubSpot
from service.hubspot.oauth import TokenDetails
from service.quickbooks.gateway import Gateway as QuickBooks
from service.store.adoptions import Adoptions
from service.store.callbacks import Callbacks
from service.store.connections import Connections
from service.store.credentials import Credentials, Vendor
from service.store.cursors import Cursors
from service.store.database import Database
from service.store.deals import Deals
from service.store.hints import Hints
from service.store.invoices import Invoices
from service.store.links import Links
from service.store.locks import Locks
from service.store.mirrors import Mirrors
from service.store.option_lists import OptionLists
from service.store.payment_notes import PaymentNotes
from service.store.payments import Payments
from service.store.preflights import Preflights
from service.store.previews import Previews
from service.store.resealing import Resealing
from service.store.reservations import Reservations
from service.store.settings import SettingsCache
from service.store.sync import SyncTables


@dataclass(frozen=True, slots=True)
class Services:
    """Stores, gateways and the clock of one worker."""

    clock: Clock
    database: Database
    callbacks: Callbacks
    reservations: Reservations
    invoices: Invoices
    links: Links
    mirrors: Mirrors
    adoptions: Adoptions
    connections: Connections
    credentials: Credentials
    settings: SettingsCache
    locks: Locks
    pacing: Pacing
    portal: PortalCalls
    hubspot: HubSpot
    quickbooks: QuickBooks
    tokens: Mapping[Vendor, Tokens]
    introspect: Callable[[str], TokenDetails]
    """What HubSpot says about an access token."""
    resealing: Resealing
    preflights: Preflights
    previews: Previews
    option_lists: OptionLists
    hints: Hints
    sync: SyncTables
    payments: Payments
    payment_notes: PaymentNotes
    deals: Deals
    cursors: Cursors
    quickbooks_sandbox: bool = False


_holder: list[Services] = []


def provide(services: Services) -> None:
    """Give the durable runs of this process their services."""
    _holder[:] = [services]


def current() -> Services:
    """The services of this process."""
    return _holder[0]
