"""The tables of the sync together, as everybody who works on it needs them."""

from __future__ import annotations

from service.store.database import Database
from service.store.sync_candidates import SyncCandidates
from service.store.sync_links import SyncLinks
from service.store.sync_settings import SyncSettings


class SyncTables:
    """Settings, links, and what a pass has read."""

    def __init__(self, database: Database) -> None:
        self.settings = SyncSettings(database)
        self.links = SyncLinks(database)
        self.candidates = SyncCandidates(database)
