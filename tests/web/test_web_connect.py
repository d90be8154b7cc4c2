"""A person connects a portal and its realm, over the sandbox's consent pages; both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from markupsafe import escape
from person import Person, connect_hubspot, connect_quickbooks, consent, set_out, stored

from service.store.hints import Hint
from service.workflows.follow_invoice import follow_realm, realms_due
from service.workflows.learn_connection import learn_connections
from tests.harness import PORTAL, REALM, Harness

OTHER_PORTAL, OTHER_REALM = 20000002, "9341450000000002"


@pytest.fixture
def person(harness: Harness) -> Person:
    """Somebody who is signed in."""
    made = Person(harness.web.application)
    assert made.sign_in().status_code == 303
    return made


def test_the_whole_way_from_nothing_to_an_invoice(harness: Harness, person: Person) -> None:
    answer = connect_hubspot(person)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections?done=portal-connected")
    assert f"{PORTAL}" in person.open("/connections").text

    answer = connect_quickbooks(person)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections?done=realm-connected")
    page = person.open("/connections?done=realm-connected").text
    assert REALM in page
    assert "The QuickBooks company is connected." in page
    assert harness.refusals() == []

    deal_id = harness.story("three-lines")
    callback_id = harness.enroll(deal_id)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_the_realm_s_name_and_settings_are_known_at_once(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    name = harness.world.quickbooks.realms[REALM].name
    assert str(escape(name)) in person.open("/").text
    assert harness.services.settings.find("realm", REALM) is not None


def test_what_intuit_says_of_the_ends_is_kept(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    found = harness.stores.credentials.find("quickbooks", REALM)
    assert found is not None
    assert found.refresh_expires_at is not None
    assert (found.refresh_expires_at - harness.clock.now()).days == 101
    assert found.hard_expires_at is not None
    assert (found.hard_expires_at - harness.clock.now()).days == 5 * 365


def test_several_realms_for_a_portal_and_several_portals(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_hubspot(person, OTHER_PORTAL)
    for portal_id, realm_id in ((PORTAL, REALM), (PORTAL, OTHER_REALM), (OTHER_PORTAL, OTHER_REALM)):
        assert connect_quickbooks(person, portal_id, realm_id).status_code == 303
    pairs = {(each.portal_id, each.realm_id) for each in harness.stores.connections.all()}
    assert pairs == {(PORTAL, REALM), (PORTAL, OTHER_REALM), (OTHER_PORTAL, OTHER_REALM)}


def test_with_several_portals_the_person_chooses_one(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_hubspot(person, OTHER_PORTAL)
    page = person.open("/quickbooks/connect")
    assert page.status_code == 200
    assert "For which HubSpot portal?" in page.text
    assert str(OTHER_PORTAL) in page.text


def test_hub_id_missing_from_the_token_reply_is_asked_for(harness: Harness, person: Person) -> None:
    # HubSpot's description does not list hub_id as required.
    harness.set_sandbox(hubspot={"tokens_tell_portal": False})
    assert connect_hubspot(person).status_code == 303
    assert harness.stores.credentials.find("hubspot", str(PORTAL)) is not None
    assert harness.calls("hubspot", "introspect")


def test_a_reconnect_lets_parked_callbacks_go_on(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    harness.world.quickbooks.grants.revoke_realm(REALM)
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(callback_id).state == "parked"
    home = person.open("/").text
    assert "access has ended" in home
    assert "1 callback parked" in home
    hint = Hint("quickbooks", REALM, "Invoice", "17", frozenset({"updated"}), None)
    harness.services.hints.hear([hint], harness.clock.now())
    follow_realm(harness.services, REALM)
    assert realms_due(harness.services) == [], "put off until somebody reconnects"

    address = set_out(person, f"/quickbooks/connect?portal={PORTAL}&realm={REALM}")
    assert person.open(consent(address)).status_code == 303
    harness.pass_time(timedelta(seconds=2))
    assert realms_due(harness.services) == [REALM]
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_a_portal_s_reconnect_lets_its_callbacks_go_on(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    harness.world.hubspot.tokens.uninstall(harness.world.hubspot.portals[PORTAL])
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    harness.work()
    assert harness.callback(callback_id).state == "parked"
    learn_connections(harness.services)
    harness.pass_time(timedelta(minutes=1))
    assert learn_connections(harness.services) == 0
    assert person.open(consent(set_out(person, f"/hubspot/connect?portal={PORTAL}"))).status_code == 303
    assert learn_connections(harness.services) == 1
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_intuit_s_launch_and_reconnect_addresses(harness: Harness, person: Person) -> None:
    connect_hubspot(person)
    connect_quickbooks(person)
    assert person.open("/quickbooks/launch?realmId=1").headers["Location"] == "/"
    again = person.open(f"/quickbooks/reconnect?realmId={REALM}").headers["Location"]
    assert again == f"/quickbooks/connect?portal={PORTAL}&realm={REALM}"
    assert person.open("/quickbooks/reconnect?realmId=1").headers["Location"] == "/connections"
    stranger = Person(harness.web.application)
    assert stranger.open(f"/quickbooks/reconnect?realmId={REALM}").status_code == 401


def test_signing_in_leads_on_to_the_address_that_was_asked_for(harness: Harness) -> None:
    person = Person(harness.web.application)
    page = person.open("/hubspot/connect?portal=1")
    assert page.status_code == 401
    assert 'name="onward" value="/hubspot/connect?portal=1"' in page.text
    assert person.sign_in(onward="/hubspot/connect?portal=1").headers["Location"] == "/hubspot/connect?portal=1"
    assert stored(harness) == {"credentials": 0, "connections": 0, "realm_settings": 0}
