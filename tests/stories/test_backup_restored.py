"""The database is two hours old again: what was made since is found, not made a second time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.harness import PORTAL, Harness


def restore(harness: Harness) -> None:
    """What a backup from before the work holds: the callback as it was received, and nothing that came of it."""
    with harness.stores.database.write() as tx:
        for table in ("reservations", "invoices", "links"):
            tx.exec_driver_sql(f"DELETE FROM {table}")
        tx.exec_driver_sql(
            "UPDATE callbacks SET state = 'received', outcome = NULL, outputs = NULL, settled_at = NULL,"
            " completed_at = NULL, told = NULL"
        )


@pytest.mark.parametrize("memory", ["replay", "forget"])
@pytest.mark.parametrize("deal_tells", [True, False])
def test_found_again(harness: Harness, memory: str, *, deal_tells: bool) -> None:
    harness.set_sandbox(quickbooks={"requestid_memory": memory})
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.work()
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    if not deal_tells:
        path = f"/hubspot/objects/{PORTAL}/deals/{deal_id}"
        harness.ask_sandbox("PATCH", path, {"properties": {"qbo_invoice_id": ""}})

    harness.pass_time(timedelta(hours=2))
    restore(harness)
    harness.work()

    assert harness.invoices_of(deal_id) == [invoice]
    assert len(harness.creates("invoice")) == 1
    assert harness.callback(callback_id).outputs["invoiceId"] == invoice["Id"]
    assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    assert harness.refusals() == []


def test_another_one_was_asked_for(harness: Harness) -> None:
    """Two invoices of one deal: each callback finds its own."""
    harness.connect()
    deal_id = harness.another_deal()
    first = harness.enroll(deal_id)
    second = harness.enroll(deal_id, {"existingInvoice": "create_another"})
    harness.work()
    older, newer = harness.invoices_of(deal_id)

    harness.pass_time(timedelta(hours=2))
    restore(harness)
    harness.work()

    assert harness.invoices_of(deal_id) == [older, newer]
    assert harness.callback(second).outputs["invoiceId"] == newer["Id"]
    assert harness.callback(first).outcome == "SUCCESS"
    assert harness.deal(deal_id)["qbo_invoice_count"] in ("1", "2")
    assert harness.refusals() == []
