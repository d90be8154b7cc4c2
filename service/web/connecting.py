"""A code becomes stored tokens, once it is certain whose they are; and tokens are given back.

Until then nothing is stored: not the tokens of a portal nobody asked for, not those of a realm that
was swapped on the way.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from service.errors import ConsentRefused, NotConnected, ServiceError
from service.hubspot.scopes import REQUIRED, find_missing
from service.ids import PortalId, RealmId
from service.logs import log
from service.store.consents import Consent
from service.store.credentials import REVOKED, Vendor
from service.web.desk import Desk

if TYPE_CHECKING:
    from service.hubspot.oauth import TokenReply

LOG = logging.getLogger("service.web")


def keep_portal(desk: Desk, consent: Consent, code: str) -> PortalId:
    """Exchange the code, keep the portal's tokens, let its parked callbacks go on.

    Raises: ConsentRefused (wrong portal, scopes missing), NotConnected, TryLater, ConfigError.
    """
    reply = desk.vendors.hubspot.exchange_code(code, desk.vendors.hubspot_redirect)
    portal_id, given = _identify(desk, reply)
    refusal = _find_fault(consent, portal_id, given)
    if refusal is not None or portal_id is None:
        _return_unwanted(desk, portal_id, reply)
        raise refusal or ConsentRefused("HubSpot did not say which portal it is", "Nothing was stored. Connect again.")
    with desk.credentials.refreshing("hubspot", str(portal_id)):
        now = desk.clock.now()
        desk.credentials.keep(
            "hubspot",
            str(portal_id),
            refresh_token=reply.refresh_token,
            access_token=reply.access_token,
            access_expires_at=now + reply.lifetime,
            now=now,
        )
    resumed = desk.connections.reconnect(now, portal_id=portal_id)
    desk.hints.resume("hubspot", str(portal_id), now)
    for each in desk.connections.of_portal(portal_id):
        desk.hints.resume("quickbooks", each.realm_id, now)
    desk.consents.connected(consent, now)
    desk.note("connected", f"portal {portal_id}", f"{resumed} callbacks go on" if resumed else None)
    return portal_id


def keep_realm(desk: Desk, consent: Consent, code: str, realm_id: RealmId) -> RealmId:
    """Exchange the code, make sure that its tokens open this realm, join it to the consent's portal.

    Raises: ConsentRefused (wrong realm), NotConnected, TryLater, ConfigError, CannotInvoice.
    """
    if consent.realm_id is not None and realm_id != consent.realm_id:
        raise ConsentRefused(
            "You chose another QuickBooks company",
            f"Company {consent.realm_id} was to be reconnected, and {realm_id} was chosen. Nothing was stored. "
            "Reconnect again and choose the right one, or connect the other as one more company.",
        )
    portal_id = consent.portal_id
    if portal_id is None or desk.credentials.find("hubspot", str(portal_id)) is None:
        raise ConsentRefused("The HubSpot portal is no longer connected", "Nothing was stored. Connect HubSpot first.")
    reply = desk.vendors.quickbooks.exchange(code)
    # The realm came through the person's browser: only QuickBooks can say that these tokens open it.
    try:
        settings = desk.vendors.get_realm_settings(realm_id, reply.access_token)
    except NotConnected as error:
        raise ConsentRefused(
            "This consent is for another QuickBooks company",
            f"QuickBooks does not let it into company {realm_id}. Nothing was stored. Connect again.",
            403,
        ) from error
    with desk.credentials.refreshing("quickbooks", realm_id):
        now = desk.clock.now()
        hard = reply.hard_expires_in_seconds
        desk.credentials.keep(
            "quickbooks",
            realm_id,
            refresh_token=reply.refresh_token,
            access_token=reply.access_token,
            access_expires_at=now + timedelta(seconds=reply.expires_in_seconds),
            refresh_expires_at=now + timedelta(seconds=reply.refresh_expires_in_seconds),
            hard_expires_at=now + timedelta(seconds=hard) if hard else None,
            now=now,
        )
    desk.settings.keep("realm", realm_id, {"settings": settings.to_json()}, now)
    resumed = desk.connections.add(portal_id, realm_id, now)
    # The realm may serve other portals too: one consent is for all of them.
    resumed += desk.connections.reconnect(now, realm_id=realm_id)
    desk.hints.resume("quickbooks", realm_id, now)
    desk.consents.connected(consent, now)
    detail = f"{resumed} callbacks go on" if resumed else None
    desk.note("connected", f"portal {portal_id} and realm {realm_id}", detail)
    return realm_id


def give_back(desk: Desk, vendor: Vendor, owner_id: str) -> bool:
    """Revoke an access at its vendor and erase its tokens; False when the vendor could not be told."""
    told = True
    with desk.credentials.refreshing(vendor, owner_id):
        try:
            found = desk.credentials.find(vendor, owner_id)
            if found is not None and found.state != REVOKED:
                revoke = desk.vendors.hubspot.revoke if vendor == "hubspot" else desk.vendors.quickbooks.revoke
                revoke(found.refresh_token)
        except ServiceError as error:
            told = False
            log(LOG, "not revoked", level=logging.WARNING, vendor=vendor, owner=owner_id, kind=type(error).__name__)
        # Erased all the same: who disconnects wants us to have nothing.
        desk.credentials.erase(vendor, owner_id)
    return told


def _identify(desk: Desk, reply: TokenReply) -> tuple[PortalId | None, tuple[str, ...]]:
    """Whose tokens these are and what they allow; HubSpot need not tell both in its first answer."""
    if reply.portal_id is not None and reply.scopes:
        return reply.portal_id, reply.scopes
    details = desk.vendors.hubspot.introspect(reply.access_token)
    return reply.portal_id or details.portal_id, reply.scopes or details.scopes


def _find_fault(consent: Consent, portal_id: PortalId | None, given: tuple[str, ...]) -> ConsentRefused | None:
    if consent.portal_id is not None and portal_id != consent.portal_id:
        return ConsentRefused(
            "You chose another HubSpot portal",
            f"Portal {consent.portal_id} was to be reconnected, and {portal_id} was chosen. Nothing was stored. "
            "Reconnect again and choose the right one, or connect the other as one more portal.",
        )
    missing = find_missing(REQUIRED, given)
    if missing:
        return ConsentRefused(
            "HubSpot did not grant everything that is needed",
            f"Missing: {', '.join(missing)}. Nothing was stored. Connect again as somebody who may grant these "
            "(a super admin), and check that the app asks for them.",
        )
    return None


def _return_unwanted(desk: Desk, portal_id: PortalId | None, reply: TokenReply) -> None:
    """Give tokens back that nobody asked for; but not of a portal that is connected, which may share them."""
    if portal_id is not None and desk.credentials.find("hubspot", str(portal_id)) is not None:
        return
    try:
        desk.vendors.hubspot.revoke(reply.refresh_token)
    except ServiceError as error:
        log(LOG, "not revoked", level=logging.WARNING, vendor="hubspot", kind=type(error).__name__)
