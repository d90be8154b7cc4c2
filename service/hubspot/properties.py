"""The deal properties that show an invoice in HubSpot, ready to be created.

The names are HubSpot's side of a mapping: `rename_definitions` gives a portal other ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


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
    """A property as HubSpot defines one; `options` are (value, label), `currency` shows a number as money."""

    name: str
    label: str
    type: str
    field_type: str
    options: tuple[tuple[str, str], ...] = ()
    currency: bool = False

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
        return body


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
