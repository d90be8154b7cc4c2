import json
from decimal import Decimal

import pytest

from service.ids import ItemId, RealmId, RequestId
from service.quickbooks import items

REALM = RealmId("7")


def tell(intuit, *found, entity="Item"):
    intuit.tell(200, {"QueryResponse": {entity: list(found)} if found else {}})


def item(number, name, sku=None, **more):
    content = {"Id": number, "Name": name, "Type": "Service", "Active": True, **more}
    return content if sku is None else {**content, "Sku": sku}


def test_two_queries_find_all(intuit, gateway):
    tell(intuit, item("1", "Old", "GS-1", Active=False), item("2", "Seeds", "gs-1"), item("3", "Later", "GS-1"))
    tell(intuit, item("4", "O'Brien Design"), item("5", "Tools", Type="Category"))
    found = items.find_by_sku_and_name(gateway, REALM, ["GS-1", "", "GS-1"], ["O'Brien Design", "Tools"])
    assert [asked.params["query"] for asked in intuit.asked] == [
        "select *, Sku from Item where Sku in ('GS-1') and Active in (true, false) "
        "orderby Id startposition 1 maxresults 1000",
        r"select *, Sku from Item where Name in ('O\'Brien Design', 'Tools') and Active in (true, false) "
        "orderby Id startposition 1 maxresults 1000",
    ]
    assert found.find("gs-1", "whatever").id == "2"
    assert found.find("unknown", "o'brien DESIGN").id == "4"
    assert found.find(None, "O'Brien: Design") is not None
    assert found.find(None, "Tools") is None
    assert found.find(None, None) is None


def test_nothing_to_look_for_is_no_call(intuit, gateway):
    assert items.find_by_sku_and_name(gateway, REALM, ["", " "], []).find("x", "y") is None
    assert intuit.asked == []


def test_many_values_take_few_calls(intuit, gateway):
    for _ in range(3):
        tell(intuit)
    items.find_by_sku_and_name(gateway, REALM, [f"SKU-{number}" for number in range(250)], [])
    assert [asked.method for asked in intuit.asked] == ["GET", "GET", "GET"] or len(intuit.asked) == 3


def test_get_and_create(intuit, gateway):
    intuit.tell(200, {"Item": item("11", "Pump", UnitPrice=15, Taxable=True)})
    found = items.get(gateway, REALM, ItemId("11"))
    assert (found.unit_price, found.taxable, found.kind, found.active) == (Decimal(15), True, "Service", True)
    intuit.tell(200, {"Item": item("31", "Consulting")})
    body = items.item_body("Consulting: On\tsite", "1", sku="C-1", description=" Hour ", unit_price=Decimal("150.50"))
    assert items.create(gateway, REALM, body, RequestId("i-1")).id == "31"
    assert json.loads(intuit.asked[1].body) == {
        "Name": "Consulting On site",
        "Type": "Service",
        "IncomeAccountRef": {"value": "1"},
        "Sku": "C-1",
        "Description": "Hour",
        "UnitPrice": 150.5,
    }
    intuit.tell(400, {"Fault": {"Error": [{"code": "610"}], "type": "ValidationFault"}})
    assert items.get(gateway, REALM, ItemId("11")) is None


def test_body_keeps_the_limits():
    body = items.item_body("n" * 101, "1", sku="s" * 101, kind="NonInventory", description="d" * 4001)
    assert (len(body["Name"]), len(body["Sku"]), len(body["Description"])) == (100, 100, 4000)
    with pytest.raises(ValueError, match="name"):
        items.item_body(":", "1")


def test_income_account(intuit, gateway):
    tell(intuit, {"Id": "1"}, entity="Account")
    assert items.find_income_account(gateway, REALM) == "1"
    assert intuit.asked[0].params["query"] == (
        "select * from Account where AccountType = 'Income' and Active = true orderby Id startposition 1 maxresults 1"
    )
    tell(intuit, entity="Account")
    assert items.find_income_account(gateway, REALM) is None
