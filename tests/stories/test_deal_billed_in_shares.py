"""One deal, several invoices: thirty per cent now, the rest later, together exactly the deal."""

from __future__ import annotations

from decimal import Decimal

from tests.harness import Harness

SHARE = {"lines": "deal_percentage", "taxCodeId": "exempt"}


def deal_of(harness: Harness, amount: str) -> str:
    return harness.make_deal((), harness.contact_of(harness.story("one-line")), amount=amount)


def bill(harness: Harness, deal_id: str, percentage: str, **inputs: str) -> str:
    callback_id = harness.enroll(deal_id, {**SHARE, "percentage": percentage, **inputs})
    harness.work()
    return callback_id


def test_shares_add_up_to_exactly_the_deal(harness: Harness) -> None:
    """Each third of 100.00, and each half of a cent, alone would be rounded away from the deal."""
    harness.connect()
    for amount, shares in (("100.05", ["30", "70"]), ("100", ["33.33", "33.33", "33.34"]), ("0.03", ["50", "50"])):
        deal_id = deal_of(harness, amount)
        for share in shares:
            harness.assert_invoiced(bill(harness, deal_id, share, send="now"), deal_id)
        made = [Decimal(str(each["TotalAmt"])) for each in harness.invoices_of(deal_id)]
        assert sum(made) == Decimal(amount), made
        assert harness.deal(deal_id)["qbo_invoice_count"] == str(len(shares))
    assert harness.refusals() == []


def test_never_more_than_the_deal(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "200")
    harness.assert_invoiced(bill(harness, deal_id, "60"), deal_id)

    sentence = harness.assert_refused(bill(harness, deal_id, "60"), deal_id, "SPLIT_TOO_LARGE")

    assert "60 %" in sentence
    assert len(harness.invoices_of(deal_id)) == 1
    harness.assert_invoiced(bill(harness, deal_id, "40"), deal_id)
    assert sum(each["TotalAmt"] for each in harness.invoices_of(deal_id)) == 200
    assert harness.refusals() == []


def test_deal_that_grew_is_caught_up_with(harness: Harness) -> None:
    """The last share bills what is missing of the deal as it is then."""
    harness.connect()
    deal_id = deal_of(harness, "1000")
    harness.assert_invoiced(bill(harness, deal_id, "50"), deal_id)
    harness.ask_sandbox("PATCH", f"/hubspot/objects/20000001/deals/{deal_id}", {"properties": {"amount": "1200"}})

    harness.assert_invoiced(bill(harness, deal_id, "50"), deal_id)

    assert [each["TotalAmt"] for each in harness.invoices_of(deal_id)] == [500, 700]
    assert harness.refusals() == []


def test_share_whose_answer_was_lost_counts(harness: Harness) -> None:
    """The first share exists although its callback never heard of it: the second takes only what is left."""
    harness.connect()
    deal_id = deal_of(harness, "90")
    harness.trouble("lose_answer", r"/invoice\?", method="POST", times=1)

    first = bill(harness, deal_id, "50")
    harness.finish()
    harness.assert_invoiced(bill(harness, deal_id, "50"), deal_id)

    harness.hubspot_callback(first)
    assert [each["TotalAmt"] for each in harness.invoices_of(deal_id)] == [45, 45]
    assert harness.refusals() == []


def test_percentage_is_missing(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_of(harness, "90")

    callback_id = harness.enroll(deal_id, SHARE)
    harness.work()

    assert '"percentage"' in harness.assert_refused(callback_id, deal_id, "INVALID_INPUT")
    assert harness.refusals() == []
