"""A person buys for a company: the person's customer stands below the company's, made where it is missing."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import InputInvalid
from service.ids import DealId
from service.workflows.preview_invoice import preview_invoice
from tests.harness import PORTAL, REALM, Harness

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


def test_previewed_as_it_will_be(harness: Harness) -> None:
    """Whom the new customer stands below, both bodies, and the same refusal; nothing is made."""
    harness.connect()
    deal_id = deal_with_company(harness)
    before = harness.counts()

    def preview(**inputs: str) -> dict[str, Any]:
        made: dict[str, Any] = preview_invoice(harness.services, PORTAL, REALM, DealId(deal_id), inputs)["customer"]
        return made

    below = preview(parentCustomer="primary_company")
    assert (below["name"], below["parent"]["name"]) == ("Ada Below", "Above Ltd")
    assert below["body"]["ParentRef"] == {"value": below["parent"]["id"]} == {"value": "(to be created)"}
    assert below["parent"]["body"]["DisplayName"] == "Above Ltd"
    assert below["body"]["Taxable"] is below["parent"]["body"]["Taxable"] is True
    chosen = preview(parentCustomer="chosen", parentCustomerId="2")
    assert (chosen["parent"]["id"], chosen["body"]["ParentRef"]) == ("2", {"value": "2"})
    assert "parent" not in preview()
    with pytest.raises(InputInvalid, match="parentCustomerId"):
        preview(parentCustomer="chosen")
    assert harness.counts() == before
    harness.enroll(deal_id, {"parentCustomer": "primary_company"})
    harness.work()
    made = named(harness, "Ada Below")
    assert {name: made[name] for name in below["body"] if name != "ParentRef"} == {
        name: value for name, value in below["body"].items() if name != "ParentRef"
    }
    assert "body" not in preview(parentCustomer="chosen"), "known by now: nobody asks for a parent"
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
