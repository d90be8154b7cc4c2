"""Customers: named once across customers, vendors and employees (contract 3.4)."""

from __future__ import annotations

from service.sandbox.quickbooks.addresses import check_address, with_id
from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.list_fields import NAME_PARTS
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.references import named, refer
from service.sandbox.quickbooks.sales import CURRENCY_NAMES

_MOST_LEVELS = 5


def compose_customer(realm: Realm, given: Json, old: Json | None) -> Json:
    """The customer as it will stand in the list. Raises Fault."""
    display = given.get("DisplayName") or " ".join(given[p] for p in NAME_PARTS if given.get(p))
    if not display:
        raise Fault("6080", "At least one of Title, GivenName, MiddleName, FamilyName, Suffix or DisplayName is needed")
    check_name_free(realm, "Customer", display, old["Id"] if old else None)
    row: Json = {
        "domain": "QBO", "sparse": False, "Taxable": realm.tax == "us_automated", "Job": False,
        "BillWithParent": False, "PreferredDeliveryMethod": "Print",
        **given,
        "DisplayName": display, "FullyQualifiedName": display, "Balance": 0, "BalanceWithJobs": 0,
        "Active": given.get("Active", old["Active"] if old else True),
        "PrintOnCheckName": given.get("PrintOnCheckName") or given.get("CompanyName") or display,
        "CurrencyRef": _currency(realm, given, old),
    }  # fmt: skip
    for name in ("BillAddr", "ShipAddr"):
        if name in given:
            check_address(given[name], name)
            row[name] = with_id(realm, given[name])
    for name, kind in (("SalesTermRef", "Term"), ("DefaultTaxCodeRef", "TaxCode")):
        if name in given:
            row[name] = named(refer(realm, kind, given[name]))
    if not 1 <= given.get("TaxExemptionReasonId", 1) <= 15:
        raise Fault("2240", "TaxExemptionReasonId must be between 1 and 15", "TaxExemptionReasonId")
    if "ParentRef" in given:
        _add_parent(realm, row, given["ParentRef"], old)
    if old is not None and old["Active"] and not row["Active"] and realm.owed.get(old["Id"]):
        raise Fault("6220", "The customer has a balance and cannot be made inactive", "Active")
    return row


def check_name_free(realm: Realm, kind: str, display: str, own_id: str | None) -> None:
    """Raises Fault 6240 when a customer, vendor or employee has this name."""
    holder = realm.names.get(display.lower())
    if holder is None or holder == (kind, own_id):
        return
    row = realm.shelves[holder[0]].rows[holder[1]]
    if not row["Active"] and not realm.settings.inactive_names_clash:
        return
    raise Fault("6240", f"The name supplied already exists. : Another {holder[0].lower()} is already using this name. "
                "Please use a different name.")  # fmt: skip


def _currency(realm: Realm, given: Json, old: Json | None) -> Json:
    """Fixed when the customer is made (contract 3.2.5)."""
    sent = given.get("CurrencyRef")
    kept = old["CurrencyRef"]["value"] if old else None
    code = sent["value"] if sent else kept or realm.currency
    if code not in CURRENCY_NAMES or (code != realm.currency and not realm.many_currencies):
        raise Fault("2220", f"Currency {code} is not active in this company", "CurrencyRef", refused=False)
    if kept is not None and code != kept:
        raise Fault("6000", "Business Validation Error: A customer's currency cannot be changed", "CurrencyRef")
    return {"value": code, "name": CURRENCY_NAMES[code]}


def _add_parent(realm: Realm, row: Json, reference: Json, old: Json | None) -> None:
    """A sub-customer's place in the family (700, 900, 6180)."""
    parent = realm.get("Customer", reference["value"])
    if parent is None:
        raise Fault("700", f"Parent customer {reference['value']} not found", "ParentRef")
    same = old is not None and old.get("ParentRef", {}).get("value") == parent["Id"]
    if not parent["Active"] and not same:
        raise Fault("700", f"Parent customer {reference['value']} was made inactive", "ParentRef")
    level, above = 1, parent
    while True:
        if old is not None and above["Id"] == old["Id"]:
            raise Fault("900", "A customer cannot be its own parent", "ParentRef")
        level += 1
        if "ParentRef" not in above:
            break
        above = realm.shelves["Customer"].rows[above["ParentRef"]["value"]]
    if level > _MOST_LEVELS:
        raise Fault("6180", f"At most {_MOST_LEVELS} levels", "ParentRef")
    row["Job"] = True
    row["ParentRef"] = {"value": parent["Id"], "name": parent["DisplayName"]}
    row["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{row['DisplayName']}"
