"""The properties that show an invoice in HubSpot, on deals and on HubSpot invoices, ready to be created.

The names are HubSpot's side of a mapping: `rename_definitions` gives a portal other ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

# https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide (name)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_OPTION_KEYS = ("label", "value", "displayOrder", "hidden", "description")


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """The heading under which HubSpot lists our properties."""

    name: str
    label: str

    def body(self) -> dict[str, Any]:
        """The JSON HubSpot wants; -1 puts the group after its own."""
        return {"name": self.name, "label": self.label, "displayOrder": -1}


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A property as HubSpot defines one; `options` are (value, label), `currency` shows a number as money.

    `unique`: no two objects share a value, and objects can be found by it; for good, HubSpot cannot change it later.
    """

    name: str
    label: str
    type: str
    field_type: str
    options: tuple[tuple[str, str], ...] = ()
    currency: bool = False
    unique: bool = False

    # https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
    def body(self, group: PropertyGroup) -> dict[str, Any]:
        """The JSON HubSpot wants for creating it."""
        body: dict[str, Any] = {
            "groupName": group.name,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "formField": False,
        }
        if self.options:
            body["options"] = [
                {"label": label, "value": value, "displayOrder": place, "hidden": False}
                for place, (value, label) in enumerate(self.options)
            ]
        if self.currency:
            body |= {"numberDisplayHint": "currency", "showCurrencySymbol": True}
        if self.unique:
            body["hasUniqueValue"] = True
        return body


@dataclass(frozen=True, slots=True)
class KnownProperty:
    """A property as a portal has it; `options` as HubSpot listed them."""

    name: str
    label: str
    type: str
    read_only: bool = False
    options: tuple[Mapping[str, Any], ...] = ()
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a portal's properties lack. `narrow`: which lack options; `wrong`: what is wrong with which."""

    missing: tuple[PropertyDefinition, ...]
    narrow: tuple[PropertyDefinition, ...]
    wrong: tuple[str, ...]


def compare_properties(definitions: Iterable[PropertyDefinition], known: Mapping[str, KnownProperty]) -> Comparison:
    """What must be created and widened, and what only a person may change back."""
    missing, narrow, wrong = [], [], []
    for each in definitions:
        there = known.get(each.name)
        if there is None:
            missing.append(each)
        elif there.type != each.type:
            # Changing it back could throw values away: that is for a person to decide.
            wrong.append(f"{each.name} is of type {there.type} instead of {each.type}")
        elif there.read_only:
            wrong.append(f"{each.name} cannot be written")
        elif missing_options(each, there):
            narrow.append(each)
    return Comparison(tuple(missing), tuple(narrow), tuple(wrong))


def missing_options(definition: PropertyDefinition, known: KnownProperty) -> tuple[tuple[str, str], ...]:
    """Our options that the portal's property lacks."""
    there = {option.get("value") for option in known.options}
    return tuple(option for option in definition.options if option[0] not in there)


def widened_options(definition: PropertyDefinition, known: KnownProperty) -> list[dict[str, Any]]:
    """Every option there is, and ours that are missing after them; none is taken away or renamed."""
    kept = [{key: option[key] for key in _OPTION_KEYS if option.get(key) is not None} for option in known.options]
    added = [
        {"label": label, "value": value, "displayOrder": len(kept) + place, "hidden": False}
        for place, (value, label) in enumerate(missing_options(definition, known))
    ]
    return kept + added


def read_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """A connection's own names of our deal properties, by our names."""
    names = settings.get("property_names")
    return {str(ours): str(theirs) for ours, theirs in names.items()} if isinstance(names, dict) else {}


def find_name_problems(names: Mapping[str, Any]) -> list[str]:
    """Why these cannot be a connection's names; empty when they can."""
    ours = {each.name for each in DEAL_PROPERTIES}
    problems = [f"{name} is none of our deal properties" for name in names if name not in ours]
    problems += [
        f"{theirs!r} is no name of a HubSpot property: lower-case letters, digits and _, a letter first"
        for theirs in names.values()
        if not (isinstance(theirs, str) and _NAME.fullmatch(theirs))
    ]
    resulting = [str(names.get(name, name)) for name in ours]
    problems += sorted({f"{name} is used twice" for name in resulting if resulting.count(name) > 1})
    return problems


