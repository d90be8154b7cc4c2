"""Portal and company are connected: the worker reads both, puts properties in order and says what is amiss."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from service.cli import main
from service.ids import PortalId, RealmId
from service.invoicing.preflight import Finding
from service.sandbox.hubspot.tokens import SCOPES
from service.store.connection_settings import change_settings
from service.store.findings import Report
from service.workflows.ensure_properties import repair_properties
from service.workflows.learn_connection import learn_connections
from service.workflows.refresh_options import refresh_options
from tests.harness import PORTAL, REALM, Harness

UK_PORTAL, UK_REALM = PortalId(20000002), RealmId("9341450000000003")


def learn(harness: Harness) -> Report:
    """The worker's chore, and what home page and doctor then tell of the connection."""
    assert learn_connections(harness.services) == 1
    (report,) = harness.stores.findings.all(harness.clock.now())
    return report


def codes(report: Report) -> list[str]:
    return [each.code for each in report.findings]


def found(report: Report, code: str) -> Finding:
    (finding,) = [each for each in report.findings if each.code == code]
    assert finding.title
    assert finding.meaning
    assert finding.fix
    return finding


def call_hubspot(harness: Harness, method: str, path: str, body: Any = None) -> Any:
    """As an administrator of the portal does in HubSpot's settings."""
    token = harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/token")["access_token"]
    url = f"{harness.sandbox.url}/crm/properties/2026-03/{path}"
    answer = requests.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def test_a_new_connection_is_looked_at_once_and_needs_nobody(harness: Harness) -> None:
    harness.connect()
    (before,) = harness.stores.findings.all(harness.clock.now())
    assert codes(before) == ["NOT_CHECKED"]

    report = learn(harness)

    assert not report.needs_person, codes(report)
    assert report.checked_at == harness.clock.now()
    assert "2018-12-31" in found(report, "BOOKS_CLOSED").title
    assert learn_connections(harness.services) == 0
    assert {"qbo_invoice_amount", "qbo_invoice_status"} <= harness.services.hubspot.property_names(PORTAL, "deals")
    assert "qbo_invoice_key" in harness.services.hubspot.property_names(PORTAL, "invoices")
    calls = len(harness.calls("hubspot")) + len(harness.calls("quickbooks"))
    harness.enroll(harness.another_deal())
    harness.work()
    told = harness.calls("quickbooks", "/preferences")
    assert len(told) == 1, "what is known is not read again for the first invoice"
    assert len(harness.calls("hubspot")) + len(harness.calls("quickbooks")) > calls
    assert harness.refusals() == []


def test_it_is_looked_at_again_after_a_day_and_after_a_reconnect(harness: Harness) -> None:
    harness.connect()
    learn(harness)
    harness.pass_time(timedelta(hours=23))
    assert learn_connections(harness.services) == 0
    harness.pass_time(timedelta(hours=1))
    assert learn_connections(harness.services) == 1
    harness.pass_time(timedelta(minutes=1))
    harness.connect()
    assert learn_connections(harness.services) == 1


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"subscription_status": "SUSPENDED"}, "QBO_SUBSCRIPTION_ENDED"),
        ({"preferences": {"SalesFormsPrefs": {"CustomTxnNumbers": True}}}, "CUSTOM_NUMBERS"),
        ({"preferences": {"TaxPrefs": {"UsingSalesTax": False}}}, "SALES_TAX_OFF"),
        ({"preferences": {"TaxPrefs": {"PartnerTaxEnabled": True}}}, "SALES_TAX_AUTOMATED"),
        ({"preferences": {"CurrencyPrefs": {"MultiCurrencyEnabled": True}}}, "MULTICURRENCY"),
        ({"preferences": {"OtherPrefs": {"NameValue": []}}}, "DEFAULT_ITEM_MISSING"),
        (
            {"preferences": {"OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "20"}]}}},
            "DEFAULT_ITEM_UNUSABLE",
        ),
        ({"preferences": {"SalesFormsPrefs": {"AllowDiscount": False}}}, "FEATURES_OFF"),
        ({"preferences": {"CurrencyPrefs": {"HomeCurrency": {"value": "EUR"}}}}, "CURRENCY_MISMATCH"),
        ({"default_time_zone": "Nowhere/Land"}, "REALM_TIME_ZONE_UNKNOWN"),
    ],
)
def test_what_the_company_is_like_is_said(condition: dict[str, Any], code: str, harness: Harness) -> None:
    harness.change_realm(**condition)
    harness.connect()
    found(learn(harness), code)
    assert harness.refusals() == []


