"""How much of the vendors' limits is left for a portal and a realm, as a worker has counted it.

Each worker counts its own calls, within its part of the limits; who waits for whom is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.ids import PortalId, RealmId

# Kinds of scopes, as they are paced: whose they are, and what is counted.
KINDS = {
    "portal": ("HubSpot", "calls"),
    "search": ("HubSpot", "searches"),
    "realm": ("QuickBooks", "calls"),
    "batch": ("QuickBooks", "batches"),
}


@dataclass(frozen=True, slots=True)
class Left:
    """Of the `most` calls that a worker may make in any `seconds`, `calls` are left."""

    calls: int
    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Headroom:
    """What was left at a moment, by kind of scope."""

    at: datetime
    left: Mapping[str, Left]

    def words(self, now: datetime) -> str:
        """One line for people."""
        said = [
            f"{vendor} {', '.join(self._say(kind) for kind in KINDS if KINDS[kind][0] == vendor and kind in self.left)}"
            for vendor in dict.fromkeys(KINDS[kind][0] for kind in KINDS if kind in self.left)
        ]
        return f"left of the limits {max(0, round((now - self.at).total_seconds()))} s ago: {'; '.join(said)}"

    def _say(self, kind: str) -> str:
        left = self.left[kind]
        return f"{left.calls} of {left.most} {KINDS[kind][1]} in {left.seconds:g} s"


def scopes_of(portal_id: PortalId, realm_id: RealmId) -> dict[str, str]:
    """The names under which calls for a connection are counted, by kind."""
    return {kind: f"{kind}:{portal_id if vendor == 'HubSpot' else realm_id}" for kind, (vendor, _) in KINDS.items()}


def export_headroom(headroom: Headroom) -> dict[str, Any]:
    """As a document, for the table and for programs."""
    return {
        "at": headroom.at.isoformat(),
        "left": {
            kind: {"calls": each.calls, "most": each.most, "seconds": each.seconds}
            for kind, each in headroom.left.items()
        },
    }


def parse_headroom(document: Mapping[str, Any]) -> Headroom:
    """The same back again."""
    left = {kind: Left(each["calls"], each["most"], each["seconds"]) for kind, each in document["left"].items()}
    return Headroom(datetime.fromisoformat(document["at"]), left)
