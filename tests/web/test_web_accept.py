"""A signed callback is stored once and answered; nothing else is stored, and nothing is ever a 500."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_examples import (
    BODY,
    PATH,
    PORTAL,
    PUBLIC_URL,
    REALM,
    SECRET,
    SIGNED_AT,
    TIMESTAMP,
    V1,
    V1_HEADERS,
    V2,
    V2_HEADERS,
    V3,
    V3_HEADERS,
    Web,
    changed,
    signed,
)

from service.ids import CallbackId, PortalId, RealmId
from service.store.callbacks import FAIL_CONTINUE, SUCCESS

WEEK = 7 * 86_400
BLOCKED = {"outputFields": {"hs_execution_state": "BLOCK", "hs_expiration_duration": f"PT{WEEK}S"}}


def accepted(web: Web, response) -> None:
    assert (response.status_code, response.json) == (200, BLOCKED)
    assert web.count() == 1


def refused(web: Web, response, status: int = 401) -> None:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/json"
    assert set(response.json) == {"error", "message"}
    assert web.count() == 0


# --- row 59 of faults.md: signatures


@pytest.mark.parametrize(
    "headers",
    [V3_HEADERS, V2_HEADERS, {**V3_HEADERS, **V2_HEADERS}, {**V3_HEADERS, "X-HubSpot-Signature": "0" * 64}],
    ids=["v3", "v2", "both", "v3 beside a broken v2"],
)
def test_the_contracts_vectors_are_accepted(headers: dict[str, str], on_both: Web) -> None:
    accepted(on_both, on_both.post(headers=headers))
    row = on_both.stores.callbacks.find(PORTAL, CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    assert (row.state, row.realm_id, row.object_type, row.object_id) == ("received", REALM, "DEAL", "9876543210")
    assert row.inputs == {"dueInDays": "30"}
    assert row.expires_at - row.received_at == timedelta(days=7)
    assert row.deadline_at < row.expires_at


@pytest.mark.parametrize("seconds", [0, 200, 299, -60, -299])
def test_a_recent_signature_is_accepted(seconds: int, web: Web) -> None:
    web.clock.advance(SIGNED_AT + timedelta(seconds=seconds) - web.clock.now())
    accepted(web, web.post())


@pytest.mark.parametrize("seconds", [301, 86_400, -301, -3_600])
def test_an_old_signature_or_one_from_the_future_is_refused(seconds: int, web: Web) -> None:
    web.clock.advance(SIGNED_AT + timedelta(seconds=seconds) - web.clock.now())
    refused(web, web.post())


def test_odd_white_space_in_the_body_is_signed_as_it_is(web: Web) -> None:
    accepted(web, web.send(b" \r\n\t" + BODY + b"\n\n "))


CHANGES: dict[str, Callable[[Web], object]] = {
    "altered body": lambda web: web.post(BODY.replace(b"1500.00", b"1500.01")),
    "altered body, v2": lambda web: web.post(BODY.replace(b"1500.00", b"1500.01"), V2_HEADERS),
    "body and a space": lambda web: web.post(BODY + b" "),
    "empty body": lambda web: web.post(b""),
    "altered time": lambda web: web.post(headers={**V3_HEADERS, "X-HubSpot-Request-Timestamp": "1790000001001"}),
    "no time": lambda web: web.post(headers={"X-HubSpot-Signature-v3": V3}),
    "no time beside a valid v2": lambda web: web.post(headers={"X-HubSpot-Signature-v3": V3, **V2_HEADERS}),
    "wrong secret": lambda web: web.send(secret="another-secret"),
    "empty secret": lambda web: web.send(secret=""),
    "other path": lambda web: web.post(path="/hubspot/actions/void-invoice"),
    "query added": lambda web: web.post(path=f"{PATH}?x=1"),
    "query added, v2": lambda web: web.post(headers=V2_HEADERS, path=f"{PATH}?x=1"),
    "trailing slash added": lambda web: web.post(path=f"{PATH}/"),
    "escaped path": lambda web: web.post(path="/hubspot/actions/create%2Dinvoice"),
    "signed for another host": lambda web: web.post(
        headers=signed(BODY, f"https://evil.example{PATH}", web.clock.now())
    ),
    "signed for http": lambda web: web.post(headers=signed(BODY, f"http://invoice.example.com{PATH}", web.clock.now())),
    "signed as GET": lambda web: web.post(headers=signed(BODY, PUBLIC_URL + PATH, web.clock.now(), method="GET")),
    "no signature": lambda web: web.post(headers={}),
    "time only": lambda web: web.post(headers={"X-HubSpot-Request-Timestamp": TIMESTAMP}),
    "v1": lambda web: web.post(headers=V1_HEADERS),
    "v1 called v2": lambda web: web.post(headers={**V1_HEADERS, "X-HubSpot-Signature-Version": "v2"}),
    "v2 without version": lambda web: web.post(headers={"X-HubSpot-Signature": V2}),
    "v2 called v3": lambda web: web.post(headers={**V2_HEADERS, "X-HubSpot-Signature-Version": "v3"}),
    "v2 in capitals": lambda web: web.post(headers={**V2_HEADERS, "X-HubSpot-Signature": V2.upper()}),
    "v2 and v1 in one": lambda web: web.post(headers={**V2_HEADERS, "X-HubSpot-Signature": f"{V2},{V1}"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_hubspot_did_not_sign_is_refused(what: str, web: Web) -> None:
    refused(web, CHANGES[what](web))


@pytest.mark.parametrize("signature", ["", " ", V3[:-1], V3.lower(), V3.upper(), f"{V3},{V3}", "é", V2, "="])
def test_a_broken_v3_signature_is_refused_even_beside_a_valid_v2(signature: str, web: Web) -> None:
    refused(web, web.post(headers={**V3_HEADERS, **V2_HEADERS, "X-HubSpot-Signature-v3": signature}))


@pytest.mark.parametrize(
    "moment",
    ["", "NaN", "nan", "Infinity", "1e15", "9" * 30, "9" * 4000, "-1790000001000", "1790000001", "٣", "0x1", "é"],
)
def test_a_time_that_is_none_is_refused(moment: str, web: Web) -> None:
    refused(web, web.post(headers={**V3_HEADERS, "X-HubSpot-Request-Timestamp": moment}))


@pytest.mark.parametrize(
    "name", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL", "X-Rewrite-URL", "Forwarded"]
)
def test_forged_host_headers_change_nothing(name: str, web: Web) -> None:
    accepted(web, web.post(headers={**V3_HEADERS, name: "evil.example"}))
    forged = signed(BODY, f"https://evil.example{PATH}", web.clock.now())
    assert web.post(headers={**forged, name: "evil.example"}).status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_other_methods_are_not_for_actions(method: str, web: Web) -> None:
    response = getattr(web.client, method)(PATH, data=BODY, headers=V3_HEADERS)
    assert response.status_code == (200 if method == "options" else 405)
    assert web.count() == 0


def test_v2_can_be_switched_off(make_web: Callable[..., Web]) -> None:
    web = make_web(HUBSPOT_ACCEPT_V2_SIGNATURES="false")
    refused(web, web.post(headers=V2_HEADERS))
    accepted(web, web.post(headers={**V2_HEADERS, **V3_HEADERS}))


@pytest.mark.parametrize("secrets", [f"{SECRET},new-secret-of-the-app", f"old-secret-of-the-app, {SECRET} ,"])
def test_each_of_two_client_secrets_signs(secrets: str, make_web: Callable[..., Web]) -> None:
    web = make_web(HUBSPOT_CLIENT_SECRET=secrets)
    accepted(web, web.post())
    for secret in ("new-secret-of-the-app", "old-secret-of-the-app"):
        status = 200 if secret in secrets else 401
        assert web.send(secret=secret).status_code == status
    assert web.send(secret=secrets).status_code == 401
    assert web.send(secret="").status_code == 401


@pytest.mark.parametrize("public_url", ["https://example.com/invoices", "https://example.com/invoices/"])
def test_a_public_address_below_a_path(public_url: str, make_web: Callable[..., Web]) -> None:
    """The proxy takes the prefix away; HubSpot signed it."""
    web = make_web(PUBLIC_URL=public_url)
    refused(web, web.post(headers=signed(BODY, f"https://example.com{PATH}", web.clock.now())))
    accepted(web, web.post(headers=signed(BODY, f"https://example.com/invoices{PATH}", web.clock.now())))


@pytest.mark.parametrize(
    "path",
    [f"{PATH}?a=1&b=%20x", f"{PATH}?email=jane%40example.com", f"{PATH}/", "/hubspot/actions/create%2Dinvoice"],
)
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_the_address_is_verified_as_it_was_sent(path: str, version: str, web: Web) -> None:
    accepted(web, web.post(headers=signed(BODY, PUBLIC_URL + path, web.clock.now(), version=version), path=path))


# --- bodies


def test_a_long_body_is_refused_before_it_is_verified(web: Web) -> None:
    for headers in ({}, V3_HEADERS):
        refused(web, web.post(b"x" * 3_145_728, headers), 413)
    long = changed(padding="x" * 1_100_000)
    refused(web, web.send(long), 413)
    accepted(web, web.send(changed(padding="x" * 1_000_000)))


def test_an_unsigned_malformed_body_is_refused_for_its_signature(web: Web) -> None:
    refused(web, web.post(b"{", {}), 401)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"null", b"[]", b"1", b'"x"', b"true", b"NaN", b"\xff\xfe", b"\x00", BODY[:-1], BODY + BODY),
        *(b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        *(b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999999999999}', b'{"a":' + b"9" * 5000 + b"}"),
        BODY.replace(b'{"callbackId"', b'{"callbackId":"other","callbackId"'),
        BODY.replace(b'"portalId":1234567', b'"portalId":7,"portalId":1234567'),
        BODY.replace("Zoë".encode(), b"Zo\xeb"),
        BODY.replace("Zoë".encode(), b"\\ud800"),
        BODY.replace("Zoë".encode(), b"\\u0000"),
        BODY.replace("Zoë".encode(), b"\x00"),
        BODY.replace("Zoë".encode(), b"\r\n"),
    ],
)
def test_a_signed_body_that_is_malformed_is_refused(body: bytes, web: Web) -> None:
    refused(web, web.send(body), 400)


@pytest.mark.parametrize(
    "parts",
    [
        *({"callbackId": wrong} for wrong in (None, "", 1, [], {}, True, "x" * 256, "a\nb", "..", "\u2028")),
        *({"origin": wrong} for wrong in (None, 1, "x", [], {}, {"portalId": None}, {"portalId": "1234567"})),
        *({"origin": {"portalId": wrong}} for wrong in (0, -1, 1.0, True, 2**63, 10**400, [1])),
        *({"object": wrong} for wrong in (None, 1, [], {}, {"objectId": 1}, {"objectType": "DEAL"})),
        *({"object": {"objectId": wrong, "objectType": "DEAL"}} for wrong in ("", "x", -1, 1.5, [], "1 ", "1" * 40)),
        *({"object": {"objectId": 1, "objectType": wrong}} for wrong in ("", 1, [], "x" * 300, "DEAL\n")),
        *({"inputFields": wrong} for wrong in (1, "x", [], {"a": []}, {"a": {}}, True)),
        *({"context": wrong} for wrong in (1, "x", [])),
    ],
    ids=str,
)
def test_wrong_types_are_refused(parts: dict[str, object], web: Web) -> None:
    refused(web, web.send(changed(**parts)), 400)


def test_a_refusal_does_not_repeat_what_was_sent(web: Web) -> None:
    response = web.send(changed(callbackId="<script>alert(1)</script>\n"))
    assert "script" not in response.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.dictionaries(
        st.sampled_from(["callbackId", "origin", "object", "context", "inputFields", "fields", "typedInputs", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["portalId", "objectId", "objectType", "workflowId", "actionId"])
                    | st.text(max_size=5),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=8,
        ),
        min_size=1,
    )
)
def test_any_signed_json_is_accepted_or_refused_and_never_fails(parts: dict[str, object], web: Web) -> None:
    assert web.send(changed(**parts)).status_code in (200, 400)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_any_signed_bytes_are_refused_and_never_fail(body: bytes, web: Web) -> None:
    assert web.send(body).status_code == 400


# --- what can be said at once


def test_a_portal_that_is_not_connected_is_answered_at_once(web: Web) -> None:
    body = changed(origin={"portalId": 7})
    for _ in range(2):
        answer = web.send(body)
        assert answer.status_code == 200
        outputs = answer.json["outputFields"]
        assert (outputs["hs_execution_state"], outputs["errorCode"]) == (FAIL_CONTINUE, "PORTAL_NOT_CONNECTED")
        assert "connect" in outputs["errorMessage"]
    row = web.stores.callbacks.find(PortalId(7), CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    assert (row.state, row.told) == ("completed", "answered")


@pytest.mark.parametrize(
    ("realm", "state"), [(None, FAIL_CONTINUE), ("77", "BLOCK"), (f" {REALM} ", "BLOCK"), ("78", FAIL_CONTINUE)]
)
def test_of_several_realms_the_action_chooses(realm: str | None, state: str, web: Web) -> None:
    web.connect("77")
    answer = web.send(changed(inputFields={"realmId": realm} if realm else {})).json["outputFields"]
    assert answer["hs_execution_state"] == state
    assert answer.get("errorCode", "REALM_NOT_CHOSEN") == "REALM_NOT_CHOSEN"


@pytest.mark.parametrize(
    "action", ["no-such-action", "x" * 3000, "%00", "%FF", "create-invoice%00", "..%5c", "a%0d%0ab"]
)
def test_an_action_that_does_not_exist_is_answered_at_once(action: str, on_both: Web) -> None:
    answer = on_both.send(path=f"/hubspot/actions/{action}")
    assert answer.status_code == 200, answer.text
    assert answer.json["outputFields"]["errorCode"] == "UNKNOWN_ACTION"
    assert on_both.count() == 1


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"inputFields": {"dueDate": "soon"}}, "dueDate must be a date"),
        ({"inputFields": {"termId": "qbo:78:3", "taxCodeId": f"qbo:{REALM}:5"}}, "termId of the action is from"),
        ({"object": {"objectId": 9, "objectType": "CONTACT"}}, "works on deals"),
    ],
)
def test_senseless_input_is_answered_at_once_and_every_time(parts, named: str, on_both: Web) -> None:
    first = on_both.send(changed(**parts))
    told = first.json["outputFields"]
    assert (first.status_code, told["hs_execution_state"], told["errorCode"]) == (200, FAIL_CONTINUE, "INVALID_INPUT")
    assert named in told["errorMessage"]
    assert told["invoiceId"] == ""
    on_both.clock.advance(timedelta(days=1))
    assert on_both.send(changed(**parts)).json == first.json
    row = on_both.stores.callbacks.find(PORTAL, CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    # A worker has still to show it, where there is a deal that can.
    state = "completed" if "object" in parts else "received"
    assert (row.state, row.outcome, row.told) == (state, FAIL_CONTINUE, "answered")


def test_ids_of_the_company_are_kept_as_the_company_has_them(web: Web) -> None:
    sent = {"termId": f"qbo:{REALM}:3", "privateNote": "about qbo:78:3", "dueInDays": "30"}
    accepted(web, web.send(changed(inputFields=sent)))
    row = web.stores.callbacks.find(PORTAL, CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    assert row.inputs == sent | {"termId": "3"}


def test_a_test_run_from_the_workflow_editor_works(web: Web) -> None:
    body = changed(context=None, callbackId="0f2a7a6e-6f0e-4b60-9f0e-8d0b5f4c9a11")
    accepted(web, web.send(body))


# --- repeats


def test_an_exact_replay_is_answered_from_the_row(on_both: Web) -> None:
    accepted(on_both, on_both.post())
    on_both.clock.advance(timedelta(seconds=100))
    again = on_both.post()
    assert again.status_code == 200
    assert again.json["outputFields"] == {
        "hs_execution_state": "BLOCK",
        "hs_expiration_duration": f"PT{WEEK - 100}S",
    }
    assert on_both.count() == 1


def test_a_v2_replay_days_later_makes_no_second_row(web: Web) -> None:
    accepted(web, web.post(headers=V2_HEADERS))
    web.clock.advance(timedelta(days=8))
    answer = web.post(headers=V2_HEADERS).json["outputFields"]
    assert answer == {"hs_execution_state": "BLOCK", "hs_expiration_duration": "PT1S"}
    assert web.count() == 1


@pytest.mark.parametrize("outcome", [SUCCESS, FAIL_CONTINUE])
def test_a_settled_callback_is_answered_with_its_outcome(outcome: str, web: Web) -> None:
    web.post()
    callbacks = web.stores.callbacks
    row = callbacks.find(PORTAL, CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    outputs = {"invoiceId": "145", "invoiceNumber": "1044"}
    with web.stores.database.write() as tx:
        callbacks.settle(tx, row, outcome, outputs, web.clock.now())
    assert web.post().json == {"outputFields": {**outputs, "hs_execution_state": outcome}}


def test_the_first_body_counts(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    accepted(web, web.post())
    with caplog.at_level(logging.ERROR):
        answer = web.send(changed(inputFields={"dueInDays": "99"}))
    assert answer.json == BLOCKED
    assert web.count() == 1
    assert [record.getMessage() for record in caplog.records] == ["delivered with another body, the first counts"]
    row = web.stores.callbacks.find(PORTAL, CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    assert row.inputs == {"dueInDays": "30"}


def test_another_portals_callback_is_not_answered_from_ours(web: Web) -> None:
    """Row 61: whoever may sign may name any portal, but reaches no other portal's row by it."""
    accepted(web, web.post())
    web.stores.connections.add(PortalId(7), RealmId("77"), web.clock.now())
    answer = web.send(changed(origin={"portalId": 7}))
    assert answer.json == BLOCKED
    assert web.count() == 2
    row = web.stores.callbacks.find(PortalId(7), CallbackId("ap-1234567-1000000000001-1-0"))
    assert row is not None
    assert row.realm_id == "77"
    chosen = web.send(changed(origin={"portalId": 7}, callbackId="ap-2", inputFields={"realmId": REALM}))
    assert chosen.json["outputFields"]["errorCode"] == "REALM_NOT_CHOSEN", "nor another portal's realm"