def test_scopes_that_are_missing_are_named(harness: Harness) -> None:
    left = [each for each in SCOPES if "invoices" not in each and each != "crm.objects.deals.write"]
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": left})
    harness.connect()
    report = learn(harness)
    assert "crm.objects.deals.write" in found(report, "SCOPES_MISSING").meaning
    assert "crm.schemas.invoices.write" in found(report, "OPTIONAL_SCOPES_MISSING").meaning
    assert "qbo_invoice_key" in found(report, "INVOICE_PROPERTIES_MISSING").meaning
    assert report.findings[0].code == "SCOPES_MISSING", "the worst first"
    assert report.needs_person


def test_a_side_that_does_not_let_us_in_is_said_at_once_and_gone_after_the_reconnect(harness: Harness) -> None:
    harness.connect()
    learn(harness)
    harness.change_realm(disconnected=True)
    callback_id = harness.enroll(harness.another_deal())
    harness.work()
    assert harness.callback(callback_id).state == "parked"
    (report,) = harness.stores.findings.all(harness.clock.now())
    assert codes(report)[0] == "QUICKBOOKS_NOT_CONNECTED"

    harness.change_realm(disconnected=False)
    harness.pass_time(timedelta(minutes=1))
    harness.connect()
    assert "QUICKBOOKS_NOT_CONNECTED" not in codes(learn(harness))


