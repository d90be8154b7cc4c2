"""Property definitions and groups. Contract 4.4."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot_caller import DEALS, Caller

PATH = "/crm/properties/2026-03/deals"
GROUP = {"name": "quickbooks_invoice", "label": "QuickBooks invoice", "displayOrder": -1}
STATUS: dict[str, Any] = {
    "groupName": "quickbooks_invoice",
    "name": "qbo_invoice_status",
    "label": "Invoice status",
    "type": "enumeration",
    "fieldType": "select",
    "options": [
        {"label": "Paid in full", "value": "paid", "displayOrder": 0, "hidden": False},
        {"label": "Overdue", "value": "overdue", "displayOrder": 1, "hidden": False},
    ],
    "formField": False,
}
AMOUNT = {"groupName": "quickbooks_invoice", "name": "qbo_invoice_amount", "label": "Amount", "type": "number",
          "fieldType": "number", "numberDisplayHint": "currency", "showCurrencySymbol": True}  # fmt: skip


def test_a_group_and_its_properties_come_to_be(hubspot: Caller) -> None:
    assert hubspot.post(f"{PATH}/groups", GROUP).status_code == 201
    again = hubspot.post(f"{PATH}/groups", GROUP)
    assert (again.status_code, again.json["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    made = hubspot.post(PATH, STATUS)
    assert made.status_code == 201
    assert made.json["modificationMetadata"]["readOnlyValue"] is False
    assert hubspot.post(PATH, STATUS).status_code == 409
    batch = hubspot.post(f"{PATH}/batch/create", {"inputs": [STATUS, AMOUNT]})
    assert batch.status_code == 207
    assert [each["name"] for each in batch.json["results"]] == ["qbo_invoice_amount"]
    read = hubspot.post(f"{PATH}/batch/read", {"archived": False, "inputs": [{"name": "amount"}, {"name": "none"}]})
    assert (read.status_code, len(read.json["results"])) == (207, 1)
    deal = f"{DEALS}/{hubspot.story('one-line')}"
    assert hubspot.patch(deal, {"properties": {"qbo_invoice_status": "paid"}}).status_code == 200
    assert hubspot.refusals == []
    assert hubspot.patch(deal, {"properties": {"qbo_invoice_status": "lost"}}).status_code == 400


def test_a_property_changes_and_goes(hubspot: Caller) -> None:
    hubspot.post(f"{PATH}/groups", GROUP)
    hubspot.post(PATH, STATUS)
    options = [*STATUS["options"], {"label": "Sent", "value": "sent", "displayOrder": 2, "hidden": False}]
    changed = hubspot.patch(f"{PATH}/qbo_invoice_status", {"options": options, "label": "State"})
    assert (changed.status_code, len(changed.json["options"]), changed.json["label"]) == (200, 3, "State")
    assert hubspot.call("DELETE", f"{PATH}/groups/quickbooks_invoice").status_code == 400
    assert hubspot.call("DELETE", f"{PATH}/qbo_invoice_status").status_code == 204
    assert hubspot.get(f"{PATH}/qbo_invoice_status").status_code == 404
    assert "qbo_invoice_status" in [each["name"] for each in hubspot.get(f"{PATH}?archived=true").json["results"]]
    assert hubspot.call("DELETE", f"{PATH}/groups/quickbooks_invoice").status_code == 204
    assert hubspot.patch(f"{PATH}/amount", {"label": "Mine"}).status_code == 400


def test_hubspots_own_properties_say_what_may_be_written(hubspot: Caller) -> None:
    known = {each["name"]: each for each in hubspot.get("/crm/properties/2026-03/invoices").json["results"]}
    assert known["hs_invoice_status"]["modificationMetadata"]["readOnlyValue"] is False
    assert known["hs_invoice_link"]["modificationMetadata"]["readOnlyValue"] is True
    assert known["hs_lastmodifieddate"]["modificationMetadata"]["readOnlyValue"] is True
    assert hubspot.get(f"{PATH}/groups").json["results"][0]["name"] == "dealinformation"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Has Spaces"},
        {"type": "money"},
        {"fieldType": "number"},
        {"groupName": "none"},
        {"options": []},
        {"options": [{"label": "x", "value": "x"}]},
        {"options": [{"label": "x", "value": 1, "displayOrder": 0, "hidden": False}]},
        {"hidden": "false"},
        {"colour": "red"},
        {"label": None},
    ],
)
def test_a_definition_that_breaks_the_description_is_refused(hubspot: Caller, change: dict[str, Any]) -> None:
    hubspot.post(f"{PATH}/groups", GROUP)
    assert hubspot.post(PATH, STATUS | change).status_code == 400
    assert len(hubspot.refusals) == 1


def test_ten_unique_properties_and_no_more(hubspot: Caller) -> None:
    for number in range(11):
        made = {**AMOUNT, "groupName": "dealinformation", "name": f"key_{number}", "hasUniqueValue": True}
        answer = hubspot.post(PATH, made)
    assert answer.status_code == 400
