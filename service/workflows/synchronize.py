"""Keep contacts and customers, products and items in step: the pass, then hints, due records and polls.

One process works on an object at a time; what is off is not looked at, and nothing is asked for it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from service.errors import NotConnected, ServiceError, TryLater
from service.ids import PortalId, RealmId
from service.logs import log
from service.store.connections import LIVE
from service.store.hints import TakenHint
from service.store.sync_settings import SyncObject
from service.sync.direction import PAIRINGS
from service.sync.record import properties_to_read
from service.workflows.follow_merges import follow_merged_entity
from service.workflows.follow_records import erase, follow_due, follow_entities, follow_objects
from service.workflows.pass_over import OVERLAP, measure_headroom, step
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
# QuickBooks' reads are metered: four polls an hour are 2,900 of 500,000 a month.
POLL = timedelta(minutes=15)
# https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture
LONGEST_CHANGES = timedelta(days=29)
# What no poll can see, such as a merge in QuickBooks whose webhook was lost: ten reads for ten thousand customers.
PASS_AGAIN = timedelta(days=7)
# So long a worker that was killed keeps its turn; no step of work lasts longer.
LEASE = timedelta(minutes=1)
TURN_SECONDS = 5.0
AT_ONCE = 100
REST = timedelta(seconds=30)
ERASE = "erase"
Follow = Callable[[Services, SyncObject, Sequence[TakenHint]], None]


class Synchronizer:
    """A worker's part in it; remembers only whom it should leave alone for a while."""

    def __init__(self, services: Services) -> None:
        self._services, self._owner = services, uuid.uuid4().hex
        self._rests: dict[tuple[PortalId, RealmId, str], datetime] = {}

    def due(self) -> list[str]:
        """The objects that have something to do now; asked often, so that nothing is written when there is nothing."""
        services, now = self._services, self._services.clock.now()
        on = services.sync.settings.on()
        heard = self._heard(now)
        found = [ERASE] if heard - {(str(each.portal_id), each.name) for each in on} - set(_entities(on)) else []
        if not on:
            return found
        live = {(each.portal_id, each.realm_id) for each in services.connections.all() if each.state == LIVE}
        waiting = services.sync.links.objects_due(now)
        for each in on:
            rests = self._rests.get(_key(each))
            if (each.portal_id, each.realm_id) not in live or (rests is not None and rests > now):
                continue
            polled = each.next_poll_at is None or each.next_poll_at <= now
            told = (str(each.portal_id), each.name) in heard or (each.realm_id, each.pairing.entity) in heard
            if each.phase != "done" or polled or told or _key(each) in waiting:
                found.append(":".join(map(str, _key(each))))
        return found

    def work_on(self, scope: str) -> int:
        """A turn for one of those that are due; 0: others may have the thread, it is asked for again if need be."""
        services = self._services
        if scope == ERASE:
            self._erase_where_it_is_off(services.sync.settings.on())
            return 0
        portal, realm, name = scope.split(":")
        known = services.sync.settings.find(PortalId(int(portal)), RealmId(realm), name)
        if self._may_begin(known):
            self._take_turn(known)
            services.sync.settings.release(known, self._owner)
        return 0

    def work(self) -> bool:
        """A turn for everybody; False when there was nothing to do."""
        scopes = self.due()
        for scope in scopes:
            self.work_on(scope)
        return bool(scopes)

    def _heard(self, now: datetime) -> set[tuple[str, str]]:
        """Portal and object, realm and entity, of which there are hints."""
        hints, entities = self._services.hints, sorted({each.entity for each in PAIRINGS.values()})
        found = set[tuple[str, str]]()
        for vendor, kinds in (("hubspot", list(PAIRINGS)), ("quickbooks", entities)):
            if hints.scopes_due(vendor, kinds, now):
                found |= {(scope, kind) for kind in kinds for scope in hints.scopes_due(vendor, [kind], now)}
        return found

    def _erase_where_it_is_off(self, on: Sequence[SyncObject]) -> None:
        """Privacy deletions of what is off: the only thing that is still heard there; no vendor is asked."""
        services, now = self._services, self._services.clock.now()
        for realm_id, entity in self._heard(now) - set(_entities(on)):
            if entity not in PAIRINGS:  # heard while it was on
                services.hints.done(services.hints.take("quickbooks", [entity], now, AT_ONCE, scope=realm_id), now)
        working = {(str(each.portal_id), each.name) for each in on}
        for name in PAIRINGS:
            for scope in services.hints.scopes_due("hubspot", [name], now):
                if (scope, name) in working:
                    continue
                taken = services.hints.take("hubspot", [name], now, AT_ONCE, scope=scope)
                for known in services.sync.settings.all():
                    for hint in taken if _concerns(known, taken[0]) else ():
                        if "privacy" in hint.reasons:
                            erase(services, known, hint.entity_id)
                services.hints.done(taken, now)

    def _may_begin(self, known: SyncObject) -> bool:
        now = self._services.clock.now()
        rests = self._rests.get(_key(known))
        return (rests is None or rests <= now) and self._services.sync.settings.claim(known, self._owner, now, LEASE)

    def _take_turn(self, known: SyncObject) -> None:
        services, key, began = self._services, _key(known), self._services.clock.monotonic()
        try:
            while self._do_some(known):
                known = services.sync.settings.find(*key)
                spent = services.clock.monotonic() - began
                if known.state != "on" or spent > TURN_SECONDS or not self._may_begin(known):
                    break
            if known.problem:
                services.sync.settings.progress(replace(services.sync.settings.find(*key), problem=None))
        except NotConnected as error:
            note_lost_access(services, error, known.portal_id, known.realm_id, services.clock.now())
            self._rest(known, error, timedelta(minutes=1))
        except TryLater as error:
            self._rest(known, error, error.after or REST)
        except ServiceError as error:
            self._rest(known, error, timedelta(minutes=5))

    def _rest(self, known: SyncObject, error: ServiceError, span: timedelta) -> None:
        services, key = self._services, _key(known)
        self._rests[key] = services.clock.now() + span
        fresh = services.sync.settings.find(*key)
        headroom = measure_headroom(services, known)
        services.sync.settings.progress(replace(fresh, problem=error.sentence, headroom=headroom))
        log(LOG, "sync rests", level=logging.WARNING, object=known.name, reason=type(error).__name__)

    def _do_some(self, known: SyncObject) -> bool:
        """A piece of work; False when there is none."""
        services = self._services
        if known.phase != "done":
            step(services, known)
            return True
        if self._follow_hints(known):
            return True
        due = services.sync.links.due(known, services.clock.now(), AT_ONCE)
        if due:
            follow_due(services, known, due)
            return True
        if known.next_poll_at is None or known.next_poll_at <= services.clock.now():
            poll(services, known)
            return True
        return False

    def _follow_hints(self, known: SyncObject) -> bool:
        here = self._take("hubspot", str(known.portal_id), known.name)
        if here:
            self._work_on(here, follow_hubspot)
        there = self._take("quickbooks", known.realm_id, known.pairing.entity)
        if there:
            self._work_on(there, follow_quickbooks)
        return bool(here or there)

    def _take(self, vendor: str, scope: str, kind: str) -> list[TakenHint]:
        services = self._services
        return services.hints.take(vendor, [kind], services.clock.now(), AT_ONCE, scope=scope)

    def _work_on(self, taken: list[TakenHint], follow: Follow) -> None:
        """Everybody who shares the portal or realm follows the same hints, then they are done."""
        services, now = self._services, self._services.clock.now()
        shared = [each for each in services.sync.settings.on() if _concerns(each, taken[0]) and each.phase == "done"]
        try:
            for each in shared:
                follow(services, each, taken)
        except ServiceError as error:
            wait = error.after if isinstance(error, TryLater) and error.after else REST
            services.hints.later(taken, now + wait, type(error).__name__)
            raise
        services.hints.done(taken, services.clock.now())


