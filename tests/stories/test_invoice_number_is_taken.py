"""A company that numbers its invoices itself: our own number, somebody else's, the author's."""

from __future__ import annotations

from tests.harness import Harness

NUMBERED = "9341450000000005"


def connect(harness: Harness) -> str:
    harness.connect(realm_id=NUMBERED)
    return harness.another_deal()


def test_our_own_number(harness: Harness) -> None:
    deal_id = connect(harness)

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, realm_id=NUMBERED)
    assert invoice["DocNumber"].startswith(f"D{deal_id}-")
    assert harness.deal(deal_id)["qbo_invoice_number"] == invoice["DocNumber"]
    assert harness.refusals() == []


def test_number_is_ours_already(harness: Harness) -> None:
    """The answer was lost and the request id forgotten: 6140 names our own invoice, which is adopted."""
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    deal_id = connect(harness)
    harness.trouble("lose_answer", r"/invoice\?", method="POST")

    callback_id = harness.enroll(deal_id)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id, realm_id=NUMBERED)
    assert len(harness.creates("invoice", NUMBERED)) == 2
    assert harness.refusals() == []


def test_number_is_somebody_elses(harness: Harness) -> None:
    """Learn the number the deal would get, let a person take it, and enrol: the next one is used."""
    deal_id = connect(harness)
    harness.trouble("lose_request", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    (row,) = harness.rows("SELECT body FROM reservations")
    wanted = row.body.split('"DocNumber":"')[1].split('"')[0]
    taken = harness.act(
        "create_invoice", NUMBERED, customer_id="1", amount=10, fields={"DocNumber": wanted, "AutoDocNumber": False}
    )
    assert taken["DocNumber"] == wanted
    harness.finish()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, realm_id=NUMBERED)
    assert invoice["DocNumber"].startswith(f"D{deal_id}-")
    assert invoice["DocNumber"] != wanted
    assert harness.refusals() == []


def test_number_of_the_author(harness: Harness) -> None:
    deal_id = connect(harness)
    callback_id = harness.enroll(deal_id, {"invoiceNumber": "BB-0042"})
    harness.work()
    harness.assert_refused(callback_id, deal_id, "DUPLICATE_NUMBER")
    assert harness.invoices(NUMBERED) == []

    again = harness.enroll(deal_id, {"invoiceNumber": "BB-0043"})
    harness.work()
    assert harness.assert_invoiced_once(again, deal_id, realm_id=NUMBERED)["DocNumber"] == "BB-0043"
    assert harness.refusals() == []


def test_number_of_the_author_is_our_own_invoice(harness: Harness) -> None:
    harness.set_sandbox(quickbooks={"requestid_memory": "forget"})
    deal_id = connect(harness)
    harness.trouble("lose_answer", r"/invoice\?", method="POST")

    callback_id = harness.enroll(deal_id, {"invoiceNumber": "BB-0077"})
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id, realm_id=NUMBERED)
    assert harness.refusals() == []
