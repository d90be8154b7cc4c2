"""How HubSpot is asked about an app's actions, and what its refusals mean for the operator."""

from __future__ import annotations

import logging

import pytest

from service.errors import ConfigError, OutcomeUnknown, RefusedByHubSpot, TryLater
from service.hubspot.oauth import OAuth
from service.hubspot.registry import Credential, Registry
from service.hubspot.transport import Line
from service.wire import Wire

KEY = "canary-key-1f2e3d"


def registry(hubspot, credential: Credential = Credential.DEVELOPER_KEY) -> Registry:
    return Registry(Line(hubspot.url, "2026-03", Wire()), "700001", credential, KEY)


def test_the_developer_key_stands_in_the_query(hubspot):
    hubspot.will_say(200, {"results": []})
    assert registry(hubspot).list_definitions() == []
    assert hubspot.lines == [f"GET /automation/actions/2026-03/700001?hapikey={KEY}"]
    assert "authorization" not in hubspot.asked[0].headers


def test_the_token_stands_in_the_header(hubspot):
    hubspot.will_say(200, {"id": "1", "revisionId": "2"})
    bearer = registry(hubspot, Credential.BEARER)
    assert bearer.change_definition("1", {"published": True}) == {"id": "1", "revisionId": "2"}
    assert hubspot.lines == ["PATCH /automation/actions/2026-03/700001/1"]
    assert hubspot.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert hubspot.asked[0].json == {"published": True}


def test_all_pages_are_read_and_archived_ones_left_out(hubspot):
    hubspot.will_say(200, {"results": [{"id": "1"}], "paging": {"next": {"after": "x y"}}})
    hubspot.will_say(200, {"results": [{"id": "2", "archivedAt": 1790000000000}, {"id": "3", "archivedAt": None}]})
    assert [each["id"] for each in registry(hubspot).list_definitions()] == ["1", "3"]
    assert hubspot.lines[1] == f"GET /automation/actions/2026-03/700001?after=x+y&hapikey={KEY}"


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("credential", "other"), [(Credential.DEVELOPER_KEY, "bearer"), (Credential.BEARER, "developer-key")]
)
def test_a_refused_credential_names_the_other_kind(hubspot, status, credential, other):
    hubspot.will_say(status, {"status": "error", "category": "MISSING_SCOPES", "message": f"no {KEY}"})
    with pytest.raises(ConfigError, match=f"--credential {other}") as raised:
        registry(hubspot, credential).list_definitions()
    assert f"HTTP {status}" in raised.value.sentence


def test_an_unknown_app_names_the_setting(hubspot):
    hubspot.will_say(404, {"status": "error", "message": "unknown"})
    with pytest.raises(ConfigError, match="check HUBSPOT_APP_ID"):
        registry(hubspot).list_definitions()


def test_hubspots_words_about_our_definition_are_passed_on_without_the_key(hubspot):
    hubspot.will_say(400, {"status": "error", "message": f"labels.xx is\nunknown at ?hapikey={KEY}"})
    with pytest.raises(RefusedByHubSpot) as raised:
        registry(hubspot).create_definition({"actionUrl": "x"})
    assert raised.value.sentence == "HubSpot does not take the definition: labels.xx is unknown at ?hapikey=…"


def test_a_lost_answer_to_a_create_is_looked_for_before_repeating(hubspot):
    hubspot.will_lose_the_answer()
    with pytest.raises(OutcomeUnknown, match="run `actions diff`"):
        registry(hubspot).create_definition({"actionUrl": "x"})
    hubspot.will_lose_the_answer()
    with pytest.raises(TryLater):
        registry(hubspot).change_definition("1", {"published": True})


@pytest.mark.parametrize("body", [b"<html>", [], {"results": 1}, {"results": ["x"]}, {}])
def test_an_answer_that_is_not_hubspots_is_no_empty_list(hubspot, body):
    hubspot.will_say(200, body)
    with pytest.raises(TryLater, match="could not be read"):
        registry(hubspot).list_definitions()


def test_the_key_is_in_no_log_and_no_error(hubspot, caplog):
    caplog.set_level(logging.DEBUG, "service")
    hubspot.will_say(200, {"results": []})
    hubspot.will_say(500, {"message": KEY})
    hubspot.will_lose_the_answer()
    ours = registry(hubspot)
    ours.list_definitions()
    for _ in range(2):
        with pytest.raises(TryLater) as raised:
            ours.list_definitions()
        assert KEY not in raised.value.sentence
        assert raised.value.__cause__ is None
    written = [record for record in caplog.records if record.name.startswith("service")]
    assert len(written) == 3
    assert KEY not in " ".join(str(vars(record)) for record in written)


def test_a_token_of_the_app_is_asked_for_by_client_credentials(hubspot):
    hubspot.will_say(200, {"access_token": "app-token", "expires_in": 1800, "token_type": "bearer"})
    oauth = OAuth(api_url=hubspot.url, version="2026-03", client_id="app", client_secrets=["s&cret"], wire=Wire())
    assert oauth.get_app_token(("developers-read", "developers-write")) == "app-token"
    (asked,) = hubspot.asked
    assert hubspot.lines == ["POST /oauth/2026-03/token"]
    assert asked.body == (
        b"grant_type=client_credentials&scope=developers-read+developers-write&client_id=app&client_secret=s%26cret"
    )
