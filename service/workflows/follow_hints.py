"""What one object kept in step was told of: follow it, and put off what a vendor's trouble holds up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from service.errors import ServiceError, TryLater
from service.store.hints import SYNC, TakenHint
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.workflows.follow_merges import follow_merged_entity
from service.workflows.follow_records import follow_entities, follow_objects
from service.workflows.isolate_records import isolate
from service.workflows.services import Services

AT_ONCE = 100
REST = timedelta(seconds=30)


def follow_hints(services: Services, known: SyncObject) -> bool:
    """Some of it; False when there is none. Raises: NotConnected, TryLater; then it is due again later."""
    worked = False
    for vendor, follow in (("hubspot", _follow_hubspot), ("quickbooks", _follow_quickbooks)):
        taken = services.hints.take(SYNC, [vendor], services.clock.now(), AT_ONCE, scope=known.scope)
        if not taken:
            continue
        worked = True
        try:
            follow(services, known, taken)
        except ServiceError as error:
            wait = error.after if isinstance(error, TryLater) and error.after else REST
            services.hints.later(taken, services.clock.now() + wait, type(error).__name__)
            raise
        services.hints.done(taken, services.clock.now())
    return worked


def _follow_hubspot(services: Services, known: SyncObject, taken: Sequence[TakenHint]) -> None:
    def follow(ids: Collection[str]) -> None:
        follow_objects(services, known, ids)

    isolate(services, known, Side.HUBSPOT, dict.fromkeys(hint.entity_id for hint in taken), follow)


def _follow_quickbooks(services: Services, known: SyncObject, taken: Sequence[TakenHint]) -> None:
    ids = dict[str, None]()
    for hint in taken:
        heir = next((word.removeprefix("into:") for word in hint.reasons if word.startswith("into:")), None)
        if heir:
            follow_merged_entity(services, known, hint.entity_id, heir)
        ids[heir or hint.entity_id] = None

    def follow(some: Collection[str]) -> None:
        follow_entities(services, known, some)

    isolate(services, known, Side.QUICKBOOKS, ids, follow)
