"""Read records of both sides, many in each call, for whoever keeps them in step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.quickbooks.customers import query_by_email
from service.quickbooks.query import ACTIVE_OR_NOT, all_of, divide_values, where_in
from service.store.sync_links import SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Side
from service.sync.matching import Candidate
from service.sync.record import (
    key_of_entity,
    key_of_object,
    name_object,
    properties_to_read,
    strong_of_entity,
    strong_of_object,
)
from service.workflows.services import Services

Properties = dict[str, "str | None"]
Content = dict[str, Any]
# Looking by name costs a search for each: no more than these in one go, the poll comes to the others.
MOST_SEARCHES = 20


def columns_of(known: SyncObject) -> str:
    """What a query selects: the star alone has left out an item's Sku."""
    return "*, Sku" if known.pairing.entity == "Item" else "*"


def read_objects(services: Services, known: SyncObject, ids: Iterable[str]) -> dict[str, Properties]:
    """Objects by id; those deleted, or merged into others, are absent."""
    wanted = properties_to_read(known.fields, known.filter)
    found = services.hubspot.read_objects(known.portal_id, known.name, ids, wanted)
    return {each.id: each.properties for each in found.values()}


def read_entities(services: Services, known: SyncObject, ids: Iterable[str]) -> dict[str, Content]:
    """Entities by id, inactive ones too; those merged into others are absent."""
    return {str(each["Id"]): each for each in _query(services, known, "Id", ids)}


def read_named(services: Services, known: SyncObject, names: Iterable[str]) -> list[Content]:
    """Entities by their names, inactive ones too."""
    return _query(services, known, known.pairing.name_field, names)


def find_alike_entities(
    services: Services, known: SyncObject, objects: Mapping[str, Properties]
) -> tuple[list[Candidate], dict[str, Content]]:
    """Entities that share an address, SKU or name with one of the objects."""
    pairing = known.pairing
    strongs = [strong for each in objects.values() if (strong := strong_of_object(pairing, each))]
    if pairing.entity == "Item":
        found = _query(services, known, "Sku", strongs)
    else:
        found = query_by_email(services.quickbooks, known.realm_id, strongs)
    found += read_named(services, known, [name for each in objects.values() if (name := name_object(pairing, each))])
    contents = {str(each["Id"]): each for each in found}
    linked = services.sync.links.by_entities(known, list(contents))
    return [
        Candidate(key, strong_of_entity(pairing, each), key_of_entity(pairing, each), is_taken(linked.get(key)))
        for key, each in contents.items()
    ], contents


def find_alike_objects(
    services: Services, known: SyncObject, entities: Mapping[str, Content]
) -> tuple[list[Candidate], dict[str, Properties]]:
    """Objects that share an address, SKU or name with one of the entities."""
    pairing, records = known.pairing, services.hubspot.records
    wanted = properties_to_read(known.fields, known.filter)
    strongs = [strong for each in entities.values() if (strong := strong_of_entity(pairing, each))]
    names = [str(each[pairing.name_field]) for each in entities.values()]
    if pairing.name == "contacts":
        found = records.read_by_email(known.portal_id, strongs, wanted)
        for each in [e for e in entities.values() if not strong_of_entity(pairing, e)][:MOST_SEARCHES]:
            person = {"firstname": each.get("GivenName"), "lastname": each.get("FamilyName")}
            equal = {name: str(value) for name, value in person.items() if value}
            if equal:
                found += records.find_all_equal(known.portal_id, known.name, equal, wanted)
    else:
        found = records.find_by(known.portal_id, known.name, "name", names, wanted)
        if pairing.name == "products":
            found += records.find_by(known.portal_id, known.name, "hs_sku", strongs, wanted)
    objects = {each.id: each.properties for each in found}
    linked = services.sync.links.by_objects(known, list(objects))
    return [
        Candidate(key, strong_of_object(pairing, each), key_of_object(pairing, each), is_taken(linked.get(key)))
        for key, each in objects.items()
    ], objects


def is_taken(link: SyncLink | None) -> bool:
    """Whether a record is no longer free to be matched: it has its other half, or a person left it out."""
    return link is not None and link.holds


def candidates_of(known: SyncObject, side: Side, seen: Mapping[str, Mapping[str, Any]]) -> dict[str, Candidate]:
    """How records of a side are matched, by id."""
    pairing = known.pairing
    if side is Side.HUBSPOT:
        return {
            key: Candidate(key, strong_of_object(pairing, each), key_of_object(pairing, each))
            for key, each in seen.items()
        }
    return {
        key: Candidate(key, strong_of_entity(pairing, each), key_of_entity(pairing, each)) for key, each in seen.items()
    }


def _query(services: Services, known: SyncObject, attribute: str, values: Iterable[str]) -> list[Content]:
    found: list[Content] = []
    for part in divide_values(_usable(values)):
        where = all_of(where_in(attribute, part), ACTIVE_OR_NOT)
        found += services.quickbooks.query(known.realm_id, known.pairing.entity, where, columns=columns_of(known))
    return found


def _usable(values: Iterable[str]) -> Sequence[str]:
    return [each for each in values if each]
