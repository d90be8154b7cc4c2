"""OAuth: tokens, consent, uninstalling. Contract 3."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hubspot_caller import DEALS, US, Caller

CLIENT = {"client_id": "sandbox-hubspot-client", "client_secret": "sandbox-hubspot-secret"}
REFRESH = f"na1-sandbox-refresh-{US}"
BACK = "https://invoice.example.com/hubspot/oauth/callback"


def token(hubspot: Caller, path: str = "", **form: str) -> Any:
    return hubspot.http.post(f"/oauth/2026-03/token{path}", data={**CLIENT, **form})


def refresh(hubspot: Caller, text: str = REFRESH) -> Any:
    return token(hubspot, grant_type="refresh_token", refresh_token=text)


def test_a_refresh_token_gives_half_an_hour(hubspot: Caller) -> None:
    said = refresh(hubspot).json
    assert (said["hub_id"], said["expires_in"], said["token_type"]) == (US, 1800, "bearer")
    assert said["refresh_token"] == REFRESH
    assert len(said["access_token"]) >= 512
    hubspot.token = said["access_token"]
    assert hubspot.get(DEALS).status_code == 200
    hubspot.world.clock.advance(timedelta(seconds=1801))
    expired = hubspot.get(DEALS)
    assert (expired.status_code, expired.json["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert hubspot.refusals == []


def test_expiry_at_will(hubspot: Caller) -> None:
    hubspot.control(f"portals/{US}/expire", {})
    assert hubspot.get(DEALS).status_code == 401


def test_a_rotated_refresh_token_is_the_only_one(hubspot: Caller) -> None:
    hubspot.world.hubspot.settings.refresh_token_rotation = True
    fresh = refresh(hubspot).json["refresh_token"]
    assert fresh != REFRESH
    assert refresh(hubspot).json["status"] == "BAD_REFRESH_TOKEN"
    assert refresh(hubspot, fresh).status_code == 200


def test_an_uninstalled_app_is_told_so(hubspot: Caller) -> None:
    hubspot.control(f"portals/{US}/uninstall", {})
    refused = refresh(hubspot)
    assert refused.status_code == 400
    assert (refused.json["error"], refused.json["status"]) == ("invalid_grant", "BAD_REFRESH_TOKEN")
    assert hubspot.get(DEALS).status_code == 401
    hubspot.world.hubspot.settings.uninstalled_answer = "403"
    assert hubspot.get(DEALS).status_code == 403
    again = hubspot.control(f"portals/{US}/install", {})["refresh_token"]
    assert refresh(hubspot, again).status_code == 200


def test_uninstalling_through_the_api(hubspot: Caller) -> None:
    assert hubspot.call("DELETE", "/appinstalls/2026-03/external-install").status_code == 204
    assert refresh(hubspot).status_code == 400


def test_introspect_and_revoke(hubspot: Caller) -> None:
    access = refresh(hubspot).json["access_token"]
    told = token(hubspot, "/introspect", token=access, access_token=access, token_type_hint="access_token").json
    assert (told["active"], told["hub_id"], told["app_id"], told["token_type"]) == (True, US, 700001, "Bearer")
    assert token(hubspot, "/introspect", token=REFRESH).json["token_use"] == "refresh_token"
    assert token(hubspot, "/introspect", token="unknown").json == {"active": False}
    assert token(hubspot, "/revoke", token=REFRESH).status_code == 200
    assert refresh(hubspot).status_code == 400
    assert token(hubspot, "/introspect", token=access).json["active"] is True


def test_what_is_wrong_with_a_token_request(hubspot: Caller) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": REFRESH}
    assert hubspot.http.post("/oauth/2026-03/token", json={**CLIENT, **form}).status_code == 415
    assert hubspot.http.post("/oauth/2026-03/token?grant_type=refresh_token", data=CLIENT).status_code == 400
    assert token(hubspot, **form, colour="red").status_code == 400
    assert token(hubspot, grant_type="password").status_code == 400
    assert hubspot.http.post("/oauth/v1/token", data={**CLIENT, **form}).status_code == 404
    assert len(hubspot.refusals) == 5
    wrong = hubspot.http.post("/oauth/2026-03/token", data={**CLIENT, **form, "client_secret": "no"})
    assert (wrong.status_code, wrong.json["status"]) == (400, "BAD_CLIENT_SECRET")


def test_old_paths_can_be_switched_on(hubspot: Caller) -> None:
    hubspot.world.hubspot.settings.legacy_paths = True
    deal = hubspot.story("one-line")
    assert hubspot.get(f"/crm/v3/objects/deals/{deal}").json["id"] == deal
    assert hubspot.post("/crm/v4/associations/deals/line_items/batch/read", {"inputs": [{"id": deal}]}).json["results"]
    assert hubspot.get("/crm/v3/objects/unicorns/1").status_code == 404
    assert hubspot.get("/crm/v9/objects/deals/1").status_code == 404


def test_consent_with_a_portal_of_ones_choice(hubspot: Caller) -> None:
    verifier = "a-verifier-that-is-long-enough-to-be-one-0123456789"
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": CLIENT["client_id"],
        "redirect_uri": BACK,
        "scope": "oauth automation",
        "state": "s1",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }
    page = hubspot.http.get("/oauth/authorize", query_string=asked)
    assert page.status_code == 200
    assert "Thames Garden Design" in page.text
    form = {"decision": "approve", "portal_id": "20000002"}
    sent_back = hubspot.http.post("/oauth/authorize", query_string=asked, data=form)
    answer = parse_qs(urlsplit(sent_back.headers["Location"]).query)
    assert answer["state"] == ["s1"]
    wanted = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": BACK}
    said = token(hubspot, **wanted, code_verifier=verifier).json
    assert (said["hub_id"], said["scopes"]) == (20000002, ["automation", "oauth"])
    again = token(hubspot, **wanted, code_verifier=verifier)
    assert (again.status_code, again.json["status"]) == (400, "BAD_AUTH_CODE")
    declined = hubspot.http.post("/oauth/authorize", query_string=asked, data={"decision": "decline"})
    assert "error=access_denied" in declined.headers["Location"]
    assert hubspot.http.get("/oauth/authorize", query_string=asked | {"scope": "everything"}).status_code == 400
    assert hubspot.http.get("/oauth/authorize", query_string=asked | {"client_id": "other"}).status_code == 400


def test_details_of_the_portal(hubspot: Caller, uk: Caller) -> None:
    said = hubspot.get("/account-info/2026-03/details").json
    assert (said["portalId"], said["companyCurrency"], said["timeZone"]) == (US, "USD", "US/Eastern")
    said = uk.get("/account-info/2026-03/details").json
    assert (said["portalId"], said["companyCurrency"], said["timeZone"]) == (20000002, "GBP", "Europe/London")
    assert uk.get(f"{DEALS}/{hubspot.story('one-line')}").status_code == 404
    assert uk.get("/tax-rates/v1/tax-rates").json["results"][0]["percentageRate"] == "20"
