"""The vendors, as far as the operator's pages need them: consent, the first tokens, giving them back.

Imported and built when somebody connects, not when the process starts: a callback's path calls no
vendor, and the process that takes callbacks stays small.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from service.config import Config
from service.errors import NotConnected
from service.ids import RealmId

if TYPE_CHECKING:
    from service.hubspot.oauth import OAuth as HubSpotOAuth
    from service.quickbooks.oauth import OAuth as QuickBooksOAuth
    from service.quickbooks.settings import RealmSettings
    from service.wire import Wire

# A person waits: longer than this, and they would rather be told.
READ_SECONDS = 15.0


class Vendors:
    """Both vendors; every call has a time-out."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.hubspot_redirect = f"{config.public_url}/hubspot/oauth/callback"

    @cached_property
    def wire(self) -> Wire:
        """Few connections: people connect one at a time."""
        from service.wire import Wire

        return Wire(read_seconds=READ_SECONDS, connections=4)

    @cached_property
    def hubspot(self) -> HubSpotOAuth:
        from service.hubspot.oauth import OAuth

        config = self._config
        return OAuth(
            api_url=config.hubspot_api_url,
            version=config.hubspot_api_version,
            wire=self.wire,
            client_id=config.hubspot_client_id,
            client_secrets=config.hubspot_client_secrets,
        )

    @cached_property
    def quickbooks(self) -> QuickBooksOAuth:
        from service.quickbooks.oauth import OAuth

        config = self._config
        return OAuth(
            client_id=config.quickbooks_client_id,
            client_secret=config.quickbooks_client_secret,
            redirect_uri=f"{config.public_url}/quickbooks/oauth/callback",
            discovery_url=config.quickbooks_discovery_url,
        )

    def hubspot_consent(self, state: str) -> str:
        """The address of HubSpot's consent page."""
        from service.hubspot.oauth import authorize_url

        config = self._config
        return authorize_url(config.hubspot_authorize_url, config.hubspot_client_id, self.hubspot_redirect, state)

    def get_realm_settings(self, realm_id: RealmId, access_token: str) -> RealmSettings:
        """The realm's settings, read with an access token that is stored nowhere yet.

        Raises: NotConnected when the access token does not open this realm; TryLater; CannotInvoice.
        """
        from service.quickbooks import settings
        from service.quickbooks.gateway import Gateway

        def only_this(_: RealmId, rejected: str | None) -> str:
            if rejected:
                raise NotConnected("QuickBooks does not take the access token for this realm", "quickbooks")
            return access_token

        gateway = Gateway(
            api_url=self._config.quickbooks_api_url,
            wire=self.wire,
            pace=_OwnPace(),
            access_token=only_this,
            read_seconds=READ_SECONDS,
        )
        return settings.get(gateway, realm_id)


class _OwnPace:
    """Two reads when somebody connects are no matter for the limits, which the workers keep."""

    def turn(self, scope: str) -> AbstractContextManager[None]:
        return nullcontext()

    def is_free(self, scope: str, within_seconds: float) -> bool:
        return True

    def pause(self, scope: str, span: timedelta, reason: str) -> None:
        return None

    def well(self, scope: str) -> None:
        return None

    def ill(self, scope: str, reason: str) -> None:
        return None
