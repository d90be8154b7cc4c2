"""What every seeded company has: accounts, terms, classes, items."""

from __future__ import annotations

from decimal import Decimal

from service.sandbox.quickbooks.seed_building import Builder

# Contract 7: Id, name, type, detail type.
ACCOUNTS = (
    (1, "Services", "Income", "ServiceFeeIncome"),
    (4, "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    (33, "Accounts Payable", "Accounts Payable", "AccountsPayable"),
    (35, "Checking", "Bank", "Checking"),
    (45, "Landscaping Services", "Income", "OtherPrimaryIncome"),
    (48, "Fountains and Garden Lighting", "Income", "OtherPrimaryIncome"),
    (52, "Installation", "Income", "OtherPrimaryIncome"),
    (53, "Maintenance and Repair", "Income", "OtherPrimaryIncome"),
    (79, "Sales of Product Income", "Income", "SalesOfProductIncome"),
    (80, "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    (81, "Inventory Asset", "Other Current Asset", "Inventory"),
    (82, "Design income", "Income", "OtherPrimaryIncome"),
    (84, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    (86, "Discounts given", "Income", "DiscountsRefundsGiven"),
)
TERMS = ((1, "Due on receipt", 0), (2, "Net 15", 15), (3, "Net 30", 30), (4, "Net 60", 60))

# Contract 7: Id, name, price, taxable, account, Sku.
ITEMS = (
    (1, "Services", "0", False, "1", None),
    (2, "Hours", "0", False, "1", None),
    (3, "Concrete", "9.5", True, "48", "CONCRETE"),
    (4, "Design", "75", False, "82", "DESIGN"),
    (5, "Rock Fountain", "275", True, "79", "FOUNTAIN-R"),
    (6, "Gardening", "0", False, "45", None),
    (7, "Installation", "50", False, "52", "INSTALL"),
    (8, "Lighting", "15", True, "48", "LIGHT"),
    (9, "Maintenance & Repair", "50", False, "53", "MAINT"),
    (10, "Pest Control", "35", False, "45", "PEST"),
    (11, "Pump", "15", True, "79", "PUMP"),
    (13, "Rocks", "22.5", True, "48", "ROCKS"),
    (14, "Sod", "15", True, "48", "SOD"),
    (15, "Soil", "10", True, "48", "SOIL"),
    (16, "Sprinkler Heads", "2", True, "79", "SPR-HEAD"),
    (17, "Sprinkler Pipes", "4", True, "79", "SPR-PIPE"),
    (18, "Trimming", "15", False, "45", "TRIM"),
)
INVENTORY = {11: ("10", "25"), 16: ("0.75", "25"), 17: ("2.5", "31")}  # cost, on hand
COST = {5: "125"}


def add_lists(builder: Builder) -> None:
    """Accounts, terms, classes and locations."""
    for key, name, kind, detail in ACCOUNTS:
        builder.add("Account", key, {"Name": name, "AccountType": kind, "AccountSubType": detail})
    for key, name, days in TERMS:
        builder.add("Term", key, {"Name": name, "DueDays": days})
    for key, name in ((1, "Landscaping"), (5, "Design")):
        builder.add("Class", key, {"Name": name})
    for key, name in ((1, "San Francisco"), (2, "Bayshore")):
        builder.add("Department", key, {"Name": name})


def add_us_taxes(builder: Builder) -> None:
    """TAX and NON for lines; California 8 % (TaxCode 2, TaxRate 3) for whole sales."""
    builder.tax_code("TAX", "TAX", {})
    builder.tax_code("NON", "NON", {})
    builder.tax_code("2", "California", {"3": ("California", 8.0)})
    builder.tax_code("3", "Tucson", {"1": ("AZ State tax", 7.1), "2": ("Tucson City", 2.0)})


def add_items(builder: Builder) -> None:
    """Craig's items, one bundle, and one that is no longer sold."""
    for key, name, price, taxable, account, sku in ITEMS:
        body = {"Name": name, "Type": "Service", "UnitPrice": Decimal(price), "Taxable": taxable, "Description": name,
                "IncomeAccountRef": {"value": account}}  # fmt: skip
        if sku:
            body["Sku"] = sku
        if key in INVENTORY:
            cost, count = INVENTORY[key]
            body |= {"Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": Decimal(count),
                     "InvStartDate": "2024-11-01", "PurchaseCost": Decimal(cost),
                     "AssetAccountRef": {"value": "81"}, "ExpenseAccountRef": {"value": "80"}}  # fmt: skip
        elif key in COST:
            body |= {"Type": "NonInventory", "PurchaseCost": Decimal(COST[key])}
        builder.add("Item", key, body)
    members = [{"ItemRef": {"value": "5", "name": "Rock Fountain"}, "Qty": 1},
               {"ItemRef": {"value": "7", "name": "Installation"}, "Qty": 2}]  # fmt: skip
    builder.raw("Item", {"Id": "19", "Name": "Fountain, installed", "FullyQualifiedName": "Fountain, installed",
                         "Type": "Group", "Active": True, "ItemGroupDetail": {"ItemGroupLine": members}})  # fmt: skip
    builder.add("Item", 20, {"Name": "Fertilizer", "Type": "Service", "IncomeAccountRef": {"value": "45"}})
    builder.retire("Item", 20)
