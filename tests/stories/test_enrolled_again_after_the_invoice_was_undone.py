"""Somebody voided or deleted the invoice in QuickBooks; the deal is enrolled again and gets a new one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import Harness


@pytest.mark.parametrize("act", ["void_invoice", "delete_invoice"])
def test_invoice_undone_then_enrolled_again(harness: Harness, act: str) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    first = harness.enroll(deal_id)
    harness.work()
    undone = harness.assert_invoiced_once(first, deal_id)
    harness.pass_time(timedelta(minutes=10))
    harness.act(act, invoice_id=undone["Id"])
    harness.pass_time(timedelta(minutes=10))

    for policy in ("fail", "return_it"):
        # Nothing stands in the way: "fail" makes a new one too, and the next finds that.
        again = harness.enroll(deal_id, {"existingInvoice": policy})
        harness.work()
        invoice = harness.assert_invoiced(again, deal_id)
        assert invoice["Id"] != undone["Id"]

    deal = harness.deal(deal_id)
    assert (deal["qbo_invoice_id"], deal["qbo_invoice_status"]) == (invoice["Id"], "draft")
    assert (deal["qbo_invoice_count"], deal["qbo_invoiced_total"]) == ("1", "275.00")
    live = [each for each in harness.invoices_of(deal_id) if each["TotalAmt"]]
    assert [each["Id"] for each in live] == [invoice["Id"]]
    assert harness.refusals() == []


def test_invoice_paid_then_enrolled_again(harness: Harness) -> None:
    """The invoice that is returned is shown as it is now, not as we made it."""
    harness.connect()
    deal_id = harness.story("one-line")
    first = harness.enroll(deal_id)
    harness.work()
    invoice = harness.assert_invoiced_once(first, deal_id)
    harness.pass_time(timedelta(minutes=10))
    harness.act("receive_payment", invoice_id=invoice["Id"])

    again = harness.enroll(deal_id)
    harness.work()

    harness.assert_invoiced_once(again, deal_id)
    assert harness.hubspot_callback(again)["outputs"]["invoiceStatus"] == "paid"
    assert harness.deal(deal_id)["qbo_invoice_status"] == "paid"
    assert harness.refusals() == []


def test_deal_told_by_an_older_database(harness: Harness) -> None:
    """Our rows are gone, the deal still names its invoice: believed, because the invoice names the deal."""
    harness.connect()
    deal_id = harness.story("one-line")
    first = harness.enroll(deal_id)
    harness.work()
    invoice = harness.assert_invoiced_once(first, deal_id)
    with harness.stores.database.write() as tx:
        for table in ("invoices", "reservations", "callbacks", "links"):
            tx.exec_driver_sql(f"DELETE FROM {table}")

    again = harness.enroll(deal_id)
    harness.work()

    assert harness.assert_invoiced_once(again, deal_id)["Id"] == invoice["Id"]
    assert harness.refusals() == []
