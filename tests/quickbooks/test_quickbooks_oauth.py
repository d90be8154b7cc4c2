import base64
import logging
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from fake_intuit import LOST, Told
from hypothesis import given
from hypothesis import strategies as st

from service import errors
from service.quickbooks.oauth import OAuth, TokenReply, parse_tokens

TOKENS = {
    "token_type": "bearer",
    "access_token": "eyJ-CANARY-access",
    "expires_in": 3600,
    "refresh_token": "RT1-CANARY-refresh",
    "x_refresh_token_expires_in": 8726400,
    "x_refresh_token_hard_expires_in": 157494248,
    "headers": None,
    "verify": False,
    "request": "overwritten",
    "token_endpoint": "http://evil.example",
}


def discovery(url):
    return {
        "issuer": "https://oauth.platform.intuit.com/op/v1",
        "authorization_endpoint": "https://appcenter.intuit.com/connect/oauth2",
        "token_endpoint": f"{url}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{url}/userinfo",
        "revocation_endpoint": f"{url}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{url}/jwks",
    }


@pytest.fixture
def oauth(intuit):
    intuit.routes["/discovery"] = Told(200, discovery(intuit.url))
    return OAuth("client", "s3cret", "https://app.example/quickbooks/oauth/callback", f"{intuit.url}/discovery")


def paths(intuit):
    return [asked.path for asked in intuit.asked]


def test_nothing_is_fetched_before_it_is_needed(intuit, oauth):
    assert intuit.asked == []
    parts = urlsplit(oauth.authorize_url("our-state"))
    assert parts.netloc + parts.path == "appcenter.intuit.com/connect/oauth2"
    assert parse_qs(parts.query) == {
        "client_id": ["client"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": ["https://app.example/quickbooks/oauth/callback"],
        "state": ["our-state"],
    }
    oauth.authorize_url("another")
    assert paths(intuit) == ["/discovery"]


def test_exchange(intuit, oauth):
    intuit.tell(200, TOKENS)
    found = oauth.exchange("code+1")
    assert found == TokenReply("eyJ-CANARY-access", "RT1-CANARY-refresh", 3600, 8726400, 157494248)
    asked = intuit.asked[1]
    assert (asked.method, asked.target) == ("POST", "/oauth2/v1/tokens/bearer")
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"client:s3cret").decode()
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Accept"] == "application/json"
    assert dict(parse_qsl(asked.body.decode())) == {
        "grant_type": "authorization_code",
        "code": "code+1",
        "redirect_uri": "https://app.example/quickbooks/oauth/callback",
    }


def test_refresh(intuit, oauth):
    intuit.tell(200, TOKENS)
    intuit.tell(200, {**TOKENS, "refresh_token": "RT2", "x_refresh_token_hard_expires_in": None})
    assert oauth.refresh("RT0").refresh_token == "RT1-CANARY-refresh"
    second = oauth.refresh("RT1")
    assert (second.refresh_token, second.hard_expires_in_seconds) == ("RT2", None)
    assert paths(intuit) == ["/discovery", "/oauth2/v1/tokens/bearer", "/oauth2/v1/tokens/bearer"]
    assert intuit.asked[1].headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert intuit.asked[1].body == b"grant_type=refresh_token&refresh_token=RT0"


def test_revoke(intuit, oauth):
    intuit.tell(200)
    oauth.revoke("RT1")
    assert intuit.asked[1].path == "/v2/oauth2/tokens/revoke"
    assert intuit.asked[1].body == b'{"token": "RT1"}'
    assert "x-include-refresh-token-hard-expires-in" not in intuit.asked[1].headers
    intuit.tell(400, {"error": "invalid_grant"})
    oauth.revoke("RT1")


def test_dead_refresh_token(intuit, oauth):
    intuit.tell(400, {"error": "invalid_grant", "error_description": "CANARY"})
    with pytest.raises(errors.NotConnected) as caught:
        oauth.refresh("RT0")
    assert caught.value.vendor == "quickbooks"
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(("status", "name"), [(401, "invalid_client"), (400, "invalid_client"), (400, "invalid_scope")])
def test_our_keys_wrong_disconnects_nobody(intuit, oauth, status, name):
    intuit.tell(status, {"error": name})
    with pytest.raises(errors.ConfigError) as caught:
        oauth.refresh("RT0")
    assert "QUICKBOOKS_CLIENT_ID" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (503, {"error": "invalid_grant"}),
        (429, b"<html>"),
        (400, b"<html>CANARY</html>"),
        (400, {"error": "invalid_request"}),
        (302, b""),
        (200, b""),
        (200, b"CANARY"),
        (200, {}),
        (200, {"access_token": "CANARY"}),
        (200, {"access_token": "", "refresh_token": "CANARY"}),
        (200, {"access_token": ["CANARY"], "refresh_token": "x"}),
    ],
)
def test_trouble_keeps_the_refresh_token(intuit, oauth, status, body):
    intuit.tell(status, body, Location=f"{intuit.url}/elsewhere")
    with pytest.raises(errors.TryLater) as caught:
        oauth.refresh("RT0")
    assert "CANARY" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "/elsewhere" not in paths(intuit)


def test_lost_answer_then_repeat(intuit, oauth):
    intuit.script.append(LOST)
    with pytest.raises(errors.TryLater):
        oauth.refresh("RT0")
    intuit.tell(200, TOKENS)
    assert oauth.refresh("RT0").access_token
    assert paths(intuit).count("/discovery") == 2


@pytest.mark.parametrize("told", [Told(500), Told(200, b"<html>"), Told(200, {"issuer": "x"}), Told(404), LOST])
def test_discovery_down_is_told_and_tried_again(intuit, oauth, told):
    good = intuit.routes["/discovery"]
    intuit.routes["/discovery"] = told
    for _ in range(2):
        with pytest.raises(errors.TryLater):
            oauth.authorize_url("state")
    intuit.routes["/discovery"] = good
    assert oauth.authorize_url("state")


def test_silence_has_a_time_out(intuit, oauth):
    oauth.authorize_url("state")
    intuit.close()
    with pytest.raises(errors.TryLater):
        oauth.refresh("RT0")
    intuit.server.socket.close()


def test_no_log_holds_a_secret(intuit, oauth, caplog):
    caplog.set_level(logging.DEBUG)
    intuit.tell(200, TOKENS, intuit_tid="1-abc")
    reply = oauth.refresh("RT0-CANARY")
    assert "CANARY" not in repr(reply)
    lines = [record.getMessage() for record in caplog.records]
    assert any("POST /oauth2/v1/tokens/bearer 200 in " in line and "1-abc" in line for line in lines)
    assert not any("CANARY" in line or "s3cret" in line for line in lines)


def test_environment_cannot_replace_our_keys(intuit, oauth, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    intuit.tell(200, TOKENS)
    oauth.refresh("RT0")
    assert intuit.asked[1].headers["Authorization"] == "Basic " + base64.b64encode(b"client:s3cret").decode()


@given(
    st.dictionaries(
        st.sampled_from([*TOKENS]), st.none() | st.integers() | st.text(max_size=12) | st.floats() | st.booleans()
    )
)
def test_any_reply_is_tokens_or_try_later(content):
    import json

    try:
        found = parse_tokens(json.dumps(content).encode())
    except errors.TryLater:
        return
    assert found.access_token
    assert found.refresh_token
    assert found.expires_in_seconds > 0
