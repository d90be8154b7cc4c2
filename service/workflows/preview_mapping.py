"""What a mapping would do to chosen records: both sides before and after, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.ids import PortalId
from service.store.sync_settings import SyncObject
from service.sync.conflict import plan_alignment
from service.sync.direction import Side
from service.sync.mapping import KnownHubSpotProperty, Mapping
from service.sync.mapping_file import describe_property
from service.sync.matching import choose_match, follow_stored
from service.sync.record import hubspot_values, quickbooks_values
from service.workflows.find_others import Others, find_other_entities
from service.workflows.read_records import candidates_of, read_entities, read_objects
from service.workflows.services import Services

Values = dict[str, "str | None"]


@dataclass(frozen=True, slots=True)
class Preview:
    """One record: what both sides hold, and what they would hold. `entity_id` None: it would be created."""

    object_id: str
    entity_id: str | None
    hubspot_before: Values
    hubspot_after: Values
    quickbooks_before: Values
    quickbooks_after: Values
    problems: tuple[str, ...]


def know_properties(services: Services, portal_id: PortalId, object_type: str) -> dict[str, KnownHubSpotProperty]:
    """The properties an object type has in a portal, as a mapping must know them. Raises: what the gateway raises."""
    found = services.hubspot.read_properties(portal_id, object_type)
    return {
        name: describe_property(name, each.type, each.read_only, [str(o.get("value")) for o in each.options])
        for name, each in found.items()
    }


def preview_mapping(
    services: Services, known: SyncObject, mapping: Mapping, object_ids: Sequence[str]
) -> list[Preview]:
    """As if everything were compared anew under this mapping. Raises: what the gateways raise."""
    wanted = replace(known, mapping=mapping)
    objects = read_objects(services, wanted, object_ids)
    links = services.sync.links.by_objects(known, list(objects))
    partners: dict[str, str | None] = {key: link.entity_id for key, link in links.items() if link.entity_id}
    unlinked = {key: each for key, each in objects.items() if key not in partners}
    others = find_other_entities(services, wanted, unlinked, None) if unlinked else Others([], {})
    for key, one in candidates_of(wanted, Side.HUBSPOT, unlinked).items():
        stored = [each for each in others.candidates if each.id in others.stored.get(key, [])]
        partners[key] = (follow_stored(one, stored) if stored else choose_match(one, others.candidates)).sure
    contents = others.contents | read_entities(
        services, wanted, [entity_id for entity_id in partners.values() if entity_id]
    )
    previews = []
    for key, properties in objects.items():
        partner = partners.get(key)
        ours = hubspot_values(mapping, properties)
        theirs = quickbooks_values(mapping, contents.get(partner, {}) if partner else {})
        agreed = links[key].agreement if key in links else None
        plan = plan_alignment(mapping, ours, theirs, agreed, wanted.rules)
        said = tuple(f"{each.hubspot} and {each.quickbooks}: {each.sentence}" for each in plan.problems)
        previews.append(Preview(key, partner, ours, ours | plan.to_hubspot, theirs, theirs | plan.to_quickbooks, said))
    return previews
