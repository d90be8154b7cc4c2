"""What a realm's own settings allow: tax, numbers, currency, closed books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from service.ids import ItemId, RealmId
from service.quickbooks.fields import read_date, read_entries, read_flag, read_named_values, read_text
from service.quickbooks.gateway import Gateway

SalesTax = Literal["none", "us_manual", "us_automated", "codes"]
"""How a realm taxes: not at all, TAX/NON with a rate, TAX/NON computed by Intuit, a tax code on every line."""

_US = {"us", "usa", "united states", "united states of america"}


@dataclass(frozen=True, slots=True)
class RealmSettings:
    """CompanyInfo and Preferences, as far as invoices depend on them.

    `time_zone` is an IANA name, `None` when QuickBooks does not tell. `home_currency` is an ISO code.
    `custom_numbers`: an invoice sent without a number gets none. `book_close_date`: no dates up to it.
    `custom_fields`: the company's own fields on sales forms that are shown, number to name.
    """

    company_name: str
    country: str
    time_zone: str | None
    home_currency: str | None
    multicurrency: bool
    custom_numbers: bool
    sales_tax: SalesTax
    default_item_id: ItemId | None
    default_terms_id: str | None
    default_tax_code_id: str | None
    default_discount_account_id: str | None
    book_close_date: date | None
    allow_discount: bool
    allow_deposit: bool
    allow_shipping: bool
    class_per_invoice: bool
    class_per_line: bool
    departments: bool
    service_dates: bool
    online_payments: bool
    subscription_status: str | None
    plan: str | None
    custom_fields: dict[str, str]

    def to_json(self) -> str:
        """The settings as text, to be kept for a while."""
        closed = self.book_close_date.isoformat() if self.book_close_date else None
        return json.dumps({**asdict(self), "book_close_date": closed}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RealmSettings | None:
        """The settings out of such a text.

        `None` when it is of another version: read them again.
        """
        try:
            content = json.loads(text)
            if set(content) != {entry.name for entry in fields(cls)} or content["sales_tax"] not in get_args(SalesTax):
                return None
            closed = content.pop("book_close_date")
            return cls(**content, book_close_date=date.fromisoformat(closed) if closed else None)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None


def get(gateway: Gateway, realm_id: RealmId) -> RealmSettings:
    """A realm's settings, in two reads."""
    return parse_settings(gateway.company_info(realm_id), gateway.preferences(realm_id))


def parse_settings(company_info: Mapping[str, Any], preferences: Mapping[str, Any]) -> RealmSettings:
    """The settings out of CompanyInfo and Preferences; a preference left out is off."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/preferences
    told = read_named_values(read_entries(company_info, "NameValue"))
    other = read_named_values(read_entries(preferences, "OtherPrefs", "NameValue"))
    currency = read_text(preferences, "CurrencyPrefs", "HomeCurrency", "value")
    country = _country(company_info, currency)
    default_item = other.get("SalesFormsPrefs.DefaultItem")

    def allowed(*path: str) -> bool:
        return read_flag(preferences, *path) is True

    return RealmSettings(
        company_name=read_text(company_info, "CompanyName") or read_text(company_info, "LegalName") or "",
        country=country,
        time_zone=_time_zone(read_text(company_info, "DefaultTimeZone")),
        home_currency=currency,
        multicurrency=allowed("CurrencyPrefs", "MultiCurrencyEnabled"),
        custom_numbers=allowed("SalesFormsPrefs", "CustomTxnNumbers"),
        sales_tax=_sales_tax(country, preferences),
        default_item_id=ItemId(default_item) if default_item else None,
        default_terms_id=read_text(preferences, "SalesFormsPrefs", "DefaultTerms", "value"),
        default_tax_code_id=read_text(preferences, "TaxPrefs", "TaxGroupCodeRef", "value"),
        default_discount_account_id=read_text(preferences, "SalesFormsPrefs", "DefaultDiscountAccount"),
        book_close_date=read_date(preferences, "AccountingInfoPrefs", "BookCloseDate"),
        allow_discount=allowed("SalesFormsPrefs", "AllowDiscount"),
        allow_deposit=allowed("SalesFormsPrefs", "AllowDeposit"),
        allow_shipping=allowed("SalesFormsPrefs", "AllowShipping"),
        class_per_invoice=allowed("AccountingInfoPrefs", "ClassTrackingPerTxn"),
        class_per_line=allowed("AccountingInfoPrefs", "ClassTrackingPerTxnLine"),
        departments=allowed("AccountingInfoPrefs", "TrackDepartments"),
        service_dates=allowed("SalesFormsPrefs", "AllowServiceDate"),
        online_payments=allowed("SalesFormsPrefs", "ETransactionPaymentEnabled"),
        subscription_status=told.get("SubscriptionStatus"),
        plan=told.get("OfferingSku"),
        custom_fields=_custom_fields(preferences),
    )


def _custom_fields(preferences: Mapping[str, Any]) -> dict[str, str]:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/preferences
    # Two groups: one says which of the three fields are shown, the other what they are called.
    shown: dict[str, bool] = {}
    names: dict[str, str] = {}
    for group in read_entries(preferences, "SalesFormsPrefs", "CustomField"):
        for entry in read_entries(group, "CustomField"):
            place = read_text(entry, "Name") or ""
            if "UseSalesCustom" in place:
                shown[place[-1]] = read_flag(entry, "BooleanValue") is True
            elif "SalesCustomName" in place:
                names[place[-1]] = read_text(entry, "StringValue") or ""
    return {number: name for number, name in names.items() if name and shown.get(number, True)}


def _country(company_info: Mapping[str, Any], currency: str | None) -> str:
    given = read_text(company_info, "Country") or read_text(company_info, "CompanyAddr", "Country")
    if given is None:
        # Every sample names the country; should one not, dollars are the better guess.
        return "US" if currency == "USD" else ""
    return "US" if given.strip().lower() in _US else given.strip()


def _sales_tax(country: str, preferences: Mapping[str, Any]) -> SalesTax:
    # https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-us-locales
    if read_flag(preferences, "TaxPrefs", "UsingSalesTax") is not True:
        return "none"
    if country != "US":
        return "codes"
    return "us_automated" if read_flag(preferences, "TaxPrefs", "PartnerTaxEnabled") else "us_manual"


def _time_zone(name: str | None) -> str | None:
    # Intuit's schema has DefaultTimeZone; no stored sample shows it, and its format is not verified.
    try:
        return ZoneInfo(name).key if name else None
    except (ValueError, OSError, LookupError):
        return None
