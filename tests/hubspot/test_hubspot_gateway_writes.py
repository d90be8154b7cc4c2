"""What is asked of HubSpot when something is written, and what is known when it goes wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.errors import NotConnected, OutcomeUnknown, RefusedByHubSpot, TryLater
from service.hubspot.answers import Completion, CrmRecord
from service.hubspot.faults import list_property_names, list_unknown_properties
from service.hubspot.gateway import Gateway
from service.hubspot.properties import DEAL_PROPERTIES, INVOICE_GROUP
from service.ids import CallbackId, PortalId
from service.wire import Wire

PORTAL = PortalId(1234567)
SUCCESS = {"hs_execution_state": "SUCCESS", "invoiceNumber": "1042"}


def invalid(name: str, code: str = "PROPERTY_DOESNT_EXIST") -> dict:
    errors = [{"message": "m", "code": code, "context": {"propertyName": [name]}}]
    return {"status": "error", "message": "m", "category": "VALIDATION_ERROR", "errors": errors}


def test_one_deal_is_patched_alone(gateway, hubspot):
    hubspot.will_say(200, {"id": "7", "properties": {"qbo_invoice_id": "145"}})
    assert gateway.update_objects(PORTAL, "deals", {"7": {"qbo_invoice_id": "145"}}) == {"7": None}
    assert hubspot.lines == ["PATCH /crm/objects/2026-03/deals/7"]
    assert hubspot.asked[0].json == {"properties": {"qbo_invoice_id": "145"}}


def test_several_deals_share_a_call(gateway, hubspot):
    hubspot.always(lambda asked: (200, {"results": asked.json["inputs"]}))
    changes = {str(number): {"a": "1"} for number in range(1, 103)}
    assert gateway.update_objects(PORTAL, "deals", changes) == dict.fromkeys(changes)
    assert hubspot.lines == ["POST /crm/objects/2026-03/deals/batch/update"] * 2
    assert hubspot.asked[1].json == {
        "inputs": [{"id": "101", "properties": {"a": "1"}}, {"id": "102", "properties": {"a": "1"}}]
    }


def test_only_the_failed_of_a_207_are_written_again(gateway, hubspot):
    hubspot.will_say(207, {"results": [{"id": "1"}, {"id": "3"}], "errors": [{"context": {"ids": ["2"]}}]})
    hubspot.will_say(404, {"category": "OBJECT_NOT_FOUND"})
    ended = gateway.update_objects(PORTAL, "deals", {each: {"a": "1"} for each in "123"})
    assert (ended["1"], ended["3"]) == (None, None)
    assert isinstance(ended["2"], RefusedByHubSpot)
    assert ended["2"].status == 404
    assert hubspot.lines == ["POST /crm/objects/2026-03/deals/batch/update", "PATCH /crm/objects/2026-03/deals/2"]


def test_one_bad_deal_does_not_spoil_the_others(gateway, hubspot):
    def rule(asked):
        if asked.method == "POST" or asked.path.endswith("/2"):
            return 400, invalid("qbo_gone")
        return 200, {"id": asked.path[-1], "properties": {}}

    hubspot.always(rule)
    ended = gateway.update_objects(PORTAL, "deals", {each: {"qbo_gone": "1"} for each in "123"})
    assert (ended["1"], ended["3"]) == (None, None)
    refused = ended["2"]
    assert isinstance(refused, RefusedByHubSpot)
    assert (refused.status, refused.category) == (400, "VALIDATION_ERROR")
    assert list_unknown_properties(refused) == list_property_names(refused) == ("qbo_gone",)
    assert "qbo_gone" in refused.sentence


def test_a_bad_value_names_the_property_but_not_the_value(gateway, hubspot):
    hubspot.will_say(400, invalid("amount", "INVALID_INTEGER"))
    refused = gateway.update_objects(PORTAL, "deals", {"7": {"amount": "secret"}})["7"]
    assert isinstance(refused, RefusedByHubSpot)
    assert refused.sentence == "HubSpot does not take the values of amount (INVALID_INTEGER): correct them"
    assert list_unknown_properties(refused) == ()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_hubspot_is_not_asked_again_for_each_deal(gateway, hubspot, status):
    hubspot.always(lambda _: (status, {"policyName": "SECONDLY"}))
    ended = gateway.update_objects(PORTAL, "deals", {each: {"a": "1"} for each in "123"})
    assert all(isinstance(each, TryLater) for each in ended.values())
    assert len(hubspot.asked) == 1


def test_hubspot_going_away_in_between_leaves_the_rest_for_later(gateway, hubspot):
    hubspot.will_say(400, invalid("x"))
    hubspot.will_say(200, {"id": "1", "properties": {}})
    hubspot.will_lose_the_answer()
    ended = gateway.update_objects(PORTAL, "deals", {each: {"a": "1"} for each in "123"})
    assert ended["1"] is None
    assert isinstance(ended["2"], TryLater)
    assert isinstance(ended["3"], TryLater)
    assert len(hubspot.asked) == 3


def test_a_revoked_portal_is_parked_for_every_deal(gateway, hubspot):
    hubspot.always(lambda _: (401, None))
    ended = gateway.update_objects(PORTAL, "deals", {each: {"a": "1"} for each in "12"})
    assert all(isinstance(each, NotConnected) for each in ended.values())
    assert len(hubspot.asked) == 2


def test_an_object_is_created_with_its_associations(gateway, hubspot):
    hubspot.will_say(201, {"id": 900, "properties": {"hs_timestamp": "2026-11-22T12:00:00Z"}})
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}
    wanted = [{"to": {"id": "7"}, "types": [kind]}]
    made = gateway.create_object(PORTAL, "notes", {"hs_timestamp": "2026-11-22T12:00:00Z"}, wanted)
    assert made == CrmRecord("900", {"hs_timestamp": "2026-11-22T12:00:00Z"})
    assert hubspot.lines == ["POST /crm/objects/2026-03/notes"]
    assert hubspot.asked[0].json == {"properties": {"hs_timestamp": "2026-11-22T12:00:00Z"}, "associations": wanted}


def test_associations_are_sent_even_when_there_are_none(gateway, hubspot):
    hubspot.will_say(201, {"id": "900", "properties": {}})
    gateway.create_object(PORTAL, "notes", {}, [])
    assert hubspot.asked[0].json == {"properties": {}, "associations": []}


def test_a_create_whose_answer_is_lost_is_not_repeated_blindly(gateway, hubspot):
    hubspot.will_lose_the_answer()
    with pytest.raises(OutcomeUnknown):
        gateway.create_object(PORTAL, "notes", {}, [])
    for status, body in ((502, b"<html>"), (201, b"<html>"), (302, b"")):
        hubspot.will_say(status, body)
        with pytest.raises(OutcomeUnknown):
            gateway.create_object(PORTAL, "notes", {}, [])
    assert len(hubspot.asked) == 4


def test_a_create_that_was_never_sent_or_was_put_off_may_be_repeated(gateway, hubspot, pace, tokens):
    hubspot.will_say(429, {"policyName": "DAILY"})
    with pytest.raises(TryLater) as caught:
        gateway.create_object(PORTAL, "notes", {}, [])
    assert caught.value.after == timedelta(hours=1)
    alone = Gateway(api_url="http://127.0.0.1:9", version="2026-03", wire=Wire(), pace=pace, access_token=tokens)
    with pytest.raises(TryLater):
        alone.create_object(PORTAL, "notes", {}, [])


def test_one_callback_is_completed_at_its_own_path(gateway, hubspot):
    hubspot.will_say(204)
    callback_id = CallbackId("ap-1/ü-7-0")
    assert gateway.complete_callbacks(PORTAL, {callback_id: SUCCESS}) == {callback_id: Completion.COMPLETED}
    assert hubspot.lines == ["POST /automation/actions/callbacks/2026-03/ap-1%2F%C3%BC-7-0/complete"]
    assert hubspot.asked[0].json == {"outputFields": SUCCESS, "typedOutputs": {}}


def test_several_callbacks_share_a_call(gateway, hubspot):
    hubspot.will_say(204)
    one, two = CallbackId("ap-1"), CallbackId("ap-2")
    assert set(gateway.complete_callbacks(PORTAL, {one: SUCCESS, two: SUCCESS}).values()) == {Completion.COMPLETED}
    assert hubspot.lines == ["POST /automation/actions/callbacks/2026-03/complete"]
    assert hubspot.asked[0].json == {
        "inputs": [
            {"callbackId": "ap-1", "outputFields": SUCCESS, "typedOutputs": {}},
            {"callbackId": "ap-2", "outputFields": SUCCESS, "typedOutputs": {}},
        ]
    }


def test_an_expired_callback_in_a_batch_does_not_hold_up_the_others(gateway, hubspot):
    hubspot.will_say(400, {})
    hubspot.will_say(204)
    hubspot.will_say(404, {})
    ended = gateway.complete_callbacks(PORTAL, {CallbackId("a"): SUCCESS, CallbackId("b"): SUCCESS})
    assert ended == {"a": Completion.COMPLETED, "b": Completion.GONE}
    assert hubspot.lines[1:] == [
        "POST /automation/actions/callbacks/2026-03/a/complete",
        "POST /automation/actions/callbacks/2026-03/b/complete",
    ]


@pytest.mark.parametrize("status", [400, 404, 409, 410])
def test_a_completion_nobody_waits_for_is_the_end(gateway, hubspot, status):
    hubspot.will_say(status, {})
    assert gateway.complete_callbacks(PORTAL, {CallbackId("a"): SUCCESS}) == {"a": Completion.GONE}


def test_a_completion_without_the_scope_or_without_answer_stays_to_be_done(gateway, hubspot):
    hubspot.will_say(403, {"category": "MISSING_SCOPES"})
    assert isinstance(gateway.complete_callbacks(PORTAL, {CallbackId("a"): SUCCESS})["a"], RefusedByHubSpot)
    hubspot.will_lose_the_answer()
    assert isinstance(gateway.complete_callbacks(PORTAL, {CallbackId("a"): SUCCESS})["a"], TryLater)


def test_properties_are_created_once(gateway, hubspot):
    have = [{"name": each.name} for each in DEAL_PROPERTIES]
    hubspot.will_say(200, {"results": have[:-2]})
    hubspot.will_say(409, {"category": "OBJECT_ALREADY_EXISTS"})
    hubspot.will_say(201, {"results": have[-2:]})
    created = gateway.ensure_properties(PORTAL, "deals", INVOICE_GROUP, DEAL_PROPERTIES)
    assert created == ["qbo_invoice_oldest_due_date", "qbo_invoice_worst_status"]
    assert hubspot.lines == [
        "GET /crm/properties/2026-03/deals",
        "POST /crm/properties/2026-03/deals/groups",
        "POST /crm/properties/2026-03/deals/batch/create",
    ]
    assert hubspot.asked[1].json == {"name": "quickbooks_invoice", "label": "QuickBooks invoice", "displayOrder": -1}
    date, status = hubspot.asked[2].json["inputs"]
    assert (date["type"], date["fieldType"], date["formField"]) == ("date", "date", False)
    assert status["options"][0] == {
        "label": "Waiting to be sent",
        "value": "draft",
        "displayOrder": 0,
        "hidden": False,
    }
    hubspot.will_say(200, {"results": have})
    assert gateway.ensure_properties(PORTAL, "deals", INVOICE_GROUP, DEAL_PROPERTIES) == []


def test_a_property_somebody_else_created_meanwhile_is_no_error(gateway, hubspot):
    hubspot.will_say(200, {"results": []})
    hubspot.will_say(201, {"name": "quickbooks_invoice"})
    hubspot.will_say(409, {})
    hubspot.will_say(409, {})
    hubspot.will_say(201, {"name": "qbo_invoice_recipient"})
    created = gateway.ensure_properties(PORTAL, "deals", INVOICE_GROUP, DEAL_PROPERTIES[:2])
    assert created == ["qbo_invoice_recipient"]
    assert hubspot.lines[-2:] == ["POST /crm/properties/2026-03/deals"] * 2
    assert hubspot.asked[-2].json == {
        "groupName": "quickbooks_invoice",
        "name": "qbo_invoice_amount",
        "label": "Invoice amount",
        "type": "number",
        "fieldType": "number",
        "formField": False,
        "numberDisplayHint": "currency",
        "showCurrencySymbol": True,
    }
