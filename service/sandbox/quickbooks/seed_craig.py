"""Craig's Design and Landscaping Services, the company everybody knows.

Contract 7.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.seed_building import Builder, company, preferences
from service.sandbox.quickbooks.seed_lists import add_items, add_lists, add_us_taxes
from service.sandbox.quickbooks.writing import void

# Id, display name, given and family name, mail, street, city, ZIP, parent.
CUSTOMERS: tuple[tuple[Any, ...], ...] = (
    (1, "Amy's Bird Sanctuary", "Amy", "Lauterbach", "Birds@intuit.com", "4581 Finch St.", "Bayshore", "94326", None),
    (2, "Bill's Windsurf Shop", "Bill", "Lucchini", "Surf@intuit.com", "12 Ocean Dr.", "Half Moon Bay", "94213", None),
    (3, "Cool Cars", "Grace", "Pariente", "Cool_Cars@intuit.com", "65 Ocean Dr.", "Half Moon Bay", "94213", None),
    (5, "Dukes Basketball Camp", "Peter", "Dukes", "Dukes_bball@intuit.com", "25 Court St.", "Tucson", "85719", None),
    (7, "Freeman Sporting Goods", "Sasha", "Tillou", "Sporting_goods@intuit.com", "370 Easy St.", "Middlefield",
     "94482", None),
    (8, "0969 Ocean View Road", "Sasha", "Tillou", "Sporting_goods@intuit.com", "370 Easy St.", "Middlefield",
     "94482", 7),
    (9, "55 Twin Lane", "Amelia", "Tillou", "Sporting_goods@intuit.com", "370 Easy St.", "Middlefield", "94482", 7),
    (10, "Geeta Kalapatapu", "Geeta", "Kalapatapu", "Geeta@Kalapatapu.com", "1987 Main St.", "Middlefield", "94303",
     None),
    (12, "Jeff's Jalopies", "Jeff", "Chin", "Jalopies@intuit.com", "12 Willow Rd.", "Menlo Park", "94305", None),
    (13, "John Melton", "John", "Melton", "John@Melton.com", "85 Pine St.", "Menlo Park", "94304", None),
    (16, "Kookies by Kathy", "Kathy", "Kuplis", "qbwebsamplecompany@yahoo.com", "789 Sugar Lane", "Middlefield",
     "94303", None),
    (17, "Mark Cho", "Mark", "Cho", "Mark@Cho.com", "36 Willow Rd", "Menlo Park", "94304", None),
    (18, "Paulsen Medical Supplies", "Kathy", "Paulsen", "Medical@intuit.com", "900 Main St.", "Middlefield", "94303",
     None),
    (20, "Red Rock Diner", "Stephanie", "Martini", "qbwebsamplecompany@yahoo.com", "500 Red Rock Rd.", "Bayshore",
     "94326", None),
    (21, "Rondonuwu Fruit and Vegi", "Tony", "Rondonuwu", "Tony@Rondonuwu.com", "847 California Ave.", "San Jose",
     "95021", None),
    (23, "Barnett Design", "Nicola", "Weiskopf", "Design@intuit.com", "19 Main St.", "Middlefield", "94303", None),
    (24, "Sonnenschein Family Store", "Russ", "Sonnenschein", "Familiystore@intuit.com", "5647 Cypress Hill Ave.",
     "Middlefield", "94303", None),
    (25, "Sushi by Katsuyuki", "Katsuyuki", "Yanagawa", "Sushi@intuit.com", "898 Elm St.", "Maplewood", "07040", None),
    (26, "Travis Waldron", "Travis", "Waldron", "Travis@Waldron.com", "78 First St.", "Monlo Park", "94304", None),
    (29, "Weiskopf Consulting", "Nicola", "Weiskopf", "Consulting@intuit.com", "45612 Main St.", "Bayshore", "94326",
     None),
)  # fmt: skip
VENDORS = ("Books by Bessie", "Hicks Hardware", "Norton Lumber and Building Materials", "Tania's Nursery")
EMPLOYEES = ("Emily Platt", "John Johnson")
THANKS = "Thank you for your business and have a great day!"
STATES = {"07040": "NJ", "85719": "AZ"}

# Id, number, customer, date, lines (item, quantity, price), percent off, tax code, more fields.
INVOICES: tuple[tuple[Any, ...], ...] = (
    (9, 1001, 1, "2024-12-08", [(4, "1", "75"), (9, "0.66", "50")], None, None, {}),
    (12, 1004, 3, "2024-12-08", [(6, "74", "30"), (10, "1", "144")], None, None, {}),
    (13, 1005, 9, "2024-12-12", [(14, "2", "15"), (15, "2", "10")], None, "2", {}),
    (16, 1007, 13, "2024-12-16", [(4, "10", "75")], None, None, {}),
    (34, 1012, 20, "2024-12-30", [(18, "7", "15")], None, None, {"EmailStatus": "NeedToSend"}),
    (39, 1016, 16, "2025-01-02", [(4, "1", "75"), (10, "1", "35")], "10", None, {"EmailStatus": "NeedToSend"}),
    (49, 1019, 2, "2025-01-03", [(7, "2", "50"), (13, "4", "22.5")], "5", "2", {}),
    (60, 1017, 24, "2025-01-04", [(9, "4", "50")], None, None, {"EmailStatus": "NeedToSend"}),
    (67, 1021, 1, "2025-01-05", [(5, "1", "275"), (11, "10", "15")], None, "2", {}),
    (70, 1024, 20, "2025-01-06", [(10, "1", "35"), (6, "1", "36")], None, None, {"EmailStatus": "NeedToSend"}),
    (92, 1030, 7, "2025-01-07", [(3, "10", "9.5"), (7, "1.5", "50")], None, "2", {}),
    (107, 1032, 26, "2025-01-08", [(4, "5.52", "75")], None, None, {}),
    (119, 1034, 21, "2025-01-09", [(17, "20", "4"), (16, "15", "2")], None, "2", {}),
    (129, 1036, 8, "2025-01-10", [(14, "10", "15")], None, "2", {}),
    (130, 1037, 24, "2025-01-10", [(5, "1", "275"), (11, "1", "12.75"), (3, "5", "9.5")], None, "2",
     {"LinkedTxn": [{"TxnId": "100", "TxnType": "Estimate"}]}),
)  # fmt: skip
# Id, customer, invoice, amount, date.
PAYMENTS = (
    (17, 9, "13", "50", "2025-01-02"),
    (18, 13, "16", "300", "2025-01-03"),
    (19, 3, "12", "1675.52", "2025-01-04"),
    (20, 3, "12", "688.48", "2025-01-05"),
    (68, 1, "67", "220", "2025-01-06"),
)


def build_craig() -> Builder:
    """US, manual sales tax, Net 30, one custom field."""
    address = {"Line1": "123 Sierra Way", "City": "San Pablo", "CountrySubDivisionCode": "CA", "PostalCode": "87999",
               "Country": "USA"}  # fmt: skip
    about = company("Craig's Design and Landscaping Services", "US", "America/Los_Angeles", address,
                    "noreply@quickbooks.com")  # fmt: skip
    builder = Builder("9341450000000001", about, preferences())
    add_lists(builder)
    add_us_taxes(builder)
    add_items(builder)
    add_people(builder)
    _add_sales(builder)
    builder.realm.last_ids |= {"Transaction": 237, "Customer": 66, "Item": 29, "Address": 400}
    builder.realm.last_numbers["Invoice"] = "1037"
    return builder


def add_people(builder: Builder) -> None:
    """Customers, one no longer active; vendors and employees."""
    for key, display, given, family, mail, street, city, code, parent in CUSTOMERS:
        address = {"Line1": street, "City": city, "CountrySubDivisionCode": STATES.get(code, "CA"), "PostalCode": code}
        body: Json = {
            "DisplayName": display, "CompanyName": display, "GivenName": given, "FamilyName": family,
            "PrimaryEmailAddr": {"Address": mail}, "BillAddr": address, "ShipAddr": address,
        }  # fmt: skip
        if parent:
            body |= {"ParentRef": {"value": str(parent)}, "Job": True}
        builder.add("Customer", key, body)
    builder.add("Customer", 30, {"DisplayName": "Old Mill Nursery", "CompanyName": "Old Mill Nursery"})
    builder.retire("Customer", 30)
    for at, name in enumerate(VENDORS, 41):
        builder.person("Vendor", at, name)
    for at, name in enumerate(EMPLOYEES, 54):
        builder.person("Employee", at, name)


def _add_sales(builder: Builder) -> None:
    _at(builder, "2025-01-09")
    builder.add("Estimate", 100, {
        "CustomerRef": {"value": "24"}, "TxnDate": "2025-01-09", "TxnStatus": "Accepted",
        "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
        "Line": _lines(INVOICES[-1][4], None, "2")}, number=1001)  # fmt: skip
    _at(builder, "2024-12-20")
    builder.add("Estimate", 41, {
        "CustomerRef": {"value": "10"}, "TxnDate": "2024-12-20", "Line": _lines([(4, "7.75", "75")], None, None),
        "ExpirationDate": "2027-12-31"}, number=1002)  # fmt: skip
    for key, number, customer, day, lines, percent, code, more in INVOICES:
        _at(builder, day)
        body: Json = {"CustomerRef": {"value": str(customer)}, "TxnDate": day,
                      "Line": _lines(lines, percent, code),
                      "CustomerMemo": {"value": THANKS}, **more}  # fmt: skip
        if code:
            body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}}
        body["BillEmail"] = builder.realm.shelves["Customer"].rows[str(customer)]["PrimaryEmailAddr"]
        builder.add("Invoice", key, body, number=number)
    for key, payer, invoice, amount, day in PAYMENTS:
        _at(builder, day)
        link = [{"TxnId": invoice, "TxnType": "Invoice"}]
        builder.add("Payment", key, {
            "CustomerRef": {"value": str(payer)}, "TotalAmt": Decimal(amount), "TxnDate": day,
            "Line": [{"Amount": Decimal(amount), "LinkedTxn": link}]})  # fmt: skip
    _at(builder, "2025-01-12")
    void(builder.realm, KINDS["Invoice"], {"Id": "129", "SyncToken": "0"})


def _lines(lines: list[tuple[int, str, str]], percent: str | None, code: str | None) -> list[Json]:
    out: list[Json] = []
    for item, quantity, price in lines:
        detail = {"ItemRef": {"value": str(item)}, "Qty": Decimal(quantity), "UnitPrice": Decimal(price),
                  "TaxCodeRef": {"value": "TAX" if code and item not in (4, 7, 9, 10, 18) else "NON"}}  # fmt: skip
        amount = (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"))
        out.append({"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail})
    if percent:
        out.append({"DetailType": "DiscountLineDetail",
                    "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": Decimal(percent)}})  # fmt: skip
    return out


def _at(builder: Builder, day: str) -> None:
    builder.at(f"{day}T13:16:17-08:00")
