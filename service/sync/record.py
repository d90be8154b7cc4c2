"""What records are called, what they are matched by, and what is said of one that is new on the other side."""

from __future__ import annotations

from collections.abc import Mapping as Members
from typing import Any

from service.sync.direction import Pairing
from service.sync.fields import find_field, fit, read_entity, read_path, write_entity
from service.sync.filters import Condition, Filter
from service.sync.mapping import Mapping, to_hubspot, to_quickbooks
from service.sync.matching import compare_name, compare_strong
from service.sync.values import Kind, Unusable, read_value, write_hubspot

Properties = Members[str, "str | None"]
MERGED = "hs_merged_object_ids"
# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item (Type)
# Folders and bundles are no products; what is tracked in stock needs accounts that only QuickBooks knows.
_NO_PRODUCTS = frozenset({"Category", "Group"})
NAMES_TRIED = 5


def properties_to_read(mapping: Mapping, chosen: Filter) -> list[str]:
    """What must be read of each object: mapped, filtered and matched by, and where it was merged from."""
    pairing = mapping.pairing
    own = {
        "contacts": ["email", "firstname", "lastname", "company"],
        "companies": ["name"],
        "products": ["name", "hs_sku"],
    }[pairing.name]
    merged = [] if pairing.name == "products" else [MERGED]
    names = [*mapping.properties, *own, *(each.name for each in chosen.hubspot), pairing.modified, *merged]
    return list(dict.fromkeys([*names, pairing.key_property]))


def hubspot_values(mapping: Mapping, properties: Properties) -> dict[str, str | None]:
    """The canonical values of an object's mapped properties."""
    return {name: read_value(mapping.kind_of(name), properties.get(name)) for name in mapping.properties}


def quickbooks_values(mapping: Mapping, content: Members[str, Any]) -> dict[str, str | None]:
    """The canonical values of an entity's mapped fields."""
    return read_entity(mapping.pairing.entity, content, mapping.paths)


def filter_values(
    pairing: Pairing, content: Members[str, Any], conditions: tuple[Condition, ...]
) -> dict[str, str | None]:
    """What a filter looks at in an entity."""
    return {each.name: read_value(_kind(pairing, each.name), read_path(content, each.name)) for each in conditions}


def name_object(pairing: Pairing, properties: Properties) -> str:
    """What an object is called: a person by name, else company, else address."""
    if pairing.name == "contacts":
        person = " ".join(part for part in (properties.get("firstname"), properties.get("lastname")) if part)
        return (person or properties.get("company") or properties.get("email") or "").strip()
    return (properties.get("name") or "").strip()


def name_entity(pairing: Pairing, content: Members[str, Any]) -> str:
    """What an entity is called."""
    return str(content.get(pairing.name_field) or "")


def strong_of_object(pairing: Pairing, properties: Properties) -> str:
    """The address or SKU an object is matched by; companies have none."""
    name = {"contacts": "email", "products": "hs_sku"}.get(pairing.name)
    return compare_strong(properties.get(name)) if name else ""


def strong_of_entity(pairing: Pairing, content: Members[str, Any]) -> str:
    """The address or SKU an entity is matched by."""
    if pairing.entity == "Item":
        return compare_strong(read_path(content, "Sku"))
    return compare_strong(read_path(content, "PrimaryEmailAddr.Address")) if pairing.name == "contacts" else ""


def key_of_object(pairing: Pairing, properties: Properties) -> str:
    """The name an object is matched by: as a new entity would be called."""
    known = find_field(pairing.entity, pairing.name_field)
    assert known is not None
    return compare_name(fit(known, name_object(pairing, properties)))


def key_of_entity(pairing: Pairing, content: Members[str, Any]) -> str:
    """The name an entity is matched by."""
    return compare_name(name_entity(pairing, content))


def belongs(pairing: Pairing, content: Members[str, Any]) -> bool:
    """Whether an entity may be kept in step at all: no jobs below a customer, no folders, no bundles."""
    if pairing.entity == "Item":
        return content.get("Type") not in _NO_PRODUCTS
    return content.get("Job") is not True


def is_active(content: Members[str, Any]) -> bool:
    """Whether an entity is in use."""
    return content.get("Active") not in (False, "false")


def is_own(properties: Properties, realm_id: str, pairing: Pairing) -> str | None:
    """The entity that an object of ours was created for; None when it was not created by us."""
    owner, _, entity_id = (properties.get(pairing.key_property) or "").partition(":")
    return entity_id if owner == realm_id and entity_id else None


def draft_name(mapping: Mapping, properties: Properties, object_id: str) -> str:
    """What a new entity is called: as the mapping says, else as the object is. Raises: Unusable."""
    pairing = mapping.pairing
    known = find_field(pairing.entity, pairing.name_field)
    assert known is not None
    held = hubspot_values(mapping, properties)
    for each in mapping.fields:
        value = held[each.hubspot]
        if each.quickbooks == pairing.name_field and each.direction.reaches_quickbooks and value is not None:
            try:
                return str(to_quickbooks(mapping, each, value))
            except Unusable as error:
                raise Unusable(f"{each.hubspot}: {error}") from error
    return fit(known, name_object(pairing, properties)) or f"HubSpot {pairing.kind} {object_id}"


def vary_name(pairing: Pairing, name: str, attempt: int) -> str:
    """Another name, so that nobody else is called so."""
    known = find_field(pairing.entity, pairing.name_field)
    assert known is not None
    addition = f" ({pairing.entity} {attempt})" if attempt > 1 else f" ({pairing.entity})"
    return name[: (known.longest or 100) - len(addition)].rstrip() + addition


def draft_entity(
    mapping: Mapping, properties: Properties, name: str, income_account_id: str | None, taxable: bool | None = None
) -> dict[str, Any]:
    """A new entity; `taxable`: what it says of tax where the mapping says nothing, None: nothing.

    Raises: Unusable, with the first value that cannot cross over.
    """
    pairing = mapping.pairing
    values: dict[str, str | None] = {}
    held = hubspot_values(mapping, properties)
    for each in mapping.fields:
        if each.direction.reaches_quickbooks and each.quickbooks != pairing.name_field:
            try:
                value = to_quickbooks(mapping, each, held[each.hubspot])
            except Unusable as error:
                raise Unusable(f"{each.hubspot}: {error}") from error
            if value is not None:
                values[each.quickbooks] = value
    body: dict[str, Any] = {pairing.name_field: name}
    if taxable is not None:
        body["Taxable"] = taxable
    if pairing.entity == "Item":
        # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item#create-an-item
        body |= {"Type": "Service", "IncomeAccountRef": {"value": income_account_id}}
    return body | write_entity(pairing.entity, {}, values)


def draft_object(mapping: Mapping, content: Members[str, Any]) -> dict[str, str]:
    """A new object. Raises: Unusable, with the first value that cannot cross over."""
    pairing = mapping.pairing
    held = quickbooks_values(mapping, content)
    made: dict[str, str] = {}
    for each in mapping.fields:
        if each.direction.reaches_hubspot:
            try:
                value = to_hubspot(mapping, each, held[each.quickbooks])
            except Unusable as error:
                raise Unusable(f"{each.quickbooks}: {error}") from error
            if value is not None:
                made[each.hubspot] = write_hubspot(value)
    name = name_entity(pairing, content)
    if pairing.name != "contacts":
        made.setdefault("name", name)
    elif not made.get("firstname") and not made.get("lastname"):
        made.setdefault("company", name)
    return made


def _kind(pairing: Pairing, path: str) -> Kind:
    known = find_field(pairing.entity, path)
    return known.kind if known else Kind.TEXT
