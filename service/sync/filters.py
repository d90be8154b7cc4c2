"""What may enter the sync at all. A record once in stays in, whatever its filter says later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from service.errors import InputInvalid
from service.sync.fields import explain_unknown, find_field

OPERATORS = ("is", "is_not", "contains", "known", "unknown")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a property or field; `values` are compared without regard to case."""

    name: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, value: str | None) -> bool:
        """Whether a value meets it."""
        held = (value or "").strip().casefold()
        wanted = [each.strip().casefold() for each in self.values]
        if self.operator in ("known", "unknown"):
            return bool(held) == (self.operator == "known")
        if self.operator == "contains":
            return any(each in held for each in wanted)
        return (held in wanted) == (self.operator == "is")


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold, for records of HubSpot's and for those of QuickBooks'."""

    hubspot: tuple[Condition, ...] = ()
    quickbooks: tuple[Condition, ...] = ()


class _ConditionSchema(Schema):
    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=validate.Length(1, 100))
    operator = fields.String(required=True, validate=validate.OneOf(OPERATORS))
    values = fields.List(fields.String(), load_default=list)


class _FilterSchema(Schema):
    class Meta:
        unknown = RAISE

    hubspot = fields.List(fields.Nested(_ConditionSchema), load_default=list)
    quickbooks = fields.List(fields.Nested(_ConditionSchema), load_default=list)


def parse_filter(document: Any, entity: str | None = None) -> Filter:
    """A filter from its JSON; `entity`: what QuickBooks' conditions are about, whose fields they must then name.

    Raises: InputInvalid.
    """
    try:
        read = _FilterSchema().load(document)
    except ValidationError as error:
        raise InputInvalid(f"The filter is not understood: {error.messages}.") from error
    unknown = [e["name"] for e in read["quickbooks"] if entity and find_field(entity, e["name"]) is None]
    if entity and unknown:
        reasons = "; ".join(explain_unknown(entity, name) for name in unknown)
        raise InputInvalid(f"The filter would let nobody in: {reasons}.")
    made = {side: tuple(Condition(e["name"], e["operator"], tuple(e["values"])) for e in read[side]) for side in read}
    return Filter(made.get("hubspot", ()), made.get("quickbooks", ()))


def check_properties(chosen: Filter, known: Collection[str]) -> None:
    """Whether the portal has the properties that a filter names. Raises: InputInvalid."""
    unknown = sorted({each.name for each in chosen.hubspot} - set(known))
    if unknown:
        raise InputInvalid(
            f"The filter would let nobody in, for the portal has no property {', '.join(unknown)}: correct the filter."
        )


def export_filter(chosen: Filter) -> dict[str, Any]:
    """The JSON of a filter."""
    return {
        side: [{"name": e.name, "operator": e.operator, "values": list(e.values)} for e in getattr(chosen, side)]
        for side in ("hubspot", "quickbooks")
    }


def may_enter(conditions: tuple[Condition, ...], values: Mapping[str, str | None]) -> bool:
    """Whether a record may enter by these conditions."""
    return all(each.holds(values.get(each.name)) for each in conditions)


# Contacts are many and most never buy: without an address nobody could be sent an invoice.
DEFAULT_FILTERS = {
    "contacts": Filter(hubspot=(Condition("email", "known"),)),
    "companies": Filter(hubspot=(Condition("name", "known"),)),
    "products": Filter(hubspot=(Condition("name", "known"),)),
}
