"""Where everything is put together: gateways and services, over the stores, from one configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from service.engine.pacing import Limit, Pacing
from service.engine.portal_calls import PortalCalls
from service.engine.slots import count_workers
from service.engine.tokens import Refreshed, Tokens
from service.engine.windows import Window
from service.hubspot import limits as hubspot_limits
from service.hubspot.gateway import Gateway as HubSpotGateway
from service.hubspot.oauth import OAuth as HubSpotOAuth
from service.quickbooks import limits as quickbooks_limits
from service.quickbooks.gateway import Gateway as QuickBooksGateway
from service.quickbooks.oauth import OAuth as QuickBooksOAuth
from service.store.cursors import Cursors
from service.store.deals import Deals
from service.store.invoices import Invoices
from service.store.links import Links
from service.store.mirrors import Mirrors
from service.store.pauses import Pauses
from service.store.payment_notes import PaymentNotes
from service.store.payments import Payments
from service.store.settings import SettingsCache
from service.stores import Stores, open_stores
from service.wire import Wire
from service.workflows.services import Services

__all__ = ["Stores", "make_command_services", "make_pacing", "make_services", "open_stores"]


def make_pacing(stores: Stores) -> Pacing:
    """The vendors' limits, kept in this process."""

    def windows(documented: Sequence[hubspot_limits.Window | quickbooks_limits.Window]) -> tuple[Window, ...]:
        return tuple(Window(each.calls, each.seconds) for each in documented)

    kinds = {
        "portal": Limit(windows(hubspot_limits.PORTAL_WINDOWS)),
        "search": Limit(windows(hubspot_limits.SEARCH_WINDOWS)),
        "realm": Limit(windows(quickbooks_limits.REALM_WINDOWS), quickbooks_limits.REALM_IN_FLIGHT),
        "batch": Limit(windows(quickbooks_limits.BATCH_WINDOWS)),
    }
    return Pacing(lambda scope: kinds[scope.partition(":")[0]], Pauses(stores.database), stores.clock, stores.locks)


def make_services(stores: Stores) -> Services:
    """Everything the workflows need, gateways included."""
    config, clock = stores.config, stores.clock
    wire, pacing = Wire(), make_pacing(stores)
    hubspot_oauth, quickbooks_oauth = _hubspot_oauth(stores, wire), _quickbooks_oauth(stores)
    hubspot_tokens = Tokens("hubspot", stores.credentials, lambda token: _from_hubspot(hubspot_oauth, token), clock)
    quickbooks_tokens = Tokens(
        "quickbooks", stores.credentials, lambda token: _from_quickbooks(quickbooks_oauth, token), clock
    )
    hubspot = HubSpotGateway(
        api_url=config.hubspot_api_url,
        version=config.hubspot_api_version,
        wire=wire,
        pace=pacing,
        access_token=lambda portal_id, rejected: hubspot_tokens.access_token(str(portal_id), rejected),
    )
    quickbooks = QuickBooksGateway(
        api_url=config.quickbooks_api_url,
        wire=wire,
        pace=pacing,
        access_token=lambda realm_id, rejected: quickbooks_tokens.access_token(realm_id, rejected),
        clock=clock,
    )
    return Services(
        clock=clock,
        database=stores.database,
        callbacks=stores.callbacks,
        reservations=stores.reservations,
        invoices=Invoices(stores.database),
        links=Links(stores.database),
        mirrors=Mirrors(stores.database),
        adoptions=stores.adoptions,
        connections=stores.connections,
        credentials=stores.credentials,
        settings=SettingsCache(stores.database),
        locks=stores.locks,
        pacing=pacing,
        portal=PortalCalls(hubspot, pacing),
        hubspot=hubspot,
        quickbooks=quickbooks,
        tokens={"hubspot": hubspot_tokens, "quickbooks": quickbooks_tokens},
        introspect=hubspot_oauth.introspect,
        resealing=stores.resealing,
        preflights=stores.preflights,
        previews=stores.previews,
        option_lists=stores.option_lists,
        hints=stores.hints,
        sync=stores.sync,
        payments=Payments(stores.database),
        payment_notes=PaymentNotes(stores.database),
        deals=Deals(stores.database),
        cursors=Cursors(stores.database),
        quickbooks_sandbox=config.quickbooks_environment == "sandbox",
    )


def make_command_services(stores: Stores) -> Services:
    """As `make_services`, for a command that runs beside the workers: it keeps their pauses, and a share of the limits.

    The workers do not know of it: for as long as it runs, what it takes comes on top of theirs.
    """
    services = make_services(stores)
    workers = count_workers(stores.database)
    if workers:
        services.pacing.begin_again()
    services.pacing.refresh(workers + 1, workers + 1)
    return services


def _hubspot_oauth(stores: Stores, wire: Wire) -> HubSpotOAuth:
    config = stores.config
    return HubSpotOAuth(
        api_url=config.hubspot_api_url,
        version=config.hubspot_api_version,
        wire=wire,
        client_id=config.hubspot_client_id,
        client_secrets=config.hubspot_client_secrets,
    )


def _quickbooks_oauth(stores: Stores) -> QuickBooksOAuth:
    config = stores.config
    return QuickBooksOAuth(
        client_id=config.quickbooks_client_id,
        client_secret=config.quickbooks_client_secret,
        redirect_uri=f"{config.public_url}/quickbooks/oauth/callback",
        discovery_url=config.quickbooks_discovery_url,
    )


def _from_hubspot(oauth: HubSpotOAuth, refresh_token: str) -> Refreshed:
    reply = oauth.refresh(refresh_token)
    owner_id = None if reply.portal_id is None else str(reply.portal_id)
    return Refreshed(reply.access_token, reply.refresh_token, reply.lifetime, owner_id=owner_id)


def _from_quickbooks(oauth: QuickBooksOAuth, refresh_token: str) -> Refreshed:
    reply = oauth.refresh(refresh_token)
    return Refreshed(
        reply.access_token,
        reply.refresh_token,
        timedelta(seconds=reply.expires_in_seconds),
        timedelta(seconds=reply.refresh_expires_in_seconds) if reply.refresh_expires_in_seconds else None,
        timedelta(seconds=reply.hard_expires_in_seconds) if reply.hard_expires_in_seconds else None,
    )