def find_mapping_problems(mapping: Mapping[str, Any]) -> list[str]:
    """Why these cannot be properties of HubSpot invoices with the fields they are filled from; empty when they can."""
    ours = {each.name for each in INVOICE_PROPERTIES}
    problems = [f"{name} is one of our own properties" for name in mapping if name in ours]
    problems += [f"{name!r} is no name of a HubSpot property" for name in mapping if not _NAME.fullmatch(name)]
    return problems + [
        f"{name} needs the name of a QuickBooks field, such as DepartmentRef.name or CustomField:Crew #"
        for name, path in mapping.items()
        if not (isinstance(path, str) and path.strip())
    ]


def rename_definitions(
    definitions: Iterable[PropertyDefinition], names: Mapping[str, str]
) -> tuple[PropertyDefinition, ...]:
    """The same definitions under a portal's own names; those not mentioned keep theirs."""
    return tuple(replace(each, name=names.get(each.name, each.name)) for each in definitions)


def _text(name: str, label: str) -> PropertyDefinition:
    return PropertyDefinition(name, label, "string", "text")


def _number(name: str, label: str) -> PropertyDefinition:
    return PropertyDefinition(name, label, "number", "number")


def _money(name: str, label: str) -> PropertyDefinition:
    return PropertyDefinition(name, label, "number", "number", currency=True)


def _date(name: str, label: str) -> PropertyDefinition:
    return PropertyDefinition(name, label, "date", "date")


def _status(name: str, label: str) -> PropertyDefinition:
    return PropertyDefinition(name, label, "enumeration", "select", STATUS_OPTIONS)


STATUS_OPTIONS = (
    ("draft", "Waiting to be sent"),
    ("sent", "Sent to customer"),
    ("viewed", "Viewed by customer"),
    ("partially_paid", "Partial payment"),
    ("paid", "Paid in full"),
    ("overdue", "Overdue"),
    ("voided", "Voided"),
    ("deleted", "Deleted"),
)

INVOICE_GROUP = PropertyGroup("quickbooks_invoice", "QuickBooks invoice")

DEAL_PROPERTIES = (
    _money("qbo_invoice_amount", "Invoice amount"),
    _text("qbo_invoice_recipient", "Invoice recipient"),
    _text("qbo_invoice_number", "Invoice number"),
    _status("qbo_invoice_status", "Invoice status"),
    _date("qbo_invoice_due_date", "Invoice due date"),
    _money("qbo_invoice_balance", "Invoice balance"),
    _money("qbo_invoice_amount_paid", "Invoice amount paid"),
    _date("qbo_invoice_date", "Invoice date"),
    _date("qbo_invoice_last_payment_date", "Invoice last payment date"),
    _date("qbo_invoice_paid_date", "Invoice paid date"),
    _number("qbo_invoice_days_overdue", "Invoice days overdue"),
    _text("qbo_invoice_currency", "Invoice currency"),
    _text("qbo_invoice_id", "Invoice id in QuickBooks"),
    _text("qbo_invoice_url", "Invoice in QuickBooks"),
    _text("qbo_invoice_pay_link", "Invoice pay link"),
    _text("qbo_invoice_error", "Invoice error"),
    PropertyDefinition("qbo_invoice_updated_at", "Invoice updated at", "datetime", "date"),
    _number("qbo_invoice_count", "Invoice count"),
    _money("qbo_invoiced_total", "Invoiced total"),
    _money("qbo_invoiced_balance", "Invoiced balance"),
    _date("qbo_invoice_oldest_due_date", "Oldest invoice due date"),
    _status("qbo_invoice_worst_status", "Worst invoice status"),
)

# The HubSpot invoice that mirrors an invoice: HubSpot's own properties carry number, dates, amounts and
# recipient; these carry what it has no place for. The key finds the mirror again: "<realm id>:<invoice id>".
INVOICE_PROPERTIES = (
    replace(_text("qbo_invoice_key", "QuickBooks key"), unique=True),
    _text("qbo_invoice_id", "Invoice id in QuickBooks"),
    _text("qbo_company", "QuickBooks company"),
    _status("qbo_invoice_status", "QuickBooks status"),
    _money("qbo_invoice_balance", "QuickBooks balance"),
    _money("qbo_invoice_amount_paid", "QuickBooks amount paid"),
    _date("qbo_invoice_last_payment_date", "QuickBooks last payment date"),
    _number("qbo_invoice_days_overdue", "QuickBooks days overdue"),
    _text("qbo_invoice_url", "Invoice in QuickBooks"),
    _text("qbo_invoice_pay_link", "QuickBooks pay link"),
    PropertyDefinition("qbo_invoice_updated_at", "QuickBooks updated at", "datetime", "date"),
)
