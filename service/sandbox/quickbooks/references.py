"""What a reference leads to, and what QuickBooks says when it leads nowhere."""

from __future__ import annotations

from service.sandbox.quickbooks.faults import INACTIVE, Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.realm import Realm

# Contract 2.10, code 2500: the details use QuickBooks' internal names.
INTERNAL_NAMES = {
    "Customer": "Names", "Item": "Items", "Account": "Accounts", "Class": "Klasses", "Department": "Depts",
    "Term": "Terms", "TaxCode": "TaxCodes", "TaxRate": "TaxRates",
}  # fmt: skip


def refer(realm: Realm, kind: str, reference: Json, known: str | None = None) -> Json:
    """The row referred to; `known` is an Id that may be inactive: it was before.

    Raises Fault 2500 when there is none, 610 when it was made inactive.
    """
    key = reference["value"]
    row = realm.get(kind, key)
    if row is None:
        raise _nowhere(kind, key)
    if row.get("Active") is False and key != known:
        raise Fault("610", INACTIVE)
    return row


def refer_customer(realm: Realm, reference: Json, known: str | None = None) -> Json:
    """The customer of a transaction.

    Which code a missing or inactive one gives is a setting.
    """
    key = reference["value"]
    row = realm.get("Customer", key)
    if row is None:
        code = realm.settings.missing_customer_code
        raise _nowhere("Customer", key) if code == "2500" else Fault(code, refused=False)
    if not row["Active"] and key != known:
        code = realm.settings.inactive_customer_code
        raise Fault(code, INACTIVE if code == "610" else f"Invalid Reference Id : Names element id {key} made inactive")
    return row


def named(row: Json, name: str = "Name") -> Json:
    """A reference to a row, with its name."""
    return {"value": row["Id"], "name": row[name]}


def _nowhere(kind: str, key: str) -> Fault:
    return Fault("2500", f"Invalid Reference Id : {INTERNAL_NAMES[kind]} element id {key} not found")
