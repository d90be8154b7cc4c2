"""Items and the shorter lists: accounts, terms, classes, locations.

Contract 3.5, 3.7.
"""

from __future__ import annotations

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.money import decimal_of, number
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.references import named, refer

_WITH_INVENTORY = ("QuickBooks Online Plus", "QuickBooks Online Advanced")
_CLASSIFICATIONS = {"Income": "Revenue", "Other Income": "Revenue", "Cost of Goods Sold": "Expense",
                    "Expense": "Expense", "Accounts Payable": "Liability"}  # fmt: skip


def compose_item(realm: Realm, given: Json, old: Json | None) -> Json:
    """The item as it will stand in the list. Raises Fault."""
    name, kind = given["Name"], given["Type"]
    for other in realm.shelves["Item"].find("Name", name):
        if old is None or other["Id"] != old["Id"]:
            raise Fault("6240", "The name supplied already exists. : Another product or service is already using "
                        "this name. Please use a different name.")  # fmt: skip
    if old is not None and old["Type"] != kind:
        raise Fault("6000", "Business Validation Error: The type of an item cannot be changed", "Type")
    row: Json = {
        "domain": "QBO", "sparse": False, "UnitPrice": 0, "PurchaseCost": 0, "Taxable": False,
        "TrackQtyOnHand": False, **given, "FullyQualifiedName": name,
        "Active": given.get("Active", old["Active"] if old else True),
    }  # fmt: skip
    for figure in ("UnitPrice", "PurchaseCost", "QtyOnHand"):
        if figure in row:
            row[figure] = number(decimal_of(row[figure]))
    if kind != "Category":
        _add_accounts(realm, row, kind)
    if "ParentRef" in given:
        parent = refer(realm, "Item", given["ParentRef"])
        row["ParentRef"], row["SubItem"] = named(parent), True
        row["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{name}"
    return row


def _add_accounts(realm: Realm, row: Json, kind: str) -> None:
    """Which accounts an item needs, and of which type (2020, 6430, 5030).

    Contract 3.5.
    """
    needed = {"Service": ["IncomeAccountRef"], "NonInventory": []}.get(kind)
    if needed is None:
        if realm.company_value("OfferingSku") not in _WITH_INVENTORY:
            raise Fault("5030", "Inventory needs QuickBooks Online Plus or better", "Type")
        needed = ["IncomeAccountRef", "AssetAccountRef", "ExpenseAccountRef", "InvStartDate", "QtyOnHand"]
        if not row["TrackQtyOnHand"]:
            raise Fault("2020", "Required parameter TrackQtyOnHand is missing in the request", "TrackQtyOnHand")
    for name in needed:
        if name not in row:
            raise Fault("2020", f"Required parameter {name} is missing in the request", name)
    for name, types in (
        ("IncomeAccountRef", ("Income",)),
        ("ExpenseAccountRef", ("Cost of Goods Sold", "Expense")),
        ("AssetAccountRef", ("Other Current Asset",)),
    ):
        if name not in row:
            continue
        account = refer(realm, "Account", row[name])
        fits = account["AccountType"] in types
        if kind == "Inventory" and name == "IncomeAccountRef":
            fits = fits and account["AccountSubType"] == "SalesOfProductIncome"
        if not fits:
            raise Fault("6430", f"Invalid account type: {account['AccountType']} for {name}", name)
        row[name] = named(account)


def compose_entry(realm: Realm, kind: str, given: Json, old: Json | None) -> Json:
    """An entry of one of the shorter lists: its name is its own (6240)."""
    for other in realm.shelves[kind]:
        if other["Name"].lower() == given["Name"].lower() and (old is None or other["Id"] != old["Id"]):
            raise Fault("6240", "The name supplied already exists. : Another entry is already using this name. "
                        "Please use a different name.")  # fmt: skip
    row: Json = {"domain": "QBO", "sparse": False, **given, "Active": given.get("Active", True)}
    if kind == "Term":
        row["Type"] = "DATE_DRIVEN" if "DayOfMonthDue" in given else "STANDARD"
        return row
    row["FullyQualifiedName"] = given["Name"]
    if kind == "Account":
        row["Classification"] = _CLASSIFICATIONS.get(given["AccountType"], "Asset")
        row.setdefault("AccountSubType", given["AccountType"].replace(" ", ""))
    return row
