"""The deal is deleted or merged into another while the work waits."""

from __future__ import annotations

import pytest

from tests.harness import PORTAL, Harness

DEALS = f"/hubspot/objects/{PORTAL}/deals"


def test_deleted_before_the_invoice_was_made(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.ask_sandbox("DELETE", f"{DEALS}/{deal_id}")
    harness.work()

    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("FAIL_CONTINUE", "DEAL_NOT_FOUND")
    assert harness.invoices() == []
    assert harness.timeline(callback_id) == ["deal_not_written"]
    assert harness.work() == 0
    assert harness.refusals() == []


@pytest.mark.parametrize("merged_reads", ["404", "survivor"])
def test_merged_before_the_invoice_was_made(harness: Harness, merged_reads: str) -> None:
    harness.set_sandbox(hubspot={"merged_reads": merged_reads})
    harness.connect()
    deal_id, kept = harness.another_deal(), harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.ask_sandbox("POST", f"{DEALS}/merge", {"kept": kept, "gone": deal_id})
    harness.work()

    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("FAIL_CONTINUE", "DEAL_NOT_FOUND")
    assert harness.invoices() == []
    assert harness.refusals() == []


@pytest.mark.parametrize("act", ["delete", "merge"])
def test_gone_after_the_invoice_was_made(harness: Harness, act: str) -> None:
    """The invoice stays, the workflow hears of it, and nothing runs in circles."""
    harness.connect()
    deal_id, kept = harness.another_deal(), harness.another_deal()
    harness.trouble("lose_answer", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    if act == "delete":
        harness.ask_sandbox("DELETE", f"{DEALS}/{deal_id}")
    else:
        harness.ask_sandbox("POST", f"{DEALS}/merge", {"kept": kept, "gone": deal_id})
    harness.finish()

    (invoice,) = harness.invoices_of(deal_id)
    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["outputs"]["invoiceId"]) == ("SUCCESS", invoice["Id"])
    assert told["completions"] == 1
    assert "deal_not_written" in harness.timeline(callback_id)
    assert harness.work() == 0
    assert harness.refusals() == []


def test_line_item_deleted_while_it_waits(harness: Harness) -> None:
    """What the deal holds when the work begins is billed."""
    harness.connect()
    deal_id = harness.story("three-lines")
    found = harness.ask_sandbox("GET", f"{DEALS}/{deal_id}")["associations"]["line_items"]
    callback_id = harness.enroll(deal_id)
    harness.ask_sandbox("DELETE", f"/hubspot/objects/{PORTAL}/line_items/{found[0]}")
    harness.work()

    assert harness.assert_invoiced_once(callback_id, deal_id)["TotalAmt"] == 165
    assert harness.refusals() == []
