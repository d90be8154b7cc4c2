"""Callbacks: sent and signed, answered, sent again, blocked, completed, expired. Contract 1.6 to 1.8."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from hubspot_caller import UK, US, Caller, Receiver, wait_for

COMPLETE = "/automation/actions/callbacks/2026-03"
SECRET = "sandbox-hubspot-secret"
SUCCESS = {"outputFields": {"hs_execution_state": "SUCCESS", "invoiceNumber": "1042"}, "typedOutputs": {}}


def enroll(hubspot: Caller, story: str = "one-line", **more: Any) -> str:
    body = {"portal_id": hubspot.portal_id, "deal_id": int(hubspot.story(story)), "action": "create-invoice", **more}
    return str(hubspot.control("enroll", body)["callback_id"])


def state(hubspot: Caller, callback_id: str) -> dict[str, Any]:
    return dict(hubspot.control(f"callbacks/{callback_id}"))


def until(hubspot: Caller, callback_id: str, wanted: str) -> dict[str, Any]:
    def reached() -> dict[str, Any] | None:
        said = state(hubspot, callback_id)
        return said if said["state"] == wanted else None

    return dict(wait_for(reached))


def blocked(hubspot: Caller, receiver: Receiver, duration: str = "PT6H") -> str:
    receiver.block(duration)
    callback_id = enroll(hubspot)
    until(hubspot, callback_id, "blocked")
    return callback_id


def test_a_callback_is_what_the_contract_says(hubspot: Caller, receiver: Receiver) -> None:
    callback_id = enroll(
        hubspot,
        inputs={
            "billTo": "primary_contact",
            "dueDate": {"property": "closedate"},
            "memo": "",
            "poNumber": {"property": "hs_po_number"},
        },
    )
    assert re.fullmatch(rf"ap-{US}-1000000000001-1-0", callback_id)
    ended = until(hubspot, callback_id, "completed")
    assert (ended["completed_by"], ended["execution_state"], ended["completions"]) == ("answer", "SUCCESS", 0)
    sent = receiver.received[0]
    assert sent["path"] == "/hubspot/actions/create-invoice"
    said = sent["json"]
    assert said["callbackId"] == callback_id
    assert said["origin"]["portalId"] == US
    assert said["origin"]["actionExecutionIndexIdentifier"] == {
        "enrollmentId": 1000000000001,
        "actionExecutionIndex": 0,
    }
    assert said["context"]["source"] == "WORKFLOWS"
    assert said["object"] == {"objectId": int(hubspot.story("one-line")), "objectType": "DEAL"}
    assert said["inputFields"] == said["fields"] == {"billTo": "primary_contact", "dueDate": "1795194000000"}
    assert said["typedInputs"]["billTo"] == {"value": "primary_contact", "type": "STRING"}
    assert enroll(hubspot).startswith(f"ap-{US}-1000000000002-")


def test_it_is_signed_both_ways(hubspot: Caller, receiver: Receiver) -> None:
    enroll(hubspot, "emoji", inputs={"memo": "Zoë 🌻"})
    wait_for(lambda: receiver.received)
    sent = receiver.received[0]
    url = f"{receiver.url}{sent['path']}".encode()
    assert "🌻".encode() in sent["body"]
    v2 = hashlib.sha256(SECRET.encode() + b"POST" + url + sent["body"]).hexdigest()
    assert (sent["headers"]["x-hubspot-signature"], sent["headers"]["x-hubspot-signature-version"]) == (v2, "v2")
    stamp = sent["headers"]["x-hubspot-request-timestamp"].encode()
    signed = hmac.new(SECRET.encode(), b"POST" + url + sent["body"] + stamp, hashlib.sha256).digest()
    assert sent["headers"]["x-hubspot-signature-v3"] == base64.b64encode(signed).decode()
    assert abs(int(stamp) / 1000 - time.time()) < 60


@pytest.mark.parametrize(("switch", "present"), [("v2", [True, False]), ("v3", [False, True])])
def test_signatures_can_be_switched(hubspot: Caller, receiver: Receiver, switch: str, present: list[bool]) -> None:
    hubspot.world.hubspot.settings.signatures = switch
    enroll(hubspot)
    wait_for(lambda: receiver.received)
    headers = receiver.received[0]["headers"]
    assert [name in headers for name in ("x-hubspot-signature", "x-hubspot-signature-v3")] == present


def test_an_editor_test_run_has_a_uuid_and_no_context(hubspot: Caller, receiver: Receiver) -> None:
    callback_id = enroll(hubspot, test_run=True)
    wait_for(lambda: receiver.received)
    said = receiver.received[0]["json"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", callback_id)
    assert "context" not in said
    assert said["origin"]["actionDefinitionVersion"] == 0
    assert said["origin"]["actionExecutionIndexIdentifier"] is None


def test_it_is_sent_again_after_429_5xx_and_silence(hubspot: Caller, receiver: Receiver) -> None:
    receiver.answers = [(503, {}, {}), (429, {"Retry-After": "0"}, {}), (500, {}, b"<html>")]
    callback_id = enroll(hubspot)
    ended = until(hubspot, callback_id, "completed")
    assert [each["status"] for each in ended["deliveries"]] == [503, 429, 500, 200]
    assert len({sent["body"] for sent in receiver.received}) == 1
    hubspot.world.hubspot.settings.actions_url = "http://127.0.0.1:9"
    lost = enroll(hubspot)
    wait_for(lambda: len(state(hubspot, lost)["deliveries"]) >= 3)
    assert "ConnectionRefused" in state(hubspot, lost)["deliveries"][0]["error"]
    assert state(hubspot, lost)["state"] == "sent"


def test_silence_is_a_timeout(hubspot: Caller, receiver: Receiver) -> None:
    hubspot.world.hubspot.settings.delivery_timeout_seconds = 0.1
    receiver.seconds = 0.3
    callback_id = enroll(hubspot)
    wait_for(lambda: len(state(hubspot, callback_id)["deliveries"]) >= 2)
    receiver.seconds = 0.0
    assert "timed out" in until(hubspot, callback_id, "completed")["deliveries"][0]["error"]


def test_a_retry_after_in_milliseconds(hubspot: Caller, receiver: Receiver) -> None:
    hubspot.world.hubspot.settings.retry_after_unit = "milliseconds"
    receiver.answers = [(429, {"Retry-After": "50"}, {})]
    until(hubspot, enroll(hubspot), "completed")


def test_another_4xx_fails_and_is_not_repeated(hubspot: Caller, receiver: Receiver) -> None:
    receiver.answers = [(401, {}, {"error": "invalid_signature"})]
    failed = until(hubspot, enroll(hubspot), "failed")
    assert len(failed["deliveries"]) == 1
    assert failed["deliveries"][0]["answer"] == '{"error": "invalid_signature"}'
    receiver.answers = [(400, {}, {"outputFields": {"hs_execution_state": "BLOCK"}})]
    until(hubspot, enroll(hubspot), "blocked")


def test_odd_answers_are_kept_as_complaints(hubspot: Caller, receiver: Receiver) -> None:
    receiver.answers = [
        (200, {}, b"<html>"),
        (200, {}, {"outputFields": {"hs_execution_state": "SUCCESS", "invoiceAmount": 5}}),
        (200, {}, {"outputFields": {"hs_execution_state": "BLOCK", "hs_expiration_duration": "6 hours"}}),
        (200, {}, {"outputFields": {"hs_execution_state": "ASYNC"}}),
        (302, {"Location": "/login"}, {}),
    ]
    wanted = ["completed", "completed", "blocked", "failed", "failed"]
    complaints = [until(hubspot, enroll(hubspot), each)["complaints"] for each in wanted]
    assert [bool(each) for each in complaints] == [True] * 5


def test_blocked_then_completed_once(hubspot: Caller, receiver: Receiver) -> None:
    callback_id = blocked(hubspot, receiver)
    answer = hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS)
    assert (answer.status_code, answer.data) == (204, b"")
    ended = state(hubspot, callback_id)
    assert (ended["state"], ended["completed_by"], ended["completions"]) == ("completed", "callback", 1)
    assert ended["outputs"] == {"invoiceNumber": "1042"}
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 204
    hubspot.world.hubspot.settings.repeated_completion = "409"
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 409
    ended = state(hubspot, callback_id)
    assert (ended["completions"], ended["effective_completions"], ended["repeated_completions"]) == (3, 1, 2)
    assert hubspot.refusals == []


def test_block_ends_when_its_time_is_over(hubspot: Caller, receiver: Receiver) -> None:
    callback_id = blocked(hubspot, receiver, "PT6H")
    hubspot.world.clock.advance(timedelta(hours=5, minutes=59))
    assert state(hubspot, callback_id)["state"] == "blocked"
    hubspot.world.clock.advance(timedelta(minutes=2))
    assert wait_for(lambda: hubspot.world.hubspot.callbacks.get(callback_id).state == "expired")  # type: ignore[union-attr]
    hubspot.control(f"portals/{US}/token", {})
    hubspot.token = hubspot.control(f"portals/{US}/token", {})["access_token"]
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 404
    hubspot.world.hubspot.settings.expired_completion = "410"
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 410
    ended = state(hubspot, callback_id)
    assert (ended["late_completions"], ended["completions"]) == (2, 0)


def test_without_a_duration_it_is_a_week(hubspot: Caller, receiver: Receiver) -> None:
    receiver.answers = [(200, {}, {"outputFields": {"hs_execution_state": "BLOCK"}})]
    callback_id = enroll(hubspot)
    until(hubspot, callback_id, "blocked")
    hubspot.world.clock.advance(timedelta(days=6, hours=23))
    assert state(hubspot, callback_id)["state"] == "blocked"
    hubspot.world.clock.advance(timedelta(hours=2))
    assert state(hubspot, callback_id)["state"] == "expired"


def test_completing_too_early(hubspot: Caller, receiver: Receiver) -> None:
    receiver.always = (503, {}, {})
    hubspot.world.hubspot.settings.early_completion = "404"
    callback_id = enroll(hubspot)
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 404
    assert state(hubspot, callback_id)["early_refusals"] == 1
    hubspot.world.hubspot.settings.early_completion = "accept"
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 204
    assert state(hubspot, callback_id)["state"] == "completed"


def test_the_callback_of_another_portal_is_unknown(hubspot: Caller, uk: Caller, receiver: Receiver) -> None:
    callback_id = blocked(hubspot, receiver)
    assert uk.post(f"{COMPLETE}/{callback_id}/complete", SUCCESS).status_code == 404
    assert hubspot.post(f"{COMPLETE}/ap-1-2-3-0/complete", SUCCESS).status_code == 404
    assert state(hubspot, callback_id)["state"] == "blocked"
    assert hubspot.control(f"callbacks?portal={UK}")["callbacks"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"outputFields": {"invoiceNumber": "1"}},
        {"outputFields": {"hs_execution_state": "BLOCK"}},
        {"outputFields": {"hs_execution_state": "SUCCESS", "invoiceAmount": 12.5}},
        {"outputFields": {"hs_execution_state": "SUCCESS", "paid": True}},
        {"outputFields": {"hs_execution_state": "SUCCESS", "gone": None}},
        {"outputFields": {"hs_execution_state": "SUCCESS"}, "callbackId": "x"},
        {"typedOutputs": {}},
        {},
    ],
)
def test_a_completion_that_breaks_the_description_is_refused(
    hubspot: Caller, receiver: Receiver, body: dict[str, Any]
) -> None:
    callback_id = blocked(hubspot, receiver)
    assert hubspot.post(f"{COMPLETE}/{callback_id}/complete", body).status_code == 400
    assert len(hubspot.refusals) == 1
    assert state(hubspot, callback_id)["state"] == "blocked"


def test_completing_in_a_batch(hubspot: Caller, receiver: Receiver) -> None:
    known, unknown = blocked(hubspot, receiver), "ap-1-2-3-0"
    body = {"inputs": [{"callbackId": each, **SUCCESS} for each in (known, unknown)]}
    hubspot.world.hubspot.settings.batch_completion = "all_or_nothing"
    assert hubspot.post(f"{COMPLETE}/complete", body).status_code == 404
    assert state(hubspot, known)["state"] == "blocked"
    hubspot.world.hubspot.settings.batch_completion = "each"
    assert hubspot.post(f"{COMPLETE}/complete", body).status_code == 204
    assert state(hubspot, known)["state"] == "completed"
    assert hubspot.refusals == []
    assert hubspot.post("/automation/actions/2026-03/callbacks/complete", body).status_code == 404
    assert hubspot.refusals != []


def test_delivered_again_on_demand(hubspot: Caller, receiver: Receiver) -> None:
    callback_id = blocked(hubspot, receiver)
    hubspot.control(f"callbacks/{callback_id}/deliver", {"times": 30, "at_once": True})
    wait_for(lambda: len(receiver.received) == 31)
    assert len({sent["body"] for sent in receiver.received}) == 1
    hubspot.control(f"callbacks/{callback_id}/deliver", {"inputs": {"billTo": "other"}})
    wait_for(lambda: len(receiver.received) == 32)
    changed = receiver.received[-1]["json"]
    assert (changed["callbackId"], changed["inputFields"]) == (callback_id, {"billTo": "other"})
    assert wait_for(lambda: len([d for d in state(hubspot, callback_id)["deliveries"] if d["status"]]) == 32)
    assert hubspot.control("callbacks/summary") == {"blocked": 1}


def test_many_at_once(hubspot: Caller, receiver: Receiver) -> None:
    receiver.block()
    ids = [int(hubspot.story("one-line"))] * 100
    began = time.monotonic()
    hubspot.control("enroll", {"portal_id": US, "deal_ids": ids, "action": "create-invoice"})
    wait_for(lambda: hubspot.control("callbacks/summary") == {"blocked": 100})
    assert time.monotonic() - began < 5
    assert len({sent["json"]["callbackId"] for sent in receiver.received}) == 100


def test_the_editor_asks_for_options(hubspot: Caller, receiver: Receiver) -> None:
    said = {"options": [{"label": "Net 30", "description": "", "value": "3"}], "searchable": True}
    receiver.always = (200, {}, said)
    hubspot.world.hubspot.settings.options_told_all_inputs = True
    answer = hubspot.control("options", {"portal_id": US, "field": "terms", "q": "net", "inputs": {"realm": "1"}})
    assert answer["answer"] == said
    sent = receiver.received[0]
    assert sent["path"] == "/hubspot/options/terms"
    assert sent["json"]["fetchOptions"] == {"q": "net"}
    assert sent["json"]["inputFields"] == {"realm": {"type": "STATIC_VALUE", "value": "1"}}
    assert "x-hubspot-signature-v3" in sent["headers"]


def test_a_reset_forgets_what_was_in_flight(hubspot: Caller, receiver: Receiver) -> None:
    callback_id = blocked(hubspot, receiver)
    hubspot.world.hubspot.reset()
    assert hubspot.world.hubspot.callbacks.get(callback_id) is None
    assert hubspot.world.hubspot.settings.actions_url == "http://127.0.0.1:8000"
