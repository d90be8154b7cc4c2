"""Access kept alive: refreshed before it is needed, sealed with the newest key, given up only when it is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from service.errors import AccessLimited, ConfigError, NotConnected, SettingsWrong, TryLater
from service.ids import PortalId, RealmId
from service.logs import log
from service.store.credentials import KEYS_WRONG, LIMITED, LIVE, REVOKED, Credential, Standing, Vendor
from service.store.parked import find_parked
from service.workflows.services import Services

LOG = logging.getLogger("service.tokens")
# Intuit lets a refresh token die after 100 days without use, and weekly would do. Daily costs one call that
# no limit counts, and tells within a day, not within a week, that somebody has thrown us out.
KEEP_ALIVE_EVERY = timedelta(days=1)


def refresh_ahead(services: Services) -> int:
    """Refresh what this worker uses and what will soon run out, so that no run waits for it.

    What our own keys were refused for is tried too: they may be right by now, and nobody else would find out.
    """
    wrong = {(each.vendor, each.owner_id) for each in services.credentials.standings() if each.state == KEYS_WRONG}
    used = {(vendor, owner_id) for vendor, tokens in services.tokens.items() for owner_id in tokens.in_use()}
    return sum(
        _quietly(vendor, owner_id, partial(services.tokens[vendor].refresh_ahead, owner_id))
        for vendor, owner_id in sorted(used | wrong)
    )


def keep_alive(services: Services) -> int:
    """Refresh what nobody has used for a day; a paused connection's, too."""
    before = services.clock.now() - KEEP_ALIVE_EVERY
    idle = [each for each in _connected(services) if each.state != REVOKED and each.updated_at <= before]
    return sum(
        _quietly(
            each.vendor,
            each.owner_id,
            partial(services.tokens[each.vendor].keep_alive, each.owner_id, KEEP_ALIVE_EVERY),
        )
        for each in idle
    )


def reseal(services: Services) -> int:
    """Bring tokens under the first key, so that an older one can be taken out of ENCRYPTION_KEYS."""
    done = services.resealing.reseal()
    if done:
        log(LOG, "sealed again with the first key", credentials=done)
    return done


def let_go_on(services: Services) -> int:
    """Resume what was parked although both sides let us in: it parked while somebody was reconnecting."""
    live = {(each.vendor, each.owner_id) for each in services.credentials.standings() if each.state == LIVE}
    now, resumed = services.clock.now(), 0
    for portal_id, realm_id in find_parked(services.database):
        if ("hubspot", str(portal_id)) in live and ("quickbooks", realm_id) in live:
            resumed += services.connections.resume_parked(now, portal_id, realm_id)
    if resumed:
        log(LOG, "parked callbacks go on", count=resumed)
    return resumed


def ask_again(services: Services) -> int:
    """What was not granted may have been granted since: what waits for it goes on, or says so again."""
    return services.credentials.lift_limits()


def note_lost_access(
    services: Services, error: NotConnected, portal_id: PortalId, realm_id: RealmId | str | None
) -> None:
    """A vendor has turned us away although it takes our refresh token: nobody tries again before a reconnect.

    Is another access token kept by now, somebody has reconnected or refreshed, and that one has not been refused.
    """
    vendor: Vendor = "hubspot" if error.vendor == "hubspot" else "quickbooks"
    owner_id = str(portal_id) if vendor == "hubspot" else str(realm_id)
    found = _find(services, vendor, owner_id)
    if found is None or found.state == REVOKED:
        return
    if isinstance(error, AccessLimited):
        services.credentials.mark(found, LIMITED)
        log(LOG, "access limited", level=logging.ERROR, vendor=vendor, owner=owner_id)
    elif error.refused_token is not None and error.refused_token == found.access_token:
        services.credentials.revoke(found, services.clock.now())
        log(LOG, "access revoked", level=logging.ERROR, vendor=vendor, owner=owner_id)


def _find(services: Services, vendor: Vendor, owner_id: str) -> Credential | None:
    try:
        return services.credentials.find(vendor, owner_id)
    except ConfigError:
        return None  # no key of ours opens it: that is no word of the vendor's


def _connected(services: Services) -> list[Standing]:
    """Accesses that a connection needs; what was disconnected is left to die."""
    connections = services.connections.all()
    owners = {("hubspot", str(each.portal_id)) for each in connections}
    owners |= {("quickbooks", each.realm_id) for each in connections}
    return [each for each in services.credentials.standings() if (each.vendor, each.owner_id) in owners]


def _quietly(vendor: str, owner_id: str, refresh: Callable[[], None]) -> bool:
    """One access that fails holds up no other; the next round, or the next run, tries again."""
    try:
        refresh()
    except SettingsWrong as error:
        log(LOG, "not refreshed", level=logging.ERROR, vendor=vendor, owner=owner_id, reason=error.sentence)
        return False
    except (NotConnected, TryLater) as error:
        log(LOG, "not refreshed", level=logging.WARNING, vendor=vendor, owner=owner_id, reason=type(error).__name__)
        return False
    return True
