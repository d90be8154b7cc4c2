"""Whatever happened in QuickBooks, the workflow can have the deal show it now, without a webhook."""

from __future__ import annotations

from tests.harness import Harness
from tests.stories.invoiced_deals import invoiced


def test_paid_in_quickbooks_meanwhile(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    harness.act("receive_payment", invoice_id=invoice["Id"], amount=100)

    callback_id = harness.enroll(deal_id, action="refresh-invoice")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceStatus"], outputs["invoiceBalance"]) == ("partially_paid", "50.00")
    deal = harness.deal(deal_id)
    assert (deal["qbo_invoice_status"], deal["qbo_invoice_amount_paid"]) == ("partially_paid", "100.00")
    assert deal["qbo_invoice_last_payment_date"]
    assert harness.refusals() == []


def test_deleted_in_quickbooks(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    harness.act("delete_invoice", invoice_id=invoice["Id"])

    callback_id = harness.enroll(deal_id, action="refresh-invoice")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceId"], outputs["invoiceStatus"]) == (invoice["Id"], "deleted")
    assert harness.deal(deal_id)["qbo_invoice_status"] == "deleted"
    assert harness.refusals() == []


def test_several_in_one_question(harness: Harness) -> None:
    deal_id, first = invoiced(harness)
    harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()
    for each in harness.invoices_of(deal_id):
        harness.act("void_invoice", invoice_id=each["Id"])
    before = len(harness.calls("quickbooks", "/query"))

    callback_id = harness.enroll(deal_id, {"invoiceNumber": first["DocNumber"]}, action="refresh-invoice")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == first["Id"]
    assert harness.deal(deal_id)["qbo_invoice_count"] == "0"
    assert len(harness.calls("quickbooks", "/query")) == before + 1


def test_named_by_its_number_it_is_read_once(harness: Harness) -> None:
    """The query that finds the number has all of the invoice."""
    harness.connect()
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id, {"invoiceNumber": "1037"}, action="refresh-invoice")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == "130"
    assert harness.calls("quickbooks", "/invoice/130") == []


def test_invoice_of_no_deal_of_ours(harness: Harness) -> None:
    """Named by its id, it is told; nothing of it is written on the deal."""
    harness.connect()
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id, {"invoiceId": "130"}, action="refresh-invoice")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceNumber"] == "1037"
    assert not harness.deal(deal_id).get("qbo_invoice_id")


def test_delivered_twice_and_answer_lost(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    harness.trouble("lose_answer", "/query")
    callback_id = harness.enroll(deal_id, action="refresh-invoice")
    harness.deliver_again(callback_id)
    harness.finish()
    harness.assert_done(callback_id, deal_id)


def test_nothing_to_refresh(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, {"invoiceId": "999999"}, action="refresh-invoice")
    harness.work()
    assert "no invoice with the id 999999" in harness.assert_refused(callback_id, deal_id, "INVOICE_NOT_FOUND")
