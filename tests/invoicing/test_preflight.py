"""What is judged of a realm, a portal and an access; the same facts give the same findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.invoicing.preflight import (
    Access,
    Finding,
    PortalAnswers,
    RealmAnswers,
    Severity,
    judge_access,
    judge_currencies,
    judge_portal,
    judge_realm,
    order_findings,
)
from service.invoicing.realm import SalesTax

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REALM = RealmAnswers(
    subscription_status="PAID",
    sales_tax=SalesTax.US_MANUAL,
    home_currency="USD",
    multicurrency=False,
    custom_numbers=False,
    book_close_date=None,
    time_zone="America/Los_Angeles",
    allow_discount=True,
    class_tracking=True,
    location_tracking=True,
    default_item_usable=True,
    has_income_account=True,
)
PORTAL = PortalAnswers(currency="USD", time_zone_known=True)
ACCESS = Access("quickbooks", "1", False, NOW + timedelta(days=100), NOW + timedelta(days=1825))


def codes(findings: list[Finding]) -> list[str]:
    return [each.code for each in findings]


def test_a_plain_company_and_portal_need_nothing() -> None:
    assert judge_realm(REALM) == []
    assert judge_portal(PORTAL) == []
    assert judge_currencies(REALM, PORTAL) == []
    assert judge_access(ACCESS, "quickbooks", NOW) == []


@pytest.mark.parametrize("status", ["RESTRICTED", "suspended", "EXPIRED", "Cancelled"])
def test_a_company_that_can_only_be_read_stops_invoices(status: str) -> None:
    (finding,) = judge_realm(replace(REALM, subscription_status=status))
    assert (finding.code, finding.severity) == ("QBO_SUBSCRIPTION_ENDED", Severity.ERROR)
    assert finding.needs_person


@pytest.mark.parametrize("status", ["PAID", "TRIAL", None, "", "SOMETHING_NEW"])
def test_what_is_not_known_to_be_over_is_not_called_so(status: str | None) -> None:
    assert judge_realm(replace(REALM, subscription_status=status)) == []


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"custom_numbers": True}, "CUSTOM_NUMBERS", Severity.NOTE),
        ({"book_close_date": date(2026, 9, 30)}, "BOOKS_CLOSED", Severity.NOTE),
        ({"time_zone": None}, "REALM_TIME_ZONE_UNKNOWN", Severity.NOTE),
        ({"default_item_usable": None}, "DEFAULT_ITEM_MISSING", Severity.WARNING),
        ({"default_item_usable": False}, "DEFAULT_ITEM_UNUSABLE", Severity.WARNING),
        ({"has_income_account": False}, "INCOME_ACCOUNT_MISSING", Severity.WARNING),
        ({"class_tracking": False}, "FEATURES_OFF", Severity.NOTE),
        ({"sales_tax": SalesTax.NONE}, "SALES_TAX_OFF", Severity.NOTE),
        ({"sales_tax": SalesTax.CODES}, "SALES_TAX_CODES", Severity.NOTE),
        ({"multicurrency": True}, "MULTICURRENCY", Severity.NOTE),
    ],
)
def test_each_setting_has_its_finding(change: dict[str, object], code: str, severity: Severity) -> None:
    (finding,) = judge_realm(replace(REALM, **change))  # type: ignore[arg-type]
    assert (finding.code, finding.severity) == (code, severity)


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"missing_scopes": ("automation",)}, "SCOPES_MISSING", Severity.ERROR),
        ({"missing_optional_scopes": ("crm.objects.invoices.read",)}, "OPTIONAL_SCOPES_MISSING", Severity.NOTE),
        ({"missing_deal_properties": ("qbo_invoice_id",)}, "DEAL_PROPERTIES_MISSING", Severity.WARNING),
        ({"missing_invoice_properties": ("qbo_invoice_key",)}, "INVOICE_PROPERTIES_MISSING", Severity.NOTE),
        ({"wrong_properties": ("qbo_invoice_id is of type number",)}, "PROPERTIES_OF_WRONG_TYPE", Severity.WARNING),
        ({"own_sync_hints": ("hs_quickbooks_id",)}, "HUBSPOT_OWN_SYNC", Severity.NOTE),
        ({"time_zone_known": False}, "PORTAL_TIME_ZONE_UNKNOWN", Severity.NOTE),
    ],
)
def test_each_lack_of_a_portal_has_its_finding(change: dict[str, object], code: str, severity: Severity) -> None:
    (finding,) = judge_portal(replace(PORTAL, **change))  # type: ignore[arg-type]
    assert (finding.code, finding.severity) == (code, severity)


def test_two_currencies_fail_unless_the_company_knows_several() -> None:
    euro = replace(PORTAL, currency="EUR")
    assert codes(judge_currencies(REALM, euro)) == ["CURRENCY_MISMATCH"]
    assert codes(judge_currencies(replace(REALM, multicurrency=True), euro)) == ["CURRENCIES_DIFFER"]
    assert judge_currencies(REALM, replace(PORTAL, currency="")) == []


def test_an_access_that_is_gone_or_was_never_there() -> None:
    for access in (None, replace(ACCESS, revoked=True)):
        (finding,) = judge_access(access, "hubspot", NOW)
        assert (finding.code, finding.severity) == ("HUBSPOT_NOT_CONNECTED", Severity.ERROR)


@pytest.mark.parametrize(
    ("trouble", "code"), [({"keys_wrong": True}, "HUBSPOT_KEYS_WRONG"), ({"limited": True}, "HUBSPOT_ACCESS_LIMITED")]
)
def test_an_access_that_is_there_and_does_not_do(trouble: dict[str, bool], code: str) -> None:
    access = replace(Access("hubspot", "1", False, None, None), **trouble)  # type: ignore[arg-type]
    (finding,) = judge_access(access, "hubspot", NOW)
    assert (finding.code, finding.severity) == (code, Severity.ERROR)


def test_an_access_without_an_end_is_not_announced() -> None:
    assert judge_access(Access("hubspot", "1", False, None, None), "hubspot", NOW) == []


@given(st.integers(-10, 120), st.integers(-10, 2000))
def test_the_nearer_end_counts(idle_days: int, hard_days: int) -> None:
    access = replace(
        ACCESS, refresh_expires_at=NOW + timedelta(days=idle_days), hard_expires_at=NOW + timedelta(days=hard_days)
    )
    left = min(idle_days, hard_days)
    expected = Severity.ERROR if left <= 7 else Severity.WARNING if left <= 30 else None
    found = judge_access(access, "quickbooks", NOW)
    assert [each.severity for each in found] == ([expected] if expected else [])
    for each in found:
        assert ("five years" in each.meaning) is (hard_days <= idle_days)


def test_the_worst_comes_first_and_nobody_is_left_without_a_fix() -> None:
    bad = replace(REALM, default_item_usable=None, custom_numbers=True, subscription_status="EXPIRED")
    ordered = order_findings([*judge_realm(bad), *judge_portal(replace(PORTAL, missing_scopes=("oauth",)))])
    assert [each.severity for each in ordered] == ["error", "error", "warning", "note"]
    for each in ordered:
        assert each.title
        assert each.meaning.endswith(".")
        assert each.fix.endswith(".")
