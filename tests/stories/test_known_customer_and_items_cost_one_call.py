"""Once customer and items are known, an invoice costs one call to QuickBooks, and it is no read."""

from __future__ import annotations

from tests.harness import Harness


def test_one_call(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.story("three-lines"))
    harness.work()
    before = len(harness.calls("quickbooks"))
    contact = harness.contact_of(harness.story("three-lines"))
    lines = [
        {"name": "Rock Fountain", "hs_sku": "FOUNTAIN-R", "price": "275", "quantity": "1"},
        {"name": "Pump", "hs_sku": "PUMP", "price": "15", "quantity": "3"},
        {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"},
    ]
    # The first deal of these items by their SKU teaches us the SKUs.
    harness.enroll(harness.make_deal(lines, contact))
    harness.work()

    for _ in range(3):
        deal_id = harness.make_deal(lines, contact)
        before, asked = len(harness.calls("quickbooks")), len(harness.calls("hubspot"))
        callback_id = harness.enroll(deal_id)
        harness.work()
        harness.assert_invoiced_once(callback_id, deal_id)
        (call,) = harness.calls("quickbooks")[before:]
        assert (call["method"], call["path"]) == ("POST", "/v3/company/9341450000000001/invoice")
        assert len(harness.calls("hubspot")) - asked <= 7
    assert harness.refusals() == []
