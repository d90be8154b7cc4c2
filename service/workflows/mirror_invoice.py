"""Mirror invoices: one HubSpot invoice object per QuickBooks invoice, kept in step. Read it top to bottom.

Runs after and beside the callbacks, from the table of mirrors alone: QuickBooks is not asked about any invoice,
and a portal hears of a hundred invoices in a few calls. The unique key makes a mirror unique: a create is written
down before it is sent, and looked for by the key before it is sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.errors import NotConnected, RefusedByHubSpot, ServiceError
from service.hubspot.faults import list_property_names, list_unwritable_properties
from service.hubspot.gateway import NewObject
from service.hubspot.invoices import OBJECT_TYPE, TO_DEAL, TYPE_OF, association
from service.ids import ObjectId, PortalId
from service.invoicing.mirror import DRAFT, KEY, NEEDED, STATUS, hash_content
from service.logs import log
from service.store.connections import LIVE, Connection
from service.store.invoice_sync import read_rules
from service.store.mirrors import Ability, Mirror
from service.workflows.draw_mirror import Drawn, draw_mirrors
from service.workflows.mirror_ability import know_ability, note_obstacle, note_proven, note_refused
from service.workflows.mirror_lines import write_lines
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.run_callback import back_off
from service.workflows.services import Services

LOG = logging.getLogger("service.mirror")
MOST = 100
# As long as it is not known what the portal takes, one at a time learns it.
UNPROVEN = 1
ROUNDS = 4
_BAD, _FORBIDDEN, _GONE, _CONFLICT = 400, 403, 404, 409
# What a portal does not take today it may take tomorrow, or when the invoice changes.
REFUSED_FOR = timedelta(days=1)


@dataclass(slots=True)
class Work:
    """One mirror on its way: what it is to show, and what became of it. `error` None: all well."""

    mirror: Mirror
    drawn: Drawn
    properties: dict[str, str]
    object_id: ObjectId | None
    lines_hash: str | None
    fresh: bool = False
    plain: bool = False
    """HubSpot took it only as a draft, or without what it should belong to; `status`: the one it should have."""
    status: str = DRAFT
    error: ServiceError | None = None
    dropped: set[str] = field(default_factory=set)

    @property
    def key(self) -> str:
        """What it is found by in HubSpot."""
        return self.properties[KEY]

    @property
    def is_stale(self) -> bool:
        """It is there and shows something else."""
        if self.error is not None or self.object_id is None or self.fresh:
            return False
        return self.mirror.properties_hash != hash_content(self.properties)

    def to_send(self) -> dict[str, str]:
        """The properties without those whose values HubSpot has just refused."""
        return {name: value for name, value in self.properties.items() if name not in self.dropped}


def mirror_invoices(services: Services) -> int:
    """Bring the mirrors that are due in step; returns how many were looked at."""
    done = 0
    for connection in services.connections.all():
        if connection.state != LIVE or not read_rules(connection).is_on:
            continue
        portal_id, realm_id, now = connection.portal_id, connection.realm_id, services.clock.now()
        if not services.mirrors.due(portal_id, realm_id, now, 1):
            continue
        try:
            with services.locks.hold(f"mirror:{portal_id}:{realm_id}"):
                done += mirror_connection(services, connection)
        except NotConnected as error:
            note_lost_access(services, error, portal_id, realm_id, now)
        except ServiceError as error:
            log(LOG, "not mirrored", level=logging.WARNING, portal_id=portal_id, reason=type(error).__name__)
    return done


def mirror_connection(services: Services, connection: Connection) -> int:
    """One round for one connection, at most a hundred invoices. Raises: NotConnected, TryLater."""
    now, portal_id = services.clock.now(), connection.portal_id
    due = services.mirrors.due(portal_id, connection.realm_id, now, MOST)
    try:
        ability = know_ability(services, portal_id)
        if ability.obstacle:
            services.mirrors.keep([replace(each, due_at=now + REFUSED_FOR, note=ability.obstacle) for each in due])
            return 0
        due = due if ability.proven else due[:UNPROVEN]
        drawn = draw_mirrors(services, connection, due)
        # Nothing to show: its connection has only invoices of deals mirrored.
        services.mirrors.keep([replace(each, due_at=None) for each in due if each.invoice_id not in drawn])
        works = [_begin(drawn[each.invoice_id], each, ability) for each in due if each.invoice_id in drawn]
        _write(services, portal_id, works, ability)
    except ServiceError:
        services.mirrors.keep([_later(each, now) for each in due])
        raise
    services.mirrors.keep([_outcome(each, services.clock.now()) for each in works])
    failed = [each.error for each in works if each.error is not None]
    log(LOG, "mirrored", portal_id=portal_id, count=len(works) - len(failed), failed=len(failed) or None)
    for error in failed:
        if isinstance(error, NotConnected):
            raise error
    return len(due)


def _begin(drawn: Drawn, mirror: Mirror, ability: Ability) -> Work:
    properties = {name: value for name, value in drawn.properties.items() if name in NEEDED or ability.allows(name)}
    return Work(mirror, drawn, properties, mirror.object_id, mirror.lines_hash)


def _write(services: Services, portal_id: PortalId, works: list[Work], ability: Ability) -> None:
    """The objects first, then what belongs to them. Raises: NotConnected, TryLater."""
    _find_tried(services, portal_id, works)
    for _ in range(ROUNDS):
        _create(services, portal_id, [each for each in works if each.object_id is None and each.error is None])
        _update(services, portal_id, [each for each in works if each.is_stale])
        for each in works:
            if isinstance(each.error, RefusedByHubSpot):
                if each.error.status == _FORBIDDEN:
                    note_obstacle(services, portal_id, ability, each.error)
                    return
                ability = note_refused(services, portal_id, ability, list_unwritable_properties(each.error))
                _make_do(services, portal_id, each, each.error)
    there = [each for each in works if each.error is None and each.object_id is not None]
    _associate(services, portal_id, there)
    ability = write_lines(services, portal_id, there, ability)
    _open(services, portal_id, [each for each in there if each.plain and each.error is None])
    if there:
        note_proven(services, portal_id, ability)


def _find_tried(services: Services, portal_id: PortalId, works: Sequence[Work]) -> None:
    """A create that was sent and never heard of: its mirror is found by the key."""
    tried = {each.key: each for each in works if each.object_id is None and each.mirror.tried_at is not None}
    found = services.hubspot.find_objects(portal_id, OBJECT_TYPE, KEY, tried) if tried else {}
    for key, record in found.items():
        if key in tried:
            tried[key].object_id = ObjectId(record.id)


def _create(services: Services, portal_id: PortalId, works: Sequence[Work]) -> None:
    if not works:
        return
    now = services.clock.now()
    services.mirrors.try_create([each.mirror for each in works], now)
    asked = {each.key: NewObject(each.to_send(), _belongings(each.drawn)) for each in works}
    made = services.hubspot.create_objects(portal_id, OBJECT_TYPE, asked)
    for each in works:
        # From now on it may exist, whatever the answer was.
        each.mirror = replace(each.mirror, tried_at=now)
        answer = made[each.key]
        if isinstance(answer, ServiceError):
            each.error = answer
        else:
            each.object_id, each.fresh = ObjectId(answer.id), True


def _belongings(drawn: Drawn) -> list[dict[str, object]]:
    found = [association(drawn.deal_id, TO_DEAL)] if drawn.deal_id else []
    return found + [association(key, TYPE_OF[kind]) for kind, key in drawn.recipients]


def _update(services: Services, portal_id: PortalId, works: Sequence[Work]) -> None:
    if not works:
        return
    ended = services.hubspot.update_objects(
        portal_id, OBJECT_TYPE, {str(each.object_id): each.to_send() for each in works}
    )
    for each in works:
        error = ended[str(each.object_id)]
        if isinstance(error, RefusedByHubSpot) and error.status == _GONE:
            # Somebody deleted it in HubSpot: it is made anew.
            each.object_id, each.lines_hash = None, None
            each.mirror = replace(each.mirror, deal_id=None)
        elif error is None:
            each.mirror = replace(each.mirror, properties_hash=hash_content(each.properties))
        else:
            each.error = error


def _make_do(services: Services, portal_id: PortalId, work: Work, error: RefusedByHubSpot) -> None:
    """A refusal that leaves something to try: without the properties it names, or as a plain draft."""
    named = {each for each in list_property_names(error) if each in work.properties} - NEEDED - work.dropped
    if named:
        work.dropped |= named
        for each in named.intersection(list_unwritable_properties(error)):
            del work.properties[each]
        work.error = None
    elif not work.plain and work.object_id is None and error.status in (_BAD, _GONE):
        work.plain, work.error = True, None
        work.drawn = _without_gone(services, portal_id, work.drawn)
        if STATUS in work.properties:
            work.status, work.properties[STATUS] = work.properties[STATUS], DRAFT


def _without_gone(services: Services, portal_id: PortalId, drawn: Drawn) -> Drawn:
    """With only what is still there: an object that was deleted has the whole create refused."""

    def is_there(kind: str, key: str) -> bool:
        return key in services.hubspot.read_objects(portal_id, kind, [key], ("hs_object_id",))

    deal_id = drawn.deal_id if drawn.deal_id and is_there("deals", drawn.deal_id) else None
    return replace(drawn, deal_id=deal_id, recipients=tuple(each for each in drawn.recipients if is_there(*each)))


def _associate(services: Services, portal_id: PortalId, works: Sequence[Work]) -> None:
    """The deal of those that belong to another one than before; a created one has been given its own."""
    pairs = [
        (str(each.object_id), str(each.drawn.deal_id))
        for each in works
        if each.drawn.deal_id and not each.fresh and each.drawn.deal_id != each.mirror.deal_id
    ]
    if pairs:
        services.hubspot.associate(portal_id, OBJECT_TYPE, "deals", TO_DEAL, pairs)


def _open(services: Services, portal_id: PortalId, works: Sequence[Work]) -> None:
    """Those that HubSpot took as drafts only, once more: now they have their lines."""
    changes = {str(each.object_id): {STATUS: each.status} for each in works if each.status != DRAFT}
    ended = services.hubspot.update_objects(portal_id, OBJECT_TYPE, changes) if changes else {}
    for each in works:
        if ended.get(str(each.object_id), each) is None:
            each.properties[STATUS] = each.status


def _outcome(work: Work, now: datetime) -> Mirror:
    mirror = replace(work.mirror, object_id=work.object_id)
    if isinstance(work.error, RefusedByHubSpot):
        # A conflict: there is a mirror with this key, found by it next time. Else a person must change something.
        after = back_off(mirror.tries) if work.error.status == _CONFLICT else REFUSED_FOR
        return replace(mirror, due_at=now + after, tries=mirror.tries + 1, note=work.error.sentence)
    if work.error is not None:
        return _later(mirror, now)
    return replace(
        mirror,
        deal_id=work.drawn.deal_id,
        properties_hash=hash_content(work.properties),
        lines_hash=work.lines_hash,
        due_at=work.drawn.next_at,
        tries=0,
        note=None,
    )


def _later(mirror: Mirror, now: datetime) -> Mirror:
    return replace(mirror, due_at=now + back_off(mirror.tries), tries=mirror.tries + 1)
