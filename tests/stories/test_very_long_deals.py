"""Deals with hundreds of line items: as many as QuickBooks takes on an invoice, or a sentence."""

from __future__ import annotations

import pytest

from tests.harness import Harness


def lines(count: int) -> list[dict[str, str]]:
    return [{"name": f"Part {number}", "price": "0.01", "quantity": "1"} for number in range(count)]


def test_more_lines_than_quickbooks_takes(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.make_deal(lines(751), harness.contact_of(harness.story("one-line")))
    before = harness.counts()

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert "750" in harness.assert_refused(callback_id, deal_id, "BAD_LINE_ITEM")
    assert harness.counts() == before
    assert harness.refusals() == []


@pytest.mark.thorough
def test_as_many_lines_as_quickbooks_takes(harness: Harness) -> None:
    """Hundreds of unknown names cost one call, not one each; all are found in them, and none is lost."""
    harness.connect()
    deal_id = harness.make_deal(lines(750), harness.contact_of(harness.story("one-line")))
    before = len(harness.calls("quickbooks", "/query")) + len(harness.calls("quickbooks", "/batch"))

    callback_id = harness.enroll(deal_id, {"taxCodeId": "exempt"})
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["TotalAmt"] == 7.5
    # One for the customer, and one for all names.
    assert len(harness.calls("quickbooks", "/query")) + len(harness.calls("quickbooks", "/batch")) - before == 2
    assert harness.refusals() == []
