"""Create invoice sends what it has made, once; what cannot be sent is an invoice all the same."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness

NOW = {"send": "now", "taxCodeId": "exempt"}


def sends(harness: Harness) -> int:
    return len(harness.calls("quickbooks", "/send"))


def test_created_and_sent_in_two_calls(harness: Harness) -> None:
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    for known in (False, True):
        deal_id = harness.make_deal([line], contact)
        before = len(harness.calls("quickbooks"))
        callback_id = harness.enroll(deal_id, NOW)
        harness.work()
        invoice = harness.assert_invoiced_once(callback_id, deal_id)
        assert invoice["EmailStatus"] == "EmailSent"
        assert harness.deal(deal_id)["qbo_invoice_status"] == "sent"
        if known:
            assert [call["method"] for call in harness.calls("quickbooks")[before:]] == ["POST", "POST"]
    assert sends(harness) == 2
    assert harness.refusals() == []


def test_answers_of_both_lost(harness: Harness) -> None:
    """The create's answer is lost, then the send's: one invoice, one e-mail."""
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    harness.trouble("lose_answer", r"/send\?", method="POST")

    callback_id = harness.enroll(deal_id, NOW)
    harness.finish(timedelta(hours=3))

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["EmailStatus"] == "EmailSent"
    assert sends(harness) == 1
    assert harness.refusals() == []


def test_nobody_to_send_it_to(harness: Harness) -> None:
    harness.connect()
    contact = {"firstname": "Noel", "lastname": "Noaddress"}
    deal_id = harness.make_deal([{"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}], contact)

    callback_id = harness.enroll(deal_id, NOW)
    harness.work()

    outputs = harness.hubspot_callback(callback_id)["outputs"]
    (invoice,) = harness.invoices_of(deal_id)
    assert (outputs["invoiceId"], outputs["errorCode"]) == (invoice["Id"], "NO_EMAIL")
    assert str(harness.deal(deal_id)["qbo_invoice_error"]).startswith("NO_EMAIL: ")
    assert harness.refusals() == []
