"""What the operator's pages work with, and who is looking at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g, has_request_context, request

from service.clock import Clock
from service.config import Config
from service.store.adoptions import Adoptions
from service.store.audit import Audit
from service.store.callbacks import Callbacks
from service.store.connections import Connections
from service.store.consents import Consents
from service.store.credentials import Credentials
from service.store.hints import Hints
from service.store.invoice_sync import InvoiceSync
from service.store.mirrors import Mirrors
from service.store.preflights import Preflights
from service.store.previews import Previews
from service.store.reservations import Reservations
from service.store.sessions import Attempts, Sessions
from service.store.settings import SettingsCache
from service.store.sync_changes import SyncChanges
from service.web.cookie import Cookie, Visit
from service.web.password import Password
from service.web.vendors import Vendors

if TYPE_CHECKING:
    from service.hubspot.definitions import ActionDefinition
    from service.hubspot.registration import ActionPlan


@dataclass(frozen=True, slots=True)
class Desk:
    """The stores, the vendors and the keys to the door."""

    config: Config
    clock: Clock
    callbacks: Callbacks
    reservations: Reservations
    adoptions: Adoptions
    mirrors: Mirrors
    connections: Connections
    credentials: Credentials
    settings: SettingsCache
    preflights: Preflights
    previews: Previews
    consents: Consents
    sessions: Sessions
    attempts: Attempts
    audit: Audit
    sync: SyncChanges
    invoice_sync: InvoiceSync
    cookie: Cookie
    password: Password
    vendors: Vendors
    hints: Hints
    list_actions: Callable[[], list[ActionDefinition]]
    # Asks HubSpot. Raises ConfigError, TryLater, RefusedByHubSpot.
    compare_actions: Callable[[], list[ActionPlan]]

    def note(self, act: str, subject: str, detail: str | None = None) -> None:
        """Write down what the operator does now."""
        self.audit.note(actor(), act, subject, self.clock.now(), detail)


def visit() -> Visit:
    """This request's browser session."""
    found: Visit = g.visit
    return found


def address() -> str:
    """Where the request comes from; of a proxy, when there is one. A command comes from this machine."""
    return (request.remote_addr or "unknown") if has_request_context() else "the command line"


def actor() -> str:
    """Whom the audit trail names."""
    return f"operator at {address()}"
