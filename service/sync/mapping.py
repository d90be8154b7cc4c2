"""Which property of HubSpot's belongs to which field of QuickBooks', and how a value crosses over."""

from __future__ import annotations

from collections.abc import Mapping as Values
from dataclasses import dataclass, field

from service.sync.direction import INVOICES, PAIRINGS, Direction, Pairing, common_direction
from service.sync.fields import Field, explain_unknown, find_field, fit
from service.sync.values import Kind, Unusable, check, convert

# https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
HUBSPOT_KINDS = {
    "string": Kind.TEXT,
    "phone_number": Kind.TEXT,
    "number": Kind.NUMBER,
    "bool": Kind.BOOLEAN,
    "enumeration": Kind.ENUMERATION,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
}


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One property and one field. `kind` is the property's; `values` a table from HubSpot's words to QuickBooks'."""

    hubspot: str
    quickbooks: str
    direction: Direction = Direction.BOTH
    kind: Kind = Kind.TEXT
    values: Values[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapping:
    """All field mappings of one object; `version` counts what was applied, 0 is ours."""

    pairing: Pairing
    fields: tuple[FieldMapping, ...]
    version: int = 0

    @property
    def properties(self) -> list[str]:
        """The names of HubSpot's properties in it."""
        return list(dict.fromkeys(each.hubspot for each in self.fields))

    @property
    def paths(self) -> list[str]:
        """The paths of QuickBooks' fields in it."""
        return list(dict.fromkeys(each.quickbooks for each in self.fields))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each property with its field."""
        return [(each.hubspot, each.quickbooks) for each in self.fields]

    def kind_of(self, name: str) -> Kind:
        """The kind of a property."""
        return next((each.kind for each in self.fields if each.hubspot == name), Kind.TEXT)


@dataclass(frozen=True, slots=True)
class KnownHubSpotProperty:
    """What must be known of a property to map it."""

    kind: Kind
    read_only: bool = False
    options: frozenset[str] = frozenset()


def to_quickbooks(mapping: Mapping, each: FieldMapping, value: str | None) -> str | None:
    """What QuickBooks would hold for a value of HubSpot's. Raises: Unusable."""
    known = _field(mapping, each)
    if value is None:
        if known.required:
            raise Unusable("QuickBooks needs a value here: fill it in HubSpot")
        return None
    if each.values:
        if value not in each.values:
            raise Unusable(f"the mapping's table has no word of QuickBooks' for {value!r}: add it")
        return each.values[value]
    fitted = fit(known, convert(value, each.kind, known.kind))
    if not fitted and known.required:
        raise Unusable("nothing of it is left in QuickBooks: fill it in HubSpot")
    return fitted or None


def to_hubspot(mapping: Mapping, each: FieldMapping, value: str | None) -> str | None:
    """What HubSpot would hold for a value of QuickBooks'. Raises: Unusable."""
    if value is None:
        return None
    if each.values:
        found = [ours for ours, theirs in each.values.items() if theirs == value]
        if not found:
            raise Unusable(f"the mapping's table has no word of HubSpot's for {value!r}: add it")
        return found[0]
    return convert(value, _field(mapping, each).kind, each.kind)


def possible_direction(each: FieldMapping, quickbooks: Kind) -> Direction | None:
    """The ways in which two kinds of value can follow each other; None: in no way."""
    hubspot = each.kind
    if each.values:
        distinct = len(set(each.values.values())) == len(each.values)
        return Direction.BOTH if distinct else Direction.TO_QUICKBOOKS
    plain = {Kind.TEXT, Kind.EMAIL}
    if hubspot == quickbooks != Kind.ENUMERATION or (hubspot in plain and quickbooks in plain):
        return Direction.BOTH
    ways = {(Kind.DATETIME, Kind.DATE): Direction.TO_QUICKBOOKS, (Kind.DATE, Kind.DATETIME): Direction.TO_HUBSPOT}
    if (hubspot, quickbooks) in ways:
        return ways[hubspot, quickbooks]
    if quickbooks is Kind.TEXT:
        return Direction.TO_QUICKBOOKS
    return Direction.TO_HUBSPOT if hubspot is Kind.TEXT else None


def find_problems(mapping: Mapping, known: Values[str, KnownHubSpotProperty] | None = None) -> list[str]:
    """Why a mapping cannot be applied, each with the field it is about; empty when it can.

    `known`: the portal's properties; None when they are not known.
    """
    problems = [problem for each in mapping.fields for problem in _problems_of(mapping, each, known)]
    for side, way in (("hubspot", "reaches_hubspot"), ("quickbooks", "reaches_quickbooks")):
        written = [getattr(each, side) for each in mapping.fields if getattr(each.direction, way)]
        twice = sorted({name for name in written if written.count(name) > 1})
        problems += [f"{name}: two fields would write it: give one of them the other direction" for name in twice]
    # An invoice shows what it always shows; records would not be kept in step at all.
    if not mapping.fields and mapping.pairing.name != INVOICES:
        problems.append("the mapping has no fields")
    return problems


def _problems_of(mapping: Mapping, each: FieldMapping, known: Values[str, KnownHubSpotProperty] | None) -> list[str]:
    where = f"{each.hubspot} and {each.quickbooks}"
    theirs = find_field(mapping.pairing.entity, each.quickbooks)
    if theirs is None:
        return [f"{where}: {explain_unknown(mapping.pairing.entity, each.quickbooks)}"]
    problems = []
    if theirs.why_read_only and each.direction.reaches_quickbooks:
        problems.append(f"{where}: {each.quickbooks} cannot be written: {theirs.why_read_only}")
    if known is not None:
        ours = known.get(each.hubspot)
        if ours is None:
            return [*problems, f"{where}: the portal has no property {each.hubspot}"]
        if ours.read_only and each.direction.reaches_hubspot:
            problems.append(f"{where}: {each.hubspot} cannot be written: HubSpot reckons it itself")
        if ours.options and each.values:
            strange = sorted(set(each.values) - ours.options)
            problems += [f"{where}: {each.hubspot} has no option {word!r}" for word in strange]
    for word in sorted(set(each.values.values())):
        problems += [f"{where}: {reason}" for reason in _refuse_word(theirs, word)]
    way = possible_direction(each, theirs.kind)
    if way is None:
        problems.append(f"{where}: a {each.kind} and a {theirs.kind} cannot follow each other without a table of words")
    elif common_direction(each.direction, way) != each.direction:
        problems.append(f"{where}: a {each.kind} and a {theirs.kind} can only go {way}")
    return problems


def _refuse_word(field: Field, word: str) -> list[str]:
    """Why a table cannot lead to this word of QuickBooks'; empty when it can."""
    if field.options and word not in field.options:
        return [f"{field.path} has no word {word!r}, only {', '.join(field.options)}"]
    try:
        check(word, field.kind)
    except Unusable:
        return [f"{word!r} is no {field.kind}, as {field.path} needs it"]
    return []


def _field(mapping: Mapping, each: FieldMapping) -> Field:
    found = find_field(mapping.pairing.entity, each.quickbooks)
    if found is None:
        raise Unusable(explain_unknown(mapping.pairing.entity, each.quickbooks))
    return found


def _pairs(*pairs: tuple[str, str]) -> tuple[FieldMapping, ...]:
    return tuple(FieldMapping(hubspot, quickbooks) for hubspot, quickbooks in pairs)


_PLACE = _pairs(
    ("address", "BillAddr.Line1"),
    ("city", "BillAddr.City"),
    ("state", "BillAddr.CountrySubDivisionCode"),
    ("zip", "BillAddr.PostalCode"),
    ("country", "BillAddr.Country"),
)
_PHONE = _pairs(("phone", "PrimaryPhone.FreeFormNumber"))
_WEBSITE = _pairs(("website", "WebAddr.URI"))
_DEFAULTS: dict[str, tuple[FieldMapping, ...]] = {
    "contacts": (
        *_pairs(("firstname", "GivenName"), ("lastname", "FamilyName"), ("company", "CompanyName")),
        FieldMapping("email", "PrimaryEmailAddr.Address", kind=Kind.EMAIL),
        *_PHONE,
        *_pairs(("mobilephone", "Mobile.FreeFormNumber")),
        *_WEBSITE,
        *_PLACE,
    ),
    "companies": (
        *_pairs(("name", "DisplayName")),
        FieldMapping("name", "CompanyName", Direction.TO_QUICKBOOKS),
        *_PHONE,
        *_WEBSITE,
        *_PLACE,
        *_pairs(("address2", "BillAddr.Line2")),
    ),
    "products": (
        *_pairs(("name", "Name"), ("hs_sku", "Sku"), ("description", "Description")),
        FieldMapping("price", "UnitPrice", kind=Kind.NUMBER),
        FieldMapping("hs_cost_of_goods_sold", "PurchaseCost", kind=Kind.NUMBER),
    ),
}


def default_mapping(name: str) -> Mapping:
    """What belongs together unless an operator says otherwise."""
    return Mapping(PAIRINGS[name], _DEFAULTS[name])
