"""Create invoice sends what it has made, once; what cannot be sent is an invoice all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.harness import PORTAL, Harness

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


def test_company_is_billed_and_its_contact_gets_the_mail(harness: Harness) -> None:
    """HubSpot's companies have no address. The contact's is where the invoice goes, and not who is billed."""
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    amy = harness.contact_of(harness.story("one-line"))
    below: dict[str, Any] = {"line_items": [{"properties": line}], "companies": [{"properties": {"name": "Nest Ltd"}}]}
    deal = {"portal_id": PORTAL, "object_type": "deals", "properties": {"dealname": "x"}}
    for contacts, mailed_to in (([{"id": amy}], "birds@intuit.com"), ([], None)):
        asked = {**deal, "associations": below | {"contacts": contacts}}
        deal_id = str(harness.ask_sandbox("POST", "/hubspot/objects", asked)["id"])
        callback_id = harness.enroll(deal_id, NOW | {"billTo": "primary_company"})
        harness.work()
        (invoice,) = harness.invoices_of(deal_id)
        assert (invoice.get("BillEmail") or {}).get("Address", "").lower() == (mailed_to or "")
        assert invoice["EmailStatus"] == ("EmailSent" if mailed_to else "NotSet")
        assert harness.hubspot_callback(callback_id)["outputs"]["errorCode"] == ("" if mailed_to else "NO_EMAIL")
        assert invoice["CustomerRef"]["name"] == "Nest Ltd", "not whoever has the contact's address"
        (customer,) = [each for each in harness.books("Customer") if each["DisplayName"] == "Nest Ltd"]
        assert "PrimaryEmailAddr" not in customer, "the contact's own deals must not be found there"
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
