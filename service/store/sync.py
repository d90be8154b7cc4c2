"""The tables of the sync together, as everybody who works on it needs them."""

from __future__ import annotations

from datetime import datetime

from service.store.database import Database
from service.store.mapping_requests import MappingRequests
from service.store.pauses import Pause, Pauses
from service.store.sync_candidates import SyncCandidates
from service.store.sync_links import SyncLinks
from service.store.sync_settings import SyncObject, SyncSettings
from service.sync.headroom import KINDS, scopes_of


class SyncTables:
    """Settings, links, and what a pass has read."""

    def __init__(self, database: Database) -> None:
        self.settings = SyncSettings(database)
        self.links = SyncLinks(database)
        self.candidates = SyncCandidates(database)
        self.mapping_requests = MappingRequests(database)
        self._pauses = Pauses(database)

    def rests(self, known: SyncObject, now: datetime) -> list[Pause]:
        """The scopes of an object's connection that rest now, for all workers."""
        found, scopes = self._pauses.all(), scopes_of(known.portal_id, known.realm_id)
        return [found[scope] for scope in scopes.values() if scope in found and found[scope].until_at > now]


def describe_rest(pause: Pause) -> str:
    """Who is not called until when, and why."""
    vendor, what = KINDS[pause.scope.partition(":")[0]]
    return f"{vendor} {what} rest until {pause.until_at:%H:%M:%S} UTC: {pause.reason}"
