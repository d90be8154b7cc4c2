"""What each deal was last given, so that nothing is written twice, and which deals are no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.ids import DealId, PortalId
from service.store.database import Database, from_ms_or_none, to_ms

RESTORED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DealState:
    """`shown` names what the deal was last given, None: not known. `gone_at`: when HubSpot did not have it."""

    shown: str | None
    gone_at: datetime | None

    def is_gone(self, now: datetime) -> bool:
        """Whether it is not worth another try: one a day, for a deleted deal may be restored."""
        return self.gone_at is not None and now - self.gone_at < RESTORED_WITHIN


_FIND = sa.text(
    "SELECT deal_id, shown, gone_at FROM deals WHERE portal_id = :portal_id AND deal_id IN :ids"
).bindparams(sa.bindparam("ids", expanding=True))
# The first condition is the index's, word for word.
_BUSY = sa.text(
    """SELECT DISTINCT object_id FROM callbacks WHERE state IN ('received', 'running', 'waiting', 'parked')
       AND state = 'running' AND portal_id = :portal_id AND object_type = 'DEAL' AND object_id IN :ids"""
).bindparams(sa.bindparam("ids", expanding=True))
_KEEP = sa.text(
    """INSERT INTO deals (portal_id, deal_id, shown, written_at) VALUES (:portal_id, :deal_id, :shown, :at)
       ON CONFLICT (portal_id, deal_id) DO UPDATE SET shown = excluded.shown, written_at = excluded.written_at,
         gone_at = NULL"""
)
_GONE = sa.text(
    """INSERT INTO deals (portal_id, deal_id, gone_at) VALUES (:portal_id, :deal_id, :at)
       ON CONFLICT (portal_id, deal_id) DO UPDATE SET shown = NULL, gone_at = excluded.gone_at"""
)


class Deals:
    """The table of deals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, portal_id: PortalId, deal_ids: Collection[str]) -> dict[DealId, DealState]:
        """What is known of these deals; absent where nothing was ever written."""
        with self._database.read() as connection:
            rows = connection.execute(_FIND, {"portal_id": portal_id, "ids": list(deal_ids)})
            return {DealId(row.deal_id): DealState(row.shown, from_ms_or_none(row.gone_at)) for row in rows}

    def busy(self, portal_id: PortalId, deal_ids: Collection[str]) -> set[DealId]:
        """Those that a callback is at work on: it may be about to write the deal as it was a moment ago."""
        if not deal_ids:
            return set()
        with self._database.read() as connection:
            rows = connection.execute(_BUSY, {"portal_id": portal_id, "ids": list(deal_ids)})
            return {DealId(row.object_id) for row in rows}

    def keep_shown(self, tx: sa.Connection, portal_id: PortalId, shown: Mapping[DealId, str], now: datetime) -> None:
        """These were written."""
        rows = [
            {"portal_id": portal_id, "deal_id": deal_id, "shown": shown[deal_id], "at": to_ms(now)}
            for deal_id in sorted(shown)
        ]
        if rows:
            tx.execute(_KEEP, rows)

    def keep_gone(self, tx: sa.Connection, portal_id: PortalId, deal_id: DealId, now: datetime) -> None:
        """HubSpot has this one no more: nothing is written to it for a day."""
        tx.execute(_GONE, {"portal_id": portal_id, "deal_id": deal_id, "at": to_ms(now)})