def test_an_access_lost_before_anybody_worked_is_found(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(revoke_tokens=True)
    report = learn(harness)
    assert codes(report)[0] == "QUICKBOOKS_NOT_CONNECTED"
    assert {"BOOKS_CLOSED"}.isdisjoint(codes(report))


def test_what_a_portals_tier_lacks_keeps_nobody_from_looking(harness: Harness) -> None:
    """A 403 that does not speak of the token: most portals answer so where they lack an API."""
    harness.connect()
    harness.trouble("status", "/crm/properties/2026-03/invoices", status=403, answer='{"status": "error"}', times=None)
    report = learn(harness)
    assert {"INVOICE_PROPERTIES_MISSING", "MIRROR_OFF", "BOOKS_CLOSED"} <= set(codes(report))
    assert not report.needs_person, codes(report)


def test_what_was_found_stays_while_nobody_can_look(harness: Harness) -> None:
    harness.connect()
    assert "BOOKS_CLOSED" in codes(learn(harness))
    harness.pass_time(timedelta(days=1))
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/uninstall")
    assert learn_connections(harness.services) == 0
    (report,) = harness.stores.findings.all(harness.clock.now())
    assert {"HUBSPOT_NOT_CONNECTED", "BOOKS_CLOSED"} <= set(codes(report))
    found(report, "NOT_LOOKED_AT")
    asked = len(harness.calls("hubspot"))
    harness.pass_time(timedelta(minutes=30))
    assert learn_connections(harness.services) == 0
    assert len(harness.calls("hubspot")) == asked, "not before a reconnect"

    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/install")
    harness.connect()
    assert "NOT_LOOKED_AT" not in codes(learn(harness))


def test_a_vendor_that_is_down_is_asked_again_later(harness: Harness) -> None:
    harness.connect()
    harness.trouble("status", r"/companyinfo/", times=None, status=503)
    assert learn_connections(harness.services) == 0
    asked = len(harness.calls("quickbooks"))
    assert learn_connections(harness.services) == 0
    assert len(harness.calls("quickbooks")) == asked, "not at once"
    harness.calm()
    harness.pass_time(timedelta(minutes=20))
    harness.services.pacing.refresh(1)
    assert learn_connections(harness.services) == 1


def test_properties_that_somebody_deleted_or_changed_are_repaired(harness: Harness) -> None:
    harness.connect()
    learn(harness)
    call_hubspot(harness, "DELETE", "deals/qbo_invoice_amount")
    status = call_hubspot(harness, "GET", "deals/qbo_invoice_status")
    kept = [each for each in status["options"] if each["value"] not in ("viewed", "voided")]
    own = {"label": "Ours alone", "value": "own", "displayOrder": 9, "hidden": False}
    renamed = [{**kept[0], "label": "Not sent yet"}, *kept[1:], own]
    call_hubspot(harness, "PATCH", "deals/qbo_invoice_status", {"options": renamed})
    call_hubspot(harness, "PATCH", "deals/qbo_invoice_due_date", {"type": "string", "fieldType": "text"})

    repairs = repair_properties(harness.services, PORTAL)

    deals = repairs["deals"]
    assert (deals.created, deals.widened) == (("qbo_invoice_amount",), ("qbo_invoice_status",))
    assert deals.wrong == ("qbo_invoice_due_date is of type string instead of date",)
    options = {
        each["value"]: each["label"] for each in call_hubspot(harness, "GET", "deals/qbo_invoice_status")["options"]
    }
    assert options["own"] == "Ours alone"
    assert options[kept[0]["value"]] == "Not sent yet", "what somebody renamed stays so"
    assert {"viewed", "voided"} <= set(options)
    again = repair_properties(harness.services, PORTAL)["deals"]
    assert (again.created, again.widened) == ((), ()), "there is nothing left to do"
    harness.pass_time(timedelta(days=1))
    assert "qbo_invoice_due_date" in found(learn(harness), "PROPERTIES_OF_WRONG_TYPE").meaning
    assert harness.refusals() == []


def test_a_portal_may_have_names_of_its_own(harness: Harness) -> None:
    harness.connect()
    names = {"qbo_invoice_amount": "billed_amount", "qbo_invoice_id": "billed_as", "qbo_invoice_error": "billing_error"}
    harness.clock.advance(timedelta(seconds=1))
    assert change_settings(harness.stores.database, PORTAL, REALM, {"property_names": names}, harness.clock.now())
    learn(harness)
    there = harness.services.hubspot.property_names(PORTAL, "deals")
    assert set(names.values()) <= there
    assert there.isdisjoint(names)
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.work()
    (invoice,) = harness.invoices_of(deal_id)
    deal = harness.deal(deal_id)
    assert (deal["billed_as"], deal["billed_amount"]) == (invoice["Id"], "150.00")
    assert harness.hubspot_callback(callback_id)["execution_state"] == "SUCCESS"
    harness.enroll(deal_id)
    harness.work()
    assert len(harness.invoices_of(deal_id)) == 1
    assert harness.refusals() == []


def test_the_lists_are_read_at_connect_daily_and_when_wanted(harness: Harness) -> None:
    harness.connect()
    learn(harness)
    assert refresh_options(harness.services) == 9
    assert refresh_options(harness.services) == 0
    lists = harness.stores.option_lists
    labels = [each.label for each in lists.page(f"realm:{REALM}", "customers", "", 0, 100)]
    assert "Amy's Bird Sanctuary" in labels
    assert "Old Mill Nursery" not in labels, "inactive"
    (terms,) = lists.page(f"realm:{REALM}", "terms", "net 30", 0, 9)
    assert (terms.value, terms.description) == ("3", "Due in 30 days")
    (label,) = lists.page(f"portal:{PORTAL}", "association-labels", "", 0, 9)
    assert label.label == "Billing contact"

    harness.services.quickbooks.update(REALM, "Customer", {"Id": "3", "SyncToken": "0", "DisplayName": "Zebra Cars"})
    lists.want(f"realm:{REALM}", ["customers"], harness.clock.now())
    harness.pass_time(timedelta(seconds=5))
    assert refresh_options(harness.services) == 1
    assert [e.value for e in lists.page(f"realm:{REALM}", "customers", "zebra", 0, 9)] == ["3"]
    assert lists.page(f"realm:{REALM}", "customers", "cool", 0, 9)[0].value == "3", "found by its company name"
    harness.pass_time(timedelta(days=1))
    assert refresh_options(harness.services) == 9
    assert harness.refusals() == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_is_refused_rests_until_a_reconnect_or_a_day(harness: Harness, status: int) -> None:
    harness.connect()
    learn(harness)
    path = "/labels"
    harness.trouble("status", path, vendor="hubspot", status=status, answer='{"status": "error"}', times=None)
    assert refresh_options(harness.services) == 8
    asked = len(harness.calls("hubspot", path))
    lists = harness.stores.option_lists
    for _ in range(5):
        harness.pass_time(timedelta(minutes=30))
        lists.want(f"portal:{PORTAL}", ["association-labels"], harness.clock.now())
        refresh_options(harness.services)
    assert len(harness.calls("hubspot", path)) == asked, "however often somebody opens the dropdown"

    harness.calm()
    harness.connect()
    learn(harness)
    refresh_options(harness.services)
    assert lists.page(f"portal:{PORTAL}", "association-labels", "", 0, 9)


def test_a_company_abroad_needs_tax_codes(harness: Harness) -> None:
    harness.connect(UK_PORTAL, UK_REALM)
    report = learn(harness)
    found(report, "SALES_TAX_CODES")
    assert not report.needs_person, codes(report)


def test_doctor_says_what_is_amiss_and_how_to_fix_it(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in harness.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(harness.config.instance.parent if hasattr(harness.config, "instance") else ".")
    monkeypatch.setenv("ENCRYPTION_KEYS", ",".join(harness.config.encryption_keys))
    monkeypatch.setenv("SECRET_KEY", harness.config.secret_key)
    assert main(["doctor"]) == 1
    assert "NOTHING_CONNECTED" in capsys.readouterr().out
    harness.change_realm(subscription_status="EXPIRED")
    harness.connect()
    learn(harness)
    assert main(["doctor", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in document["service"]] == ["NO_WORKER"]
    (connection,) = document["connections"]
    assert connection["findings"][0]["code"] == "QBO_SUBSCRIPTION_ENDED"
    assert set(connection["findings"][0]) == {"code", "severity", "title", "meaning", "fix"}
