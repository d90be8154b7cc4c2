"""QuickBooks says what it means in a way nobody wrote down: the meaning counts, and nobody else suffers."""

from __future__ import annotations

import pytest

from tests.harness import PORTAL, REALM, Harness


@pytest.mark.parametrize("kind", ["AuthorizationFault", "SystemFault", "AuthenticationFault", "SERVICE"])
def test_a_permission_that_is_missing_parks_nobody(harness: Harness, kind: str) -> None:
    harness.set_sandbox(quickbooks={"fault_type": kind, "denied_status": "403"})
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deal_id, later = harness.another_deal(), harness.another_deal()
    harness.change_realm(company_fault="5020")
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert "reconnect as an administrator" in harness.assert_refused(callback_id, deal_id, "QBO_REJECTED")
    assert len(harness.creates("invoice")) == 2

    harness.change_realm(company_fault=None)
    after = harness.enroll(later)
    harness.work()
    harness.assert_invoiced_once(after, later)


@pytest.mark.parametrize("kind", ["SystemFault", "AuthorizationFault"])
def test_an_invoice_deleted_in_quickbooks_is_deleted(harness: Harness, kind: str) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id)
    harness.work()
    (invoice,) = harness.invoices_of(deal_id)
    harness.set_sandbox(quickbooks={"fault_type": kind})
    harness.act("delete_invoice", invoice_id=invoice["Id"])
    again = harness.enroll(deal_id)
    harness.work()
    assert harness.assert_invoiced_once(again, deal_id)["Id"] != invoice["Id"]
    assert harness.refusals() == []


def test_the_403_of_a_proxy_is_an_outage(harness: Harness) -> None:
    """Nobody has to reconnect, and what was asked for is done when the proxy lets us through."""
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deals = [harness.another_deal() for _ in range(3)]
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=403, answer="", times=None)
    callbacks = [harness.enroll(deal_id) for deal_id in deals]
    harness.work()
    assert {harness.callback(each).state for each in callbacks} <= {"waiting", "received"}
    # A pause keeps the calls few, and with them the fresh access tokens.
    assert len(harness.calls("quickbooks", f"/v3/company/{REALM}")) < 12
    harness.calm()
    harness.finish()
    for deal_id, callback_id in zip(deals, callbacks, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    assert {each.state for each in harness.stores.connections.all() if each.portal_id == PORTAL} == {"live"}
    assert harness.refusals() == []


def test_a_single_bare_403_costs_a_fresh_access_token(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(harness.another_deal())
    harness.work()
    before = len(harness.calls("quickbooks", "/oauth2/v1/tokens/bearer"))
    harness.trouble("status", r"/invoice\?", method="POST", status=403, answer="")
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.calls("quickbooks", "/oauth2/v1/tokens/bearer")) == before + 1


@pytest.mark.parametrize("code", ["4000", "4001", "2010"])
def test_customers_are_found_by_name_where_addresses_cannot_be_asked_for(harness: Harness, code: str) -> None:
    harness.set_sandbox(quickbooks={"email_filter": code})
    harness.trouble("pass", "/(batch|query)", body="PrimaryEmailAddr", times=None)
    harness.connect()
    for name in ("one-line", "three-lines", "returning"):
        deal_id = harness.story(name)
        callback_id = harness.enroll(deal_id)
        harness.work()
        harness.assert_invoiced_once(callback_id, deal_id)
    (rule,) = harness.ask_sandbox("GET", "/trouble")["rules"]
    assert rule["hits"] == 1, "asked once"
    assert harness.refusals() == []
