"""A workflow changes the deal's invoice: dates, terms, texts, and the lines when the deal has others by now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import PORTAL, Harness
from tests.stories.invoiced_deals import MORE_TROUBLE, invoiced

UPDATE = r"/invoice\?"


def add_line(harness: Harness, deal_id: str) -> None:
    """One more line item on the deal: 25.00."""
    line = {"name": "Gardening", "price": "25", "quantity": "1"}
    asked: dict[str, Any] = {"portal_id": PORTAL, "object_type": "line_items", "properties": line}
    harness.ask_sandbox("POST", "/hubspot/objects", asked | {"associations": {"deals": [{"id": deal_id}]}})


def updates(harness: Harness) -> list[dict[str, Any]]:
    """The writes that were no creates."""
    posts = [each for each in harness.calls("quickbooks", "/invoice") if each["method"] == "POST"]
    return [each for each in posts if "requestid" not in each["query"]]


def test_dates_and_texts(harness: Harness) -> None:
    deal_id, before = invoiced(harness)
    said = {"dueDate": "2027-02-01", "messageToCustomer": "Thank you!", "privateNote": "Agreed by phone"}

    callback_id = harness.enroll(deal_id, said | {"recipientEmail": "books@byron.example"}, action="update-invoice")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    assert (outputs["invoiceDueDate"], harness.deal(deal_id)["qbo_invoice_due_date"]) == ("2027-02-01",) * 2
    (after,) = harness.invoices_of(deal_id)
    assert (after["CustomerMemo"]["value"], after["BillEmail"]["Address"]) == ("Thank you!", "books@byron.example")
    assert after["PrivateNote"] == f"{before['PrivateNote']}\nAgreed by phone"
    assert (after["Line"], after["TotalAmt"]) == (before["Line"], before["TotalAmt"])
    assert harness.refusals() == []


def test_what_is_so_already_is_not_written(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    said = {"dueInDays": "60", "termId": "3", "messageToCustomer": "Thank you!", "lines": "line_items"}
    for _ in range(2):
        callback_id = harness.enroll(deal_id, said, action="update-invoice")
        harness.work()
        harness.assert_done(callback_id, deal_id)
    assert len(updates(harness)) == 1
    assert harness.refusals() == []


def test_line_items_that_changed(harness: Harness) -> None:
    deal_id, before = invoiced(harness)
    add_line(harness, deal_id)

    callback_id = harness.enroll(deal_id, {"lines": "line_items"}, action="update-invoice")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceAmount"] == "175.00"
    (after,) = harness.invoices_of(deal_id)
    sold = [line["Description"] for line in after["Line"] if "SalesItemLineDetail" in line]
    assert (after["Id"], len(sold), after["TotalAmt"]) == (before["Id"], 2, 175)
    assert harness.deal(deal_id)["qbo_invoice_amount"] == "175.00"
    assert harness.refusals() == []


def test_discount_and_shipping_of_the_invoice_stay(harness: Harness) -> None:
    harness.change_realm(preferences={"SalesFormsPrefs": {"AllowShipping": True, "AllowDiscount": True}})
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id, {"discountAmount": "20", "shippingAmount": "5"})
    harness.work()
    assert harness.invoices_of(deal_id)[0]["TotalAmt"] == 135
    add_line(harness, deal_id)

    callback_id = harness.enroll(deal_id, {"lines": "line_items"}, action="update-invoice")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["invoiceAmount"] == "160.00"
    assert harness.refusals() == []


@pytest.mark.parametrize("trouble", ["lose_answer", "lose_request", *MORE_TROUBLE])
def test_answer_lost(harness: Harness, trouble: str) -> None:
    deal_id, _ = invoiced(harness)
    add_line(harness, deal_id)
    harness.trouble(trouble, UPDATE, method="POST", status=503)

    callback_id = harness.enroll(deal_id, {"lines": "line_items", "dueInDays": "60"}, action="update-invoice")
    harness.finish()

    assert harness.assert_done(callback_id, deal_id)["invoiceAmount"] == "175.00"
    assert len(updates(harness)) == (2 if trouble == "lose_request" else 1)
    assert harness.refusals() == []


def test_lines_of_a_paid_invoice_stay(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    add_line(harness, deal_id)
    harness.act("receive_payment", invoice_id=invoice["Id"], amount=10)

    callback_id = harness.enroll(deal_id, {"lines": "line_items"}, action="update-invoice")
    harness.work()
    assert "bill the difference" in harness.assert_refused(callback_id, deal_id, "INVOICE_PAID")

    callback_id = harness.enroll(deal_id, {"dueInDays": "90"}, action="update-invoice")
    harness.work()
    harness.assert_done(callback_id, deal_id)
    assert harness.invoices_of(deal_id)[0]["TotalAmt"] == 150


def test_voided_invoice(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)
    harness.act("void_invoice", invoice_id=invoice["Id"])
    callback_id = harness.enroll(deal_id, {"dueInDays": "90"}, action="update-invoice")
    harness.work()
    assert "create a new one" in harness.assert_refused(callback_id, deal_id, "INVOICE_VOIDED")


def test_refused_by_quickbooks(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    callback_id = harness.enroll(deal_id, {"termId": "99"}, action="update-invoice")
    harness.work()
    assert "Invalid Reference Id" in harness.assert_refused(callback_id, deal_id, "QBO_REJECTED")


def test_delivered_twice(harness: Harness) -> None:
    deal_id, _ = invoiced(harness)
    callback_id = harness.enroll(deal_id, {"dueInDays": "60"}, action="update-invoice")
    harness.deliver_again(callback_id)
    harness.work()
    harness.assert_done(callback_id, deal_id)
    assert len(updates(harness)) == 1
