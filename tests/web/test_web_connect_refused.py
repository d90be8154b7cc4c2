"""What must not connect anything: every refusal leaves the tables as they were, and says what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from person import Person, changed, connect_hubspot, connect_quickbooks, consent, set_out, stored
from werkzeug.test import TestResponse

from tests.harness import PORTAL, REALM, Harness

OTHER_PORTAL, OTHER_REALM = 20000002, "9341450000000002"
NOTHING = {"credentials": 0, "connections": 0, "realm_settings": 0}
PORTAL_ONLY = {"credentials": 1, "connections": 0, "realm_settings": 0}
BOTH = {"credentials": 2, "connections": 1, "realm_settings": 1}


@pytest.fixture
def person(harness: Harness) -> Person:
    """Somebody who is signed in."""
    return signed_in(harness)


def signed_in(harness: Harness) -> Person:
    """Somebody else who is signed in, with another browser."""
    made = Person(harness.web.application)
    assert made.sign_in().status_code == 303
    return made


def refused(answer: TestResponse, status: int, title: str) -> None:
    """The answer is a page for people that says what happened and where to go on."""
    assert (answer.status_code, answer.mimetype) == (status, "text/html"), answer.text
    assert f"<h1>{title}</h1>" in answer.text
    assert 'href="/connections"' in answer.text
    assert "othing was" in answer.text


@pytest.mark.parametrize("vendor", ["hubspot", "quickbooks"])
def test_a_tampered_state_is_refused(harness: Harness, person: Person, vendor: str) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, f"/{vendor}/connect"))
    for state in ("", "tampered", "x" * 5000, "☃"):
        refused(person.open(changed(back, state=state)), 403, "This answer was not asked for here")
    assert stored(harness) == PORTAL_ONLY


def test_another_browser_s_state_is_refused_and_still_works_in_its_own(harness: Harness, person: Person) -> None:
    back = consent(set_out(person, "/hubspot/connect"))
    other = signed_in(harness)
    refused(other.open(back), 403, "This answer was not asked for here")
    assert stored(harness) == NOTHING
    assert person.open(back).status_code == 303


def test_a_state_of_before_signing_in_again_is_refused(harness: Harness, person: Person) -> None:
    back = consent(set_out(person, "/hubspot/connect"))
    person.submit("/sign-out")
    answer = person.open(back)
    assert answer.status_code == 401
    assert "sandbox-code" not in answer.text
    person.sign_in()
    refused(person.open(back), 403, "This answer was not asked for here")
    assert stored(harness) == NOTHING


def test_a_state_of_one_vendor_is_worth_nothing_at_the_other(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, "/quickbooks/connect"))
    refused(person.open(back.replace("/quickbooks/", "/hubspot/")), 403, "This answer was not asked for here")
    assert stored(harness) == PORTAL_ONLY


def test_a_state_is_over_after_ten_minutes(harness: Harness, person: Person) -> None:
    address = set_out(person, "/hubspot/connect")
    harness.pass_time(timedelta(minutes=10))
    refused(person.open(consent(address)), 400, "That took too long")
    assert stored(harness) == NOTHING


def test_a_state_used_with_another_code_is_refused(harness: Harness, person: Person) -> None:
    address = set_out(person, "/hubspot/connect")
    assert person.open(consent(address)).status_code == 303
    refused(person.open(consent(address, portal_id=OTHER_PORTAL)), 400, "This answer was used before")
    assert stored(harness) == PORTAL_ONLY


@pytest.mark.parametrize("vendor", ["hubspot", "quickbooks"])
def test_an_answer_that_comes_twice_is_harmless(harness: Harness, person: Person, vendor: str) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    back = consent(set_out(person, f"/{vendor}/connect?portal={PORTAL}"))
    assert person.open(back).status_code == 303
    calls, before = len(harness.calls(vendor, "token")), harness.rows("SELECT * FROM credentials ORDER BY owner_id")
    for _ in range(3):
        again = person.open(back)
        assert again.status_code == 200
        assert "is connected already" in again.text
    assert len(harness.calls(vendor, "token")) == calls
    assert harness.rows("SELECT * FROM credentials ORDER BY owner_id") == before
    # Intuit would take the tokens back that a code used twice has given.
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_a_used_code_under_a_new_state_is_not_exchanged_again(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, "/quickbooks/connect"))
    assert person.open(back).status_code == 303
    calls = len(harness.calls("quickbooks", "tokens/bearer"))
    fresh = consent(set_out(person, "/quickbooks/connect"))
    code = back.partition("code=")[2].partition("&")[0]
    assert person.open(changed(fresh, code=code)).status_code == 200
    assert len(harness.calls("quickbooks", "tokens/bearer")) == calls
    assert stored(harness) == BOTH


@pytest.mark.parametrize("vendor", ["hubspot", "quickbooks"])
def test_a_made_up_code_is_refused_by_the_vendor(harness: Harness, person: Person, vendor: str) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, f"/{vendor}/connect"))
    name = {"hubspot": "HubSpot", "quickbooks": "QuickBooks"}[vendor]
    refused(person.open(changed(back, code="made-up")), 400, f"{name} did not take the code")
    refused(person.open(changed(back, code="made-up")), 400, "This answer was used before")
    assert stored(harness) == PORTAL_ONLY


def test_a_swapped_realm_is_refused(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, "/quickbooks/connect"))
    answer = person.open(changed(back, realmId=OTHER_REALM))
    refused(answer, 403, "This consent is for another QuickBooks company")
    assert stored(harness) == PORTAL_ONLY


def test_a_realm_that_is_none_is_refused_before_the_code_is_used(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    for realm_id in ("", "abc", "12 34", "9" * 40, "٣٤"):
        back = consent(set_out(person, "/quickbooks/connect"))
        assert person.open(changed(back, realmId=realm_id)).status_code == 400, realm_id
    assert harness.calls("quickbooks", "tokens/bearer") == []
    assert stored(harness) == PORTAL_ONLY


def test_reconnecting_a_realm_takes_no_other(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    address = set_out(person, f"/quickbooks/connect?portal={PORTAL}&realm={REALM}")
    refused(person.open(consent(address, realm_id=OTHER_REALM)), 400, "You chose another QuickBooks company")
    assert stored(harness) == BOTH


def test_reconnecting_a_portal_takes_no_other_and_gives_its_access_back(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    address = set_out(person, f"/hubspot/connect?portal={PORTAL}")
    refused(person.open(consent(address, portal_id=OTHER_PORTAL)), 400, "You chose another HubSpot portal")
    assert stored(harness) == PORTAL_ONLY
    portals = harness.world.hubspot.portals
    assert harness.calls("hubspot", "token/revoke")
    # The seeded consent of the sandbox is older; the one just given is gone.
    assert not str(harness.world.hubspot.tokens.refresh_token(portals[OTHER_PORTAL])).endswith("-2")


@pytest.mark.parametrize(("vendor", "path"), [("hubspot", "/hubspot/connect"), ("quickbooks", "/quickbooks/connect")])
def test_declined_consent_is_a_page(harness: Harness, person: Person, vendor: str, path: str) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, path), "decline")
    refused(person.open(back), 400, "You declined")
    refused(person.open(back), 400, "This answer was used before")
    assert stored(harness) == PORTAL_ONLY


def test_another_error_of_the_consent_page_is_a_page(harness: Harness, person: Person) -> None:
    back = changed(consent(set_out(person, "/hubspot/connect"), "decline"), error="<script>invalid_scope")
    answer = person.open(back)
    refused(answer, 400, "HubSpot did not give its consent")
    assert "<script>" not in answer.text
    assert stored(harness) == NOTHING


def test_a_missing_scope_is_named(harness: Harness, person: Person) -> None:
    back = consent(set_out(person, "/hubspot/connect"), scope="oauth automation", optional_scope="")
    answer = person.open(back)
    refused(answer, 400, "HubSpot did not grant everything that is needed")
    assert "crm.objects.deals.write" in answer.text
    assert stored(harness) == NOTHING


def test_quickbooks_wants_a_portal_first(harness: Harness, person: Person) -> None:
    answer = person.open("/quickbooks/connect")
    assert answer.status_code == 400
    assert "Connect HubSpot first" in answer.text
    connect_hubspot(person)
    for wanted, status in ((OTHER_PORTAL, 400), ("abc", 404), ("-1", 404)):
        assert person.open(f"/quickbooks/connect?portal={wanted}").status_code == status
    assert stored(harness) == PORTAL_ONLY


def test_a_portal_disconnected_on_the_way_gets_no_realm(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, "/quickbooks/connect"))
    person.submit("/portals/disconnect", portal=str(PORTAL))
    refused(person.open(back), 400, "The HubSpot portal is no longer connected")
    assert stored(harness) == NOTHING


@pytest.mark.parametrize(
    ("vendor", "path"), [("hubspot", "/oauth/2026-03/token"), ("quickbooks", "/oauth2/v1/tokens/bearer")]
)
def test_a_vendor_that_is_down_is_a_page(harness: Harness, person: Person, vendor: str, path: str) -> None:
    connect_hubspot(person)
    address = set_out(person, f"/{vendor}/connect")
    back = consent(address)
    harness.trouble("status", path, status=503, vendor=vendor, times=9)
    name = {"hubspot": "HubSpot", "quickbooks": "QuickBooks"}[vendor]
    refused(person.open(back), 503, f"{name} did not answer")
    assert stored(harness) == PORTAL_ONLY


def test_intuit_unreachable_before_consent_is_a_page(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    harness.trouble("status", "/.well-known/openid_configuration", status=503, times=9)
    refused(person.open("/quickbooks/connect"), 503, "QuickBooks did not answer")


def test_what_was_not_worked_out_with_quickbooks_is_not_stored(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    back = consent(set_out(person, "/quickbooks/connect"))
    harness.trouble("status", "/companyinfo", status=503, times=9)
    refused(person.open(back), 503, "QuickBooks did not answer")
    assert stored(harness) == PORTAL_ONLY
