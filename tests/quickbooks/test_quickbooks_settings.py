import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ids import RealmId
from service.quickbooks import settings

# contracts/quickbooks.md 3.7, the sandbox company.
PREFERENCES = {
    "SalesFormsPrefs": {
        "CustomTxnNumbers": False,
        "AllowDeposit": True,
        "AllowDiscount": True,
        "DefaultDiscountAccount": "86",
        "AllowShipping": False,
        "DefaultTerms": {"value": "3"},
        "ETransactionPaymentEnabled": False,
        "CustomField": [
            {
                "CustomField": [
                    {"BooleanValue": True, "Type": "BooleanType", "Name": "SalesFormsPrefs.UseSalesCustom1"},
                    {"BooleanValue": False, "Type": "BooleanType", "Name": "SalesFormsPrefs.UseSalesCustom2"},
                ]
            },
            {
                "CustomField": [
                    {"StringValue": "Crew #", "Type": "StringType", "Name": "SalesFormsPrefs.SalesCustomName1"},
                    {"StringValue": "Hidden", "Type": "StringType", "Name": "SalesFormsPrefs.SalesCustomName2"},
                ]
            },
        ],
    },
    "AccountingInfoPrefs": {
        "BookCloseDate": "2018-12-31",
        "TrackDepartments": True,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": True,
    },
    "TaxPrefs": {"UsingSalesTax": True, "TaxGroupCodeRef": {"value": "2"}},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
    "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"}]},
}
COMPANY_INFO = {
    "CompanyName": "Larry's Bakery",
    "Country": "US",
    "NameValue": [
        {"Name": "SubscriptionStatus", "Value": "PAID"},
        {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
    ],
}


def test_the_sandbox_company():
    found = settings.parse_settings(COMPANY_INFO, PREFERENCES)
    assert found == settings.RealmSettings(
        company_name="Larry's Bakery",
        country="US",
        time_zone=None,
        home_currency="USD",
        multicurrency=False,
        custom_numbers=False,
        sales_tax="us_manual",
        default_item_id="1",
        default_terms_id="3",
        default_tax_code_id="2",
        default_discount_account_id="86",
        book_close_date=date(2018, 12, 31),
        allow_discount=True,
        allow_deposit=True,
        allow_shipping=False,
        class_per_invoice=False,
        class_per_line=True,
        departments=True,
        service_dates=False,
        online_payments=False,
        subscription_status="PAID",
        plan="QuickBooks Online Plus",
        custom_fields={"1": "Crew #"},
    )
    assert settings.RealmSettings.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("country", "tax", "expected"),
    [
        ("US", {"UsingSalesTax": True, "PartnerTaxEnabled": True}, "us_automated"),
        ("USA", {"UsingSalesTax": True, "PartnerTaxEnabled": False}, "us_manual"),
        ("US", {"UsingSalesTax": "true"}, "us_manual"),
        ("US", {"UsingSalesTax": False, "PartnerTaxEnabled": True}, "none"),
        ("GB", {"UsingSalesTax": True}, "codes"),
        ("GB", {"UsingSalesTax": False}, "none"),
        ("CA", {}, "none"),
        (None, {"UsingSalesTax": True}, "us_manual"),
    ],
)
def test_sales_tax(country, tax, expected):
    info = {"Country": country} if country else {}
    assert settings.parse_settings(info, {**PREFERENCES, "TaxPrefs": tax}).sales_tax == expected


@pytest.mark.parametrize(
    ("given_zone", "zone"),
    [
        ("America/Los_Angeles", "America/Los_Angeles"),
        ("Pacific Standard Time", None),
        ("../etc/passwd", None),
        ("/etc/passwd", None),
        ("America", None),
        ("\x00", None),
        ("", None),
        (None, None),
    ],
)
def test_time_zone(given_zone, zone):
    assert settings.parse_settings({"DefaultTimeZone": given_zone}, {}).time_zone == zone


def test_get(intuit, gateway):
    intuit.tell(200, {"CompanyInfo": COMPANY_INFO})
    intuit.tell(200, {"Preferences": PREFERENCES})
    assert settings.get(gateway, RealmId("7")).default_item_id == "1"
    assert len(intuit.asked) == 2


VALUES = st.none() | st.text(max_size=8) | st.booleans() | st.integers()
NESTED = st.dictionaries(
    st.sampled_from([*PREFERENCES, *COMPANY_INFO, "DefaultTimeZone", "Value", "Name", "UsingSalesTax"]),
    VALUES | st.lists(st.dictionaries(st.sampled_from(["Name", "Value"]), VALUES), max_size=2),
)


@given(NESTED, NESTED)
def test_any_objects_parse_and_survive_the_cache(info, preferences):
    found = settings.parse_settings(info, preferences)
    assert settings.RealmSettings.from_json(found.to_json()) == found


@given(st.text() | st.none().map(json.dumps) | NESTED.map(json.dumps))
def test_another_versions_cache_is_read_again(text):
    assert settings.RealmSettings.from_json(text) is None
