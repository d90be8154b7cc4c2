"""Deals full of products that QuickBooks has never seen: one call finds all, and few make them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness import Harness


def deal_of(harness: Harness, count: int, *, with_skus: bool = True) -> str:
    lines = [
        {"name": f"Part {number}", "price": "2", "quantity": "1", **({"hs_sku": f"P-{number}"} if with_skus else {})}
        for number in range(count)
    ]
    return harness.make_deal(lines, harness.contact_of(harness.story("one-line")))


def calls(harness: Harness, since: int) -> list[str]:
    found = harness.calls("quickbooks")[since:]
    return [f"{each['method']} {each['path'].rpartition('/')[2]}" for each in found]


def sold(invoice: dict[str, Any]) -> list[str]:
    return [each["SalesItemLineDetail"]["ItemRef"]["name"] for each in invoice["Line"] if "LineNum" in each]


@pytest.mark.parametrize(
    ("count", "policy", "expected"),
    [
        (10, "default_item", ["POST batch", "POST invoice"]),
        (120, "default_item", ["POST batch", "POST invoice"]),
        (1, "create", ["POST batch", "POST item", "POST invoice"]),
        (10, "create", ["POST batch", "POST batch", "POST invoice"]),
        (120, "create", ["POST batch", *["POST batch"] * 4, "POST invoice"]),
    ],
)
def test_calls_of_a_deal_of_unknown_products(harness: Harness, count: int, policy: str, expected: list[str]) -> None:
    """Before: 2 and 4 queries, and one call for each item."""
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deal_id = deal_of(harness, count)
    since = len(harness.calls("quickbooks"))

    callback_id = harness.enroll(deal_id, {"itemNotFound": policy})
    harness.work()

    assert calls(harness, since) == expected
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    names = [f"Part {number}" if policy == "create" else "Services" for number in range(count)]
    assert sorted(sold(invoice)) == sorted(names)
    again = harness.enroll(deal_id, {"itemNotFound": policy, "existingInvoice": "create_another"})
    harness.work()
    # What was created is known; what no item was found for is looked for again.
    looked = [] if policy == "create" else ["POST batch"]
    assert calls(harness, since + len(expected)) == [*looked, "POST invoice"]
    assert sold(harness.assert_invoiced(again, deal_id)) == sold(invoice)
    assert harness.refusals() == []


def test_one_kind_of_question_is_a_plain_query(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    deal_id = deal_of(harness, 10, with_skus=False)
    since = len(harness.calls("quickbooks"))

    harness.enroll(deal_id)
    harness.work()

    assert calls(harness, since) == ["GET query", "POST invoice"]
    assert harness.refusals() == []


def test_an_unknown_customer_costs_one_query(harness: Harness) -> None:
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"}
    harness.enroll(harness.make_deal([line], harness.contact_of(harness.story("one-line"))))
    harness.work()
    for person, made in (({"email": "consulting@intuit.com", "lastname": "X"}, []), ({"email": "z@new.example"}, [1])):
        deal_id = harness.make_deal([line], person)
        since = len(harness.calls("quickbooks"))
        callback_id = harness.enroll(deal_id)
        harness.work()
        harness.assert_invoiced_once(callback_id, deal_id)
        assert calls(harness, since) == ["POST batch", *["POST customer" for _ in made], "POST invoice"]
    assert harness.refusals() == []


def test_asked_singly_when_the_minute_has_no_batch_left(harness: Harness) -> None:
    harness.connect()
    harness.enroll(harness.another_deal())
    harness.work()
    batches = harness.services.pacing._scope("batch:9341450000000001").slots
    while batches.wait_for(harness.clock.monotonic()) == 0:
        batches.book(harness.clock.monotonic(), 0)
    deal_id = deal_of(harness, 3)
    since = len(harness.calls("quickbooks"))

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert calls(harness, since) == ["GET query", "GET query", "POST invoice"]
    assert harness.refusals() == []


@pytest.mark.parametrize("skip", [0, 1])
def test_items_are_made_once_though_the_answer_is_lost(harness: Harness, skip: int) -> None:
    """Their names are looked up before any of them is sent again."""
    harness.connect()
    deal_id = deal_of(harness, 40)
    harness.trouble("lose_answer", r"/batch", vendor="quickbooks", body='"operation": ?"create"', skip=skip)

    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.finish()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert sorted(sold(invoice)) == sorted(f"Part {number}" for number in range(40))
    assert sum(each["Name"].startswith("Part ") for each in harness.books("Item")) == 40
    assert harness.refusals() == []


def test_items_are_made_once_though_the_first_try_is_still_under_way(harness: Harness) -> None:
    """Our look comes too early and sees none of them: the names are taken when they are sent again."""
    harness.connect()
    deal_id = deal_of(harness, 3)
    harness.trouble("lose_answer", r"/batch", vendor="quickbooks", body='"operation": ?"create"')
    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.work()
    unseen = [{"bId": str(at), "QueryResponse": {}} for at in range(2)]
    unseen.append({"bId": "2", "QueryResponse": {"Account": [{"Id": "79"}]}})
    answer = json.dumps({"BatchItemResponse": unseen})
    harness.trouble("status", r"/batch", vendor="quickbooks", status=200, answer=answer)
    harness.finish()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert sorted(sold(invoice)) == ["Part 0", "Part 1", "Part 2"]
    assert sum(each["Name"].startswith("Part ") for each in harness.books("Item")) == 3
    assert harness.refusals() == []


def test_one_item_of_several_cannot_be_made(harness: Harness) -> None:
    """The author hears of that one; the others are there, and known when the deal comes again."""
    harness.connect()
    names = ("Part 0", "Fountain, installed", "Part 2")
    lines = [{"name": name, "price": "2", "quantity": "1"} for name in names]
    deal_id = harness.make_deal(lines, harness.contact_of(harness.story("one-line")))

    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.work()

    assert "rename" in harness.assert_refused(callback_id, deal_id, "ITEM_NOT_FOUND")
    assert sorted(each["Name"] for each in harness.books("Item") if "Part" in each["Name"]) == ["Part 0", "Part 2"]
    since = len(harness.calls("quickbooks"))
    again = harness.enroll(deal_id)
    harness.work()
    assert sold(harness.assert_invoiced_once(again, deal_id)) == ["Part 0", "Services", "Part 2"]
    # One name is unknown, and the customer is known by now: no batch.
    assert calls(harness, since) == ["GET query", "POST invoice"]
    assert harness.refusals() == []
