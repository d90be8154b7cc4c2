"""What is understood of a callback, and how everything else is turned away."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BodyMalformed
from service.hubspot.callback import Callback, parse
from service.hubspot.options import Option, OptionsRequest, parse_options, render_options

FULL = {
    "callbackId": "ap-1234567-1000000000001-1-0",
    "origin": {
        "portalId": 1234567,
        "userId": None,
        "actionDefinitionId": 700001,
        "actionDefinitionVersion": 3,
        "actionExecutionIndexIdentifier": {"enrollmentId": 1000000000001, "actionExecutionIndex": 0},
    },
    "context": {
        "workflowId": 555000111,
        "actionId": 1,
        "actionExecutionIndexIdentifier": {"enrollmentId": 1000000000001, "actionExecutionIndex": 0},
        "source": "WORKFLOWS",
    },
    "object": {
        "objectId": 9876543210,
        "objectType": "DEAL",
        "properties": {"dealname": "Acme", "amount": "1500.00", "closedate": None},
    },
    "fields": {"billTo": "primary_company"},
    "inputFields": {"billTo": "primary_contact"},
    "typedInputs": {"billTo": {"value": "primary_contact", "type": "STRING"}},
}
TEST_RUN = {
    "callbackId": "7b0a3c1e-5f0e-4f2f-9d54-0c7a2f6f1d11",
    "origin": {"portalId": 1234567, "actionDefinitionVersion": 0, "actionExecutionIndexIdentifier": None},
    "object": {"objectId": 9876543210, "objectType": "DEAL"},
    "fields": {"dueDate": "1761264000000"},
    "inputFields": {"dueDate": "1761264000000"},
}


def changed(path: str, value: object) -> bytes:
    body = json.loads(json.dumps(FULL))
    *parents, last = path.split(".")
    place = body
    for each in parents:
        place = place[each]
    place[last] = value
    return json.dumps(body).encode()


def without(path: str) -> bytes:
    body = json.loads(json.dumps(FULL))
    *parents, last = path.split(".")
    place = body
    for each in parents:
        place = place[each]
    del place[last]
    return json.dumps(body).encode()


def test_a_callback_is_read_whole():
    assert parse(json.dumps(FULL).encode()) == Callback(
        portal_id=1234567,
        callback_id="ap-1234567-1000000000001-1-0",
        action_definition_version=3,
        object_type="DEAL",
        object_id="9876543210",
        object_properties={"dealname": "Acme", "amount": "1500.00", "closedate": None},
        inputs={"billTo": "primary_contact"},
        workflow_id="555000111",
        enrollment_id="1000000000001",
        action_id="1",
        is_test=False,
    )


def test_a_test_run_from_the_editor_has_no_context():
    got = parse(json.dumps(TEST_RUN).encode())
    assert got.is_test
    assert (got.workflow_id, got.enrollment_id, got.action_id) == (None, None, None)
    assert got.action_definition_version == 0
    assert got.inputs == {"dueDate": "1761264000000"}
    assert got.object_properties == {}


@pytest.mark.parametrize(
    ("given_type", "read"),
    [("DEAL", "DEAL"), ("0-3", "DEAL"), ("deal", "DEAL"), ("0-1", "CONTACT"), ("0-2", "COMPANY"), ("p_car", "P_CAR")],
)
def test_object_types_have_one_name(given_type, read):
    assert parse(changed("object.objectType", given_type)).object_type == read


def test_inputs_are_text_and_empty_ones_are_left_out():
    raw = changed("inputFields", {"a": "x", "b": None, "c": 30, "d": True, "e": ""}).replace(b"30", b"30.10")
    assert parse(raw).inputs == {"a": "x", "c": "30.10", "d": "true", "e": ""}
    assert parse(without("inputFields")).inputs == {"billTo": "primary_company"}
    assert parse(changed("inputFields", {})).inputs == {}


def test_ids_may_be_digits():
    assert parse(changed("object.objectId", "42")).object_id == "42"


@pytest.mark.parametrize(
    "field", ["callbackId", "origin.portalId", "object.objectId", "object.objectType", "origin", "object"]
)
def test_a_missing_field_is_named(field):
    for raw in (without(field), changed(field, None)):
        with pytest.raises(BodyMalformed, match=field.split(".")[-1]):
            parse(raw)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("callbackId", each)
            for each in ("", "x" * 256, 7, True, ["x"], "a\nb", "a\x00b", "a\u2028b", "..", "\ud800")
        ),
        *(("origin.portalId", each) for each in ("1234567", True, False, 0, -1, 1.0, 1.5, 2**63, [], {})),
        *(("object.objectId", each) for each in ("", "7a", "٣", True, -1, 1.5, "1" * 21, 2**63, [], {}, "../8")),
        *(("object.objectType", each) for each in (3, "", "x" * 256, "\x7f", ["DEAL"])),
        *(("inputFields", each) for each in (["a"], "a", {"a": {}}, {"a": [1]}, {"secret-name": [1]})),
        *((each, "text") for each in ("origin", "object", "context")),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_told(field, value):
    with pytest.raises(BodyMalformed) as caught:
        parse(changed(field, value))
    assert field.split(".")[-1] in caught.value.sentence or "character" in caught.value.sentence
    assert "secret-name" not in caught.value.sentence


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"null", b"[]", b'"x"', b"{", b"{}x", b"\xff\xfe", b'{"a":"\xff"}', b"\xef\xbb\xbf{}", b"{'a':1}"),
        *(b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1,"a":2}', b'{"b":{"a":1,"a":1}}'),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"[" * 60 + b"]" * 60 + b"}", b'{"a":' + b"9" * 5000 + b"}"),
        *(b'{"a":1e99999999999999999999}', b'{"a":"\\ud800"}', b'{"a":"\\u0000"}', b'{"a":"\n"}'),
    ],
)
def test_what_is_not_strict_json_is_turned_away(raw):
    with pytest.raises(BodyMalformed):
        parse(raw)


def test_fifty_levels_pass_and_emoji_may_be_escaped():
    deep = changed("typedInputs", 0).replace(b'"typedInputs": 0', b'"typedInputs": ' + b"[" * 49 + b"]" * 49)
    assert parse(deep).object_id == "9876543210"
    assert parse(changed("inputFields", {"a": "🎉"})).inputs == {"a": "🎉"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
places = st.sampled_from(
    [
        *(*FULL, *(f"origin.{each}" for each in FULL["origin"])),
        *(f"object.{each}" for each in FULL["object"]),
        *(f"context.{each}" for each in FULL["context"]),
    ]
)


def returns_or_is_malformed(reader, kind, raw):
    try:
        assert isinstance(reader(raw), kind)
    except BodyMalformed:
        return


@given(st.binary() | st.text().map(str.encode) | json_values.map(json.dumps).map(str.encode))
def test_any_bytes_are_a_callback_or_malformed(raw):
    returns_or_is_malformed(parse, Callback, raw)
    returns_or_is_malformed(parse_options, OptionsRequest, raw)


@given(places, json_values)
def test_any_change_is_a_callback_or_malformed(place, value):
    returns_or_is_malformed(parse, Callback, changed(place, value))


OPTIONS = {
    "origin": {"portalId": 1234567, "actionDefinitionVersion": 3},
    "objectTypeId": "0-3",
    "inputFieldName": "termId",
    "inputFields": {
        "billTo": {"type": "STATIC_VALUE", "value": "primary_contact"},
        "dueDate": {"type": "OBJECT_PROPERTY", "propertyName": "closedate"},
    },
    "fetchOptions": {"q": "net", "after": "40"},
    "portalId": 1234567,
}


def test_an_options_request_is_read():
    assert parse_options(json.dumps(OPTIONS).encode()) == OptionsRequest(
        1234567, "termId", "0-3", {"billTo": "primary_contact"}, "net", "40"
    )


def test_all_but_the_field_and_the_portal_may_be_missing_or_null():
    for rest in ({}, {"fetchOptions": None, "inputFields": None, "origin": None, "objectTypeId": None}):
        raw = json.dumps({"portalId": 1, "inputFieldName": "termId", **rest}).encode()
        assert parse_options(raw) == OptionsRequest(1, "termId", None, {}, "", None)


@pytest.mark.parametrize(
    "change", [{"inputFieldName": None}, {"inputFieldName": 1.5}, {"origin": {"portalId": "1"}}, {"fetchOptions": []}]
)
def test_a_senseless_options_request_is_malformed(change):
    with pytest.raises(BodyMalformed):
        parse_options(json.dumps({**OPTIONS, **change}).encode())


@given(st.sampled_from([*OPTIONS]), json_values)
def test_any_change_is_an_options_request_or_malformed(place, value):
    returns_or_is_malformed(parse_options, OptionsRequest, json.dumps({**OPTIONS, place: value}).encode())


def test_what_was_typed_is_never_malformed():
    typed = parse_options(json.dumps({**OPTIONS, "fetchOptions": {"q": "a\tb\u00a0" + "c" * 999}}).encode()).query
    assert (typed[:4], len(typed)) == ("a b ", 255)


def test_the_portal_may_stand_beside_an_empty_origin():
    asked = {**OPTIONS, "origin": {"portalId": None}, "portalId": 77}
    assert parse_options(json.dumps(asked).encode()).portal_id == 77


def test_options_are_told_with_a_description_and_the_next_page():
    assert render_options([Option("3", "Net 30", "Due in 30 days")], "80", searchable=True) == {
        "options": [{"label": "Net 30", "description": "Due in 30 days", "value": "3"}],
        "after": "80",
        "searchable": True,
    }
    assert render_options([]) == {"options": [], "searchable": False}
