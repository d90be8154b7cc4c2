"""Associations: types, paging, parents. Contract 4.1, 4.3, 4.5."""

from __future__ import annotations

from typing import Any

from hubspot_caller import Caller

READ = "/crm/associations/2026-03/{}/{}/batch/read"
CREATE = "/crm/associations/2026-03/{}/{}/batch/create"


def read(hubspot: Caller, start: str, end: str, *ids: str, **more: str) -> Any:
    return hubspot.post(READ.format(start, end), {"inputs": [{"id": each, **more} for each in ids]})


def test_the_lines_of_deals_are_read_in_one_call(hubspot: Caller) -> None:
    one, three, none = hubspot.story("one-line"), hubspot.story("three-lines"), hubspot.story("no-lines")
    answer = read(hubspot, "deals", "line_items", one, three, none)
    assert answer.status_code == 207
    lists = {row["from"]["id"]: row["to"] for row in answer.json["results"]}
    assert {deal: len(to) for deal, to in lists.items()} == {one: 1, three: 3}
    assert lists[one][0]["associationTypes"] == [{"category": "HUBSPOT_DEFINED", "typeId": 19, "label": None}]
    assert isinstance(lists[one][0]["toObjectId"], str)
    assert answer.json["errors"][0]["context"]["fromObjectId"] == [none]
    hubspot.world.hubspot.settings.association_ids = "number"
    hubspot.world.hubspot.settings.no_associations = "absent"
    again = read(hubspot, "0-3", "0-8", one, none)
    assert again.status_code == 200
    assert isinstance(again.json["results"][0]["to"][0]["toObjectId"], int)


def test_long_lists_are_paged(hubspot: Caller) -> None:
    hubspot.world.hubspot.settings.association_page = 50
    deal, seen, after = hubspot.story("many-lines"), [], None
    while True:
        more = {"after": after} if after else {}
        row = read(hubspot, "deals", "line_items", deal, **more).json["results"][0]
        seen += [to["toObjectId"] for to in row["to"]]
        if "paging" not in row:
            break
        after = row["paging"]["next"]["after"]
    assert len(seen) == len(set(seen)) == 120


def test_one_company_is_primary(hubspot: Caller) -> None:
    deal = hubspot.story("company-only")
    rows = read(hubspot, "deals", "companies", deal).json["results"][0]["to"]
    assert [(kind["typeId"], kind["label"]) for kind in rows[0]["associationTypes"]] == [(5, "Primary"), (341, None)]
    other = hubspot.make("companies", name="Second")
    path = f"/crm/objects/2026-03/deals/{deal}/associations/default/companies/{other}"
    assert hubspot.call("PUT", path).status_code == 200
    assert hubspot.call("PUT", path).status_code == 200
    listed = hubspot.get(f"/crm/objects/2026-03/deals/{deal}/associations/companies").json["results"]
    types = {row["toObjectId"]: [kind["typeId"] for kind in row["associationTypes"]] for row in listed}
    assert types[other] == [341]
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    body = {"inputs": [{"from": {"id": deal}, "to": {"id": other}, "types": spec}]}
    assert hubspot.post(CREATE.format("deals", "companies"), body).status_code == 201
    listed = hubspot.get(f"/crm/objects/2026-03/deals/{deal}/associations/companies").json["results"]
    types = {row["toObjectId"]: [kind["typeId"] for kind in row["associationTypes"]] for row in listed}
    assert types[other] == [5, 341]
    assert sum(5 in kinds for kinds in types.values()) == 1
    back = read(hubspot, "companies", "deals", other).json["results"][0]["to"][0]["associationTypes"]
    assert [kind["typeId"] for kind in back] == [6, 342]


def test_a_label_of_the_portals_own(hubspot: Caller) -> None:
    deal = hubspot.story("billing-contact")
    rows = read(hubspot, "deals", "contacts", deal).json["results"][0]["to"]
    labels = [[(kind["category"], kind["label"]) for kind in row["associationTypes"]] for row in rows]
    assert labels == [
        [("HUBSPOT_DEFINED", None)],
        [("HUBSPOT_DEFINED", None), ("USER_DEFINED", "Billing contact")],
    ]


def test_what_is_gone_is_named_and_what_is_wrong_is_refused(hubspot: Caller) -> None:
    deal, contact = hubspot.story("no-contact"), hubspot.make("contacts", email="x@example.com")
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    inputs = [
        {"from": {"id": deal}, "to": {"id": contact}, "types": spec},
        {"from": {"id": deal}, "to": {"id": "404"}, "types": spec},
    ]
    answer = hubspot.post(CREATE.format("deals", "contacts"), {"inputs": inputs})
    assert (answer.status_code, answer.json["numErrors"]) == (207, 1)
    assert hubspot.refusals == []
    inputs[0]["types"] = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}]
    assert hubspot.post(CREATE.format("deals", "contacts"), {"inputs": inputs}).status_code == 400
    assert hubspot.post(CREATE.format("deals", "products"), {"inputs": inputs}).status_code == 400
    many = [{"id": str(n)} for n in range(1001)]
    assert hubspot.post(READ.format("deals", "contacts"), {"inputs": many}).status_code == 400
    assert len(hubspot.refusals) == 3
    defaults = {"inputs": [{"from": {"id": deal}, "to": {"id": contact}}]}
    path = "/crm/associations/2026-03/deals/contacts/batch/associate/default"
    assert hubspot.post(path, defaults).json["results"][0]["associationSpec"]["associationTypeId"] == 3


def test_a_line_item_has_one_parent(hubspot: Caller) -> None:
    deal = hubspot.story("one-line")
    line = read(hubspot, "deals", "line_items", deal).json["results"][0]["to"][0]["toObjectId"]
    invoice = hubspot.make("invoices", hs_currency="USD")
    path = f"/crm/objects/2026-03/invoices/{invoice}/associations/default/line_items/{line}"
    assert hubspot.call("PUT", path).status_code == 400
    assert hubspot.refusals == ["a line item has one parent"]
    again = f"/crm/objects/2026-03/deals/{deal}/associations/default/line_items/{line}"
    assert hubspot.call("PUT", again).status_code == 200
