"""A product of the deal is no item in QuickBooks: the action says what happens then."""

from __future__ import annotations

import json
from typing import Any

from tests.harness import Harness


def item_names(invoice: dict[str, Any]) -> list[str]:
    lines = [each for each in invoice["Line"] if each["DetailType"] == "SalesItemLineDetail"]
    return [each["SalesItemLineDetail"]["ItemRef"]["name"] for each in lines]


def test_default_item_of_the_realm(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("unknown-product")

    callback_id = harness.enroll(deal_id, {"itemNotFound": "default_item"})
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert item_names(invoice) == ["Services"]
    assert "Koi Pond Starter Kit" in invoice["Line"][0]["Description"]
    assert harness.refusals() == []


def test_default_item_of_the_action(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("unknown-product")

    callback_id = harness.enroll(deal_id, {"defaultItemId": "6"})
    harness.work()

    assert item_names(harness.assert_invoiced_once(callback_id, deal_id)) == ["Gardening"]
    assert harness.refusals() == []


def test_no_default_item_anywhere(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(preferences={"OtherPrefs": {"NameValue": []}})
    deal_id = harness.story("unknown-product")

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert "defaultItemId" in harness.assert_refused(callback_id, deal_id, "NO_DEFAULT_ITEM")
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_create_it_once(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("unknown-product")

    harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.enroll(deal_id, {"itemNotFound": "create", "existingInvoice": "create_another"})
    harness.work()

    assert [item_names(each) for each in harness.invoices_of(deal_id)] == [["Koi Pond Starter Kit"]] * 2
    (item,) = [each for each in harness.books("Item") if each["Name"] == "Koi Pond Starter Kit"]
    assert (item["Sku"], item["UnitPrice"], item["Type"]) == ("KOI-KIT-9", 640, "Service")
    assert len(harness.creates("item")) == 1
    assert harness.refusals() == []


def test_fail_and_nothing_is_made(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("unknown-product")
    before = harness.counts()

    callback_id = harness.enroll(deal_id, {"itemNotFound": "fail"})
    harness.work()

    sentence = harness.assert_refused(callback_id, deal_id, "ITEM_NOT_FOUND")
    assert "Koi Pond Starter Kit" in sentence
    after = harness.counts()
    assert (after["Invoice"], after["Item"]) == (before["Invoice"], before["Item"])
    assert harness.refusals() == []


def test_item_created_by_somebody_meanwhile(harness: Harness) -> None:
    """Our create meets the same name (6240): theirs is used."""
    harness.connect()
    deal_id = harness.story("unknown-product")
    other = harness.make_deal(
        [{"name": "Koi Pond Starter Kit", "price": "600", "quantity": "1"}], harness.contact_of(deal_id)
    )
    harness.enroll(other, {"itemNotFound": "create"})
    harness.work()
    # By its SKU it cannot be found, and our look by name sees nothing.
    found = [{"bId": "0", "QueryResponse": {}}, {"bId": "1", "QueryResponse": {}}]
    found.append({"bId": "2", "QueryResponse": {"Account": [{"Id": "79"}]}})
    answer = json.dumps({"BatchItemResponse": found})
    harness.trouble("status", r"/batch", vendor="quickbooks", status=200, answer=answer)

    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.work()

    assert item_names(harness.assert_invoiced_once(callback_id, deal_id)) == ["Koi Pond Starter Kit"]
    assert [each["Name"] for each in harness.books("Item")].count("Koi Pond Starter Kit") == 1
    assert len(harness.creates("item")) == 2
    assert harness.refusals() == []


def test_bundle_is_not_sold_as_an_item(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("bundle")
    callback_id = harness.enroll(deal_id, {"itemNotFound": "fail"})
    harness.work()
    harness.assert_refused(callback_id, deal_id, "ITEM_NOT_FOUND")

    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.work()
    assert harness.callback(callback_id).outcome == "FAIL_CONTINUE"
    assert harness.invoices() == []

    callback_id = harness.enroll(deal_id)
    harness.work()
    assert item_names(harness.assert_invoiced_once(callback_id, deal_id)) == ["Services"]
    assert harness.refusals() == []
