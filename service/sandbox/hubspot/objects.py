"""Creating, reading and changing CRM objects as the objects API allows. Contract 4.2, 4.7."""

from __future__ import annotations

from typing import Any

from service.sandbox.hubspot.associations import Kind
from service.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType, find_type
from service.sandbox.hubspot.portal import BY_API, CrmObject, Portal
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import Refusal, bad_input, bad_values, not_found, value_error
from service.sandbox.hubspot.settings import Settings
from service.sandbox.hubspot.values import InvalidValue, stored_value

Values = dict[str, str | None]
ALWAYS = ("createdate", "hs_object_id")


def checked_values(portal: Portal, object_type: ObjectType, given: Any, settings: Settings) -> Values:
    """Property values HubSpot takes, as it stores them. Raises Refusal 400."""
    if not isinstance(given, dict):
        raise bad_input("properties must be an object")
    kept: Values = {}
    errors, refused = [], False
    for name, value in given.items():
        # Contract 4.2: all property values are strings or null.
        if value is not None and not isinstance(value, str):
            raise bad_input(f"properties.{name} must be a string, not {type(value).__name__}")
        definition = portal.definition(object_type, name)
        if definition is None:
            errors.append(value_error(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            refused = True
        elif definition.read_only or is_read_only(object_type, name, settings):
            errors.append(value_error(name, "READ_ONLY_VALUE", f'"{name}" is a read only property'))
            # Contract 4.7: which invoice properties can be written is only learned by trying.
            refused = refused or object_type.name != "invoices"
        else:
            try:
                kept[name] = stored_value(definition, value) if value else value
            except InvalidValue as error:
                errors.append(error.error)
                refused = True
    if errors:
        raise bad_values(errors, refused=refused)
    return kept


def is_read_only(object_type: ObjectType, name: str, settings: Settings) -> bool:
    """Whether an invoice property is switched to read-only."""
    return object_type.name == "invoices" and name in settings.invoice_read_only


def check_required(object_type: ObjectType, values: Values) -> None:
    """What must be there on create. Raises Refusal 400."""
    missing = [name for name in object_type.required if not values.get(name)]
    if missing:
        raise bad_values([value_error(name, "REQUIRED_FIELD", f"{name} is required") for name in missing])


def create_object(portal: Portal, object_type: ObjectType, body: dict[str, Any], settings: Settings) -> CrmObject:
    """Make an object with its associations, or nothing at all. Raises Refusal."""
    values = checked_values(portal, object_type, body.get("properties"), settings)
    check_required(object_type, values)
    wanted = parse_associations(portal, object_type, body.get("associations") or [])
    check_invoice(portal, object_type, None, values, [end.name for end, _, _ in wanted], settings)
    made = portal.create(object_type, values, BY_API)
    try:
        for end, end_id, kind in wanted:
            portal.associations.add(object_type.name, made.id, end.name, end_id, kind)
    except Refusal:
        portal.archive(object_type, made, BY_API)
        del portal.objects[object_type.name][made.id]
        raise
    return made


def update_object(portal: Portal, object_type: ObjectType, known: CrmObject, given: Any, settings: Settings) -> Values:
    """Change some properties of an object; returns them as stored. Raises Refusal."""
    values = checked_values(portal, object_type, given, settings)
    check_invoice(portal, object_type, known, values, [], settings)
    portal.update(object_type, known, values, BY_API)
    return values


def archive_object(portal: Portal, object_type: ObjectType, object_id: str, settings: Settings) -> None:
    """Delete an object; deleting it again is no error. Raises Refusal."""
    known = portal.objects[object_type.name].get(object_id)
    if known is None:
        raise not_found()
    # Contract 4.7: an invoice is deleted only as a draft, or open if the portal's setting allows.
    if object_type.name == "invoices" and not known.archived:
        status = known.properties.get("hs_invoice_status")
        if status != "draft" and not (status == "open" and settings.open_invoices_deletable):
            raise Refusal(400, f"an invoice that is {status} cannot be deleted")
    if not known.archived:
        portal.archive(object_type, known, BY_API)


def get_object(
    portal: Portal, object_type: ObjectType, key: str, id_property: str | None, settings: Settings
) -> CrmObject | None:
    """The living object by its id or by a unique property; None when it is gone or was merged away."""
    if id_property not in (None, "hs_object_id"):
        definition = portal.definition(object_type, id_property or "")
        if definition is None or not definition.unique:
            raise bad_input(f"idProperty {id_property} has no unique values")
        key = portal.unique.get((object_type.name, definition.name, key.lower()), "")
    known = portal.objects[object_type.name].get(key)
    while known and known.merged_into and settings.merged_reads == "survivor":
        known = portal.objects[object_type.name].get(known.merged_into)
    return known if known and not known.archived else None


def merge_objects(portal: Portal, object_type: ObjectType, body: Any, settings: Settings) -> CrmObject:
    """Make one object of two. Raises Refusal."""
    check_keys(body, {"primaryObjectId": str, "objectIdToMerge": str}, "merge")
    kept = portal.find(object_type, body.get("primaryObjectId", ""))
    gone = portal.find(object_type, body.get("objectIdToMerge", ""))
    if kept is None or gone is None:
        raise not_found()
    if kept is gone:
        raise bad_input("an object cannot be merged with itself")
    return portal.merge(object_type, kept, gone, BY_API, not settings.merge_keeps_primary_id)


def parse_associations(portal: Portal, object_type: ObjectType, given: Any) -> list[tuple[ObjectType, str, Kind]]:
    """The `associations` of a create body; the type id tells the other object's type. Raises Refusal 400."""
    if not isinstance(given, list):
        raise bad_input("associations must be a list")
    wanted = []
    for entry in given:
        check_keys(entry, {"to": dict, "types": list}, "association")
        to_id = entry.get("to", {}).get("id")
        if not isinstance(to_id, str) or not entry.get("types"):
            raise bad_input("association needs to.id as a string, and types")
        for spec in entry["types"]:
            kind = parse_kind(spec)
            ends = [end for end in OBJECT_TYPES if has_type(portal, object_type.name, end.name, kind)]
            if not ends:
                raise bad_input(f"association type {kind} of {object_type.name} does not exist")
            if portal.find(ends[0], to_id) is None:
                raise Refusal(400, f"{ends[0].singular} {to_id} does not exist")
            wanted.append((ends[0], to_id, kind))
    return wanted


def parse_kind(spec: Any) -> Kind:
    """One entry of `types`. Raises Refusal 400."""
    check_keys(spec, {"associationCategory": str, "associationTypeId": int}, "association type")
    if set(spec) != {"associationCategory", "associationTypeId"}:
        raise bad_input("association type needs associationCategory and associationTypeId")
    return spec["associationCategory"], spec["associationTypeId"]


def has_type(portal: Portal, start: str, end: str, kind: Kind) -> bool:
    """Whether that association type joins those two object types."""
    try:
        portal.associations.way_back(start, end, *kind)
    except Refusal:
        return False
    return True


def check_invoice(
    portal: Portal,
    object_type: ObjectType,
    known: CrmObject | None,
    values: Values,
    joined: list[str],
    settings: Settings,
) -> None:
    """A billable invoice is opened only with a contact and a line item. Contract 4.7, 11.8."""
    if object_type.name != "invoices" or values.get("hs_invoice_status") in (None, "draft", "voided"):
        return
    held = known.properties if known else {}
    billable = (values.get("hs_invoice_billable") or held.get("hs_invoice_billable")) != "false"
    if not billable and not settings.nonbillable_invoices_checked:
        return
    for wanted in ("contacts", "line_items"):
        if wanted not in joined and not (known and portal.associations.of("invoices", known.id, wanted)):
            raise Refusal(400, f"an open invoice needs {wanted} associated")


def resolve_names(portal: Portal, object_type: ObjectType, asked: list[str]) -> list[str]:
    """The properties a read answers: those asked for that exist, and the three that always come."""
    # Unknown names are ignored in reads; only writing one is an error.
    names = [name for name in asked or object_type.defaults if portal.definition(object_type, name)]
    return list(dict.fromkeys([*names, *ALWAYS, object_type.modified]))


def object_json(known: CrmObject, names: list[str] | None) -> dict[str, Any]:
    """An object as HubSpot answers it; None: every property that has a value."""
    held = known.properties
    said: dict[str, Any] = {
        "id": known.id,
        "properties": {name: held.get(name) for name in names} if names is not None else dict(held),
        "createdAt": known.created_at,
        "updatedAt": known.updated_at,
        "archived": known.archived,
    }
    if known.archived:
        said["archivedAt"] = known.archived_at
    return said


def association_lists(
    portal: Portal, object_type: ObjectType, known: CrmObject, asked: list[str], line_items_key: str
) -> dict[str, Any]:
    """The `associations` of a read; how line items are called there is not sure. Contract 4.2, 11.11."""
    said: dict[str, Any] = {}
    for name in asked:
        end = find_type(name)
        if end is None:
            raise bad_input(f"associations {name}")
        rows = []
        for other, kinds in portal.associations.of(object_type.name, known.id, end.name).items():
            plain = f"{object_type.singular}_to_{end.singular}"
            rows.append({"id": other, "type": plain})
            if len(kinds) > 1:
                rows.append({"id": other, "type": f"{plain}_unlabeled"})
        if rows:
            said[end.key if end.name != "line_items" else line_items_key] = {"results": rows}
    return said
