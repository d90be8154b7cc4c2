"""Records that are no longer there: the books keep theirs, and whom a merge has taken away is looked for.

Both are waited for first: what is gone may have been merged into another, which is told apart. Safe to repeat.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from service.quickbooks.batches import MOST_ITEMS
from service.store.sync_links import DELETED_IN_HUBSPOT, ENDED, GONE_FROM_QUICKBOOKS, REVIEW, WAITING, SyncLink
from service.store.sync_settings import SyncObject
from service.workflows.align_records import MADE_INACTIVE, befell, keep_links, waiting, write_entities
from service.workflows.read_records import read_entities
from service.workflows.services import Services

# So long nobody is made inactive, and nobody else is looked for.
GRACE = timedelta(minutes=5)
KEPT = (
    "It was deleted in HubSpot; QuickBooks keeps it. Restored in HubSpot it is kept in step again; "
    "whether it stays active in QuickBooks is decided there."
)
MADE_INACTIVE_FOR_IT = (
    "It was deleted in HubSpot and made inactive in QuickBooks. Restored in HubSpot it is made active and kept in "
    "step again."
)


def lose_objects(services: Services, known: SyncObject, links: Iterable[SyncLink]) -> None:
    """Objects are gone from HubSpot: never delete in the books; make inactive only if the operator chose so."""
    now, lost = services.clock.now(), []
    for link in links:
        if link.code == DELETED_IN_HUBSPOT or link.state == ENDED:
            continue
        if not link.is_pair:
            services.sync.links.drop(link)
        elif link.code == "CHOSEN":
            lost.append(_not_found(replace(link, object_id=None), "record in HubSpot", str(link.object_id)))
        elif known.deactivates:
            sentence = "It was deleted in HubSpot: soon it is made inactive in QuickBooks, unless it is restored."
            lost.append(waiting(link, DELETED_IN_HUBSPOT, sentence, now, GRACE))
        else:
            lost.append(_end(link, KEPT))
    keep_links(services, known, lost)


def lose_entities(services: Services, known: SyncObject, links: Iterable[SyncLink]) -> None:
    """Entities are gone, which QuickBooks does only by merging: its webhook, or a person, says into whom."""
    now, lost = services.clock.now(), []
    for link in links:
        if link.code == GONE_FROM_QUICKBOOKS or link.state == ENDED:
            continue
        if not link.is_pair:
            services.sync.links.drop(link)
            continue
        services.links.forget(known.realm_id, (known.pairing.kind,), str(link.entity_id))
        what = known.pairing.entity.lower()
        if link.code == "CHOSEN":
            lost.append(_not_found(replace(link, entity_id=None), f"{what} in QuickBooks", str(link.entity_id)))
        else:
            sentence = f"Its {what} is gone from QuickBooks, merged into another one: which one is looked for."
            lost.append(waiting(link, GONE_FROM_QUICKBOOKS, sentence, now, GRACE))
    keep_links(services, known, lost)


def settle_lost(services: Services, known: SyncObject, object_ids: Collection[str]) -> None:
    """Records that are still lost after the grace: made inactive, ended, or half a pair again."""
    found = services.sync.links.by_objects(known, list(object_ids)).values()
    waits = [each for each in found if each.state == WAITING and each.is_pair]
    gone = [each for each in waits if each.code == GONE_FROM_QUICKBOOKS]
    keep_links(services, known, [_half_again(services, known, each) for each in gone])
    deleted = [each for each in waits if each.code == DELETED_IN_HUBSPOT]
    if known.deactivates:
        _deactivate(services, known, deleted)
    else:
        keep_links(services, known, [_end(each, KEPT) for each in deleted])


def _deactivate(services: Services, known: SyncObject, links: list[SyncLink]) -> None:
    if not links:
        return
    contents = read_entities(services, known, [str(each.entity_id) for each in links])
    missing = [each for each in links if str(each.entity_id) not in contents]
    keep_links(services, known, [_end(each, "It was deleted in HubSpot and is gone from QuickBooks, too: "
                                            "nothing is left to be done.") for each in missing])  # fmt: skip
    there = [each for each in links if str(each.entity_id) in contents]
    for start in range(0, len(there), MOST_ITEMS):
        some = there[start : start + MOST_ITEMS]
        bodies = [
            {
                "Id": str(each.entity_id),
                "SyncToken": str(contents[str(each.entity_id)]["SyncToken"]),
                "sparse": True,
                "Active": False,
            }
            for each in some
        ]
        outcomes = write_entities(services, known, "update", bodies)
        for link in some:
            outcome = outcomes[str(link.entity_id)]
            if isinstance(outcome, Exception):
                keep_links(services, known, [befell(link, outcome, services.clock.now())])
            else:
                keep_links(services, known, [_end(link, MADE_INACTIVE_FOR_IT)])
                services.sync.links.note(known, link, MADE_INACTIVE, None, services.clock.now())


def _half_again(services: Services, known: SyncObject, link: SyncLink) -> SyncLink:
    """Due once more: whoever looks the same is taken; if nobody does, a person decides."""
    sentence = (
        f"Its {known.pairing.entity.lower()} is gone from QuickBooks, merged into another one: "
        "choose the one it is now, or have it created anew."
    )
    return replace(
        link, entity_id=None, agreement=None, state=REVIEW, code=GONE_FROM_QUICKBOOKS, sentence=sentence, tries=0,
        due_at=services.clock.now(),
    )  # fmt: skip


def _not_found(half: SyncLink, what: str, chosen: str) -> SyncLink:
    """A person has chosen somebody who is not there."""
    sentence = f"There is no {what} with the id {chosen}: choose another one, or have it created anew."
    return replace(half, state=REVIEW, code="NOT_FOUND", sentence=sentence, tries=0, due_at=None)


def _end(link: SyncLink, sentence: str) -> SyncLink:
    return replace(link, state=ENDED, code=DELETED_IN_HUBSPOT, sentence=sentence, due_at=None, tries=0, reserved=None)
