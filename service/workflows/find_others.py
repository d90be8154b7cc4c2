"""Who may be the other half of records that are in no pair yet, and who of their own side may be so as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.store.sync_links import REVIEW
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.matching import Candidate, Match
from service.sync.record import is_own
from service.workflows.read_records import (
    Content,
    Properties,
    candidates_of,
    find_alike_entities,
    find_alike_objects,
    find_named_objects,
    find_strong_entities,
    find_strong_objects,
    is_taken,
    read_entities,
    read_objects,
)
from service.workflows.services import Services


@dataclass(frozen=True, slots=True)
class Others:
    """The other side, as far as it may matter: who is alike, and what each holds.

    `own`: who is alike on one's own side; None: nobody has looked. `stored`: by own id, to whom its invoices go or
    who is invoiced there; `made`: the object that was created for an entity.
    """

    candidates: list[Candidate]
    contents: dict[str, dict[str, Any]]
    own: list[Candidate] | None = None
    stored: Mapping[str, list[str]] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)


def find_other_entities(
    services: Services, known: SyncObject, objects: Mapping[str, Properties], seen: Others | None
) -> Others:
    """Entities for objects; `seen`: who is alike, when that is known.

    What invoices were made for, and what an object was created for, need not look alike any more.
    """
    others = seen or _others(*find_alike_entities(services, known, objects))
    own = {key: made for key, each in objects.items() if (made := is_own(each, known.realm_id, known.pairing))}
    links = services.links.find(known.portal_id, known.realm_id, known.pairing.kind, list(objects))
    ids = own | {key: link.entity_id for key, link in links.items()}
    missing = set(ids.values()) - set(others.contents)
    read = read_entities(services, known, sorted(missing))
    linked = services.sync.links.by_entities(known, list(read))
    added = _candidates(known, Side.QUICKBOOKS, read, linked)
    contents = {**others.contents, **read}
    stored = {key: [entity_id] for key, entity_id in ids.items() if entity_id in contents}
    return replace(others, candidates=[*others.candidates, *added], contents=contents, stored=stored)


def find_other_objects(
    services: Services, known: SyncObject, entities: Mapping[str, Content], seen: Others | None
) -> Others:
    """Objects for entities. As `find_other_entities`; what was created for an entity is read by its key, not searched:
    an upsert would write over it."""
    others = seen or _others(*find_alike_objects(services, known, entities))
    pairing, keys = known.pairing, {f"{known.realm_id}:{each}": each for each in entities}
    found = services.hubspot.find_objects(known.portal_id, known.name, pairing.key_property, keys)
    made = {keys[key]: each.id for key, each in found.items() if key in keys}
    stored: dict[str, list[str]] = {}
    for link in services.links.leading_to(known.portal_id, known.realm_id, [pairing.kind], list(entities)):
        stored.setdefault(link.entity_id, []).append(link.key)
    missing = {*made.values(), *(key for each in stored.values() for key in each)} - set(others.contents)
    read = read_objects(services, known, sorted(missing))
    linked = services.sync.links.by_objects(known, list(read))
    added = _candidates(known, Side.HUBSPOT, read, linked)
    contents = {**others.contents, **read}
    return replace(
        others,
        candidates=[*others.candidates, *added],
        contents=contents,
        stored={key: there for key, each in stored.items() if (there := [one for one in each if one in contents])},
        made={key: each for key, each in made.items() if each in contents},
    )


def find_own(
    services: Services,
    known: SyncObject,
    side: Side,
    wanted: Mapping[str, dict[str, Any]],
    matches: Mapping[str, Match],
) -> list[Candidate]:
    """Who of their own side is as alike: those that came together, and a look where the match would hang on it.

    An e-mail address is one contact's only, a name one customer's or item's: there nobody need look. The index of
    HubSpot's search lags behind: the second of two is told when it comes.
    """
    ones = candidates_of(known, side, wanted)
    asked = {key: wanted[key] for key, match in matches.items() if _hangs_on_it(known, side, ones[key], match)}
    if side is Side.HUBSPOT:
        seen: dict[str, Any] = find_named_objects(services, known, asked)
        if known.name == "products":
            seen |= find_strong_objects(services, known, [ones[key].strong for key in asked])
        linked = services.sync.links.by_objects(known, [*seen, *ones])
    else:
        seen = find_strong_entities(services, known, [ones[key].strong for key in asked])
        linked = services.sync.links.by_entities(known, [*seen, *ones])
    begun = {key for key, link in linked.items() if link.state != REVIEW}
    return [replace(one, taken=key in begun) for key, one in (candidates_of(known, side, seen) | ones).items()]


def _hangs_on_it(known: SyncObject, side: Side, one: Candidate, match: Match) -> bool:
    if match.doubtful:
        return False
    if side is Side.QUICKBOOKS:
        return bool(one.strong) and (match.is_nothing is False or known.name == "products")
    return known.name == "products" or (match.by_name if match.sure else not one.strong)


def _others(candidates: list[Candidate], contents: Mapping[str, dict[str, Any]]) -> Others:
    return Others(candidates, dict(contents))


def _candidates(
    known: SyncObject, side: Side, read: Mapping[str, Mapping[str, Any]], linked: Mapping[str, Any]
) -> Iterable[Candidate]:
    found = candidates_of(known, side, read)
    return [replace(one, taken=is_taken(linked.get(key))) for key, one in found.items()]
