"""How seeded books are made: as a caller's, at fixed times, under fixed ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.realm import TRANSACTIONS, Realm
from service.sandbox.quickbooks.settings import Settings
from service.sandbox.quickbooks.writing import create, update

BEGUN = "2024-11-01T10:00:00+00:00"


class Builder:
    """Fills one realm; its clock stands still at the time given last."""

    def __init__(self, realm_id: str, company: Json, preferences: Json) -> None:
        self._clock = SandboxClock()
        self.realm = Realm(realm_id, self._clock, Settings(default_tax_code="company"), lambda *_: None)
        self.at(BEGUN)
        self.raw("CompanyInfo", {"Id": "1", **company})
        self.raw("Preferences", {"Id": "1", **preferences})

    def at(self, instant: str) -> None:
        """Let the clock stand at this instant."""
        self._clock.freeze(datetime.fromisoformat(instant).astimezone(UTC))

    def raw(self, kind: str, row: Json) -> None:
        """A row as it is, for kinds that nobody may write."""
        now = self.realm.now_stamp()
        meta = {"CreateTime": now, "LastUpdatedTime": now}
        self.realm.put(kind, {"domain": "QBO", "sparse": False, "SyncToken": "0", "MetaData": meta, **row})
        self._count(kind, row["Id"])

    def add(self, kind: str, key: int, body: Json, *, number: int | None = None) -> Json:
        """A row made by a create, under the Id (and number) given."""
        self.realm.last_ids["Transaction" if kind in TRANSACTIONS else kind] = key - 1
        if number is not None:
            self.realm.last_numbers[kind] = str(number - 1)
        return create(self.realm, KINDS[kind], body)

    def retire(self, kind: str, key: int) -> None:
        """Make a row inactive."""
        row = self.realm.shelves[kind].rows[str(key)]
        update(
            self.realm, KINDS[kind], {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "Active": False}
        )

    def person(self, kind: str, key: int, display: str) -> None:
        """A vendor or an employee."""
        self.raw(kind, {"Id": str(key), "DisplayName": display, "PrintOnCheckName": display, "Active": True})

    def tax_code(self, key: str, name: str, rates: dict[str, tuple[str, float]]) -> None:
        """A tax code with its rates: TaxRate Id to name and percent."""
        details = []
        for order, (rate_key, (rate_name, percent)) in enumerate(rates.items()):
            self.raw("TaxRate", {"Id": rate_key, "Name": rate_name, "RateValue": percent, "Active": True})
            details.append({"TaxRateRef": {"value": rate_key, "name": rate_name}, "TaxTypeApplicable": "TaxOnAmount",
                            "TaxOrder": order})  # fmt: skip
        self.raw("TaxCode", {"Id": key, "Name": name, "Description": name, "Active": True, "Taxable": bool(rates),
                             "TaxGroup": True, "SalesTaxRateList": {"TaxRateDetail": details},
                             "PurchaseTaxRateList": {"TaxRateDetail": []}})  # fmt: skip

    def _count(self, kind: str, key: str) -> None:
        sequence = "Transaction" if kind in TRANSACTIONS else kind
        if key.isdigit():
            self.realm.last_ids[sequence] = max(self.realm.last_ids.get(sequence, 0), int(key))


def company(name: str, country: str, zone: str, address: Json, mail: str) -> Json:
    """CompanyInfo (contract 3.7).

    DefaultTimeZone is shown only where the setting says so.
    """
    return {
        "SyncToken": "4", "CompanyName": name, "LegalName": name, "Country": country,
        "CompanyAddr": {"Id": "1", **address}, "FiscalYearStartMonth": "January", "SupportedLanguages": "en",
        "Email": {"Address": mail}, "DefaultTimeZone": zone,
        "NameValue": [{"Name": "SubscriptionStatus", "Value": "PAID"},
                      {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
    }  # fmt: skip


def preferences(currency: str = "USD", **changes: Json) -> Json:
    """The sandbox company's preferences (contract 3.7), with changes group by group."""
    groups: dict[str, Any] = {
        "SalesFormsPrefs": {
            "CustomTxnNumbers": False, "AllowDeposit": True, "AllowDiscount": True, "DefaultDiscountAccount": "86",
            "AllowShipping": False, "AllowServiceDate": False, "AllowEstimates": True,
            "DefaultTerms": {"value": "3"}, "AutoApplyPayments": True, "AutoApplyCredit": True,
            "ETransactionPaymentEnabled": False, "ETransactionEnabledStatus": "NotApplicable",
            "EmailCopyToCompany": False,
            "DefaultCustomerMessage": "Thank you for your business and have a great day!",
            "CustomField": [
                {"CustomField": [{"BooleanValue": True, "Type": "BooleanType",
                                  "Name": "SalesFormsPrefs.UseSalesCustom1"}]},
                {"CustomField": [{"StringValue": "Crew #", "Type": "StringType",
                                  "Name": "SalesFormsPrefs.SalesCustomName1"}]},
            ],
        },
        "AccountingInfoPrefs": {
            "BookCloseDate": "2018-12-31", "TrackDepartments": True, "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True, "FirstMonthOfFiscalYear": "January",
            "CustomerTerminology": "Customers", "DepartmentTerminology": "Location",
        },
        "TaxPrefs": {"UsingSalesTax": True, "TaxGroupCodeRef": {"value": "2"}},
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": currency}},
        "OtherPrefs": {"NameValue": [
            {"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"},
            {"Name": "WarnDuplicateBillNumber", "Value": "false"},
            {"Name": "ProjectsEnabled", "Value": "false"},
        ]},
    }  # fmt: skip
    for group, change in changes.items():
        groups[group] = {**groups[group], **change}
    return {"SyncToken": "6", **groups}
