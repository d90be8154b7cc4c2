"""Somebody merged or deleted in QuickBooks what we remember: the next invoice goes to whom it should."""

from __future__ import annotations

from typing import Any

import pytest

from service.store.hints import Hint
from service.store.links import Link
from service.workflows.follow_merges import follow_merged_entity
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import state_of, turn_on

LINE = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"}
AGAIN = {"existingInvoice": "create_another"}


def bill(harness: Harness, deal_id: str, **inputs: str) -> dict[str, Any]:
    callback_id = harness.enroll(deal_id, {**AGAIN, **inputs})
    harness.work()
    return harness.assert_invoiced(callback_id, deal_id)


def delete(harness: Harness, kind: str, entity: dict[str, Any]) -> None:
    """As QuickBooks' pages do: inactive, and called so."""
    name = "DisplayName" if kind == "Customer" else "Name"
    renamed = {name: f"{entity[name]} (deleted)", **({} if kind == "Customer" else {"Type": entity["Type"]})}
    harness.act("edit", kind=kind, id=entity["Id"], changes=renamed)
    harness.act("deactivate", kind=kind, id=entity["Id"])


def named(harness: Harness, kind: str, name: str) -> list[dict[str, Any]]:
    return [each for each in harness.books(kind) if each.get("DisplayName", each.get("Name")) == name]


def test_merged_into_an_unlike_customer_and_nobody_told_us(harness: Harness) -> None:
    """One of its invoices says whose they are now; once learnt, an invoice costs one call again."""
    harness.connect()
    bill(harness, harness.story("one-line"))
    harness.act("merge_customers", keep_id="2", lose_id="1")
    deal_id = harness.another_deal()

    assert bill(harness, deal_id)["CustomerRef"]["value"] == "2"

    before = len(harness.calls("quickbooks"))
    assert bill(harness, harness.another_deal())["CustomerRef"]["value"] == "2"
    assert len(harness.calls("quickbooks")) - before == 1
    assert harness.refusals() == []


def test_merged_into_an_unlike_customer_and_quickbooks_told_us(harness: Harness) -> None:
    harness.connect()
    harness.subscribe()
    bill(harness, harness.another_deal())
    harness.act("merge_customers", keep_id="2", lose_id="1")
    harness.follow()

    before = len(harness.calls("quickbooks"))
    assert bill(harness, harness.another_deal())["CustomerRef"]["value"] == "2"
    assert len(harness.calls("quickbooks")) - before == 1
    assert harness.refusals() == []