# --- trouble of our own


def test_a_database_that_is_away_is_a_503(web: Web) -> None:
    with web.stores.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE callbacks RENAME TO away")
    for response in (web.post(), web.client.get("/metrics")):
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert response.json["error"] == "unavailable"
        assert "callbacks" not in response.text
    with web.stores.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE away RENAME TO callbacks")
    accepted(web, web.post())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_server_that_is_away_is_a_503(tmp_path: Path, database_url: str) -> None:
    web = Web("postgresql://nobody@127.0.0.1:1/none", tmp_path)
    for response in (web.post(), web.client.get("/readyz"), web.client.get("/metrics")):
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "30"
    assert web.client.get("/healthz").status_code == 200
    web.close()


def test_a_fault_of_our_own_asks_for_another_delivery(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    with web.stores.database.write() as tx:
        tx.exec_driver_sql("UPDATE connections SET settings = 'not json'")
    response = web.post()
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert response.json["error"] == "unexpected"
    assert "json" not in response.text.lower()
    assert web.count() == 0


# --- the rest of the surface


def test_health(on_both: Web) -> None:
    for path in ("/healthz", "/readyz"):
        answer = on_both.client.get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    on_both.post()
    metrics = on_both.client.get("/metrics")
    assert metrics.mimetype == "text/plain"
    assert 'callbacks{state="received"} 1' in metrics.text.splitlines()


def test_a_database_that_is_behind_is_not_ready(web: Web) -> None:
    with web.stores.database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    answer = web.client.get("/readyz")
    assert answer.status_code == 503
    assert "migrate" in answer.json["fix"]


@pytest.mark.parametrize("path", ["/nothing", "/hubspot/actions", "/hubspot/actions/", "/hubspot/actions/a/b", "/%00"])
def test_an_unknown_route_is_a_404_in_json(path: str, web: Web) -> None:
    answer = web.client.get(path)
    assert (answer.status_code, answer.json["error"]) == (404, "not_found")
    assert web.client.post(path, data=BODY, headers=V3_HEADERS).status_code in (401, 404)


def test_answers_are_json_and_tell_nothing_of_the_server(web: Web) -> None:
    for response in (web.post(), web.post(headers={}), web.client.get("/nothing")):
        assert response.mimetype == "application/json"
        json.loads(response.data)
        assert "werkzeug" not in str(response.headers).lower()
