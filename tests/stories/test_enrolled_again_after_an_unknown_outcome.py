"""QuickBooks created the invoice, nobody ever heard of it, and the deal is enrolled once more."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness


def test_the_invoice_nobody_heard_of_is_given(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble("lose_answer", "/invoice", vendor="quickbooks", method="POST")
    first = harness.enroll(deal_id)
    harness.work()
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=None)
    harness.pass_time(timedelta(days=7))
    harness.work()
    assert harness.callback(first).error_code == "NOT_DONE_IN_TIME"
    harness.ask_sandbox("DELETE", "/trouble")

    second = harness.enroll(deal_id)
    harness.work()

    (invoice,) = harness.invoices()
    assert harness.callback(second).outputs["invoiceId"] == invoice["Id"]
    assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    assert harness.refusals() == []
