"""The writable fields of customers, items and the shorter lists.

Contract 3.4, 3.5, 3.7.
"""

from __future__ import annotations

from service.sandbox.quickbooks.fields import Table, boolean, choice, date, decimal, integer, mail, reference, text
from service.sandbox.quickbooks.sales_fields import ADDRESS

_PHONE = Table({"FreeFormNumber": text(30)})

# Contract 3.4: DisplayName takes no colon, tab or newline.
CUSTOMER = Table(
    {
        "DisplayName": text(500, ":\t\n"),
        "Title": text(16),
        "GivenName": text(100),
        "MiddleName": text(100),
        "FamilyName": text(100),
        "Suffix": text(16),
        "CompanyName": text(100),
        "PrintOnCheckName": text(110),
        "Notes": text(2000),
        "ResaleNum": text(16),
        "WebAddr": Table({"URI": text(1000)}),
        "PrimaryPhone": _PHONE,
        "AlternatePhone": _PHONE,
        "Mobile": _PHONE,
        "Fax": _PHONE,
        "PrimaryEmailAddr": Table({"Address": mail(100)}, ("Address",)),
        "BillAddr": ADDRESS,
        "ShipAddr": ADDRESS,
        "CurrencyRef": reference,
        "Job": boolean,
        "ParentRef": reference,
        "BillWithParent": boolean,
        "Active": boolean,
        "Taxable": boolean,
        "DefaultTaxCodeRef": reference,
        "TaxExemptionReasonId": integer,
        "SalesTermRef": reference,
        "PreferredDeliveryMethod": choice("Print", "Email", "None"),
    }
)
NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")

ITEM = Table(
    {
        "Name": text(100, ":\t\n"),
        "Sku": text(100),
        "Description": text(4000),
        "Type": choice("Service", "NonInventory", "Inventory", "Category"),
        "UnitPrice": decimal,
        "PurchaseCost": decimal,
        "Taxable": boolean,
        "Active": boolean,
        "IncomeAccountRef": reference,
        "ExpenseAccountRef": reference,
        "AssetAccountRef": reference,
        "TrackQtyOnHand": boolean,
        "QtyOnHand": decimal,
        "InvStartDate": date,
        "ParentRef": reference,
        "SubItem": boolean,
    },
    ("Name", "Type"),
)

ACCOUNT = Table(
    {
        "Name": text(100, ':"'),
        "AccountType": text(100),
        "AccountSubType": text(100),
        "Description": text(100),
        "Active": boolean,
    },
    ("Name", "AccountType"),
)
TERM = Table(
    {
        "Name": text(31),
        "DueDays": integer,
        "DayOfMonthDue": integer,
        "DueNextMonthDays": integer,
        "Active": boolean,
    },
    ("Name",),
)
CLASS = Table({"Name": text(100, ":"), "Active": boolean}, ("Name",))
DEPARTMENT = Table({"Name": text(100, ":"), "Active": boolean}, ("Name",))
