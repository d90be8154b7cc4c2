"""The recipient's name belongs to somebody else in QuickBooks: to a vendor, an employee, a newcomer."""

from __future__ import annotations

from tests.harness import Harness

NOTHING_FOUND = '{"BatchItemResponse": [{"bId": "0", "QueryResponse": {}}, {"bId": "1", "QueryResponse": {}}]}'


def test_name_of_a_vendor(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("name-of-a-vendor")

    callback_id = harness.enroll(deal_id, {"billTo": "primary_company"})
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["CustomerRef"]["name"] == "Books by Bessie (Customer)"
    assert "Books by Bessie (Customer)" in str(harness.deal(deal_id)["qbo_invoice_recipient"])
    again = harness.enroll(deal_id, {"billTo": "primary_company", "existingInvoice": "create_another"})
    harness.work()
    assert harness.assert_invoiced(again, deal_id)["CustomerRef"] == invoice["CustomerRef"]
    assert harness.refusals() == []


def test_name_of_an_employee(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("name-of-an-employee")

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["CustomerRef"]["name"] == "John Johnson (Customer)"
    assert harness.refusals() == []


def test_first_substitute_is_taken_too(harness: Harness) -> None:
    harness.connect()
    harness.act("create_vendor", name="John Johnson (Customer)")
    deal_id = harness.story("name-of-an-employee")

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["CustomerRef"]["name"] == "John Johnson (Customer 2)"
    assert harness.refusals() == []


def test_customer_created_by_somebody_meanwhile(harness: Harness) -> None:
    """Between our look and our create a person makes the customer: 6240, and theirs is used."""
    harness.connect()
    contact = {"firstname": "Ada", "lastname": "Racer", "email": "ada@example.com"}
    deal_id = harness.make_deal([{"name": "Design", "price": "75", "quantity": "1"}], contact)
    harness.trouble("lose_request", r"/customer\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    made = harness.act("create_customer", name="Ada Racer")
    # Our next look does not see it yet, as a reader between two writers would not.
    harness.trouble("status", r"/batch", vendor="quickbooks", status=200, answer=NOTHING_FOUND)
    harness.finish()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["CustomerRef"]["value"] == made["Id"]
    assert len(harness.creates("customer")) == 2
    assert [each["DisplayName"] for each in harness.books("Customer")].count("Ada Racer") == 1
    assert harness.refusals() == []


def test_two_deals_of_one_newcomer_at_once(harness: Harness) -> None:
    harness.connect()
    contact = {"firstname": "Ada", "lastname": "Twice", "email": "twice@example.com"}
    line = {"name": "Design", "price": "75", "quantity": "1"}
    first = harness.make_deal([line], contact)
    deals = [first, *(harness.make_deal([line], harness.contact_of(first)) for _ in range(5))]

    callbacks = [harness.enroll(deal_id) for deal_id in deals]
    harness.work(together=True)

    for deal_id, callback_id in zip(deals, callbacks, strict=True):
        harness.assert_invoiced_once(callback_id, deal_id)
    assert [each["DisplayName"] for each in harness.books("Customer")].count("Ada Twice") == 1
    assert harness.refusals() == []


def test_customer_not_found_and_the_action_says_fail(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("new-customer")
    before = harness.counts()

    callback_id = harness.enroll(deal_id, {"customerNotFound": "fail"})
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "CUSTOMER_NOT_FOUND")
    assert "customerNotFound" in sentence
    assert harness.counts() == before
    assert harness.refusals() == []
