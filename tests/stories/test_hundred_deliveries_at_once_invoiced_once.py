"""A hundred deliveries of one callback arrive together, over real connections."""

from __future__ import annotations

from tests.harness import Harness


def test_hundred_deliveries_at_once(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id)
    harness.deliver_again(callback_id, times=100)
    harness.work(together=True)

    deliveries = harness.hubspot_callback(callback_id)["deliveries"]
    assert len(deliveries) == 101
    assert {each["status"] for each in deliveries} == {200}
    assert len({each["answer"] for each in deliveries}) == 1
    assert [row.n for row in harness.rows("SELECT count(*) AS n FROM callbacks")] == [1]
    harness.assert_invoiced_once(callback_id, deal_id)
    assert len(harness.creates("invoice")) == 1
    assert harness.refusals() == []
