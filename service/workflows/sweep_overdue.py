"""Sweep overdue: a due date passes at the realm's midnight, and no vendor says so.

The rows whose status the calendar has changed are found by one index; their deals are written by the round of
deals, a hundred in a call. Every day the deals that show an overdue invoice get their days overdue.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta

from service.errors import ServiceError
from service.ids import RealmId
from service.logs import log
from service.store.connections import LIVE
from service.workflows.keep_news import deal_hint, deal_hints
from service.workflows.know_realm import know_realm
from service.workflows.services import Services
from service.workflows.view_invoice import facts_of, status_of

LOG = logging.getLogger("service.follow")
AT_ONCE = 500
DAYS = "days overdue"
FOREVER = timedelta(days=3650)


def sweep_overdue(services: Services) -> int:
    """Bring every connected realm to its own day; returns how many invoices have another status."""
    moved = 0
    live = {each.realm_id: each.portal_id for each in services.connections.all() if each.state == LIVE}
    for realm_id, portal_id in live.items():
        try:
            today = know_realm(services, portal_id, realm_id).day_of(services.clock.now())
        except ServiceError as error:
            log(LOG, "not swept", level=logging.WARNING, realm_id=realm_id, reason=type(error).__name__)
            continue
        moved += sweep_realm(services, realm_id, today)
        count_days(services, realm_id, today)
    return moved


def sweep_realm(services: Services, realm_id: RealmId, today: date) -> int:
    """Flip what time has flipped, to overdue and back; returns how many invoices that were."""
    moved = 0
    while True:
        rows = services.invoices.moved_by_time(realm_id, today, AT_ONCE)
        statuses = [(row, status_of(facts_of(row), today).value) for row in rows]
        changes = [(row, status) for row, status in statuses if status != row.status]
        if not changes:
            break
        now = services.clock.now()
        with services.database.write() as tx:
            services.invoices.set_statuses(tx, changes)
            services.hints.hear_in(tx, deal_hints((row for row, _ in changes), "overdue"), now)
        moved += len(changes)
    if moved:
        log(LOG, "swept", realm_id=realm_id, invoices=moved)
    return moved


def count_days(services: Services, realm_id: RealmId, today: date) -> int:
    """Once in a realm's day: every deal with an overdue invoice may show one day more."""
    owner, day = f"realm:{realm_id}", today.isoformat()
    if services.cursors.position(owner, DAYS) == day:
        return 0
    deals = services.invoices.overdue_deals(realm_id, today)
    now = services.clock.now()
    with services.database.write() as tx:
        services.hints.hear_in(tx, [deal_hint(portal_id, deal_id, "day") for portal_id, deal_id in deals], now)
        services.cursors.keep_in(tx, owner, DAYS, day, now + FOREVER)
    return len(deals)
