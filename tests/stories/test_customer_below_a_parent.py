"""A person buys for a company: the person's customer stands below the company's, made where it is missing."""

from __future__ import annotations

from typing import Any

from tests.harness import PORTAL, Harness

LINE = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}


def deal_with_company(harness: Harness) -> str:
    below: dict[str, Any] = {
        "line_items": [{"properties": LINE}],
        "contacts": [{"properties": {"firstname": "Ada", "lastname": "Below", "email": "ada@above.example"}}],
        "companies": [{"properties": {"name": "Above Ltd"}}],
    }
    asked = {"portal_id": PORTAL, "object_type": "deals", "properties": {"dealname": "x"}, "associations": below}
    return str(harness.ask_sandbox("POST", "/hubspot/objects", asked)["id"])


def named(harness: Harness, name: str) -> dict[str, Any]:
    (found,) = [each for each in harness.books("Customer") if each["DisplayName"] == name]
    return found


def test_below_the_deals_company(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_with_company(harness)
    for policy in ("return_it", "create_another"):
        callback_id = harness.enroll(deal_id, {"parentCustomer": "primary_company", "existingInvoice": policy})
        harness.work()
        invoice = harness.assert_invoiced(callback_id, deal_id)
        assert invoice["CustomerRef"]["value"] == named(harness, "Ada Below")["Id"]
    assert named(harness, "Ada Below")["ParentRef"]["value"] == named(harness, "Above Ltd")["Id"]
    assert harness.refusals() == []


def test_below_a_chosen_customer(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_with_company(harness)

    callback_id = harness.enroll(deal_id, {"parentCustomer": "chosen"})
    harness.work()
    assert "parentCustomerId" in harness.assert_refused(callback_id, deal_id, "INVALID_INPUT")
    callback_id = harness.enroll(deal_id, {"parentCustomer": "chosen", "parentCustomerId": "2"})
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert named(harness, "Ada Below")["ParentRef"]["value"] == "2"
    assert harness.refusals() == []


def test_company_itself_stands_below_nobody(harness: Harness) -> None:
    harness.connect()
    deal_id = deal_with_company(harness)

    callback_id = harness.enroll(deal_id, {"billTo": "primary_company", "parentCustomer": "primary_company"})
    harness.work()

    harness.assert_invoiced_once(callback_id, deal_id)
    assert "ParentRef" not in named(harness, "Above Ltd")
    assert harness.refusals() == []


def test_parent_merged_into_another_after_we_remembered_it(harness: Harness) -> None:
    """The next person of the company stands below whatever the company has become."""
    harness.connect()
    first = deal_with_company(harness)
    harness.enroll(first, {"billTo": "primary_company"})
    harness.work()
    other = harness.act("create_customer", name="Above (old)")
    above = named(harness, "Above Ltd")["Id"]
    harness.act("merge_customers", keep_id=other["Id"], lose_id=above)
    harness.act("rename_customer", customer_id=other["Id"], name="Above Ltd")

    callback_id = harness.enroll(first, {"parentCustomer": "primary_company", "existingInvoice": "create_another"})
    harness.work()

    harness.assert_invoiced(callback_id, first)
    assert named(harness, "Ada Below")["ParentRef"]["value"] == other["Id"]
    assert harness.refusals() == []
