"""A vendor takes our access away: the work is parked, nothing is lost, and goes on after a reconnect."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import PORTAL, REALM, Harness


def test_quickbooks_refuses_the_refresh_token(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deals = [harness.another_deal() for _ in range(3)]
    harness.change_realm(revoke_tokens=True)

    callbacks = [harness.enroll(deal_id) for deal_id in deals]
    harness.work()
    assert [state for _, state, _ in harness.open_callbacks()] == ["parked"] * 3
    calls = len(harness.calls("quickbooks"))
    harness.pass_time(timedelta(days=2))
    harness.work()
    assert len(harness.calls("quickbooks")) == calls
    assert {harness.hubspot_callback(each)["state"] for each in callbacks} == {"blocked"}

    harness.world.quickbooks.grants.consent(REALM)
    harness.connect()
    harness.finish()

    for deal_id, callback_id in zip(deals, callbacks, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_quickbooks_disconnected_while_the_outcome_is_unknown(harness: Harness) -> None:
    """The invoice that was made before is found again, two days later."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert len(harness.invoices_of(deal_id)) == 1
    harness.change_realm(revoke_tokens=True)
    harness.finish()
    assert harness.callback(callback_id).state == "parked"

    harness.pass_time(timedelta(days=2))
    harness.world.quickbooks.grants.consent(REALM)
    harness.connect()
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_hubspot_app_uninstalled(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    for answer in ("401", "403"):
        harness.set_sandbox(hubspot={"uninstalled_answer": answer})
        deal_id = harness.another_deal()
        callback_id = harness.enroll(deal_id)
        harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/uninstall")
        harness.work()
        assert harness.callback(callback_id).state == "parked"
        harness.pass_time(timedelta(hours=6))
        assert harness.work() == 0

        harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/install")
        harness.connect()
        harness.finish()
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_hubspot_uninstalled_after_the_invoice_was_made(harness: Harness) -> None:
    """The outcome is a row: it is told when the portal is connected again, and the invoice is not repeated."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("late_status", r"/invoice\?", method="POST", status=500)
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/uninstall")
    harness.finish()
    row = harness.callback(callback_id)
    assert (row.state, row.outcome) == ("parked", "SUCCESS")

    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/install")
    harness.connect()
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 2
    assert harness.refusals() == []


def test_refresh_answer_lost(harness: Harness) -> None:
    """Intuit has rotated the refresh token and we did not hear: parked, with the work kept, not lost."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", "/oauth2/v1/tokens/bearer", vendor="quickbooks")
    callback_id = harness.enroll(deal_id)
    harness.finish()
    assert harness.callback(callback_id).state == "parked"
    assert len(harness.calls("quickbooks", "/oauth2/v1/tokens/bearer")) == 2

    harness.world.quickbooks.grants.consent(REALM)
    harness.connect()
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []


def test_customer_disconnects_inside_quickbooks(harness: Harness) -> None:
    """Nobody tells us: the next call is answered 403 with 3100, and the work is parked."""
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    for shape in ("json", "xml"):
        harness.set_sandbox(quickbooks={"gateway_errors": shape})
        deal_id = harness.another_deal()
        harness.change_realm(disconnected=True)
        callback_id = harness.enroll(deal_id)
        harness.finish()
        assert harness.callback(callback_id).state == "parked"

        harness.change_realm(disconnected=False)
        harness.connect()
        harness.finish()
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []
