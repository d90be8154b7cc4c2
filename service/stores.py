"""The tables over one database: what web, worker and commands all have. Knows no vendor's gateway."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from service.clock import Clock, SystemClock
from service.config import Config
from service.store.adoptions import Adoptions
from service.store.callbacks import Callbacks
from service.store.connections import Connections
from service.store.credentials import Credentials
from service.store.database import Database
from service.store.due import Due
from service.store.findings import Findings
from service.store.hints import Hints
from service.store.invoice_sync import InvoiceSync
from service.store.locks import Locks
from service.store.option_lists import OptionLists
from service.store.preflights import Preflights
from service.store.previews import Previews
from service.store.resealing import Resealing
from service.store.reservations import Reservations
from service.store.sync import SyncTables
from service.store.sync_changes import SyncChanges
from service.store.vault import Vault


@dataclass
class Stores:
    """Each table's store, made when it is first asked for."""

    config: Config
    database: Database
    clock: Clock

    @cached_property
    def locks(self) -> Locks:
        return Locks(self.database)

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials(self.database, self.vault, self.locks)

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.config.encryption_keys)

    @cached_property
    def resealing(self) -> Resealing:
        return Resealing(self.database, self.vault)

    @cached_property
    def preflights(self) -> Preflights:
        return Preflights(self.database)

    @cached_property
    def previews(self) -> Previews:
        return Previews(self.database)

    @cached_property
    def findings(self) -> Findings:
        return Findings(self.connections, self.credentials, self.preflights)

    @cached_property
    def hints(self) -> Hints:
        return Hints(self.database)

    @cached_property
    def option_lists(self) -> OptionLists:
        return OptionLists(self.database)

    @cached_property
    def sync_changes(self) -> SyncChanges:
        return SyncChanges(self.database)

    @cached_property
    def invoice_sync(self) -> InvoiceSync:
        return InvoiceSync(self.database)

    @cached_property
    def sync(self) -> SyncTables:
        return SyncTables(self.database)

    @cached_property
    def callbacks(self) -> Callbacks:
        return Callbacks(self.database)

    @cached_property
    def adoptions(self) -> Adoptions:
        return Adoptions(self.database)

    @cached_property
    def connections(self) -> Connections:
        return Connections(self.database)

    @cached_property
    def reservations(self) -> Reservations:
        return Reservations(self.database)

    @cached_property
    def due(self) -> Due:
        return Due(self.database)


def open_stores(
    config: Config, *, clock: Clock | None = None, pool_size: int = 16, transactions: int | None = None
) -> Stores:
    """The stores over the configured database."""
    return Stores(config, Database(config.database_url, pool_size, transactions=transactions), clock or SystemClock())
