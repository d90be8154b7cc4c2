"""Create invoice sends what it has made, once; what cannot be sent is an invoice all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import REALM, Harness

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


def test_the_invoice_there_is_was_never_sent(harness: Harness) -> None:
    """A later step asks for it to be sent: it goes out once, and not again when the deal comes by once more."""
    harness.connect()
    deal_id = harness.another_deal()
    first = harness.enroll(deal_id, {"taxCodeId": "exempt"})
    harness.work()
    assert harness.assert_invoiced_once(first, deal_id)["EmailStatus"] == "NotSet"

    for _ in range(2):
        again = harness.enroll(deal_id, NOW | {"recipientEmail": "books@example.com"})
        harness.work()
        invoice = harness.assert_invoiced_once(again, deal_id)
        assert (invoice["EmailStatus"], invoice["BillEmail"]["Address"]) == ("EmailSent", "books@example.com")
        assert harness.deal(deal_id)["qbo_invoice_status"] == "sent"
    assert sends(harness) == 1
    assert harness.refusals() == []


def test_answer_of_sending_the_one_there_is_was_lost(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id)
    harness.work()
    harness.trouble("lose_answer", r"/send\?", method="POST")

    again = harness.enroll(deal_id, NOW)
    harness.finish(timedelta(hours=3))

    assert harness.assert_invoiced_once(again, deal_id)["EmailStatus"] == "EmailSent"
    assert sends(harness) == 1
    assert harness.refusals() == []


def test_the_one_that_was_being_sent_is_voided(harness: Harness) -> None:
    """Between the try without an answer and the next look: the deal gets a new invoice, and that one is sent."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id)
    harness.work()
    (old,) = harness.invoices_of(deal_id)
    harness.trouble("lose_request", r"/send\?", method="POST")
    again = harness.enroll(deal_id, NOW)
    harness.work()
    harness.services.quickbooks.void(REALM, "Invoice", old["Id"], old["SyncToken"])

    harness.finish(timedelta(hours=3))

    told = harness.hubspot_callback(again)["outputs"]
    assert told["invoiceId"] not in ("", old["Id"])
    statuses = {each["Id"]: each["EmailStatus"] for each in harness.invoices_of(deal_id)}
    assert (statuses[told["invoiceId"]], statuses[old["Id"]]) == ("EmailSent", "NotSet")
    assert harness.deal(deal_id)["qbo_invoice_id"] == told["invoiceId"]
    assert harness.refusals() == []


def test_nobody_to_send_the_one_there_is_to(harness: Harness) -> None:
    harness.connect()
    contact = {"firstname": "Noel", "lastname": "Noaddress"}
    deal_id = harness.make_deal([{"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}], contact)
    harness.enroll(deal_id)
    harness.work()

    again = harness.enroll(deal_id, NOW)
    harness.work()

    outputs = harness.hubspot_callback(again)["outputs"]
    (invoice,) = harness.invoices_of(deal_id)
    assert (outputs["invoiceId"], outputs["errorCode"]) == (invoice["Id"], "NO_EMAIL")
    assert harness.refusals() == []


@pytest.mark.parametrize("action", ["create-invoice", "create-estimate", "create-sales-receipt", "create-credit-memo"])
def test_sent_to_whom_the_action_names(harness: Harness, action: str) -> None:
    """Several, with commas or semicolons; the customer keeps the contact's address."""
    harness.connect()
    contact = {"firstname": "Nelly", "lastname": "Newcome", "email": "nelly.newcome@example.com"}
    deal_id = harness.make_deal([{"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}], contact)

    callback_id = harness.enroll(deal_id, NOW | {"recipientEmail": "ap@example.com;cfo@example.com"}, action=action)
    harness.work()

    assert harness.hubspot_callback(callback_id)["outputs"]["errorCode"] == ""
    entity = {"create-invoice": "Invoice", "create-estimate": "Estimate", "create-sales-receipt": "SalesReceipt",
              "create-credit-memo": "CreditMemo"}[action]  # fmt: skip
    (sale,) = [each for each in harness.books(entity) if f"deal {deal_id} [" in (each.get("PrivateNote") or "")]
    assert (sale["BillEmail"]["Address"], sale["EmailStatus"]) == ("ap@example.com, cfo@example.com", "EmailSent")
    (customer,) = [each for each in harness.books("Customer") if each["DisplayName"] == "Nelly Newcome"]
    assert customer["PrimaryEmailAddr"]["Address"] == "nelly.newcome@example.com"
    assert harness.refusals() == []