def test_the_customer_of_a_merged_contact_is_updated_where_it_went(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    bill(harness, deal_id)
    harness.act("merge_customers", keep_id="2", lose_id="1")

    callback_id = harness.enroll(deal_id, {"existingCustomer": "leave_it"}, action="create-or-update-customer")
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["customerId"] == "2"
    assert harness.refusals() == []


@pytest.mark.parametrize("kind", ["MergedCustomer", "MergedItem"])
def test_merges_of_merges_in_any_order(harness: Harness, kind: str) -> None:
    harness.connect()
    links, now = harness.services.links, harness.clock.now()
    of = "company" if kind == "MergedCustomer" else "sku"
    links.keep(PORTAL, REALM, [Link(of, "a", "101", {"currency": None}), Link("x", "a", "101")], now)
    merges = [("102", "103"), ("101", "102")]
    harness.services.hints.hear(
        [Hint("quickbooks", REALM, kind, gone, frozenset({f"into:{heir}"})) for gone, heir in merges], now
    )
    harness.follow(hearing=False)
    assert links.find(PORTAL, REALM, of, ["a"])["a"] == Link(of, "a", "103", {"currency": None})
    assert links.find(PORTAL, REALM, "x", ["a"])["a"].entity_id == "101"


def test_an_items_heir_costs_no_call_more(harness: Harness) -> None:
    """How it is taxed is known when the next invoice is made."""
    harness.connect()
    deal_id = harness.make_deal([LINE], {"lastname": "Taxed"})
    bill(harness, deal_id)
    links, now = harness.services.links, harness.clock.now()
    links.keep(PORTAL, REALM, [Link("sku", "design", "101")], now)
    merged = Hint("quickbooks", REALM, "MergedItem", "101", frozenset({"into:13"}))
    harness.services.hints.hear([merged], now)
    harness.follow(hearing=False)

    deal_id = harness.make_deal([LINE], harness.contact_of(deal_id))
    before = len(harness.calls("quickbooks"))
    sold = [line["SalesItemLineDetail"]["ItemRef"]["value"] for line in bill(harness, deal_id)["Line"] if "Id" in line]
    assert sold == ["13"]
    assert len(harness.calls("quickbooks")) - before == 1


def test_the_sync_hears_of_the_merge_first(harness: Harness) -> None:
    """What keeps records in step forgets nothing that an invoice needs."""
    harness.connect()
    links = harness.services.links
    turn_on(harness, "contacts")
    links.keep(PORTAL, REALM, [Link("contact", "a", "101", {"currency": "USD"})], harness.clock.now())
    follow_merged_entity(harness.services, state_of(harness, "contacts"), "101", "103")
    assert links.find(PORTAL, REALM, "contact", ["a"])["a"] == Link("contact", "a", "103", {"currency": "USD"})


def test_customer_deleted_in_quickbooks_is_made_anew(harness: Harness) -> None:
    """Its request id is not that of the first one: QuickBooks would answer with the dead one again and again."""
    harness.connect()
    deal_id = harness.make_deal([LINE], {"firstname": "Ada", "lastname": "Gone"})
    first = bill(harness, deal_id)["CustomerRef"]["value"]
    delete(harness, "Customer", named(harness, "Customer", "Ada Gone")[0])

    second = bill(harness, deal_id)["CustomerRef"]["value"]

    assert second != first
    assert [each["Id"] for each in named(harness, "Customer", "Ada Gone")] == [second]
    assert harness.refusals() == []


def test_customer_deleted_between_its_birth_and_the_invoice(harness: Harness) -> None:
    """Within one callback: what was made for the refused draft is not asked for again."""
    harness.connect()
    deal_id = harness.make_deal([LINE], {"firstname": "Ada", "lastname": "Gone"})
    harness.trouble("lose_request", r"/invoice\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    delete(harness, "Customer", named(harness, "Customer", "Ada Gone")[0])
    harness.finish()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    assert [each["Id"] for each in named(harness, "Customer", "Ada Gone")] == [invoice["CustomerRef"]["value"]]
    assert harness.refusals() == []


@pytest.mark.parametrize("count", [1, 2])
def test_items_deleted_in_quickbooks_are_made_anew(harness: Harness, count: int) -> None:
    harness.connect()
    lines = [{"name": f"Koi {number}", "price": "9", "quantity": "1"} for number in range(count)]
    deal_id = harness.make_deal(lines, harness.contact_of(harness.story("one-line")))
    bill(harness, deal_id, itemNotFound="create")
    for line in lines:
        delete(harness, "Item", named(harness, "Item", line["name"])[0])

    invoice = bill(harness, deal_id, itemNotFound="create")

    sold = [each["SalesItemLineDetail"]["ItemRef"]["value"] for each in invoice["Line"] if "LineNum" in each]
    assert sold == [each["Id"] for line in lines for each in named(harness, "Item", line["name"])]
    assert harness.refusals() == []


def test_killed_after_the_customer_was_made_and_made_once(harness: Harness) -> None:
    """The answer to the create is lost, and our look does not see the customer yet: the same write is repeated."""
    harness.connect()
    deal_id = harness.make_deal([LINE], {"firstname": "Ada", "lastname": "Slow"})
    harness.trouble("lose_answer", r"/customer\?", method="POST")
    callback_id = harness.enroll(deal_id)
    harness.work()
    unseen = '{"QueryResponse": {}, "time": "2026-11-22T08:00:00.000-08:00"}'
    harness.trouble("status", r"/query\?.*Customer", vendor="quickbooks", status=200, answer=unseen)
    harness.finish()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert len({each["requestid"] for each in harness.creates("customer")}) == 1
    assert harness.replayed() == 1
    assert len(named(harness, "Customer", "Ada Slow")) == 1
    assert harness.refusals() == []
