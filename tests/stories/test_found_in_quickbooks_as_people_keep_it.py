"""Customers with jobs below them, items in categories, bundles, namesakes: the one that is meant is found."""

from __future__ import annotations

from typing import Any

from tests.harness import Harness

LINE = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"}
MAIL = {"PrimaryEmailAddr": {"Address": "jane@acme.example"}}


def bill(harness: Harness, deal_id: str, **inputs: str) -> dict[str, Any]:
    callback_id = harness.enroll(deal_id, inputs)
    harness.work()
    return harness.assert_invoiced_once(callback_id, deal_id)


def sold(invoice: dict[str, Any]) -> list[str]:
    return [each["SalesItemLineDetail"]["ItemRef"]["value"] for each in invoice["Line"] if "LineNum" in each]


def customer(harness: Harness, name: str, **fields: Any) -> str:
    return str(harness.act("create_customer", name=name, fields={**MAIL, **fields})["Id"])


def test_the_customer_and_not_an_older_job_below_another(harness: Harness) -> None:
    harness.connect()
    customer(harness, "Kitchen", Job=True, ParentRef={"value": "2"})
    main = customer(harness, "Acme")
    customer(harness, "Acme again")

    deal_id = harness.make_deal([LINE], {"lastname": "Doe", "email": "jane@acme.example"})

    assert bill(harness, deal_id)["CustomerRef"]["value"] == main
    assert harness.refusals() == []


def test_the_one_who_has_the_address_is_inactive_and_another_has_the_name(harness: Harness) -> None:
    harness.connect()
    harness.act("deactivate", id=customer(harness, "Acme"))
    named = str(harness.act("create_customer", name="Jane Doe")["Id"])

    deal_id = harness.make_deal([LINE], {"firstname": "Jane", "lastname": "Doe", "email": "jane@acme.example"})

    assert bill(harness, deal_id)["CustomerRef"]["value"] == named
    assert harness.refusals() == []


def test_quickbooks_does_not_filter_by_address(harness: Harness) -> None:
    """Not documented anywhere that it does: the name still finds the customer."""
    harness.connect()
    harness.set_sandbox(quickbooks={"email_filter": "4001"})
    deal_id = harness.make_deal([LINE], {"lastname": "Bill's Windsurf Shop", "email": "bill@elsewhere.example"})

    assert bill(harness, deal_id)["CustomerRef"]["value"] == "2"


def test_an_item_in_a_category(harness: Harness) -> None:
    harness.connect()
    folder = harness.act("edit", kind="Item", id="18", changes={"Name": "Landscaping", "Type": "Service"})
    below = {"Name": "Sod", "Type": "Service", "ParentRef": {"value": folder["Id"]}, "SubItem": True}
    harness.act("edit", kind="Item", id="14", changes=below)
    line = {"name": "Landscaping:Sod", "price": "15", "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")))

    assert sold(bill(harness, deal_id, itemNotFound="fail")) == ["14"]
    assert harness.refusals() == []


def test_a_bundle_with_the_sku_of_an_item_does_not_hide_it(harness: Harness) -> None:
    harness.connect()
    realm = harness.world.quickbooks.realm("9341450000000001")
    with realm.lock:
        realm.put("Item", {**realm.shelves["Item"].rows["19"], "Id": "0", "Sku": "PUMP"})
    line = {"name": "Something else", "hs_sku": "PUMP", "price": "15", "quantity": "2"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")))

    assert sold(bill(harness, deal_id, itemNotFound="fail")) == ["11"]
    assert harness.refusals() == []


def test_two_products_of_one_name_are_two_items(harness: Harness) -> None:
    harness.connect()
    lines = [{"name": "Chair", "hs_sku": sku, "price": "40", "quantity": "1"} for sku in ("CH-RED", "CH-BLUE")]
    contact = harness.contact_of(harness.story("one-line"))

    first = bill(harness, harness.make_deal(lines, contact), itemNotFound="create")

    made = {each["Sku"]: each for each in harness.books("Item") if each["Name"].startswith("Chair")}
    assert {sku: each["Name"] for sku, each in made.items()} == {"CH-RED": "Chair", "CH-BLUE": "Chair (CH-BLUE)"}
    assert sold(first) == [made["CH-RED"]["Id"], made["CH-BLUE"]["Id"]]
    again = bill(harness, harness.make_deal(lines[::-1], contact), itemNotFound="fail")
    assert sold(again) == [made["CH-BLUE"]["Id"], made["CH-RED"]["Id"]]
    assert harness.refusals() == []


def test_a_price_with_more_decimals_than_quickbooks_keeps(harness: Harness) -> None:
    harness.connect()
    line = {"name": "Seed, per grain", "price": "0.1234567", "quantity": "1000"}
    deal_id = harness.make_deal([line], harness.contact_of(harness.story("one-line")))

    assert bill(harness, deal_id, itemNotFound="create")["TotalAmt"] == 123.46
    (item,) = [each for each in harness.books("Item") if each["Name"] == "Seed, per grain"]
    assert item["UnitPrice"] == 0.12346
    assert harness.refusals() == []
