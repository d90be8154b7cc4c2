"""The request never arrives, or QuickBooks fails before it has done anything."""

from __future__ import annotations

import pytest

from tests.harness import Harness


@pytest.mark.parametrize("kind", ["lose_request", "status"])
def test_invoice_request_lost(harness: Harness, kind: str) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble(kind, r"/invoice\?", method="POST", status=500)

    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.invoices_of(deal_id) == []
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    first, second = harness.creates("invoice")
    assert first["requestid"] == second["requestid"]
    assert harness.refusals() == []


@pytest.mark.parametrize("kind", ["lose_request", "lose_answer", "late_status", "truncate"])
@pytest.mark.parametrize("path", [r"/customer\?", r"/item\?"])
def test_customer_and_item_are_not_made_twice(harness: Harness, kind: str, path: str) -> None:
    harness.connect()
    deal_id = harness.make_deal(
        [{"name": "Sundial", "price": "80", "quantity": "1"}],
        {"firstname": "Una", "lastname": "Newcomer", "email": "una@example.com"},
    )
    harness.trouble(kind, path, method="POST", status=502)

    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len([c for c in harness.books("Customer") if c["DisplayName"].startswith("Una Newcomer")]) == 1
    assert len([i for i in harness.books("Item") if i["Name"] == "Sundial"]) == 1
    assert harness.refusals() == []


@pytest.mark.parametrize("path", ["/crm/.*deals/batch/read", "/crm/.*/deals/", "/automation/", "/associations/"])
@pytest.mark.parametrize("kind", ["lose_answer", "status"])
def test_hubspot_call_lost(harness: Harness, path: str, kind: str) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble(kind, path, vendor="hubspot", status=502)

    callback_id = harness.enroll(deal_id)
    harness.finish()

    assert harness.hubspot_callback(callback_id)["execution_state"] == "SUCCESS"
    assert len(harness.invoices_of(deal_id)) == 1
    assert len(harness.creates("invoice")) == 1
    assert harness.deal(deal_id)["qbo_invoice_id"] == harness.invoices_of(deal_id)[0]["Id"]
    assert harness.refusals() == []
