"""Which requests are HubSpot's: fixed vectors of the contract, and everything that is not quite one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import SignatureInvalid
from service.hubspot.signature import verify

SECRET = "test-client-secret-0000-qbo-invoice"
URL = "https://invoice.example.com/hubspot/actions/create-invoice"
SIGNED_AT = datetime.fromtimestamp(1790000001, UTC)
BODY = (
    '{"callbackId":"ap-1234567-1000000000001-1-0","origin":{"portalId":1234567,"userId":null,'
    '"actionDefinitionId":700001,"actionDefinitionVersion":3,"actionExecutionIndexIdentifier":'
    '{"enrollmentId":1000000000001,"actionExecutionIndex":0},"extensionDefinitionVersionId":3,'
    '"extensionDefinitionId":700001},"context":{"workflowId":555000111,"actionId":1,'
    '"actionExecutionIndexIdentifier":{"enrollmentId":1000000000001,"actionExecutionIndex":0},'
    '"source":"WORKFLOWS"},"object":{"objectId":9876543210,"objectType":"DEAL","properties":'
    '{"dealname":"Acme — Zoë renewal","amount":"1500.00"}},"fields":{"dueInDays":"30"},'
    '"inputFields":{"dueInDays":"30"},"typedInputs":{"dueInDays":{"value":"30","type":"STRING"}}}'
).encode()
V1 = "79d85e74c5bd92fee1349f1640b8b07dd5715c570b0a521f18b8b4bb5d273890"
V2 = "406f4df4a1cb6de72e83dbdd5113f7dd484234ffc8c4b3bbe0313d8353f2b6da"
V3 = "BU4x0T/uJObQY7n55c6zMdc+zDSy0cx71FoPTeL3zyk="
V3_HEADERS = {"X-HubSpot-Signature-v3": V3, "X-HubSpot-Request-Timestamp": "1790000001000"}
V2_HEADERS = {"X-HubSpot-Signature": V2, "X-HubSpot-Signature-Version": "v2"}
V1_HEADERS = {"X-HubSpot-Signature": V1, "X-HubSpot-Signature-Version": "v1"}

PUBLISHED_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
PUBLISHED_URL = "https://www.example.com/webhook_uri"
CARD_URL = (
    "https://invoice.example.com/hubspot/card/deal-invoices"
    "?userId=42&portalId=1234567&userEmail=jane%40example.com&appId=777"
)


def check(headers=V3_HEADERS, **changes):
    call = {
        "method": "POST",
        "url": URL,
        "body": BODY,
        "secrets": [SECRET],
        "now": SIGNED_AT + timedelta(seconds=1),
        "accept_v2": True,
    }
    verify(headers=headers, **{**call, **changes})


def refused(headers=V3_HEADERS, **changes):
    with pytest.raises(SignatureInvalid):
        check(headers, **changes)


def test_the_body_is_the_one_of_the_contract():
    assert len(BODY) == 698


def test_published_v2_and_v1_signatures_pass():
    get = "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    post = "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
    webhook = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
    event = (
        b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
        b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
        b'"changeFlag":"NEW","appId":54321}]'
    )
    known = {"secrets": [PUBLISHED_SECRET], "url": PUBLISHED_URL}
    check({**V2_HEADERS, "X-HubSpot-Signature": get}, method="GET", body=b"", **known)
    check({**V2_HEADERS, "X-HubSpot-Signature": post}, body=b'{"example_field":"example_value"}', **known)
    check({**V1_HEADERS, "X-HubSpot-Signature": webhook}, body=event, accept_v2=False, accept_v1=True, **known)


def test_our_own_vectors_pass_in_each_version():
    check(V3_HEADERS)
    check({name.lower(): value for name, value in V3_HEADERS.items()})
    check({**V3_HEADERS, **V2_HEADERS, "Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    check(V2_HEADERS)
    check(V1_HEADERS, accept_v1=True)


def test_v3_decodes_the_listed_escapes_and_only_those():
    card = {"method": "GET", "url": CARD_URL, "body": b""}
    check({**V3_HEADERS, "X-HubSpot-Signature-v3": "ZDeMgTOKzdCLAh4JuZYXdcbjKqTGP3wOa+8peS03t+Y="}, **card)
    refused({**V3_HEADERS, "X-HubSpot-Signature-v3": "fVtD+fxN2y33B3hvYt26/X1zm5jBYBzFxwm9nixZZxk="}, **card)
    for other in ("%2540", "%40%20", "%41"):
        signature = {**V3_HEADERS, "X-HubSpot-Signature-v3": "ZDeMgTOKzdCLAh4JuZYXdcbjKqTGP3wOa+8peS03t+Y="}
        refused(signature, method="GET", url=CARD_URL.replace("%40", other), body=b"")


@pytest.mark.parametrize("seconds", [0, 200, 300, -60, -300])
def test_a_recent_signature_passes(seconds):
    check(now=SIGNED_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [301, 86400, -301, -3600])
def test_an_old_or_future_signature_is_refused(seconds):
    refused(now=SIGNED_AT + timedelta(seconds=seconds))


def test_what_was_not_signed_is_refused():
    refused(body=BODY.replace(b"1500.00", b"1500.01"))
    refused(body=BODY + b" ")
    refused(method="PUT")
    refused(url=URL + "?x=1")
    refused(url=URL.replace("create-invoice", "void-invoice"))
    refused(url=URL.replace("invoice.example.com", "evil.example.com"))
    refused(url=URL.replace("https", "http"))
    refused(secrets=["another"])
    refused({**V3_HEADERS, "X-HubSpot-Request-Timestamp": "1790000001001"})
    refused(V2_HEADERS, body=BODY + b" ")
    refused(V2_HEADERS, url=URL + "?x=1")
    refused(V2_HEADERS, method="PUT")


@pytest.mark.parametrize(
    "moment",
    [
        *(None, "", " ", "nan", "NaN", "Infinity", "-1790000001000", "+1790000001000", "1790000001000.0", "1e12"),
        *("1790000001000 ", " 1790000001000", "1790000001000,1790000001000", "1_790_000_001_000", "9" * 400),
        *("٠١٢٣", "١٧٩٠٠٠٠٠٠١٠٠٠", "0x1a0", "\ud800", "1790000001"),
    ],
)
def test_a_time_that_is_none_is_refused(moment):
    headers = {"X-HubSpot-Signature-v3": V3, "X-HubSpot-Request-Timestamp": moment}
    refused({name: value for name, value in headers.items() if value is not None})


@pytest.mark.parametrize(
    "signature",
    ["", " ", V3[:-1], V3[:-4], V3.lower(), V3.upper(), f"{V3},{V3}", f"{V3}, x", f"{V3} ", "Zoë", "\ud800", V2, "=="],
)
def test_a_v3_signature_that_is_not_exactly_it_is_refused_even_beside_a_good_v2(signature):
    refused({**V3_HEADERS, **V2_HEADERS, "X-HubSpot-Signature-v3": signature})


def test_a_v3_signature_without_time_does_not_fall_back():
    refused({**V2_HEADERS, "X-HubSpot-Signature-v3": V3})


@pytest.mark.parametrize("signature", ["", V2[:-1], V2.upper(), f"{V2},{V2}", "Zoë", "\ud800", V3, V1])
def test_a_v2_signature_that_is_not_exactly_it_is_refused(signature):
    refused({**V2_HEADERS, "X-HubSpot-Signature": signature})


def test_versions_are_only_accepted_where_they_are_let():
    refused({})
    refused(V2_HEADERS, accept_v2=False)
    refused(V1_HEADERS)
    refused(V2_HEADERS, accept_v2=False, accept_v1=True)
    refused({"X-HubSpot-Signature": V2})
    refused({"X-HubSpot-Signature": V1}, accept_v1=True)
    refused({**V2_HEADERS, "X-HubSpot-Signature-Version": "v3"})
    refused({**V2_HEADERS, "X-HubSpot-Signature-Version": "v2,v2"})
    refused({**V1_HEADERS, "X-HubSpot-Signature-Version": "v2"}, accept_v1=True)


def test_a_header_given_twice_is_refused():
    refused({**V3_HEADERS, "x-hubspot-signature-V3": V3})


def test_each_secret_of_a_rotation_passes_and_an_empty_one_never():
    check(secrets=["old", SECRET])
    check(secrets=[SECRET, "new"])
    check(V2_HEADERS, secrets=["old", SECRET])
    refused(secrets=[])
    # HMAC and SHA-256 with an empty key, which anybody can compute.
    refused({**V1_HEADERS, "X-HubSpot-Signature": EMPTY_KEY_V1}, secrets=[""], body=b"", accept_v1=True)


EMPTY_KEY_V1 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(
    headers=st.dictionaries(st.sampled_from([*V3_HEADERS, *V2_HEADERS]), st.text()),
    url=st.text(),
    body=st.binary(),
    accept=st.booleans(),
)
def test_no_request_does_more_than_be_refused(headers, url, body, accept):
    refused(headers, url=url, body=body, accept_v2=accept, accept_v1=accept)
