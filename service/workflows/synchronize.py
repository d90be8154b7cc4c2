"""Keep contacts and customers, products and items in step: the pass, then hints, due records and polls.

One process works on an object at a time; what is off, or paused, is not looked at, and nothing is asked for it.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from functools import partial

from service.errors import NotConnected, ServiceError, TryLater
from service.ids import PortalId, RealmId
from service.logs import log
from service.store.connections import LIVE
from service.store.hints import SYNC
from service.store.sync_settings import ON, SyncObject
from service.workflows.address_hints import PRIVACY, address_hints
from service.workflows.erase_person import erase_people
from service.workflows.follow_hints import REST, follow_hints
from service.workflows.follow_records import follow_due
from service.workflows.pass_over import measure_headroom, step
from service.workflows.poll_changes import poll
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.run_callback import DATABASE_AWAY
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
# So long a worker that was killed keeps its turn. One that lives renews it by `keep_turns`, however long its vendors
# let it wait.
LEASE = timedelta(minutes=1)
KEEP_SECONDS = 15.0
TURN_SECONDS = 5.0
AT_ONCE = 100
UNTIL_RECONNECTED = timedelta(minutes=1)
# What was refused, or what the service failed at, is the same again unless somebody changes something.
REFUSED = timedelta(minutes=5)
ERASE = "erase"


class Synchronizer:
    """A worker's part in it; remembers only whom it should leave alone for a while, and whose turn it holds."""

    def __init__(self, services: Services) -> None:
        self._services, self._owner = services, uuid.uuid4().hex
        self._rests: dict[str, datetime] = {}
        self._held: dict[str, SyncObject] = {}

    def due(self) -> list[str]:
        """The objects that have something to do now; asked often, so that nothing is written when there is nothing."""
        services, now = self._services, self._services.clock.now()
        on = services.sync.settings.on()
        address_hints(services, on)
        found = [ERASE] if services.hints.scopes_due("hubspot", [PRIVACY], now) else []
        if not on:
            return found
        live = {(each.portal_id, each.realm_id) for each in services.connections.all() if each.state == LIVE}
        told = set(services.hints.scopes_due(SYNC, ["hubspot", "quickbooks"], now))
        waiting = services.sync.links.objects_due(now)
        for each in on:
            if (each.portal_id, each.realm_id) not in live or self._rests_at(each, now):
                continue
            polled = each.next_poll_at is None or each.next_poll_at <= now
            key = (each.portal_id, each.realm_id, each.name)
            if each.phase != "done" or polled or each.scope in told or key in waiting:
                found.append(each.scope)
        return found

    def work_on(self, scope: str) -> int:
        """A turn for one of those that are due; 0: others may have the thread, it is asked for again if need be."""
        services = self._services
        if scope == ERASE:
            erase_people(services)
            return 0
        portal, realm, name = scope.split(":")
        known = services.sync.settings.find(PortalId(int(portal)), RealmId(realm), name)
        if self._may_go_on(known):
            self._held[scope] = known
            try:
                self._take_turn(known)
            finally:
                self._held.pop(scope, None)
            services.sync.settings.release(known, self._owner)
        return 0

    def work(self) -> bool:
        """A turn for everybody; False when there was nothing to do."""
        scopes = self.due()
        for scope in scopes:
            self.work_on(scope)
        return bool(scopes)

    def keep_turns(self) -> None:
        """Renew what this worker holds, from another thread than the one that works."""
        for known in list(self._held.values()):
            self._services.sync.settings.claim(known, self._owner, self._services.clock.now(), LEASE)

    def _rests_at(self, known: SyncObject, now: datetime) -> bool:
        until = self._rests.get(known.scope)
        return until is not None and until > now

    def _may_go_on(self, known: SyncObject) -> bool:
        now = self._services.clock.now()
        return not self._rests_at(known, now) and self._services.sync.settings.claim(known, self._owner, now, LEASE)

    def _take_turn(self, known: SyncObject) -> None:
        services, began_at, began = self._services, self._services.clock.now(), self._services.clock.monotonic()
        settings = services.sync.settings
        try:
            while self._do_some(known):
                known = settings.find(known.portal_id, known.realm_id, known.name)
                spent = services.clock.monotonic() - began
                if known.state != ON or spent > TURN_SECONDS or not self._may_go_on(known):
                    break
            if known.problem:
                settings.well(known)
        except NotConnected as error:
            note_lost_access(services, error, known.portal_id, known.realm_id, began_at)
            self._rest(known, error, error.sentence, UNTIL_RECONNECTED)
        except TryLater as error:
            self._rest(known, error, error.sentence, error.after or REST)
        except ServiceError as error:
            self._rest(known, error, error.sentence, REFUSED)
        except DATABASE_AWAY:
            raise  # nothing can be written down; the turn ends with its lease
        except Exception as error:
            LOG.error("sync failed", exc_info=error, extra={"object": known.name})
            sentence = f"The service itself failed ({type(error).__name__}); its log says where. It is tried again."
            self._rest(known, error, sentence, REFUSED)

    def _rest(self, known: SyncObject, error: Exception, sentence: str, span: timedelta) -> None:
        services = self._services
        self._rests[known.scope] = services.clock.now() + span
        services.sync.settings.rest(known, sentence, measure_headroom(services, known))
        log(LOG, "sync rests", level=logging.WARNING, object=known.name, reason=type(error).__name__)

    def _do_some(self, known: SyncObject) -> bool:
        """A piece of work; False when there is none."""
        services = self._services
        if known.phase != "done":
            step(services, known)
            return True
        if follow_hints(services, known):
            return True
        due = services.sync.links.due(known, services.clock.now(), AT_ONCE)
        if due:
            follow_due(services, known, due)
            return True
        if known.next_poll_at is None or known.next_poll_at <= services.clock.now():
            poll(services, known, partial(self._may_go_on, known))
            return True
        return False