def follow_hubspot(services: Services, known: SyncObject, taken: Sequence[TakenHint]) -> None:
    """What HubSpot told of."""
    private = [hint.entity_id for hint in taken if "privacy" in hint.reasons]
    for object_id in private:
        erase(services, known, object_id)
    follow_objects(services, known, [hint.entity_id for hint in taken if hint.entity_id not in private])


def follow_quickbooks(services: Services, known: SyncObject, taken: Sequence[TakenHint]) -> None:
    """What QuickBooks told of."""
    ids = []
    for hint in taken:
        heir = next((word.removeprefix("into:") for word in hint.reasons if word.startswith("into:")), None)
        if heir:
            follow_merged_entity(services, known, hint.entity_id, heir)
        ids.append(heir or hint.entity_id)
    follow_entities(services, known, list(dict.fromkeys(ids)))


def poll(services: Services, known: SyncObject) -> None:
    """Repair what webhooks missed: whatever changed on either side since the last look."""
    now = services.clock.now()
    since_there, since_here = known.polled_quickbooks_at, known.polled_hubspot_at
    old = known.ended_at is None or now - known.ended_at > PASS_AGAIN
    if old or since_there is None or since_here is None or now - since_there > LONGEST_CHANGES:
        services.sync.settings.begin(known, now)
        return
    wanted = properties_to_read(known.fields, known.filter)
    pages = services.hubspot.records.changed_since(
        known.portal_id, known.name, known.pairing.modified, since_here, wanted
    )
    for page in pages:
        follow_objects(services, known, [], {each.id: each.properties for each in page})
    changes = services.quickbooks.changes(RealmId(known.realm_id), [known.pairing.entity], since_there)
    if not changes.complete:
        services.sync.settings.begin(known, now)
        return
    found = {str(each["Id"]): each for each in changes.changed.get(known.pairing.entity, [])}
    follow_entities(services, known, changes.deleted.get(known.pairing.entity, []), None)
    follow_entities(services, known, [], found)
    fresh = services.sync.settings.find(known.portal_id, known.realm_id, known.name)
    services.sync.settings.progress(
        replace(fresh, polled_hubspot_at=now - OVERLAP, polled_quickbooks_at=now - OVERLAP, next_poll_at=now + POLL)
    )


def _key(known: SyncObject) -> tuple[PortalId, RealmId, str]:
    return known.portal_id, known.realm_id, known.name


def _entities(on: Sequence[SyncObject]) -> list[tuple[str, str]]:
    return [(each.realm_id, each.pairing.entity) for each in on]


def _concerns(known: SyncObject, hint: TakenHint) -> bool:
    if hint.vendor == "hubspot":
        return str(known.portal_id) == hint.scope and known.name == hint.kind
    return known.realm_id == hint.scope and PAIRINGS[known.name].entity == hint.kind
