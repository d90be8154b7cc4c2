"""Batches of objects: at most a hundred, and what happens to the ones that fail. Contract 4.2."""

from __future__ import annotations

from hubspot_caller import DEALS, Caller

NEW = {"dealname": "New", "dealstage": "closedwon"}


def test_missing_ids_are_absent_and_named(hubspot: Caller) -> None:
    deal = hubspot.story("one-line")
    body = {"properties": ["dealname"], "propertiesWithHistory": [], "inputs": [{"id": deal}, {"id": "404"}]}
    answer = hubspot.post(f"{DEALS}/batch/read", body)
    assert answer.status_code == 207
    assert [each["id"] for each in answer.json["results"]] == [deal]
    assert answer.json["numErrors"] == 1
    assert answer.json["errors"][0]["context"] == {"ids": ["404"]}
    assert "associations" not in answer.json["results"][0]
    found = hubspot.post(f"{DEALS}/batch/read", {"inputs": [{"id": deal}]})
    assert (found.status_code, found.json["status"]) == (200, "COMPLETE")
    assert hubspot.refusals == []


def test_a_hundred_and_no_more(hubspot: Caller) -> None:
    inputs = [{"id": str(n)} for n in range(101)]
    assert hubspot.post(f"{DEALS}/batch/read", {"inputs": inputs}).status_code == 400
    assert hubspot.refusals == ["batch > 100"]
    assert hubspot.post(f"{DEALS}/batch/read", {"inputs": []}).status_code == 400


def test_update_changes_what_it_can(hubspot: Caller) -> None:
    one, two = hubspot.story("one-line"), hubspot.story("three-lines")
    inputs = [
        {"id": one, "properties": {"amount": "1"}},
        {"id": "404", "properties": {"amount": "2"}},
        {"id": two, "properties": {"qbo_invoice_id": "3"}, "objectWriteTraceId": "t3"},
    ]
    answer = hubspot.post(f"{DEALS}/batch/update", {"inputs": inputs})
    assert answer.status_code == 207
    assert [each["id"] for each in answer.json["results"]] == [one]
    missing, failed = answer.json["errors"]
    assert missing["context"] == {"ids": ["404"]}
    assert failed["context"] == {"ids": [two], "objectWriteTraceId": ["t3"]}
    assert failed["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert "_refused" not in failed
    assert hubspot.refusals == ["qbo_invoice_id: PROPERTY_DOESNT_EXIST"]
    hubspot.world.hubspot.settings.batch_update_failures = "whole"
    inputs[0]["properties"] = {"amount": "9"}
    assert hubspot.post(f"{DEALS}/batch/update", {"inputs": inputs}).status_code == 400
    assert hubspot.get(f"{DEALS}/{one}?properties=amount").json["properties"]["amount"] == "1"


def test_a_number_anywhere_refuses_the_whole_batch(hubspot: Caller) -> None:
    one = hubspot.story("one-line")
    inputs = [{"id": one, "properties": {"amount": "1"}}, {"id": one, "properties": {"amount": 2}}]
    assert hubspot.post(f"{DEALS}/batch/update", {"inputs": inputs}).status_code == 400
    assert hubspot.get(f"{DEALS}/{one}?properties=amount").json["properties"]["amount"] == "275"


def test_create_is_all_or_nothing_without_trace_ids(hubspot: Caller) -> None:
    bad = {"properties": {"dealname": "No stage"}}
    before = len(hubspot.world.hubspot.portals[hubspot.portal_id].objects["deals"])
    assert hubspot.post(f"{DEALS}/batch/create", {"inputs": [{"properties": NEW}, bad]}).status_code == 400
    assert len(hubspot.world.hubspot.portals[hubspot.portal_id].objects["deals"]) == before
    traced = [{"properties": NEW, "objectWriteTraceId": "a"}, {**bad, "objectWriteTraceId": "b"}]
    partly = hubspot.post(f"{DEALS}/batch/create", {"inputs": traced})
    assert partly.status_code == 207
    assert [each["objectWriteTraceId"] for each in partly.json["results"]] == ["a"]
    assert partly.json["errors"][0]["context"] == {"objectWriteTraceId": ["b"]}
    whole = hubspot.post(f"{DEALS}/batch/create", {"inputs": [{"properties": NEW}, {"properties": NEW}]})
    assert (whole.status_code, len(whole.json["results"])) == (201, 2)


def test_upsert_by_a_unique_property(hubspot: Caller) -> None:
    path = "/crm/objects/2026-03/invoices"
    key = {
        "groupName": "invoiceinformation",
        "name": "qbo_invoice_key",
        "label": "Key",
        "type": "string",
        "fieldType": "text",
        "hasUniqueValue": True,
    }
    assert hubspot.post("/crm/properties/2026-03/invoices", key).status_code == 201
    entry = {"idProperty": "qbo_invoice_key", "id": "1:2:145", "properties": {"hs_currency": "USD"}}
    first = hubspot.post(f"{path}/batch/upsert", {"inputs": [entry]})
    assert (first.status_code, first.json["results"][0]["new"]) == (200, True)
    entry["properties"] = {"hs_number": "1042"}
    again = hubspot.post(f"{path}/batch/upsert", {"inputs": [entry]}).json["results"][0]
    assert (again["new"], again["id"]) == (False, first.json["results"][0]["id"])
    read = {"idProperty": "qbo_invoice_key", "properties": ["hs_number"], "inputs": [{"id": "1:2:145"}]}
    found = hubspot.post(f"{path}/batch/read", read).json["results"]
    assert found[0]["properties"]["hs_number"] == "1042"
    assert hubspot.refusals == []
    entry["idProperty"] = "hs_number"
    assert hubspot.post(f"{path}/batch/upsert", {"inputs": [entry]}).status_code == 400


def test_archive_passes_over_what_is_gone(hubspot: Caller) -> None:
    one = hubspot.story("one-line")
    for _ in range(2):
        answer = hubspot.post(f"{DEALS}/batch/archive", {"inputs": [{"id": one}, {"id": "404"}]})
        assert (answer.status_code, answer.data) == (204, b"")
    assert hubspot.get(f"{DEALS}/{one}").status_code == 404
