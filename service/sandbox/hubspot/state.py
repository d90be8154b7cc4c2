"""Everything the sandbox's HubSpot knows, and how it starts."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.callbacks import Callbacks
from service.sandbox.hubspot.definitions import Definitions
from service.sandbox.hubspot.limits import Limits
from service.sandbox.hubspot.object_types import OBJECT_TYPES
from service.sandbox.hubspot.portal import Change, CrmObject, Portal
from service.sandbox.hubspot.seed import seed_portals
from service.sandbox.hubspot.sending import Sending
from service.sandbox.hubspot.settings import Settings
from service.sandbox.hubspot.tokens import APP_ID, CLIENT_ID, CLIENT_SECRET, DEVELOPER_API_KEY, Tokens
from service.sandbox.hubspot.webhooks import Webhooks
from service.sandbox.hubspot.workflows import Workflows

FIRST_ENROLLMENT = 1_000_000_000_001
TICK_SECONDS = 0.1


class HubSpot:
    """One app in several portals. Whoever touches the state holds `lock`; nobody sends while holding it."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.settings = Settings()
        self.sending = Sending()
        self._watcher: threading.Thread | None = None
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """The seeded state, byte for byte; nothing in flight is remembered."""
        with self.lock:
            self.settings.restore()
            self.sending.clear()
            self.portals: dict[int, Portal] = {}
            self.tokens = Tokens(self.clock, self.settings)
            self.limits = Limits(self.settings)
            self.callbacks = Callbacks(self.clock, self.settings)
            self.definitions = Definitions(self.clock)
            self.workflows = Workflows(self)
            self.webhooks = Webhooks(self)
            self.enrollments = itertools.count(FIRST_ENROLLMENT)
            self.stories: dict[int, dict[str, int]] = {}
            for portal, stories in seed_portals(self.clock):
                self.add_portal(portal)
                self.stories[portal.id] = stories

    def add_portal(self, portal: Portal) -> None:
        """Another portal that has taken the app."""
        portal.listener = self.notice
        self.portals[portal.id] = portal
        self.tokens.consent(portal)

    def notice(self, change: Change) -> None:
        """Something happened to an object: workflows and subscribers hear of it."""
        self.workflows.notice(change)
        self.webhooks.notice(change)

    def watch_time(self) -> None:
        """Let blocked callbacks expire when the sandbox's clock says so."""
        if self._watcher is None or not self._watcher.is_alive():
            self._watcher = threading.Thread(target=self._tick, name="hubspot-time", daemon=True)
            self._watcher.start()

    def _tick(self) -> None:
        while not self._closed:
            with self.lock:
                self.callbacks.expire()
                if not self.callbacks.waiting:
                    self._watcher = None
                    return
            time.sleep(TICK_SECONDS)

    def close(self) -> None:
        """No more threads."""
        self._closed = True
        self.sending.close()

    def credentials(self) -> dict[str, Any]:
        """What the service must be told to use this HubSpot."""
        with self.lock:
            return {
                "app_id": APP_ID,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "developer_api_key": DEVELOPER_API_KEY,
                "portals": {
                    str(portal.id): {"refresh_token": self.tokens.refresh_token(portal), "name": portal.name}
                    for portal in self.portals.values()
                },
            }

    def books(self) -> dict[str, Any]:
        """Every portal's objects, associations, own properties, callbacks and workflow outcomes."""
        with self.lock:
            return {"portals": {str(id): self.portal_books(id) for id in sorted(self.portals)}}

    def portal_books(self, portal_id: int) -> dict[str, Any]:
        """One portal as JSON, in a fixed sequence."""
        portal = self.portals[portal_id]
        return {
            "name": portal.name,
            "currency": portal.currency,
            "time_zone": portal.time_zone,
            "installed": portal.installed,
            "objects": {
                kind.name: {known.id: _object_books(portal, kind.name, known) for known in _sorted(portal, kind.name)}
                for kind in OBJECT_TYPES
            },
            "properties": {
                kind.name: [portal.custom[kind.name][name].to_json() for name in sorted(portal.custom[kind.name])]
                for kind in OBJECT_TYPES
                if portal.custom[kind.name]
            },
            "groups": {kind.name: sorted(portal.groups[kind.name]) for kind in OBJECT_TYPES},
            "callbacks": [each.to_json() for each in self.callbacks.all(portal_id)],
            "workflows": self.workflows.to_json(portal_id),
            "outbox": self.workflows.sent(portal_id),
        }


def _sorted(portal: Portal, type_name: str) -> list[CrmObject]:
    return sorted(portal.objects[type_name].values(), key=lambda known: int(known.id))


def _object_books(portal: Portal, type_name: str, known: CrmObject) -> dict[str, Any]:
    joined = {
        kind.name: {
            other: sorted(type_id for _, type_id in kinds)
            for other, kinds in portal.associations.of(type_name, known.id, kind.name).items()
        }
        for kind in OBJECT_TYPES
    }
    return {
        "properties": {name: known.properties[name] for name in sorted(known.properties) if known.properties[name]},
        "associations": {name: others for name, others in joined.items() if others},
        "archived": known.archived,
        "merged_into": known.merged_into,
    }
