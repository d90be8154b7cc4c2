"""Two workflows, or one twice, reach the action for the same deal: in order, and as the action says."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness


def test_return_the_invoice_there_is(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    first = harness.enroll(deal_id)
    second = harness.enroll(deal_id, {"existingInvoice": "return_it"})
    harness.work(together=True)

    invoice = harness.assert_invoiced_once(first, deal_id)
    assert harness.assert_invoiced_once(second, deal_id) == invoice
    assert harness.hubspot_callback(first)["outputs"] == harness.hubspot_callback(second)["outputs"]
    assert harness.deal(deal_id)["qbo_invoice_count"] == "1"
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []


def test_create_another(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    first = harness.enroll(deal_id)
    harness.work()
    harness.assert_invoiced(first, deal_id)
    harness.pass_time(timedelta(minutes=5))
    second = harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()

    older, newer = harness.invoices_of(deal_id)
    assert harness.assert_invoiced(second, deal_id) == newer
    assert harness.hubspot_callback(first)["outputs"]["invoiceId"] == older["Id"]
    assert older["DocNumber"] != newer["DocNumber"]
    deal = harness.deal(deal_id)
    assert (deal["qbo_invoice_count"], deal["qbo_invoiced_total"]) == ("2", "550.00")
    assert deal["qbo_invoice_id"] == newer["Id"]
    assert harness.refusals() == []


def test_fail_and_leave_the_first(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    first = harness.enroll(deal_id)
    second = harness.enroll(deal_id, {"existingInvoice": "fail"})
    harness.work(together=True)

    (invoice,) = harness.invoices_of(deal_id)
    assert harness.hubspot_callback(first)["outputs"]["invoiceId"] == invoice["Id"]
    harness.assert_refused(second, deal_id, "INVOICE_EXISTS")
    assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    assert harness.refusals() == []


def test_second_waits_for_the_first(harness: Harness) -> None:
    """The first one's outcome is unknown: the second does not overtake it."""
    harness.connect()
    deal_id, other = harness.story("one-line"), harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    first = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(first).state == "waiting"
    harness.pass_time(timedelta(milliseconds=10))
    second, bystander = harness.enroll(deal_id), harness.enroll(other)
    harness.work()

    assert harness.callback(second).state == "received"
    harness.assert_invoiced_once(bystander, other)
    harness.finish()
    invoice = harness.assert_invoiced_once(first, deal_id)
    assert harness.assert_invoiced_once(second, deal_id) == invoice
    assert harness.refusals() == []


def test_ten_enrolments_of_one_deal_at_once(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    callbacks = [harness.enroll(deal_id) for _ in range(10)]
    harness.work(together=True)

    for callback_id in callbacks:
        harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []
