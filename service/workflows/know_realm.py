"""What must be known of realm and portal before an invoice: read once, kept, read again when old."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.errors import RefusedByHubSpot
from service.hubspot.properties import DEAL_PROPERTIES
from service.ids import PortalId, RealmId
from service.invoicing.realm import RealmFacts, SalesTax
from service.logs import log
from service.quickbooks import settings as quickbooks_settings
from service.quickbooks.settings import RealmSettings
from service.workflows.ensure_properties import ensure_properties
from service.workflows.services import Services

LOG = logging.getLogger("service.workflows")
# QuickBooks sends a webhook when preferences change; without one, a day is how stale they may be.
OLDEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """A portal's time zone (UTC where it is none we know) and currency."""

    time_zone: str
    currency: str
    time_zone_known: bool = True


@dataclass(frozen=True, slots=True)
class KnownRealm:
    """A realm's settings, and the zone in which its days begin."""

    settings: RealmSettings
    facts: RealmFacts
    zone: ZoneInfo

    def day_of(self, instant: datetime) -> date:
        """The realm's calendar day at an instant."""
        return instant.astimezone(self.zone).date()


def know_realm(services: Services, portal_id: PortalId, realm_id: RealmId, *, meet: bool = True) -> KnownRealm:
    """The realm's settings, from the cache or in two reads; `meet` as in `know_portal`."""
    now = services.clock.now()
    settings = _kept_settings(services, realm_id, now)
    if settings is None:
        with services.locks.hold(f"realm:{realm_id}"):
            settings = _kept_settings(services, realm_id, now) or learn_realm(services, realm_id, now)
    portal = know_portal(services, portal_id, meet=meet)
    zone = ZoneInfo(settings.time_zone or portal.time_zone)
    return KnownRealm(settings, _facts(settings, portal, _settings_of(services, portal_id, realm_id)), zone)


def know_portal(services: Services, portal_id: PortalId, *, meet: bool = True) -> PortalFacts:
    """The portal's facts; at the first meeting, our deal properties are created in it, unless `meet` says no."""
    now = services.clock.now()
    kept = services.settings.find("portal", portal_id)
    if kept and now - kept[1] < OLDEST and kept[0].get("revision") == properties_revision():
        return _portal(kept[0])
    if not meet:
        return _portal(_read_portal(services, portal_id))
    with services.locks.hold(f"portal:{portal_id}"):
        kept = services.settings.find("portal", portal_id)
        if kept and now - kept[1] < OLDEST and kept[0].get("revision") == properties_revision():
            return _portal(kept[0])
        return _meet_portal(services, portal_id, now)


def properties_revision() -> str:
    """Names what properties this version needs: another set, another revision."""
    return f"{len(DEAL_PROPERTIES)}:{DEAL_PROPERTIES[-1].name}"


def _kept_settings(services: Services, realm_id: RealmId, now: datetime) -> RealmSettings | None:
    kept = services.settings.find("realm", realm_id)
    return RealmSettings.from_json(str(kept[0]["settings"])) if kept and now - kept[1] < OLDEST else None


def learn_realm(services: Services, realm_id: RealmId, now: datetime) -> RealmSettings:
    """The realm's settings, read now and kept."""
    settings = quickbooks_settings.get(services.quickbooks, realm_id)
    services.settings.keep("realm", realm_id, {"settings": settings.to_json()}, now)
    return settings


def learn_portal(services: Services, portal_id: PortalId, now: datetime) -> PortalFacts:
    """The portal's own facts, read now and kept; its properties must have been looked after before."""
    document = _read_portal(services, portal_id) | {"revision": properties_revision()}
    services.settings.keep("portal", portal_id, document, now)
    return _portal(document)


def _read_portal(services: Services, portal_id: PortalId) -> dict[str, str | None]:
    details = services.hubspot.account_details(portal_id)
    return {"time_zone": _known_zone(details.time_zone), "currency": details.currency}


def _meet_portal(services: Services, portal_id: PortalId, now: datetime) -> PortalFacts:
    try:
        ensure_properties(services, portal_id)
    except RefusedByHubSpot as error:
        # Without the right to create them the invoice is still made; writing the deal will say what is missing.
        log(LOG, "deal properties refused", level=logging.WARNING, portal_id=portal_id, status=error.status)
    return learn_portal(services, portal_id, now)


def _portal(document: dict[str, str | None]) -> PortalFacts:
    zone = document["time_zone"]
    return PortalFacts(zone or "UTC", document["currency"] or "", zone is not None)


def _known_zone(name: str) -> str | None:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, LookupError):
        return None


def _facts(settings: RealmSettings, portal: PortalFacts, chosen: Mapping[str, Any]) -> RealmFacts:
    """`chosen`: the connection's settings, which an operator gave."""
    tax_codes, templates = chosen.get("tax_codes"), chosen.get("number_templates")
    return RealmFacts(
        home_currency=settings.home_currency or portal.currency or "USD",
        outside_us=settings.country != "US",
        multicurrency=settings.multicurrency,
        sales_tax=SalesTax(settings.sales_tax),
        custom_numbers=settings.custom_numbers,
        default_tax_code_id=settings.default_tax_code_id,
        default_term_id=settings.default_terms_id,
        book_close_date=settings.book_close_date,
        default_item_id=settings.default_item_id,
        allow_discount=settings.allow_discount,
        allow_deposit=settings.allow_deposit,
        allow_shipping=settings.allow_shipping,
        class_per_sale=settings.class_per_invoice,
        class_per_line=settings.class_per_line,
        locations=settings.departments,
        service_dates=settings.service_dates,
        online_payments=settings.online_payments,
        custom_fields=settings.custom_fields,
        tax_codes_by_rate=dict(tax_codes) if isinstance(tax_codes, dict) else {},
        number_templates=dict(templates) if isinstance(templates, dict) else {},
    )


def _settings_of(services: Services, portal_id: PortalId, realm_id: RealmId) -> Mapping[str, Any]:
    live = services.connections.of_portal_lately(portal_id)
    return next((each.settings for each in live if each.realm_id == realm_id), {})
