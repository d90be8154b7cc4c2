"""Due on the close date: HubSpot's is a moment, and its day is the one where the books are kept."""

from __future__ import annotations

import pytest

from tests.harness import Harness


@pytest.mark.parametrize(
    ("closes", "due"),
    [
        # Half past eleven in the evening of the second in New York; in UTC it is the third.
        ("2190-12-03T04:30:00Z", "2190-12-02"),
        ("2190-12-02T17:00:00Z", "2190-12-02"),
        ("2190-12-02T00:00:00Z", "2190-12-02"),
    ],
)
def test_due_on_the_close_date(closes: str, due: str, harness: Harness) -> None:
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")), closedate=closes)
    callback_id = harness.enroll(deal_id, {"dueDate": {"property": "closedate"}})
    harness.work()
    assert harness.assert_invoiced_once(callback_id, deal_id)["DueDate"] == due
    # The same as HubSpot writes it elsewhere, and as an earlier action's output may.
    iso = harness.enroll(deal_id, {"dueDate": closes, "existingInvoice": "create_another"})
    harness.work()
    assert harness.assert_invoiced(iso, deal_id)["DueDate"] == due
    assert harness.refusals() == []
