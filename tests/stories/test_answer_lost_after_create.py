"""QuickBooks has made the invoice, but we never hear of it."""

from __future__ import annotations

import pytest

from tests.harness import Harness

INVOICE = r"/invoice\?"


@pytest.fixture(autouse=True)
def strict_about_repeats(harness: Harness) -> None:
    """A request id that comes with other bytes is a fault: what is repeated here is repeated to the byte."""
    harness.set_sandbox(quickbooks={"requestid_other_body": "error_600"})


def assert_repeated_to_the_byte(harness: Harness, tries: int = 2) -> None:
    """The last tries had the same request id, and QuickBooks recognised all but the first of them."""
    creates = harness.creates("invoice")[-tries:]
    assert len({each["requestid"] for each in creates}) == 1
    assert [each["status"] for each in creates if not each["trouble"]] == [200]
    before = [each for each in harness.creates("invoice") if each["requestid"] != creates[0]["requestid"]]
    assert len(before) + tries == len(harness.creates("invoice"))


def test_no_usable_answer_after_commit(harness: Harness) -> None:
    harness.connect()
    for number, kind in enumerate(["lose_answer", "late_status", "html", "truncate", "garbage"], 1):
        deal_id = harness.another_deal()
        harness.trouble(kind, INVOICE, method="POST", status=503)

        callback_id = harness.enroll(deal_id)
        harness.work()
        assert len(harness.invoices_of(deal_id)) == 1
        assert harness.callback(callback_id).outcome is None
        assert harness.hubspot_callback(callback_id)["state"] == "blocked"
        harness.finish()

        harness.assert_invoiced_once(callback_id, deal_id)
        assert_repeated_to_the_byte(harness)
        assert harness.replayed() == number
    assert harness.refusals() == []


def test_lost_three_times_in_a_row(harness: Harness) -> None:
    """Repeated once, then looked for: no third answer is waited for, and what was found is not read again."""
    harness.connect()
    deal_id = harness.story("three-lines")
    harness.trouble("lose_answer", INVOICE, method="POST", times=3)

    callback_id = harness.enroll(deal_id)
    harness.finish()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    first, second = harness.creates("invoice")
    assert first["requestid"] == second["requestid"]
    assert harness.replayed() == 1
    assert [each for each in harness.calls("quickbooks", f"/invoice/{invoice['Id']}") if each["method"] == "GET"] == []
    assert harness.refusals() == []


def test_deal_edited_while_the_outcome_is_unknown(harness: Harness) -> None:
    """What was reserved is repeated, not what the deal says by now."""
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble("lose_answer", INVOICE, method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.ask_sandbox("PATCH", f"/hubspot/objects/20000001/deals/{deal_id}", {"properties": {"dealname": "Other"}})
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert_repeated_to_the_byte(harness)
    assert harness.refusals() == []
