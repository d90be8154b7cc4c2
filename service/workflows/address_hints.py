"""What vendors tell of records becomes work of every object it concerns: one's trouble is nobody else's.

A portal may be connected with several realms, and a realm with several portals. Each object kept in step gets a hint
of its own, works on it when it can, and puts it off alone. What nobody keeps in step is dropped: turned on, an
object is compared as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.store.hints import SYNC, Hint, TakenHint
from service.store.sync_settings import SyncObject
from service.sync.direction import PAIRINGS
from service.workflows.services import Services

MOST = 500
# A person is to be forgotten: heard for every portal, whatever is on there.
PRIVACY = "privacy"
_KINDS = {"hubspot": sorted(PAIRINGS), "quickbooks": sorted({each.entity for each in PAIRINGS.values()})}


def address_hints(services: Services, on: Sequence[SyncObject]) -> None:
    """Hand out what was heard since the last time. Nothing is written when that is nothing."""
    hints, now = services.hints, services.clock.now()
    for vendor, kinds in _KINDS.items():
        while hints.scopes_due(vendor, kinds, now):
            taken = hints.take(vendor, kinds, now, MOST)
            if not taken:
                break  # another worker was faster
            with services.database.write() as tx:
                hints.hear_in(tx, [each for hint in taken for each in _address(hint, on)], now)
                hints.done_in(tx, taken, now)


def _address(hint: TakenHint, on: Sequence[SyncObject]) -> Iterator[Hint]:
    plain = Hint(hint.vendor, hint.scope, hint.kind, hint.entity_id, hint.reasons, hint.changed_at)
    if PRIVACY in hint.reasons:
        yield replace(plain, kind=PRIVACY, reasons=frozenset({hint.kind}))
        return
    for known in on:
        if hint.vendor == "hubspot":
            concerned = (str(known.portal_id), known.name) == (hint.scope, hint.kind)
        else:
            concerned = (known.realm_id, known.pairing.entity) == (hint.scope, hint.kind)
        if concerned:
            yield replace(plain, vendor=SYNC, scope=known.scope, kind=hint.vendor)
