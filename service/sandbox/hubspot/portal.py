"""One HubSpot portal: its objects, their properties, and who is told when they change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.associations import Associations
from service.sandbox.hubspot.line_amounts import calculated
from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.object_types import OBJECT_TYPES, PARENTS_OF_LINE_ITEMS, ObjectType
from service.sandbox.hubspot.properties import Definition
from service.sandbox.hubspot.refusals import Refusal
from service.sandbox.hubspot.standard_properties import STANDARD

# Contract 6: what changed through our API comes back as INTEGRATION; what a person did as CRM.
BY_API, BY_HUMAN = "INTEGRATION", "CRM"


@dataclass(slots=True)
class CrmObject:
    """One object. `indexed` is what search still shows while a change is young; None: not there yet."""

    id: str
    properties: dict[str, str | None]
    created_at: str
    updated_at: str
    changed: float
    indexed: dict[str, str | None] | None = None
    archived: bool = False
    archived_at: str | None = None
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to an object: creation, propertyChange, deletion or merge."""

    kind: str
    portal_id: int
    object_type: ObjectType
    object_id: str
    source: str
    property: str | None = None
    value: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Portal:
    """The state of one portal. The caller holds HubSpot's lock."""

    def __init__(self, id: int, name: str, currency: str, time_zone: str, clock: SandboxClock) -> None:
        self.id, self.name, self.currency, self.time_zone, self.clock = id, name, currency, time_zone, clock
        self.additional_currencies: list[str] = []
        self.installed = True
        self.objects: dict[str, dict[str, CrmObject]] = {each.name: {} for each in OBJECT_TYPES}
        self.associations = Associations()
        self.files: list[dict[str, Any]] = []
        self.custom: dict[str, dict[str, Definition]] = {each.name: {} for each in OBJECT_TYPES}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {each.name: _standard_group(each) for each in OBJECT_TYPES}
        self.unique: dict[tuple[str, str, str], str] = {}
        self.listener: Callable[[Change], None] | None = None
        self._ids = itertools.count(40_000_000_001 + id % 1000 * 100_000_000)

    def next_id(self) -> str:
        """An id that nothing of this portal has."""
        return str(next(self._ids))

    def definition(self, object_type: ObjectType, name: str) -> Definition | None:
        """The property of that name; None when it does not exist or is archived."""
        found = STANDARD[object_type.name].get(name)
        if found is None:
            found = self.custom[object_type.name].get(name)
            if found is not None and found.archived:
                return None
        return found

    def find(self, object_type: ObjectType, object_id: str) -> CrmObject | None:
        """The living object of that id."""
        found = self.objects[object_type.name].get(object_id)
        return found if found and not found.archived else None

    def create(
        self, object_type: ObjectType, values: dict[str, str | None], source: str, object_id: str | None = None
    ) -> CrmObject:
        """Keep a new object; the values are checked already. Raises Refusal 409 on a unique value in use."""
        object_id = object_id or str(next(self._ids))
        self._claim(object_type, object_id, values)
        instant = self.clock.now()
        now = stamp(instant)
        kept: dict[str, str | None] = {name: value for name, value in values.items() if value}
        if object_type.name == "line_items":
            kept = {**self._from_product(kept), **kept}
            kept.update(calculated(kept))
        if object_type.name == "invoices":
            kept = {"hs_invoice_status": "draft", "hs_invoice_billable": "true", **kept}
        kept.update({"createdate": now, "hs_createdate": now, object_type.modified: now, "hs_object_id": object_id})
        made = CrmObject(object_id, kept, now, now, instant.timestamp())
        self.objects[object_type.name][object_id] = made
        self._tell("creation", object_type, object_id, source)
        return made

    def update(self, object_type: ObjectType, known: CrmObject, values: dict[str, str | None], source: str) -> None:
        """Change an object; `""` and None clear a value. Raises Refusal 409."""
        self._claim(object_type, known.id, values)
        instant = self.clock.now()
        now = stamp(instant)
        known.indexed, known.changed = dict(known.properties), instant.timestamp()
        changed = []
        for name, value in values.items():
            new = value or None
            if known.properties.get(name) != new:
                changed.append((name, new))
            known.properties[name] = new
        if object_type.name == "line_items":
            known.properties.update(calculated(known.properties))
        known.properties[object_type.modified] = known.updated_at = now
        for name, new in changed:
            self._tell("propertyChange", object_type, known.id, source, name, new or "")

    def archive(self, object_type: ObjectType, known: CrmObject, source: str, kind: str = "deletion") -> None:
        """Delete an object, and the line items it is the parent of; a privacyDeletion erases its values."""
        if object_type.name in PARENTS_OF_LINE_ITEMS:
            lines = self.objects["line_items"]
            for line_id in list(self.associations.of(object_type.name, known.id, "line_items")):
                self._gone("line_items", lines[line_id])
        self._gone(object_type.name, known)
        if kind == "privacyDeletion":
            known.properties = {"hs_object_id": known.id}
        self._tell(kind, object_type, known.id, source)

    def merge(self, object_type: ObjectType, kept: CrmObject, gone: CrmObject, source: str, new_id: bool) -> CrmObject:
        """Make one object of two; with `new_id` the result is a third one and both are gone."""
        values = {name: value for name, value in gone.properties.items() if value is not None}
        values.update({name: value for name, value in kept.properties.items() if value is not None})
        heir = kept
        if new_id:
            heir = self.create(object_type, {}, source)
        own = {name: heir.properties.get(name) for name in ("hs_object_id", "createdate", "hs_createdate")}
        merged = [old.id for old in (kept, gone) if old is not heir]
        for old in (kept, gone):
            if old is not heir:
                self.associations.move(object_type.name, old.id, heir.id)
                self._gone(object_type.name, old)
                old.merged_into = heir.id
        heir.properties.update(values | own | {"hs_merged_object_ids": ";".join(merged)})
        heir.properties[object_type.modified] = heir.updated_at = stamp(self.clock.now())
        details = {
            "primaryObjectId": int(kept.id),
            "mergedObjectIds": [int(gone.id)],
            "newObjectId": int(heir.id),
            "numberOfPropertiesMoved": len(values),
        }
        self._tell("merge", object_type, heir.id, source, details=details)
        return heir

    def _gone(self, type_name: str, known: CrmObject) -> None:
        known.archived, known.archived_at = True, stamp(self.clock.now())
        self.associations.forget(type_name, known.id)
        for key in [key for key, holder in self.unique.items() if key[0] == type_name and holder == known.id]:
            del self.unique[key]

    def _claim(self, object_type: ObjectType, object_id: str, values: dict[str, str | None]) -> None:
        """Unique values belong to one living object. Contract 4.2."""
        claims = [(name, value) for name, value in values.items() if self._is_unique(object_type, name)]
        for name, value in claims:
            holder = self.unique.get((object_type.name, name, (value or "").lower()))
            if value and holder not in (None, object_id):
                what = object_type.singular.capitalize()
                raise Refusal(409, f"{what} already exists. Existing ID: {holder}", "CONFLICT")
        known = self.objects[object_type.name].get(object_id)
        for name, value in claims:
            old = known.properties.get(name) if known else None
            if old:
                self.unique.pop((object_type.name, name, old.lower()), None)
            if value:
                self.unique[object_type.name, name, value.lower()] = object_id

    def _is_unique(self, object_type: ObjectType, name: str) -> bool:
        definition = self.definition(object_type, name)
        return definition is not None and definition.unique

    def _from_product(self, values: dict[str, str | None]) -> dict[str, str | None]:
        """A line item made from a product starts with the product's values."""
        product = self.objects["products"].get(values.get("hs_product_id") or "")
        copied = ("name", "price", "hs_sku", "description", "recurringbillingfrequency", "hs_recurring_billing_period")
        return {name: product.properties[name] for name in copied if product.properties.get(name)} if product else {}

    def _tell(
        self,
        kind: str,
        object_type: ObjectType,
        object_id: str,
        source: str,
        name: str | None = None,
        value: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        if self.listener is not None:
            self.listener(Change(kind, self.id, object_type, object_id, source, name, value, details or {}))


def _standard_group(object_type: ObjectType) -> dict[str, dict[str, Any]]:
    name = f"{object_type.singular}information"
    label = f"{object_type.singular.replace('_', ' ').capitalize()} information"
    return {name: {"name": name, "label": label, "displayOrder": -1, "archived": False}}
