"""Learn what a new or changed connection needs: read both sides, bring properties in order, write findings down."""

from __future__ import annotations

import logging
from datetime import timedelta

from service.errors import NotConnected, RefusedByQuickBooks, ServiceError, SubscriptionEnded
from service.hubspot import scopes
from service.ids import PortalId, RealmId
from service.invoicing.preflight import (
    Finding,
    PortalAnswers,
    RealmAnswers,
    Severity,
    judge_currencies,
    judge_portal,
    judge_realm,
    order_findings,
)
from service.invoicing.realm import SalesTax
from service.logs import log
from service.quickbooks import items
from service.quickbooks.settings import RealmSettings
from service.store.connections import Connection
from service.workflows.ensure_properties import Repair, mirrors_invoices, repair_properties
from service.workflows.know_realm import learn_portal, learn_realm
from service.workflows.mirror_ability import learn_ability
from service.workflows.refresh_options import want_options
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.services import Services

LOG = logging.getLogger("service.preflight")
OLDEST = timedelta(days=1)
# After a failure, or for as long as one look may take.
REST = timedelta(minutes=2)


def learn_connections(services: Services) -> int:
    """Look at every connection that is new, changed or not looked at for a day; returns how many."""
    now, done = services.clock.now(), 0
    known = {(each.portal_id, each.realm_id): each for each in services.connections.all()}
    for key in services.preflights.due(now, OLDEST):
        connection = known.get(key)
        if connection is None or not services.preflights.claim(*key, now, REST):
            continue
        try:
            learn_connection(services, connection)
            done += 1
        except NotConnected as error:
            note_lost_access(services, error, *key, now)
            services.preflights.keep(connection, (), services.clock.now())
            _log_not_looked_at(connection, error)
        except ServiceError as error:
            _log_not_looked_at(connection, error)
    return done


def learn_connection(services: Services, connection: Connection) -> list[Finding]:
    """Read settings, portal and scopes, repair properties, keep the findings.

    Raises: NotConnected, TryLater, ConfigError, RefusedByHubSpot.
    """
    began_at = services.clock.now()
    with services.locks.hold(f"portal:{connection.portal_id}"):
        portal = _ask_portal(services, connection.portal_id)
    findings = judge_portal(portal)
    try:
        realm = _ask_realm(services, connection.realm_id)
    except NotConnected as error:
        # That it does not let us in is told by its own row, live; here only what the portal told.
        note_lost_access(services, error, connection.portal_id, connection.realm_id, began_at)
    except (RefusedByQuickBooks, SubscriptionEnded) as error:
        findings.append(_unreadable(error))
    else:
        findings += [*judge_realm(realm), *judge_currencies(realm, portal)]
    findings = order_findings(findings)
    services.preflights.keep(connection, findings, services.clock.now())
    want_options(services, connection.portal_id, connection.realm_id)
    worse = [each.code for each in findings if each.needs_person]
    log(LOG, "connection looked at", level=logging.WARNING if worse else logging.INFO,
        portal_id=connection.portal_id, realm_id=connection.realm_id, findings=len(findings),
        to_do=", ".join(worse) or None)  # fmt: skip
    return findings


def _ask_portal(services: Services, portal_id: PortalId) -> PortalAnswers:
    repairs = repair_properties(services, portal_id)
    now = services.clock.now()
    facts = learn_portal(services, portal_id, now)
    granted = services.introspect(services.tokens["hubspot"].access_token(str(portal_id))).scopes
    deals, invoices = repairs["deals"], repairs["invoices"]
    mirrors = learn_ability(services, portal_id) if mirrors_invoices(services, portal_id) else None
    return PortalAnswers(
        currency=facts.currency,
        time_zone_known=facts.time_zone_known,
        missing_scopes=scopes.find_missing(scopes.REQUIRED, granted),
        missing_optional_scopes=scopes.find_missing(scopes.OPTIONAL, granted),
        missing_deal_properties=deals.missing,
        missing_invoice_properties=invoices.missing,
        wrong_properties=tuple(
            f"{each} (on {place})"
            for place, repair in (("deals", deals), ("invoices", invoices))
            for each in repair.wrong
        ),
        own_sync_hints=_hints(deals, invoices),
        mirror_obstacle=mirrors.obstacle if mirrors else "",
        refused_of_mirrors=tuple(sorted(mirrors.refused)) if mirrors else (),
    )


def _hints(*repairs: Repair) -> tuple[str, ...]:
    """Property names that HubSpot's own QuickBooks app leaves behind.

    Which ones it makes is documented nowhere: anything that speaks of QuickBooks and is not ours.
    """
    names = {
        name for repair in repairs for name in repair.there if "quickbooks" in name and not name.startswith("qbo_")
    }
    return tuple(sorted(names)[:3])


def _ask_realm(services: Services, realm_id: RealmId) -> RealmAnswers:
    settings = learn_realm(services, realm_id, services.clock.now())
    return RealmAnswers(
        subscription_status=settings.subscription_status,
        sales_tax=SalesTax(settings.sales_tax),
        home_currency=settings.home_currency or "",
        multicurrency=settings.multicurrency,
        custom_numbers=settings.custom_numbers,
        book_close_date=settings.book_close_date,
        time_zone=settings.time_zone,
        allow_discount=settings.allow_discount,
        class_tracking=settings.class_per_invoice or settings.class_per_line,
        location_tracking=settings.departments,
        default_item_usable=_is_usable(services, realm_id, settings),
        has_income_account=items.find_income_account(services.quickbooks, realm_id) is not None,
    )


def _is_usable(services: Services, realm_id: RealmId, settings: RealmSettings) -> bool | None:
    if settings.default_item_id is None:
        return None
    found = items.get(services.quickbooks, realm_id, settings.default_item_id)
    return found is not None and found.active


def _unreadable(error: RefusedByQuickBooks | SubscriptionEnded) -> Finding:
    if isinstance(error, SubscriptionEnded):
        meaning, fix = error.sentence, "Renew the subscription in QuickBooks under Account and settings, Billing."
        return Finding(error.code, Severity.ERROR, "The QuickBooks subscription has ended", meaning, fix)
    return Finding(
        "REALM_UNREADABLE", Severity.ERROR, "QuickBooks does not let us read the company's settings",
        error.sentence, "Connect QuickBooks again, as a company administrator.",
    )  # fmt: skip


def _log_not_looked_at(connection: Connection, error: ServiceError) -> None:
    log(LOG, "connection not looked at", level=logging.WARNING, portal_id=connection.portal_id,
        realm_id=connection.realm_id, reason=error.sentence)  # fmt: skip
