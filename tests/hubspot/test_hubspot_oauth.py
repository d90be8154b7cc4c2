"""How tokens are asked for, and what is known when HubSpot gives none."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from service.errors import ConfigError, NotConnected, RefusedByHubSpot, TryLater
from service.hubspot.oauth import OAuth, TokenDetails, TokenReply
from service.wire import Wire

REPLY = {
    "token_type": "bearer",
    "access_token": "new-access",
    "refresh_token": "na1-new",
    "hub_id": 1234567,
    "user_id": 222222,
    "scopes": ["oauth", "automation"],
    "expires_in": 1800,
    "token_use": "access_token",
}
APP = {"client_id": "app", "client_secret": "s&cret"}


@pytest.fixture
def oauth(hubspot) -> OAuth:
    return OAuth(api_url=hubspot.url, version="2026-03", client_id="app", client_secrets=["s&cret"], wire=Wire())


def form(hubspot) -> dict[str, str]:
    (asked,) = hubspot.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in asked.headers
    assert "?" not in asked.path
    return dict(parse_qsl(asked.body.decode(), strict_parsing=True))


def test_a_refresh_travels_in_the_body_to_the_dated_path(oauth, hubspot):
    hubspot.will_say(200, REPLY)
    expected = TokenReply("new-access", "na1-new", timedelta(minutes=30), 1234567, ("oauth", "automation"))
    assert oauth.refresh("na1-old") == expected
    assert hubspot.lines == ["POST /oauth/2026-03/token"]
    assert form(hubspot) == {"grant_type": "refresh_token", "refresh_token": "na1-old", **APP}


def test_a_code_is_exchanged(oauth, hubspot):
    hubspot.will_say(200, REPLY)
    assert oauth.exchange_code("c0de", "https://x.example/cb").portal_id == 1234567
    assert form(hubspot) == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "redirect_uri": "https://x.example/cb",
        **APP,
    }


def test_an_old_refresh_token_is_kept_when_no_new_one_comes(oauth, hubspot):
    hubspot.will_say(200, {"access_token": "a", "expires_in": 60})
    assert oauth.refresh("kept") == TokenReply("a", "kept", timedelta(seconds=60), None, ())


def test_introspection_sends_both_names_of_the_field(oauth, hubspot):
    hubspot.will_say(200, {"active": True, "hub_id": 1234567, "scopes": ["oauth"], "expires_in": 1789})
    assert oauth.introspect("t") == TokenDetails(True, 1234567, ("oauth",), timedelta(seconds=1789))
    assert hubspot.lines == ["POST /oauth/2026-03/token/introspect"]
    assert form(hubspot) == {"token": "t", "access_token": "t", "token_type_hint": "access_token", **APP}


def test_revoking_a_token_that_has_ended_is_no_error(oauth, hubspot):
    hubspot.will_say(204)
    hubspot.will_say(400, {"status": "BAD_REFRESH_TOKEN"})
    oauth.revoke("r")
    oauth.revoke("r")
    assert hubspot.lines == ["POST /oauth/2026-03/token/revoke"] * 2


@pytest.mark.parametrize("body", [{"status": "BAD_REFRESH_TOKEN"}, {"error": "invalid_grant", "status": "X"}])
def test_an_ended_grant_means_connecting_again(oauth, hubspot, body):
    hubspot.will_say(400, body)
    with pytest.raises(NotConnected) as caught:
        oauth.refresh("r")
    assert caught.value.vendor == "hubspot"


def test_a_wrong_client_secret_is_our_setting(oauth, hubspot):
    hubspot.will_say(401, {"error": "invalid_client"})
    with pytest.raises(ConfigError, match="HUBSPOT_CLIENT_SECRET") as caught:
        oauth.refresh("r")
    assert "s&cret" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401])
def test_while_secrets_rotate_the_next_one_is_tried(hubspot, status):
    rotating = OAuth(
        api_url=hubspot.url, version="2026-03", client_id="app", client_secrets=["new", "old"], wire=Wire()
    )
    hubspot.will_say(status, {"error": "invalid_client", "status": "BAD_CLIENT_SECRET"})
    hubspot.will_say(200, REPLY)
    assert rotating.refresh("r").access_token == "new-access"
    assert [dict(parse_qsl(each.body.decode()))["client_secret"] for each in hubspot.asked] == ["new", "old"]
    hubspot.will_say(400, {"status": "BAD_REFRESH_TOKEN"})
    with pytest.raises(NotConnected):
        rotating.refresh("r")
    for _ in range(2):
        hubspot.will_say(401, {"error": "invalid_client"})
    with pytest.raises(ConfigError):
        rotating.refresh("r")
    assert len(hubspot.asked) == 5, "each of them once, and what is no question of secrets only once"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
@pytest.mark.parametrize("body", [{"status": "error"}, b"<html>no</html>", {"category": "MISSING_SCOPES"}, b""])
def test_a_refresh_refused_for_no_known_reason_is_tried_later(oauth, hubspot, status, body):
    """It says nothing of the portal, and nothing of the call for which the access token was wanted."""
    hubspot.will_say(status, body)
    with pytest.raises(TryLater):
        oauth.refresh("r")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_token_endpoint_is_tried_later(oauth, hubspot, status):
    hubspot.will_say(status, {})
    with pytest.raises(TryLater):
        oauth.refresh("r")


def test_a_lost_or_strange_answer_is_tried_later(oauth, hubspot):
    hubspot.will_lose_the_answer()
    for body in (b"<html>", [], {"access_token": "a"}, {"access_token": 1, "expires_in": 1}):
        hubspot.will_say(200, body)
    for _ in range(5):
        with pytest.raises(TryLater):
            oauth.refresh("r")


def test_any_other_refusal_is_told_by_its_code(oauth, hubspot):
    hubspot.will_say(400, {"status": "MISMATCH_REDIRECT_URI_AUTH_CODE", "message": "text"})
    with pytest.raises(RefusedByHubSpot, match="MISMATCH_REDIRECT_URI_AUTH_CODE"):
        oauth.exchange_code("c", "https://x.example/cb")


def test_tokens_do_not_show_when_printed():
    assert "secret" not in repr(TokenReply("secret-a", "secret-r", timedelta(1), None))
