"""QuickBooks refuses the invoice: told at once, with what to do, and never tried again."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness

FAULT_6000 = (
    '{"Fault": {"Error": [{"Message": "A business validation error has occurred while processing your request", '
    '"Detail": "Business Validation Error: Something is wrong with this invoice", "code": "6000", "element": ""}], '
    '"type": "ValidationFault"}, "time": "2026-11-22T08:00:00.000-08:00"}'
)


def test_business_rule(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("status", r"/invoice\?", method="POST", status=400, answer=FAULT_6000, times=None)

    callback_id = harness.enroll(deal_id)
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "QBO_REJECTED")
    assert "Something is wrong with this invoice" in sentence
    harness.deliver_again(callback_id)
    harness.pass_time(timedelta(days=1))
    assert harness.work() == 0
    assert len(harness.creates("invoice")) == 1
    assert harness.hubspot_callback(callback_id)["completions"] == 1
    assert harness.refusals() == []


def test_unknown_terms(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id, {"termId": "999"})
    harness.work()

    assert "2500" in harness.assert_refused(callback_id, deal_id, "QBO_REJECTED")
    assert harness.invoices() == []
    # Corrected by the author, the deal goes through: nothing of the first try is in the way.
    again = harness.enroll(deal_id, {"termId": "2"})
    harness.work()
    assert harness.assert_invoiced_once(again, deal_id)["SalesTermRef"]["value"] == "2"
    assert harness.refusals() == []


def test_wrong_input_of_the_author(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    before = harness.counts()
    for inputs in (
        {"dueInDays": "soon"},
        {"termId": "Net 30"},
        {"itemNotFound": "guess"},
        {"invoiceDate": "1870-01-01"},
        {"invoiceNumber": "far-too-long-for-quickbooks"},
        {"taxCodeId": "25 %"},
    ):
        callback_id = harness.enroll(deal_id, inputs)
        harness.work()
        assert next(iter(inputs)) in harness.assert_refused(callback_id, deal_id, "INVALID_INPUT")
    assert harness.counts() == before
    assert harness.refusals() == []


def test_closed_books(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    before = harness.counts()

    callback_id = harness.enroll(deal_id, {"invoiceDate": "2018-12-31"})
    harness.work()

    assert "2018-12-31" in harness.assert_refused(callback_id, deal_id, "BOOKS_CLOSED")
    assert harness.counts() == before
    assert harness.creates("invoice") == []
    assert harness.refusals() == []


def test_books_closed_since_we_looked(harness: Harness) -> None:
    """Our copy of the settings is older than the closing: QuickBooks says it itself (6210, 6200)."""
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    today = harness.clock.now().date().isoformat()
    for password in (True, False):
        harness.change_realm(book_close_date=today, book_close_password=password)
        deal_id = harness.another_deal()
        callback_id = harness.enroll(deal_id)
        harness.work()
        harness.assert_refused(callback_id, deal_id, "BOOKS_CLOSED")
        assert harness.invoices_of(deal_id) == []
    assert harness.refusals() == []


def test_subscription_ended(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.change_realm(subscription_status="EXPIRED")

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_refused(callback_id, deal_id, "QBO_SUBSCRIPTION_ENDED")
    assert len(harness.creates("invoice")) == 1
    harness.change_realm(subscription_status="PAID")
    again = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced_once(again, deal_id)
    assert harness.refusals() == []
