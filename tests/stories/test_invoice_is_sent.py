"""A workflow has QuickBooks e-mail the deal's invoice: once, whatever gets lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.workflows.send_invoice import QUIET
from tests.harness import REALM, Harness
from tests.stories.invoiced_deals import MORE_TROUBLE, invoiced

SEND = r"/invoice/\d+/send"


def mails(harness: Harness) -> int:
    """How many e-mails left QuickBooks."""
    realm = harness.world.quickbooks.realm(REALM)
    with realm.lock:
        return sum(realm.mails.values())


def test_sent_once_and_shown_on_the_deal(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)

    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceId"], outputs["invoiceStatus"]) == (invoice["Id"], "sent")
    assert harness.deal(deal_id)["qbo_invoice_status"] == "sent"
    assert mails(harness) == 1
    assert harness.refusals() == []


def test_sent_to_the_address_of_the_action(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)

    callback_id = harness.enroll(deal_id, {"sendTo": "books@byron.example"}, action="send-invoice")
    harness.work()

    assert "books@byron.example" in harness.assert_done(callback_id, deal_id)["invoiceRecipient"]
    (sent,) = harness.invoices_of(deal_id)
    assert (sent["Id"], sent["BillEmail"]) == (invoice["Id"], {"Address": "books@byron.example"})
    assert harness.refusals() == []


@pytest.mark.parametrize("request_ids", ["honoured", "ignored"])
@pytest.mark.parametrize("trouble", ["lose_answer", *MORE_TROUBLE])
def test_answer_lost_after_sending(harness: Harness, trouble: str, request_ids: str) -> None:
    """QuickBooks shows the delivery: that is the answer, whether or not it knows request ids of sends."""
    harness.set_sandbox(quickbooks={"requestid_send_void": request_ids})
    deal_id, _ = invoiced(harness)
    harness.trouble(trouble, SEND, method="POST", status=503)

    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceStatus"] == "sent"
    assert mails(harness) == 1
    assert len(harness.calls("quickbooks", "/send")) == 1
    assert harness.refusals() == []


@pytest.mark.parametrize("request_ids", ["honoured", "ignored"])
def test_request_lost_before_sending(harness: Harness, request_ids: str) -> None:
    """Not sent, as far as QuickBooks shows: repeated, but only when the first try cannot be under way any more."""
    harness.set_sandbox(quickbooks={"requestid_send_void": request_ids})
    deal_id, _ = invoiced(harness)
    harness.trouble("lose_request", SEND, method="POST")

    callback_id = harness.enroll(deal_id, action="send-invoice")
    took = harness.finish()

    assert took >= QUIET
    harness.assert_done(callback_id, deal_id)
    assert mails(harness) == 1
    assert harness.refusals() == []


def test_delivered_twice_sent_once(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)

    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.deliver_again(callback_id)
    harness.work()
    harness.deliver_again(callback_id)
    harness.work()

    harness.assert_done(callback_id, deal_id)
    assert mails(harness) == 1
    assert harness.refusals() == []


def test_nobody_to_send_to(harness: Harness) -> None:
    deal_id, _ = invoiced(harness, email="")

    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "NO_EMAIL")
    assert sentence.startswith("There is no e-mail address to send to: fill it on the contact or company.")
    assert mails(harness) == 0

    # The next callback is not held up by the one that was refused.
    callback_id = harness.enroll(deal_id, {"sendTo": "ada@byron.example"}, action="send-invoice")
    harness.work()
    harness.assert_done(callback_id, deal_id)
    assert mails(harness) == 1
    assert harness.refusals() == []


def test_reminder_goes_out_as_often_as_the_workflow_says(harness: Harness) -> None:
    """A second callback is a second e-mail, unless the action leaves sent invoices alone."""
    deal_id, _ = invoiced(harness)
    for inputs, expected in (({}, 1), ({}, 2), ({"alreadySent": "leave_it"}, 2)):
        harness.pass_time(timedelta(days=7))
        callback_id = harness.enroll(deal_id, inputs, action="send-invoice")
        harness.work()
        harness.assert_done(callback_id, deal_id)
        assert mails(harness) == expected
    assert harness.refusals() == []


def test_voided_in_quickbooks_is_not_sent(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    harness.act("void_invoice", invoice_id=invoice["Id"])

    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "INVOICE_VOIDED")
    assert "create a new one" in sentence
    assert mails(harness) == 0


def test_no_invoice_to_send(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.work()

    assert "create one first" in harness.assert_refused(callback_id, deal_id, "INVOICE_NOT_FOUND")


def test_chosen_by_number_among_several(harness: Harness) -> None:
    deal_id, first = invoiced(harness)
    harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()

    callback_id = harness.enroll(deal_id, {"invoiceNumber": first["DocNumber"]}, action="send-invoice")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == first["Id"]
    statuses = {each["Id"]: each["EmailStatus"] for each in harness.invoices_of(deal_id)}
    assert sorted(statuses.values()) == ["EmailSent", "NotSet"]
    assert statuses[first["Id"]] == "EmailSent"


def test_quote_leads_to_its_deals_invoice(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    quote = {"portal_id": 20000001, "object_type": "quotes", "properties": {"hs_title": "Offer"}}
    quote_id = harness.ask_sandbox("POST", "/hubspot/objects", quote | {"associations": {"deals": [{"id": deal_id}]}})

    callback_id = harness.enroll(quote_id["id"], action="send-invoice", object_type="quotes")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceId"] == invoice["Id"]
    assert harness.deal(deal_id)["qbo_invoice_status"] == "sent"
    assert harness.refusals() == []


def test_not_for_contacts(harness: Harness) -> None:
    harness.connect()
    contact_id = harness.contact_of(harness.story("one-line"))
    callback_id = harness.enroll(contact_id, action="send-invoice", object_type="contacts")
    harness.work()
    outputs = harness.hubspot_callback(callback_id)["outputs"]
    assert outputs["errorCode"] == "INVALID_INPUT"
    assert "works on deals, quotes, invoices" in outputs["errorMessage"]


def test_never_known_whether_it_was_sent(harness: Harness) -> None:
    """The answer was lost and QuickBooks stayed away until our deadline: nobody is told that it was not sent."""
    deal_id, _ = invoiced(harness)
    harness.trouble("lose_answer", SEND, method="POST")
    callback_id = harness.enroll(deal_id, action="send-invoice")
    harness.work()
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=None)
    end = harness.clock.now() + timedelta(days=7, minutes=-10)
    while harness.clock.now() < end:
        harness.work()
        harness.pass_time(min(timedelta(hours=8), end - harness.clock.now()))
    harness.work()

    assert "whether the e-mail was sent" in harness.assert_refused(callback_id, deal_id, "NOT_DONE_IN_TIME")

    # An operator replays it when QuickBooks is back: the delivery is there, and no second one.
    harness.calm()
    now = harness.clock.now()
    assert harness.stores.callbacks.replay(harness.callback(callback_id), now + timedelta(days=1), now)
    harness.finish()
    assert harness.callback(callback_id).outcome == "SUCCESS"
    assert mails(harness) == 1
