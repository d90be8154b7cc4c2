"""A quote is accepted: its deal is invoiced, once, with what the customer accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.harness import PORTAL, Harness

QUOTED = {"name": "Design", "hs_sku": "DESIGN", "price": "70", "quantity": "3"}


def make_quote(harness: Harness, *deals: str, lines: Sequence[Mapping[str, str]] = ()) -> str:
    """A quote that belongs to deals, with line items of its own or none."""
    below = {"deals": [{"id": each} for each in deals], "line_items": [{"properties": dict(each)} for each in lines]}
    quote = {"portal_id": PORTAL, "object_type": "quotes", "properties": {"hs_title": "Offer"}, "associations": below}
    return str(harness.ask_sandbox("POST", "/hubspot/objects", quote)["id"])


def enroll_quote(harness: Harness, quote_id: str, action: str = "create-invoice", **inputs: str) -> str:
    return harness.enroll(quote_id, inputs, action=action, object_type="quotes")


@pytest.mark.parametrize(("lines", "total"), [((), "150.00"), ((QUOTED,), "210.00")])
def test_its_own_line_items_else_the_deals(lines: Sequence[Mapping[str, str]], total: str, harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    quote_id = make_quote(harness, deal_id, lines=lines)

    callback_id = enroll_quote(harness, quote_id, taxCodeId="exempt")
    harness.deliver_again(callback_id, times=2)
    harness.work()
    harness.deliver_again(callback_id)

    harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.hubspot_callback(callback_id)["outputs"]["invoiceAmount"] == total
    assert harness.deal(deal_id)["qbo_invoice_amount"] == total
    assert harness.timeline(callback_id) == ["turned"]
    assert harness.refusals() == []


@pytest.mark.parametrize("first", ["deal", "quote"])
def test_quote_and_deal_enrolled_at_once_are_one_invoice(first: str, harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    quote_id = make_quote(harness, deal_id)
    enrol = {"deal": lambda: harness.enroll(deal_id), "quote": lambda: enroll_quote(harness, quote_id)}
    callbacks = [enrol[each]() for each in (first, *(enrol.keys() - {first}))]
    # Another quote of the same deal, too.
    callbacks.append(enroll_quote(harness, make_quote(harness, deal_id, lines=[QUOTED])))

    harness.work(together=True)

    for each in callbacks:
        harness.assert_invoiced_once(each, deal_id)
    assert harness.refusals() == []


def test_of_no_deal_or_of_several_nothing_is_made(harness: Harness) -> None:
    harness.connect()
    deals = harness.another_deal(), harness.another_deal()
    none, several = (enroll_quote(harness, make_quote(harness, *each)) for each in ((), deals))
    harness.work()
    for callback_id, said in ((none, "no deal"), (several, "several deals")):
        told = harness.hubspot_callback(callback_id)
        assert (told["execution_state"], told["outputs"]["errorCode"]) == ("FAIL_CONTINUE", "DEAL_NOT_FOUND")
        assert said in told["outputs"]["errorMessage"]
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_its_estimate_is_the_deals_and_becomes_the_deals_invoice(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    quote_id = make_quote(harness, deal_id, lines=[QUOTED])

    estimate = enroll_quote(harness, quote_id, "create-estimate")
    harness.work()
    same = harness.enroll(deal_id, action="create-estimate")
    harness.work()

    made = harness.assert_done(estimate, deal_id)["estimateId"]
    assert harness.assert_done(same, deal_id)["estimateId"] == made
    converted = enroll_quote(harness, quote_id, "convert-estimate-to-invoice")
    harness.work()
    harness.assert_invoiced_once(converted, deal_id)
    assert harness.hubspot_callback(converted)["outputs"]["estimateId"] == made
    assert harness.refusals() == []


def test_its_sales_receipt(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = enroll_quote(harness, make_quote(harness, deal_id, lines=[QUOTED]), "create-sales-receipt")
    harness.work()
    assert harness.assert_done(callback_id, deal_id)["salesReceiptId"]
    assert harness.refusals() == []


def test_killed_after_the_deal_is_known_nothing_is_doubled(harness: Harness) -> None:
    """The worker dies between knowing the deal and invoicing it, while the deal is enrolled as well."""
    harness.connect()
    deal_id = harness.another_deal()
    quoted = enroll_quote(harness, make_quote(harness, deal_id))
    (start,) = harness.stores.due.start(harness.clock.now(), harness.room_of, 64, lambda _tx, _start: None)
    harness.run(start)
    harness.run(start)  # the run of a worker thought dead comes again, and has no say
    enrolled = harness.enroll(deal_id)
    harness.work(together=True)
    for each in (quoted, enrolled):
        harness.assert_invoiced_once(each, deal_id)
    assert harness.refusals() == []
