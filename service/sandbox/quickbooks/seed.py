"""The six realms QuickBooks starts with; built once per process."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.seed_building import Builder, company, preferences
from service.sandbox.quickbooks.seed_craig import build_craig
from service.sandbox.quickbooks.seed_lists import add_items, add_lists, add_us_taxes

# Where the automated engine's company must collect, and at which rate. Other states: none.
STATE_RATES = {"CA": 7.25, "NY": 4.0, "WA": 6.5, "TX": 6.25, "FL": 6.0, "IL": 6.25, "AZ": 5.6, "NV": 6.85, "OR": 0.0}
_SEATTLE = {"Line1": "500 Pine St.", "City": "Seattle", "CountrySubDivisionCode": "WA", "PostalCode": "98101"}
_TORONTO = {"Line1": "9 Queen St. W", "City": "Toronto", "CountrySubDivisionCode": "ON", "PostalCode": "M5H 2M9"}
_LONDON = {"Line1": "12 Thames Path", "City": "London", "PostalCode": "SE1 9DD", "Country": "United Kingdom"}


@lru_cache(maxsize=1)
def seeded_realms() -> tuple[Realm, ...]:
    """Templates, never to be written to: QuickBooks clones them."""
    return (build_craig().realm, _automated().realm, _uk().realm, _currencies().realm, _numbered().realm,
            _canada().realm)  # fmt: skip


def _automated() -> Builder:
    """US with automated sales tax: the engine reckons from the shipping address."""
    about = company("Cascade Office Supply", "US", "America/Los_Angeles", _SEATTLE, "books@cascade.example")
    tax = {"UsingSalesTax": True, "PartnerTaxEnabled": True, "TaxGroupCodeRef": {"value": "2"}}
    builder = Builder("9341450000000002", about, preferences(TaxPrefs=tax))
    builder.realm.tax = "us_automated"
    add_lists(builder)
    builder.tax_code("TAX", "TAX", {})
    builder.tax_code("NON", "NON", {})
    for at, (state, percent) in enumerate(STATE_RATES.items(), 2):
        builder.tax_code(str(at), state, {str(at + 20): (f"{state} State", percent)})
    add_items(builder)
    places = (
        ("Pine Street Dental", "500 Pine St.", "Seattle", "WA", "98101"),
        ("Empire Copy House", "20 W 34th St.", "New York", "NY", "10001"),
        ("Bay Area Tutors", "77 Geary St.", "San Francisco", "CA", "94108"),
        ("Portland Bike Works", "1 SW Oak St.", "Portland", "OR", "97204"),
        ("Helena Books", "9 Last Chance Gulch", "Helena", "MT", "59601"),
    )
    for at, (name, street, city, state, code) in enumerate(places, 1):
        address = {"Line1": street, "City": city, "CountrySubDivisionCode": state, "PostalCode": code}
        builder.add("Customer", at, _customer(name, BillAddr=address, ShipAddr=address))
    builder.add("Customer", 6, _customer("Nowhere Ltd"))
    exempt = {"Line1": "1 School Rd.", "City": "Seattle", "CountrySubDivisionCode": "WA", "PostalCode": "98102"}
    builder.add("Customer", 7, _customer("Seattle School District", ShipAddr=exempt, Taxable=False))
    return builder


def _uk() -> Builder:
    """UK VAT: every line names its code."""
    about = company("Thames Garden Design Ltd", "GB", "Europe/London", _LONDON, "accounts@thames.example")
    builder = Builder("9341450000000003", about, preferences("GBP"))
    builder.realm.country, builder.realm.currency, builder.realm.tax = "GB", "GBP", "uk_vat"
    add_lists(builder)
    for key, name, percent in (
        ("2", "20.0% S", 20.0),
        ("3", "5.0% R", 5.0),
        ("4", "0.0% Z", 0.0),
        ("5", "Exempt", 0.0),
    ):
        builder.tax_code(key, name, {str(int(key) + 10): (name, percent)})
    add_items(builder)
    for at, name in enumerate(("Kew Lane Nursery", "Fulham Cafe", "O'Brien & Sons"), 1):
        address = {"Line1": f"{at} Kew Lane", "City": "London", "PostalCode": "TW9 3AB", "Country": "United Kingdom"}
        builder.add("Customer", at, _customer(name, BillAddr=address, ShipAddr=address))
    builder.person("Vendor", 4, "Chelsea Tools")
    return builder


def _currencies() -> Builder:
    """US dollars at home, customers in euro and pound besides."""
    about = company("Harbor Trading Co", "US", "America/New_York", _SEATTLE, "books@harbor.example")
    money = {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    builder = Builder("9341450000000004", about, preferences(CurrencyPrefs=money))
    add_lists(builder)
    add_us_taxes(builder)
    add_items(builder)
    for at, (name, code) in enumerate((("Dock Street Grill", "USD"), ("Rotterdam Tulpen", "EUR"),
                                       ("Leeds Lanterns", "GBP")), 1):  # fmt: skip
        builder.add("Customer", at, _customer(name, CurrencyRef={"value": code}))
    return builder


def _canada() -> Builder:
    """GST, HST and GST with PST: every line names its code, and one code may hold two rates."""
    about = company("Maple Ridge Landscapes Inc", "CA", "America/Toronto", _TORONTO, "books@mapleridge.example")
    builder = Builder("9341450000000006", about, preferences("CAD"))
    builder.realm.country, builder.realm.currency, builder.realm.tax = "CA", "CAD", "gst_hst"
    add_lists(builder)
    for key, name, rates in (
        ("2", "HST ON", {"11": ("HST (ON) 13%", 13.0)}),
        ("3", "GST", {"12": ("GST 5%", 5.0)}),
        ("4", "GST/PST BC", {"13": ("GST 5% (BC)", 5.0), "14": ("PST (BC) 7%", 7.0)}),
        ("5", "Zero-rated", {"15": ("Zero-rated", 0.0)}),
        ("6", "GST/QST QC", {"16": ("GST 5% (QC)", 5.0), "17": ("QST 9.975%", 9.975)}),
    ):
        builder.tax_code(key, name, rates)
    add_items(builder)
    places = (("Yonge Street Dental", "Toronto", "ON", "M5B 2H1"), ("Kitsilano Yoga", "Vancouver", "BC", "V6K 1N8"))
    for at, (name, city, province, code) in enumerate(places, 1):
        address = {"Line1": f"{at} Main St.", "City": city, "CountrySubDivisionCode": province, "PostalCode": code,
                   "Country": "Canada"}  # fmt: skip
        builder.add("Customer", at, _customer(name, BillAddr=address, ShipAddr=address))
    return builder


def _numbered() -> Builder:
    """The company numbers its invoices itself and is warned of duplicates."""
    about = company("Bluebird Print Studio", "US", "America/Chicago", _SEATTLE, "books@bluebird.example")
    builder = Builder("9341450000000005", about, preferences(SalesFormsPrefs={"CustomTxnNumbers": True}))
    builder.realm.warn_duplicate_numbers = True
    add_lists(builder)
    add_us_taxes(builder)
    add_items(builder)
    for at, name in enumerate(("Corner Bakery", "Lakeview Theater", "Maple Grove School"), 1):
        builder.add("Customer", at, _customer(name))
    detail = {"ItemRef": {"value": "4"}, "Qty": Decimal(2), "UnitPrice": Decimal(75)}
    for at, number in enumerate(("BB-0041", "BB-0042"), 1):
        line = {"Amount": Decimal(150), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        builder.add("Invoice", at, {"CustomerRef": {"value": str(at)}, "DocNumber": number, "Line": [line],
                                    "TxnDate": "2025-02-03"})  # fmt: skip
    return builder


def _customer(name: str, **more: object) -> Json:
    mail = "".join(c for c in name.lower() if c.isalnum())
    return {"DisplayName": name, "CompanyName": name, "PrimaryEmailAddr": {"Address": f"office@{mail}.example"}, **more}
