"""Two records became one on either side: the link that is alive follows, what has ended gives way. Safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from service.store.sync_links import ENDED, WAITING, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.record import MERGED
from service.workflows.align_records import keep_links
from service.workflows.enter_records import is_over
from service.workflows.read_records import Properties
from service.workflows.services import Services


def follow_merged_entity(services: Services, known: SyncObject, gone_id: str, heir_id: str) -> None:
    """QuickBooks has made one entity of two: the link follows, unless the other has a living one of its own."""
    tables, now = services.sync.links, services.clock.now()
    links = tables.by_entities(known, [gone_id, heir_id])
    link, heir = links.get(gone_id), links.get(heir_id)
    services.links.forget(known.realm_id, (known.pairing.kind,), gone_id)
    if link is None:
        return
    if link.state == ENDED:
        if heir is None:  # what was left out, or erased, does not come back under the heir's id
            tables.move_entity(link, heir_id)
    elif not link.is_pair:
        tables.drop(link)
    elif heir is not None and heir.lives:
        keep_links(services, known, [_merged(link, "QuickBooks")])
    else:
        if heir is not None:
            tables.drop(heir)
        keep_links(services, known, [replace(_met_anew(link), entity_id=heir_id, due_at=now)])
        tables.note(known, link, "merged", f"into {heir_id} in QuickBooks", now)


def follow_merged_objects(services: Services, known: SyncObject, found: Mapping[str, Properties]) -> None:
    """HubSpot has made one object of several: the first living link among them follows, the others end."""
    gone = {
        old: heir
        for heir, held in found.items()
        for old in (held.get(MERGED) or "").split(";")
        if old.strip() and old != heir
    }
    if not gone:
        return
    tables, now = services.sync.links, services.clock.now()
    links = tables.by_objects(known, [*gone, *gone.values()])
    for old, heir in gone.items():
        link, there = links.get(old), links.get(heir)
        if link is None or is_over(link):
            continue
        if there is not None and not link.is_pair:
            tables.drop(link)
        elif there is not None and there.lives:
            keep_links(services, known, [_merged(link, "HubSpot")])
        else:
            if there is not None:
                tables.drop(there)
            follows = replace(_met_anew(link) if link.is_pair else link, object_id=heir, due_at=now)
            keep_links(services, known, [follows])
            links[heir] = follows
            tables.note(known, link, "merged", f"{old} into {heir} in HubSpot", now)


def _met_anew(link: SyncLink) -> SyncLink:
    """The heir was never agreed with: what it lacks was not emptied by anybody."""
    return replace(link, state=WAITING, agreement=None, code=None, sentence=None)


def _merged(link: SyncLink, where: str) -> SyncLink:
    other = "customers in QuickBooks" if where == "HubSpot" else "records in HubSpot"
    sentence = f"It was merged in {where} with one that is in step already; two {other} remain: merge them too."
    return replace(link, state=ENDED, code="MERGED", sentence=sentence, due_at=None, reserved=None)
