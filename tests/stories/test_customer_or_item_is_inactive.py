"""Somebody made the customer or the item inactive in QuickBooks: said clearly, and forgotten by us."""

from __future__ import annotations

from tests.harness import Harness


def test_customer_inactive_before_we_know_it(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.act("deactivate", id="1")
    before = harness.counts()

    callback_id = harness.enroll(deal_id)
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "CUSTOMER_INACTIVE")
    assert "Amy's Bird Sanctuary" in sentence
    assert harness.counts() == before
    assert harness.refusals() == []


def test_customer_inactive_after_we_remembered_it(harness: Harness) -> None:
    """Whatever code QuickBooks gives, the author hears the same; active again, the same action works."""
    harness.connect()
    harness.enroll(harness.story("one-line"))
    harness.work()
    for code in ("610", "6250", "2500"):
        harness.set_sandbox(quickbooks={"inactive_customer_code": code})
        harness.act("deactivate", id="1")
        deal_id = harness.another_deal()
        callback_id = harness.enroll(deal_id)
        harness.work()
        harness.assert_refused(callback_id, deal_id, "CUSTOMER_INACTIVE")
        assert harness.invoices_of(deal_id) == []

        harness.act("reactivate", id="1")
        again = harness.enroll(deal_id)
        harness.work()
        harness.assert_invoiced_once(again, deal_id)
    assert harness.refusals() == []


def test_customer_merged_into_another_after_we_remembered_it(harness: Harness) -> None:
    """The remembered id is dead: looked up once more, and the one that was kept is billed."""
    harness.connect()
    harness.enroll(harness.story("one-line"))
    harness.work()
    harness.act("edit", kind="Customer", id="2", changes={"PrimaryEmailAddr": {"Address": "Birds@intuit.com"}})
    harness.act("merge_customers", keep_id="2", lose_id="1")
    deal_id = harness.another_deal()

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert harness.assert_invoiced_once(callback_id, deal_id)["CustomerRef"]["value"] == "2"
    assert harness.refusals() == []


def test_customer_merged_while_the_create_waited(harness: Harness) -> None:
    """The create was turned away by an outage; when it goes out again, its customer is gone."""
    harness.connect()
    harness.enroll(harness.story("one-line"))
    harness.work()
    deal_id = harness.another_deal()
    harness.trouble("lose_request", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    harness.act("edit", kind="Customer", id="2", changes={"PrimaryEmailAddr": {"Address": "Birds@intuit.com"}})
    harness.act("merge_customers", keep_id="2", lose_id="1")
    harness.finish()

    assert harness.assert_invoiced_once(callback_id, deal_id)["CustomerRef"]["value"] == "2"
    assert harness.refusals() == []


def test_item_inactive_before_we_know_it(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("inactive-product")
    before = harness.counts()

    for policy in ("create", "fail"):
        callback_id = harness.enroll(deal_id, {"itemNotFound": policy})
        harness.work()
        assert "Fertilizer" in harness.assert_refused(callback_id, deal_id, "ITEM_INACTIVE")
    assert harness.counts() == before
    callback_id = harness.enroll(deal_id, {"itemNotFound": "default_item"})
    harness.work()
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Services"
    assert harness.refusals() == []


def test_item_inactive_after_we_remembered_it(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    harness.act("deactivate", kind="Item", id="4")

    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, {"itemNotFound": "fail"})
    harness.work()
    assert "Design" in harness.assert_refused(callback_id, deal_id, "ITEM_INACTIVE")
    assert harness.invoices_of(deal_id) == []

    harness.act("reactivate", kind="Item", id="4")
    again = harness.enroll(deal_id, {"itemNotFound": "fail"})
    harness.work()
    harness.assert_invoiced_once(again, deal_id)
    assert harness.refusals() == []
