"""The request never arrives, or the vendor fails before it has done anything."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness


def test_invoice_request_lost(harness: Harness) -> None:
    harness.connect()
    for kind in ("lose_request", "status"):
        deal_id = harness.another_deal()
        harness.trouble(kind, r"/invoice\?", method="POST", status=500)

        callback_id = harness.enroll(deal_id)
        harness.work()
        assert harness.invoices_of(deal_id) == []
        harness.finish()

        harness.assert_invoiced_once(callback_id, deal_id)
        first, second = harness.creates("invoice")[-2:]
        assert first["requestid"] == second["requestid"]
    assert harness.refusals() == []


def test_customer_and_item_are_not_made_twice(harness: Harness) -> None:
    harness.connect()
    troubles = [(kind, path) for kind in ("lose_request", "lose_answer", "late_status", "truncate") for path in "ci"]
    for number, (kind, path) in enumerate(troubles):
        deal_id = harness.make_deal(
            [{"name": f"Sundial {number}", "price": "80", "quantity": "1"}],
            {"firstname": "Una", "lastname": f"Newcomer {number}", "email": f"una{number}@example.com"},
        )
        harness.trouble(kind, {"c": r"/customer\?", "i": r"/item\?"}[path], method="POST", status=502)

        callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
        harness.finish()

        harness.assert_invoiced_once(callback_id, deal_id)
        customers = [each["DisplayName"] for each in harness.books("Customer")]
        assert [name for name in customers if name.startswith("Una")] == [
            f"Una Newcomer {n}" for n in range(number + 1)
        ]
        assert [each["Name"] for each in harness.books("Item")].count(f"Sundial {number}") == 1
    assert harness.refusals() == []


def test_hubspot_call_lost(harness: Harness) -> None:
    harness.connect()
    reads = ("deals/batch/read", "line_items/batch/read", "contacts/batch/read", "/associations/")
    for path in (*reads, r"/crm/[^?]*/deals/\d+\?", "/automation/"):
        for kind in ("lose_answer", "status"):
            deal_id = harness.another_deal()
            harness.trouble(kind, path, vendor="hubspot", status=502)

            callback_id = harness.enroll(deal_id)
            harness.finish()

            told = harness.hubspot_callback(callback_id)
            assert (told["execution_state"], told["effective_completions"]) == ("SUCCESS", 1), (kind, path)
            (invoice,) = harness.invoices_of(deal_id)
            assert harness.deal(deal_id)["qbo_invoice_id"] == invoice["Id"]
    assert len(harness.creates("invoice")) == 12
    assert harness.refusals() == []


def test_reads_that_make_no_sense(harness: Harness) -> None:
    """A page of the edge, half an answer or none at all to a read: asked again, and nothing is guessed."""
    harness.connect()
    known = {each["Id"] for each in harness.books("Customer")}
    for kind in ("html", "truncate", "garbage", "lose_answer"):
        met = (("/companyinfo/", ""), ("/preferences", ""), ("/batch", "from Customer"), ("/batch", "from Item"))
        for path, body in met:
            with harness.stores.database.write() as tx:
                tx.exec_driver_sql("DELETE FROM links")
            deal_id = harness.another_deal()
            harness.trouble(kind, path, vendor="quickbooks", body=body)

            callback_id = harness.enroll(deal_id)
            harness.finish()

            harness.assert_invoiced_once(callback_id, deal_id)
        harness.pass_time(timedelta(days=1))
    assert {each["Id"] for each in harness.books("Customer")} == known
    assert harness.refusals() == []
