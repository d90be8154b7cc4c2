"""Our properties in a portal: created where they are missing, widened where options are, never narrowed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from service.errors import RefusedByHubSpot
from service.hubspot.properties import (
    DEAL_PROPERTIES,
    INVOICE_GROUP,
    INVOICE_PROPERTIES,
    PropertyDefinition,
    compare_properties,
    read_names,
    rename_definitions,
)
from service.ids import PortalId, RealmId
from service.logs import log
from service.store.invoice_sync import read_rules
from service.workflows.services import Services

LOG = logging.getLogger("service.workflows")


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done to one object type's properties, and what could not be. `there`: all names it has now."""

    created: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    there: tuple[str, ...] = ()


def ensure_properties(services: Services, portal_id: PortalId) -> list[str]:
    """Create the deal properties the portal lacks; returns their names. Raises: what the gateway raises."""
    definitions = deal_definitions(services, portal_id)
    created = services.hubspot.ensure_properties(portal_id, "deals", INVOICE_GROUP, definitions)
    if created:
        log(LOG, "deal properties created", portal_id=portal_id, count=len(created))
    return created


def repair_properties(services: Services, portal_id: PortalId) -> dict[str, Repair]:
    """Bring the properties of deals and HubSpot invoices in order, as far as the portal lets us.

    Raises: NotConnected, TryLater.
    """
    return {
        "deals": _repair(services, portal_id, "deals", deal_definitions(services, portal_id)),
        # Off is off: nothing is asked about HubSpot invoices where nobody wants them.
        "invoices": _repair(services, portal_id, "invoices", INVOICE_PROPERTIES)
        if mirrors_invoices(services, portal_id)
        else Repair(),
    }


def mirrors_invoices(services: Services, portal_id: PortalId) -> bool:
    """Whether any of the portal's connections shows invoices as HubSpot invoices."""
    return any(read_rules(each).is_on for each in services.connections.of_portal(portal_id))


def deal_definitions(services: Services, portal_id: PortalId) -> tuple[PropertyDefinition, ...]:
    """The deal properties under the names that the portal's connections want; one set if all want the same."""
    found: dict[str, PropertyDefinition] = {}
    for connection in services.connections.of_portal(portal_id):
        renamed = rename_definitions(DEAL_PROPERTIES, read_names(connection.settings))
        found |= {each.name: each for each in renamed if each.name not in found}
    return tuple(found.values()) or DEAL_PROPERTIES


def names_of(services: Services, portal_id: PortalId, realm_id: RealmId | str | None) -> dict[str, str]:
    """A connection's own names of our deal properties; those not mentioned keep ours."""
    for connection in services.connections.of_portal_lately(portal_id):
        if connection.realm_id == realm_id:
            return read_names(connection.settings)
    return {}


def rename_values(values: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The values of deal properties under a connection's names."""
    return {names.get(name, name): value for name, value in values.items()}


def _repair(
    services: Services, portal_id: PortalId, object_type: str, definitions: tuple[PropertyDefinition, ...]
) -> Repair:
    try:
        known = services.hubspot.read_properties(portal_id, object_type)
    except RefusedByHubSpot as error:
        _note_refusal(portal_id, object_type, error)
        return Repair(missing=tuple(each.name for each in definitions))
    found = compare_properties(definitions, known)
    created: list[str] = []
    widened: list[str] = []
    wrong = list(found.wrong)
    try:
        created = services.hubspot.create_properties(portal_id, object_type, INVOICE_GROUP, found.missing)
    except RefusedByHubSpot as error:
        _note_refusal(portal_id, object_type, error)
    for each in found.narrow:
        try:
            services.hubspot.widen_property(portal_id, object_type, each, known[each.name])
            widened.append(each.name)
        except RefusedByHubSpot as error:
            _note_refusal(portal_id, object_type, error)
            wrong.append(f"{each.name} lacks some of our options")
    if created or widened:
        log(LOG, "properties ensured", portal_id=portal_id, object_type=object_type,
            added=len(created), widened=len(widened))  # fmt: skip
    missing = tuple(each.name for each in found.missing if each.name not in created)
    return Repair(tuple(created), tuple(widened), missing, tuple(wrong), tuple(known))


def _note_refusal(portal_id: PortalId, object_type: str, error: RefusedByHubSpot) -> None:
    # Without the right to change them invoices are still made: the preflight says what is missing.
    log(LOG, "properties refused", level=logging.WARNING, portal_id=portal_id, object_type=object_type,
        status=error.status)  # fmt: skip
