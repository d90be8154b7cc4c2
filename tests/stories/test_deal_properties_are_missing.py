"""Somebody removed our deal properties in HubSpot: created once more, and the invoice is not repeated."""

from __future__ import annotations

import requests

from tests.harness import PORTAL, Harness


def remove_properties(harness: Harness, *names: str) -> None:
    """As an administrator does in HubSpot's settings."""
    token = harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/token")["access_token"]
    for name in names:
        url = f"{harness.sandbox.url}/crm/properties/2026-03/deals/{name}"
        assert requests.delete(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code == 204


def test_properties_removed(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    remove_properties(harness, "qbo_invoice_status", "qbo_invoice_number")
    made = len(harness.calls("hubspot", "/crm/properties/2026-03/deals/batch/create"))
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    deal = harness.deal(deal_id)
    assert (deal["qbo_invoice_status"], deal["qbo_invoice_number"]) == ("draft", invoice["DocNumber"])
    assert len(harness.calls("hubspot", "/crm/properties/2026-03/deals/batch/create")) == made + 1
    assert len(harness.creates("invoice")) == 2
    # The one write that named a property which was not there: nobody had told us.
    assert [each["method"] for each in harness.refusals()] == ["PATCH"]


def test_not_allowed_to_create_them(harness: Harness) -> None:
    """Without the scope the workflow still hears of the invoice; the operator sees what is missing."""
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    remove_properties(harness, "qbo_invoice_status")
    scopes = [each for each in granted(harness) if "schemas" not in each]
    harness.ask_sandbox("POST", f"/hubspot/portals/{PORTAL}/scopes", {"scopes": scopes})
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert len(harness.invoices_of(deal_id)) == 1
    assert harness.hubspot_callback(callback_id)["execution_state"] == "SUCCESS"
    assert harness.timeline(callback_id) == ["deal_not_written"]
    assert harness.work() == 0
    assert [each["method"] for each in harness.refusals()] == ["PATCH"]


def granted(harness: Harness) -> list[str]:
    """The scopes of the portal's consent."""
    hubspot = harness.world.hubspot
    grant = hubspot.tokens.find_grant(hubspot.tokens.refresh_token(hubspot.portals[PORTAL]) or "")
    assert grant is not None
    return sorted(grant.scopes)
