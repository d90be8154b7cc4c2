"""CRM objects: what can be read and written, and what is refused. Contract 4.2 to 4.7."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot_caller import DEALS, Caller

LINES = "/crm/objects/2026-03/line_items"
INVOICES = "/crm/objects/2026-03/invoices"
NEW_DEAL = {"dealname": "New", "dealstage": "closedwon"}


def test_a_deal_is_read_with_what_was_asked_for(hubspot: Caller) -> None:
    deal = hubspot.story("three-lines")
    said = hubspot.get(f"{DEALS}/{deal}?properties=dealname,amount,nonsense&associations=contacts,line_items").json
    assert said["id"] == deal
    assert said["properties"]["dealname"] == "Windsurf shop forecourt"
    assert said["properties"]["amount"] == "440"
    assert "nonsense" not in said["properties"]
    assert {"createdate", "hs_lastmodifieddate", "hs_object_id"} < set(said["properties"])
    assert len(said["associations"]["line items"]["results"]) == 3
    assert said["associations"]["contacts"]["results"][0]["type"] == "deal_to_contact"
    assert said["archived"] is False
    assert hubspot.get(f"/crm/objects/2026-03/0-3/{deal}").json["id"] == deal
    assert hubspot.refusals == []


def test_create_change_delete(hubspot: Caller) -> None:
    made = hubspot.post(DEALS, {"properties": NEW_DEAL | {"amount": "12.50"}, "associations": []})
    assert made.status_code == 201
    path = f"{DEALS}/{made.json['id']}"
    before = made.json["updatedAt"]
    changed = hubspot.patch(path, {"properties": {"amount": "", "closedate": "2026-12-24"}})
    assert changed.status_code == 200
    assert changed.json["properties"]["amount"] is None
    assert changed.json["properties"]["closedate"] == "2026-12-24T00:00:00.000Z"
    assert changed.json["updatedAt"] >= before
    assert changed.json["properties"]["hs_lastmodifieddate"] == changed.json["updatedAt"]
    assert hubspot.call("DELETE", path).status_code == 204
    gone = hubspot.get(path)
    assert (gone.status_code, gone.json["category"]) == (404, "OBJECT_NOT_FOUND")
    assert hubspot.get(f"{path}?archived=true").json["archived"] is True
    assert hubspot.patch(path, {"properties": {"amount": "1"}}).status_code == 404
    assert hubspot.refusals == []


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"amount": "12,50"}, "INVALID_NUMBER"),
        ({"amount": " 12"}, "INVALID_WHITESPACE"),
        ({"amount": "NaN"}, "INVALID_NUMBER"),
        ({"qbo_invoice_id": "145"}, "PROPERTY_DOESNT_EXIST"),
        ({"dealstage": "won"}, "INVALID_OPTION"),
        ({"closedate": "yesterday"}, "INVALID_DATE"),
        ({"hs_lastmodifieddate": "2026-01-01T00:00:00Z"}, "READ_ONLY_VALUE"),
        ({"description": "x" * 65_537}, "STRING_TOO_LONG"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(hubspot: Caller, properties: dict[str, Any], code: str) -> None:
    answer = hubspot.patch(f"{DEALS}/{hubspot.story('one-line')}", {"properties": properties})
    assert answer.status_code == 400
    assert answer.json["category"] == "VALIDATION_ERROR"
    assert answer.json["errors"][0]["code"] == code
    assert answer.json["errors"][0]["context"] == {"propertyName": list(properties)}
    assert len(hubspot.refusals) == 1


@pytest.mark.parametrize("value", [12, 12.5, True, ["x"], {"a": 1}])
def test_a_value_that_is_no_string_is_refused(hubspot: Caller, value: Any) -> None:
    answer = hubspot.patch(f"{DEALS}/{hubspot.story('one-line')}", {"properties": {"amount": value}})
    assert (answer.status_code, answer.json["category"]) == (400, "VALIDATION_ERROR")
    assert "must be a string" in hubspot.refusals[0]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"{DEALS}/9100000001", {"properties": {}, "extra": 1}),
        ("PATCH", f"{DEALS}/9100000001", [1]),
        ("PATCH", f"{DEALS}/9100000001", None),
        ("GET", f"{DEALS}/9100000001?expand=lines", None),
        ("GET", f"{DEALS}?limit=101", None),
        ("GET", "/crm/objects/2026-03/unicorns/1", None),
        ("GET", "/crm/objects/2026-09/deals/1", None),
        ("GET", "/crm/v3/objects/deals/9100000001", None),
        ("PUT", f"{DEALS}/9100000001", {"properties": {}}),
        ("POST", DEALS, {"properties": {"dealname": "No stage"}}),
        ("POST", "/crm/2026-03/associations/deals/line_items/batch/read", {"inputs": [{"id": "1"}]}),
        ("POST", "/crm/objects/2026-03/products/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}),
        ("POST", f"{LINES}", {"properties": {"name": "x", "price": "-5"}}),
        ("POST", f"{LINES}", {"properties": {"name": "x", "amount": "5"}}),
        ("POST", f"{LINES}", {"properties": {"name": "x", "hs_recurring_billing_number_of_payments": "x"}}),
    ],
)
def test_what_no_documented_client_sends_is_refused(hubspot: Caller, method: str, path: str, body: Any) -> None:
    assert hubspot.call(method, path, body).status_code in (400, 404)
    assert len(hubspot.refusals) == 1


def test_other_content_types_are_refused(hubspot: Caller) -> None:
    answer = hubspot.call(
        "POST", DEALS, data="dealname=x", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 415
    assert hubspot.refusals
    broken = hubspot.call("POST", DEALS, data="{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400


def test_formats_are_kept_as_hubspot_keeps_them(hubspot: Caller) -> None:
    hubspot.post(
        "/crm/properties/2026-03/deals",
        {"groupName": "dealinformation", "name": "due", "label": "Due", "type": "date", "fieldType": "date"},
    )
    path = f"{DEALS}/{hubspot.story('one-line')}"
    said = hubspot.patch(path, {"properties": {"due": "1761264000000", "closedate": "1790000001000"}}).json
    assert said["properties"]["due"] == "2025-10-24"
    assert said["properties"]["closedate"] == "2026-09-21T14:13:21.000Z"
    assert hubspot.patch(path, {"properties": {"due": "1761264000001"}}).status_code == 400
    assert hubspot.patch(path, {"properties": {"due": None}}).json["properties"]["due"] is None


def test_line_items_are_calculated(hubspot: Caller) -> None:
    made = hubspot.post(LINES, {"properties": {"name": "Lamp", "price": "15", "quantity": "10", "discount": "5"}}).json
    assert made["properties"]["amount"] == "100.00"
    assert made["properties"]["hs_pre_discount_amount"] == "150.00"
    assert made["properties"]["hs_total_discount"] == "50.00"
    product = hubspot.world.hubspot.portals[hubspot.portal_id].objects["products"]
    design = next(known for known in product.values() if known.properties["name"] == "Design")
    copied = hubspot.post(LINES, {"properties": {"hs_product_id": design.id, "quantity": "2"}}).json
    assert (copied["properties"]["name"], copied["properties"]["amount"]) == ("Design", "150.00")
    assert copied["properties"]["hs_sku"] == "DESIGN"


def test_pages_of_a_list(hubspot: Caller) -> None:
    seen: list[str] = []
    path = f"{DEALS}?limit=17"
    while path:
        page = hubspot.get(path).json
        seen += [each["id"] for each in page["results"]]
        path = f"{DEALS}?limit=17&after={page['paging']['next']['after']}" if "paging" in page else ""
    assert seen == sorted(set(seen))
    assert len(seen) == len(hubspot.world.hubspot.stories[hubspot.portal_id])


def test_merged_deals(hubspot: Caller) -> None:
    kept, gone = hubspot.story("one-line"), hubspot.story("returning")
    made = hubspot.post(f"{DEALS}/merge", {"primaryObjectId": kept, "objectIdToMerge": gone})
    assert (made.status_code, made.json["id"]) == (200, kept)
    assert hubspot.get(f"{DEALS}/{gone}").status_code == 404
    hubspot.world.hubspot.settings.merged_reads = "survivor"
    assert hubspot.get(f"{DEALS}/{gone}").json["id"] == kept
    hubspot.world.hubspot.settings.merge_keeps_primary_id = False
    third = hubspot.post(f"{DEALS}/merge", {"primaryObjectId": kept, "objectIdToMerge": hubspot.story("lost")}).json
    assert third["id"] not in (kept, gone)
    assert hubspot.get(f"{DEALS}/{gone}").json["id"] == third["id"]


def test_an_email_address_belongs_to_one_contact(hubspot: Caller) -> None:
    path = "/crm/objects/2026-03/contacts"
    twice = hubspot.post(path, {"properties": {"email": "BIRDS@Intuit.com"}})
    assert (twice.status_code, twice.json["category"]) == (409, "CONFLICT")
    found = hubspot.get(f"{path}/birds@intuit.com?idProperty=email&properties=firstname").json
    assert found["properties"]["firstname"] == "Amy"
    assert "lastmodifieddate" in found["properties"]
    assert hubspot.refusals == []
    assert hubspot.get(f"{path}/Amy?idProperty=firstname").status_code == 400


def test_an_invoice_is_a_mirror_or_a_real_one(hubspot: Caller) -> None:
    deal = hubspot.story("one-line")
    kinds = [{"to": {"id": deal}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 175}]}]
    values = {
        "hs_currency": "USD",
        "hs_invoice_billable": "false",
        "hs_invoice_status": "open",
        "hs_number": "1042",
        "hs_invoice_date": "2026-11-22",
        "hs_due_date": "2026-12-22",
    }
    made = hubspot.post(INVOICES, {"properties": values, "associations": kinds})
    assert made.status_code == 201
    joined = hubspot.get(f"{DEALS}/{deal}?associations=invoices").json["associations"]
    assert joined["invoices"]["results"] == [{"id": made.json["id"], "type": "deal_to_invoice"}]
    assert hubspot.call("DELETE", f"{INVOICES}/{made.json['id']}").status_code == 400
    billable = hubspot.post(INVOICES, {"properties": values | {"hs_invoice_billable": "true"}})
    assert billable.status_code == 400
    hidden = hubspot.patch(f"{INVOICES}/{made.json['id']}", {"properties": {"hs_invoice_link": "https://x"}})
    assert hidden.json["errors"][0]["code"] == "READ_ONLY_VALUE"
    assert hubspot.refusals == []
    wrong = [{"to": {"id": deal}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 176}]}]
    assert hubspot.post(INVOICES, {"properties": values, "associations": wrong}).status_code == 400
    assert hubspot.refusals


def test_a_note_needs_its_time(hubspot: Caller) -> None:
    path, deal = "/crm/objects/2026-03/notes", hubspot.story("one-line")
    kinds = [{"to": {"id": deal}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}]}]
    note = {"hs_timestamp": "2026-11-22T12:00:00Z", "hs_note_body": "<p>Payment of $500.00 received</p>"}
    assert hubspot.post(path, {"properties": note, "associations": kinds}).status_code == 201
    assert hubspot.post(path, {"properties": {"hs_note_body": "x"}}).json["errors"][0]["code"] == "REQUIRED_FIELD"


def test_payments_are_closed_unless_the_portal_takes_them(hubspot: Caller) -> None:
    path = "/crm/objects/2026-03/commerce_payments"
    assert hubspot.get(path).status_code == 403
    hubspot.world.hubspot.settings.commerce_payments = True
    assert hubspot.get(path).json == {"results": []}


def test_missing_scopes_are_named(hubspot: Caller) -> None:
    hubspot.control(f"portals/{hubspot.portal_id}/scopes", {"scopes": ["oauth", "crm.objects.deals.read"]})
    path = f"{DEALS}/{hubspot.story('one-line')}"
    assert hubspot.get(path).status_code == 200
    denied = hubspot.patch(path, {"properties": {"amount": "1"}})
    assert (denied.status_code, denied.json["category"]) == (403, "MISSING_SCOPES")
    assert denied.json["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.deals.write"]


def test_a_human_changes_what_the_api_would_not(hubspot: Caller) -> None:
    made = hubspot.control(
        "objects",
        {
            "portal_id": hubspot.portal_id,
            "object_type": "deals",
            "properties": NEW_DEAL,
            "associations": {
                "line_items": [{"properties": {"name": "Back", "price": "-5", "quantity": "1"}}],
                "contacts": [{"properties": {"email": "new@example.com"}}],
            },
        },
    )
    assert hubspot.get(f"{LINES}/{made['line_items'][0]}?properties=amount").json["properties"]["amount"] == "-5.00"
    place = f"objects/{hubspot.portal_id}/deals/{made['id']}"
    hubspot.control(place, {"properties": {"amount": "7"}}, "PATCH")
    assert hubspot.control(place)["properties"]["amount"] == "7"
    hubspot.control(place, None, "DELETE")
    assert hubspot.get(f"{DEALS}/{made['id']}").status_code == 404
    assert hubspot.get(f"{LINES}/{made['line_items'][0]}").status_code == 404
