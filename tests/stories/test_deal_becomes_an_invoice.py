"""A deal reaches the action, and its invoice is in QuickBooks and on the deal."""

from __future__ import annotations

from tests.harness import Harness


def test_one_line_deal(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id)
    assert harness.hubspot_callback(callback_id)["state"] == "blocked"
    harness.work()

    (invoice,) = harness.invoices()
    deal = harness.deal(deal_id)
    assert deal["qbo_invoice_id"] == invoice["Id"]
    assert deal["qbo_invoice_number"] == invoice["DocNumber"]
    assert deal["qbo_invoice_status"] == "draft"
    told = harness.hubspot_callback(callback_id)
    assert (told["state"], told["execution_state"], told["completions"]) == ("completed", "SUCCESS", 1)
    assert told["outputs"]["invoiceId"] == invoice["Id"]
    assert harness.refusals() == []
