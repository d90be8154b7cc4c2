"""Work on many records together; where the service itself fails at one of them, the others go on without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from service.errors import ServiceError
from service.store.sync_links import ENDED, FAILED, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.workflows.align_records import keep_links
from service.workflows.run_callback import DATABASE_AWAY
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
T = TypeVar("T")


def isolate(
    services: Services, known: SyncObject, side: Side, records: Mapping[str, T], work: Callable[[Mapping[str, T]], None]
) -> None:
    """Do `work` with all of them, by id; after a fault of ours with each alone, and mark the one that it is about.

    `work` is safe to repeat. Raises: what the vendors' trouble and an absent database raise.
    """
    if not records:
        return
    try:
        work(records)
    except (ServiceError, *DATABASE_AWAY):
        raise
    except Exception as error:
        if len(records) > 1:
            for key, each in records.items():
                isolate(services, known, side, {key: each}, work)
            return
        LOG.error("record failed", exc_info=error, extra={"object": known.name, "side": side.value})
        _mark(services, known, side, next(iter(records)), error)


def _mark(services: Services, known: SyncObject, side: Side, record_id: str, error: Exception) -> None:
    tables = services.sync.links
    if side is Side.HUBSPOT:
        link = tables.by_objects(known, [record_id]).get(record_id) or SyncLink(object_id=record_id)
    else:
        link = tables.by_entities(known, [record_id]).get(record_id) or SyncLink(entity_id=record_id)
    if link.state == ENDED:
        return
    sentence = (
        f"The service itself failed at it ({type(error).__name__}); its log says where. "
        "Correct the record or the mapping, or update the service, then try it again; or leave it out."
    )
    keep_links(services, known, [replace(link, state=FAILED, code="SERVICE_FAILED", sentence=sentence, due_at=None)])
