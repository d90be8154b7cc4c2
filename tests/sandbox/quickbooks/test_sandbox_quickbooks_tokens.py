"""OAuth as the contract tells it (section 1)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from quickbooks_caller import BASIC, CRAIG, Company

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.state import QuickBooks


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
@pytest.mark.parametrize("end", ["", "/"])
def test_discovery_names_addresses_on_its_own_host(app: Flask, name: str, end: str) -> None:
    found = app.test_client().get(f"/.well-known/{name}{end}", base_url="http://books.test:8080").get_json()
    assert found["token_endpoint"] == "http://books.test:8080/oauth2/v1/tokens/bearer"
    assert {"issuer", "authorization_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"} <= set(found)


def test_every_refresh_gives_a_new_value_and_the_old_one_is_dead(company: Company) -> None:
    first = company.tokens
    assert (first["token_type"], first["expires_in"], first["x_refresh_token_expires_in"]) == ("bearer", 3600, 8726400)
    assert "x_refresh_token_hard_expires_in" not in first
    second = company.refresh(first["refresh_token"])
    assert second.get_json()["refresh_token"] != first["refresh_token"]
    again = company.refresh(first["refresh_token"])
    assert (again.status_code, again.get_json()) == (400, {"error": "invalid_grant"})
    assert company.refresh(second.get_json()["refresh_token"]).status_code == 200  # the chain lives on


def test_reuse_may_revoke_the_chain(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.reuse_revokes_chain = True
    second = company.refresh(company.tokens["refresh_token"]).get_json()
    assert company.refresh(company.tokens["refresh_token"]).status_code == 400
    assert company.refresh(second["refresh_token"]).status_code == 400
    assert company.raw("GET", "/preferences").status_code == 401


def test_the_previous_value_may_have_a_grace(company: Company, quickbooks: QuickBooks, clock: SandboxClock) -> None:
    quickbooks.settings.refresh_grace_seconds = 60
    company.refresh(company.tokens["refresh_token"])
    clock.advance(timedelta(seconds=59))
    assert company.refresh(company.tokens["refresh_token"]).status_code == 200
    clock.advance(timedelta(seconds=62))
    assert company.refresh(company.tokens["refresh_token"]).status_code == 400


def test_the_value_may_stay_for_a_day(company: Company, quickbooks: QuickBooks, clock: SandboxClock) -> None:
    quickbooks.settings.rotate_every_refresh = False
    token = company.tokens["refresh_token"]
    assert company.refresh(token).get_json()["refresh_token"] == token
    clock.advance(timedelta(hours=25))
    assert company.refresh(token).get_json()["refresh_token"] != token


def test_tokens_end(company: Company, clock: SandboxClock) -> None:
    clock.advance(timedelta(seconds=3601))
    answer = company.raw("GET", "/preferences")
    assert answer.status_code == 401
    error = answer.get_json()["fault"]["error"][0]
    assert (error["code"], error["detail"]) == ("3200", "Token expired")
    clock.advance(timedelta(days=101))
    assert company.refresh(company.tokens["refresh_token"]).get_json() == {"error": "invalid_grant"}


def test_five_years_are_the_end_however_often_refreshed(company: Company, clock: SandboxClock) -> None:
    asked = {"x-include-refresh-token-hard-expires-in": "true"}
    first = company.refresh(company.tokens["refresh_token"], **asked).get_json()
    assert first["x_refresh_token_hard_expires_in"] == 5 * 365 * 86400
    token = first["refresh_token"]
    for _ in range(20):
        clock.advance(timedelta(days=90))
        token = company.refresh(token).get_json()["refresh_token"]
    clock.advance(timedelta(days=30))
    assert company.refresh(token).status_code == 400


def test_a_wrong_client_is_told_apart_from_a_dead_token(app: Flask) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = app.test_client().post("/oauth2/v1/tokens/bearer", data=form, headers={"Authorization": "Basic eDp5"})
    assert (answer.status_code, answer.get_json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "x", "realm": "1"}, "fields"),
        ({"grant_type": "password"}, "grant_type"),
    ],
)
def test_an_odd_form_is_refused(app: Flask, form: dict[str, str], reason: str) -> None:
    answer = app.test_client().post("/oauth2/v1/tokens/bearer", data=form, headers={"Authorization": BASIC})
    assert answer.status_code == 400
    assert app.extensions["refused"][0].startswith(reason)


def test_revoked_means_access_and_refresh(company: Company) -> None:
    answer = company.client.post(
        "/v2/oauth2/tokens/revoke", json={"token": company.tokens["refresh_token"]}, headers={"Authorization": BASIC}
    )
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert company.raw("GET", "/preferences").status_code == 401
    assert company.refresh(company.tokens["refresh_token"]).status_code == 400


def test_a_person_connects_a_company(app: Flask, quickbooks: QuickBooks) -> None:
    client = app.test_client()
    address = (
        "/connect/oauth2?client_id=sandbox-quickbooks-client&response_type=code&scope=com.intuit.quickbooks.accounting"
        "&redirect_uri=https://us.test/back&state=s1"
    )
    assert "Craig&#x27;s Design" in client.get(address).get_data(as_text=True)
    sent = client.post(address, data={"decision": "approve", "realm_id": CRAIG}).headers["Location"]
    answer = {name: values[0] for name, values in parse_qs(urlsplit(sent).query).items()}
    assert (answer["state"], answer["realmId"]) == ("s1", CRAIG)
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": "https://us.test/back"}
    tokens = client.post("/oauth2/v1/tokens/bearer", data=form, headers={"Authorization": BASIC})
    assert tokens.status_code == 200
    assert tokens.get_json()["access_token"] in quickbooks.grants.access
    again = client.post("/oauth2/v1/tokens/bearer", data=form, headers={"Authorization": BASIC})
    assert again.get_json() == {"error": "invalid_grant"}
    assert tokens.get_json()["access_token"] not in quickbooks.grants.access  # a code used twice kills both


def test_a_person_declines(app: Flask) -> None:
    address = (
        "/connect/oauth2?client_id=sandbox-quickbooks-client&response_type=code&scope=com.intuit.quickbooks.accounting"
        "&redirect_uri=https://us.test/back&state=s1"
    )
    sent = app.test_client().post(address, data={"decision": "decline"}).headers["Location"]
    assert sent == "https://us.test/back?error=access_denied&state=s1"
    assert app.test_client().get(address.replace("accounting", "payment")).status_code == 400


def test_the_wrong_realm_and_a_disconnected_one_are_403(company: Company) -> None:
    company.realm_id = "9341450000000002"
    assert company.raw("GET", "/preferences").status_code == 403
    company.realm_id = CRAIG
    company.change(disconnected=True)
    answer = company.raw("GET", "/preferences")
    error = answer.get_json()["fault"]["error"][0]
    assert (answer.status_code, error["code"]) == (403, "3100")
    assert company.refused is None
    assert company.refresh(company.tokens["refresh_token"]).get_json() == {"error": "invalid_grant"}


def test_gateway_errors_may_come_in_xml(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.gateway_errors = "xml"
    company.change(expire_access_tokens=True)
    answer = company.raw("GET", "/preferences")
    assert (answer.status_code, answer.mimetype) == (401, "application/xml")
    assert b'code="3200"' in answer.get_data()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/.well-known/openid"),
        ("GET", "/oauth2/v1/tokens/bearer"),
        ("POST", "/oauth2/v1/token"),
        ("POST", "/v2/oauth2/revoke"),
        ("GET", f"/v3/company/{CRAIG}"),
        ("GET", f"/v3/company/{CRAIG}/"),
        ("POST", "/v3/company/"),
    ],
)
def test_an_address_that_is_none_is_refused(app: Flask, method: str, path: str) -> None:
    assert app.test_client().open(path, method=method).status_code == 404
    assert app.extensions["refused"][0].startswith("no such address")


def test_no_bearer_is_refused(company: Company) -> None:
    assert company.raw("GET", "/preferences", headers={"Authorization": ""}).status_code == 401
    assert company.refused == "no bearer token"


def test_reset_gives_the_same_tokens_again(quickbooks: QuickBooks) -> None:
    before = quickbooks.credentials()
    quickbooks.grants.refresh(before["realms"][CRAIG]["refresh_token"], hard=False)
    assert quickbooks.credentials() != before
    quickbooks.reset()
    assert quickbooks.credentials() == before
