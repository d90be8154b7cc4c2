"""What a realm turned out not to take, though no documentation says so: remembered for a while, then tried again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from service.clock import Clock
from service.ids import RealmId

LOG = logging.getLogger("service.quickbooks")
WHILE = timedelta(hours=6)


class Habits:
    """Kept by each process for itself: what is forgotten costs one refused call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused_until: dict[tuple[RealmId, str], datetime] = {}

    def takes(self, realm_id: RealmId, what: str) -> bool:
        """Whether it is worth asking; True for what was never refused."""
        until = self._refused_until.get((realm_id, what))
        return until is None or until <= self._clock.now()

    def note_refused(self, realm_id: RealmId, what: str) -> None:
        """It was asked, and refused as something that cannot be asked."""
        self._refused_until[(realm_id, what)] = self._clock.now() + WHILE
        LOG.warning("realm %s does not take a query of %s", realm_id, what)
