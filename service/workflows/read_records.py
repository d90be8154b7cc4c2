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
    named = read_named(services, known, [name_object(pairing, each) for each in objects.values()])
    contents = find_strong_entities(services, known, strongs) | {str(each["Id"]): each for each in named}
    linked = services.sync.links.by_entities(known, list(contents))
    return [
        Candidate(key, strong_of_entity(pairing, each), key_of_entity(pairing, each), is_taken(linked.get(key)))
        for key, each in contents.items()
    ], contents


def find_alike_objects(
    services: Services, known: SyncObject, entities: Mapping[str, Content]
) -> tuple[list[Candidate], dict[str, Properties]]:
    """Objects that share an address, SKU or name with one of the entities."""
    pairing = known.pairing
    strongs = [strong for each in entities.values() if (strong := strong_of_entity(pairing, each))]
    objects = find_strong_objects(services, known, strongs)
    if pairing.name == "contacts":
        there = {strong_of_object(pairing, each) for each in objects.values()}
        persons = [_person(each) for each in entities.values() if strong_of_entity(pairing, each) not in there - {""}]
        objects |= _find_persons(services, known, persons)
    else:
        names = [str(each[pairing.name_field]) for each in entities.values()]
        objects |= _find_objects(services, known, "name", names)
    linked = services.sync.links.by_objects(known, list(objects))
    return [
        Candidate(key, strong_of_object(pairing, each), key_of_object(pairing, each), is_taken(linked.get(key)))
        for key, each in objects.items()
    ], objects


def find_strong_objects(services: Services, known: SyncObject, strongs: Iterable[str]) -> dict[str, Properties]:
    """Objects with one of these addresses or SKUs; companies have neither."""
    wanted = properties_to_read(known.fields, known.filter)
    if known.name == "contacts":
        found = services.hubspot.records.read_by_email(known.portal_id, _usable(strongs), wanted)
        return {each.id: each.properties for each in found}
    return _find_objects(services, known, "hs_sku", strongs) if known.name == "products" else {}


def find_named_objects(
    services: Services, known: SyncObject, objects: Mapping[str, Properties]
) -> dict[str, Properties]:
    """Objects that are called like one of these."""
    if known.name != "contacts":
        return _find_objects(services, known, "name", [name_object(known.pairing, each) for each in objects.values()])
    own = ("firstname", "lastname"), ("company",)
    persons = [
        next((some for names in own if (some := {name: str(v) for name in names if (v := each.get(name))})), {})
        for each in objects.values()
    ]
    return _find_persons(services, known, persons)


def find_strong_entities(services: Services, known: SyncObject, strongs: Iterable[str]) -> dict[str, Content]:
    """Entities with one of these addresses or SKUs, inactive ones too."""
    wanted = [each for each in strongs if each]
    if known.pairing.entity == "Item":
        found = _query(services, known, "Sku", wanted)
    else:
        found = query_by_email(services.quickbooks, known.realm_id, wanted)
    return {str(each["Id"]): each for each in found}


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


# https://developers.hubspot.com/docs/api-reference/search/guide
# The index lags behind: it says who may be meant; what is compared, and later written over, is read.
def _find_objects(services: Services, known: SyncObject, name: str, values: Iterable[str]) -> dict[str, Properties]:
    found = services.hubspot.records.find_by(known.portal_id, known.name, name, _usable(values), [name])
    return read_objects(services, known, [each.id for each in found])


def _find_persons(services: Services, known: SyncObject, persons: Iterable[Mapping[str, str]]) -> dict[str, Properties]:
    asked = [each for each in persons if each]
    found = services.hubspot.records.find_any(known.portal_id, known.name, asked, ["email"])
    return read_objects(services, known, [each.id for each in found])


def _person(content: Content) -> dict[str, str]:
    """The properties that a contact called like this customer would have."""
    names = {"firstname": content.get("GivenName"), "lastname": content.get("FamilyName")}
    person = {name: str(value) for name, value in names.items() if value}
    return person or {"company": str(content.get("DisplayName") or "")}
