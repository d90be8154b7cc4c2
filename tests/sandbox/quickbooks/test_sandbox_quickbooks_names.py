"""Customers and items: names that clash, fields, families (contract 3.4, 3.5)."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks_caller import Company, Fault

from service.sandbox.quickbooks.state import QuickBooks


def test_the_documented_customer(company: Company) -> None:
    made = company.post(
        "/customer",
        {
            "DisplayName": "King's Groceries", "CompanyName": "King Groceries", "Title": "Mr", "GivenName": "James",
            "MiddleName": "B", "FamilyName": "King", "Suffix": "Jr", "Notes": "Here are other details.",
            "PrimaryEmailAddr": {"Address": "jdrew@myemail.com"}, "PrimaryPhone": {"FreeFormNumber": "(555) 555-5555"},
            "BillAddr": {"Line1": "123 Main Street", "City": "Mountain View", "CountrySubDivisionCode": "CA",
                         "PostalCode": "94042", "Country": "USA"},
        },
    )["Customer"]  # fmt: skip
    assert made["Id"] == "67"
    assert (made["FullyQualifiedName"], made["PrintOnCheckName"]) == ("King's Groceries", "King Groceries")
    assert (made["Active"], made["Job"], made["BillWithParent"], made["Taxable"]) == (True, False, False, False)
    assert (made["Balance"], made["BalanceWithJobs"], made["PreferredDeliveryMethod"]) == (0, 0, "Print")
    assert made["BillAddr"]["City"] == "Mountain View"
    assert company.get("/customer/67")["Customer"] == made


@pytest.mark.parametrize("name", ["cool cars", "Hicks Hardware", "EMILY PLATT", "Old Mill Nursery"])
def test_a_name_taken_by_customer_vendor_or_employee(company: Company, name: str) -> None:
    with pytest.raises(Fault) as raised:
        company.post("/customer", {"DisplayName": name})
    assert raised.value.code == "6240"
    assert raised.value.detail.startswith("The name supplied already exists. : Another ")
    assert company.refused is None


def test_an_inactive_name_may_be_free(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.inactive_names_clash = False
    made = company.post("/customer", {"DisplayName": "Old Mill Nursery"})["Customer"]
    found = company.query("select * from Customer where DisplayName = 'Old Mill Nursery'")["Customer"]
    assert [row["Id"] for row in found] == [made["Id"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"DisplayName": "A:B"}, "2040"),
        ({"DisplayName": "A\tB"}, "2040"),
        ({"DisplayName": "A\nB"}, "2040"),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"DisplayName": ""}, "6080"),
        ({"GivenName": "x" * 101}, "2050"),
        ({"PrimaryPhone": {"FreeFormNumber": "5" * 31}}, "2050"),
        ({"PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ({"PrimaryEmailAddr": "a@b.c"}, "2120"),
        ({"Balance": 0}, "2010"),
        ({"Active": "true"}, "2230"),
        ({"ParentRef": {"value": "999"}}, "700"),
        ({"CurrencyRef": {"value": "EUR"}}, "2220"),
        ({"SalesTermRef": {"value": "99"}}, "2500"),
        ({"TaxExemptionReasonId": 16}, "2240"),
    ],
)
def test_a_customer_refused(company: Company, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Fault) as raised:
        company.post("/customer", {"DisplayName": "Somebody", **changes})
    assert raised.value.code == code


def test_a_name_is_put_together_from_its_parts(company: Company) -> None:
    made = company.post("/customer", {"GivenName": "Ada", "FamilyName": "King"})["Customer"]
    assert made["DisplayName"] == "Ada King"


def test_families(company: Company) -> None:
    parent = {"value": "7"}
    made = company.post("/customer", {"DisplayName": "Shop", "ParentRef": parent, "Job": True})["Customer"]
    assert made["FullyQualifiedName"] == "Freeman Sporting Goods:Shop"
    company.invoice(CustomerRef={"value": made["Id"]})
    family = company.get("/customer/7")["Customer"]
    assert family["BalanceWithJobs"] == family["Balance"] + 4.0 + 525.0  # 55 Twin Lane owes 4
    freeman = {"Id": "7", "SyncToken": "0", "sparse": True, "ParentRef": {"value": made["Id"]}}
    with pytest.raises(Fault, match="900"):
        company.post("/customer", freeman)
    above = made["Id"]
    for level in range(3):
        above = company.post("/customer", {"DisplayName": f"Level {level}", "ParentRef": {"value": above}})["Customer"][
            "Id"
        ]
    with pytest.raises(Fault, match="6180"):
        company.post("/customer", {"DisplayName": "Too deep", "ParentRef": {"value": above}})


def test_deactivate_and_come_back(company: Company) -> None:
    off = {"Id": "2", "SyncToken": "0", "sparse": True, "Active": False}
    with pytest.raises(Fault, match="6220"):
        company.post("/customer", off)  # owes something
    made = company.post("/customer", {"DisplayName": "Brief"})["Customer"]
    off = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    assert company.post("/customer", off)["Customer"]["Active"] is False
    with pytest.raises(Fault, match="610"):
        company.invoice(CustomerRef={"value": made["Id"]})
    on = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Active": True}
    assert company.post("/customer", on)["Customer"]["SyncToken"] == "2"


def test_the_documented_items(company: Company) -> None:
    made = company.post(
        "/item",
        {"Name": "Consulting", "Type": "Service", "UnitPrice": 150.0, "Description": "Consulting hour",
         "IncomeAccountRef": {"value": "1"}},
    )["Item"]  # fmt: skip
    assert (made["Id"], made["Active"], made["FullyQualifiedName"]) == ("30", True, "Consulting")
    assert made["IncomeAccountRef"] == {"value": "1", "name": "Services"}
    stock = company.post(
        "/item",
        {"Name": "Garden Supplies", "Sku": "GS-1", "Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 10,
         "InvStartDate": "2015-01-01", "IncomeAccountRef": {"value": "79", "name": "Sales of Product Income"},
         "AssetAccountRef": {"value": "81", "name": "Inventory Asset"},
         "ExpenseAccountRef": {"value": "80", "name": "Cost of Goods Sold"}},
    )["Item"]  # fmt: skip
    bare = {"DetailType": "SalesItemLineDetail", "Amount": 1, "SalesItemLineDetail": {"ItemRef": {"value": "31"}}}
    with pytest.raises(Fault, match="6520"):
        company.invoice(Line=[bare])
    assert stock["QtyOnHand"] == 10.0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Name": "design"}, "6240"),
        ({"Name": "A:B"}, "2040"),
        ({"Name": "x" * 101}, "2050"),
        ({"Type": None}, "2020"),
        ({"Type": "Group"}, "2170"),
        ({"UnitPrice": "150"}, "2100"),
        ({"IncomeAccountRef": None}, "2020"),
        ({"IncomeAccountRef": {"value": "80"}}, "6430"),
        ({"IncomeAccountRef": {"value": "7"}}, "2500"),
        ({"FullyQualifiedName": "x"}, "2010"),
        ({"Type": "Inventory"}, "2020"),
    ],
)
def test_an_item_refused(company: Company, changes: dict[str, Any], code: str) -> None:
    body = {"Name": "Thing", "Type": "Service", "IncomeAccountRef": {"value": "1"}, **changes}
    with pytest.raises(Fault) as raised:
        company.post("/item", {name: value for name, value in body.items() if value is not None})
    assert raised.value.code == code


def test_inventory_needs_a_bigger_subscription_and_the_type_stays(company: Company) -> None:
    company.change(offering_sku="QuickBooks Online Essentials")
    with pytest.raises(Fault, match="5030"):
        company.post("/item", {"Name": "Box", "Type": "Inventory", "TrackQtyOnHand": True})
    with pytest.raises(Fault, match="type of an item"):
        company.post("/item", {"Id": "4", "SyncToken": "0", "sparse": True, "Type": "NonInventory"})


def test_shorter_lists(company: Company) -> None:
    assert company.post("/class", {"Name": "Wholesale"})["Class"]["FullyQualifiedName"] == "Wholesale"
    assert company.post("/department", {"Name": "Oakland"})["Department"]["Active"] is True
    assert company.post("/term", {"Name": "Net 7", "DueDays": 7})["Term"]["Type"] == "STANDARD"
    body = {"Name": "Rentals", "AccountType": "Income"}
    assert company.post("/account", body)["Account"]["Classification"] == "Revenue"
    with pytest.raises(Fault, match="6240"):
        company.post("/term", {"Name": "net 30", "DueDays": 30})
    assert company.get("/vendor/42")["Vendor"]["DisplayName"] == "Hicks Hardware"


def test_company_and_preferences(company: Company, quickbooks: QuickBooks) -> None:
    about = company.get(f"/companyinfo/{company.realm_id}")["CompanyInfo"]
    assert about["DefaultTimeZone"] == "America/Los_Angeles"
    quickbooks.settings.company_time_zone_given = False
    assert "DefaultTimeZone" not in company.query("select * from CompanyInfo")["CompanyInfo"][0]
    wishes = company.get("/preferences")["Preferences"]
    assert (wishes["SalesFormsPrefs"]["CustomTxnNumbers"], wishes["SyncToken"]) == (False, "6")
    assert company.query("select * from Preferences")["Preferences"] == [wishes]
