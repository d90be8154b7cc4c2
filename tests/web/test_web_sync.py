"""The sync's pages: turn an object on, watch it, read why a record failed, decide, replay, change the mapping."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from person import Person

from service.quickbooks.limits import realm_scope
from service.store.sync_links import IN_STEP
from service.workflows.answer_mappings import answer_mappings
from service.workflows.follow_records import erase
from service.workflows.pass_over import step
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import count_calls, entity, link_of, make, settle_down, state_of, synchronize, writes
from tests.syncing import person as somebody

BASE = f"/sync/{PORTAL}/{REALM}/contacts"


@pytest.fixture
def operator(harness: Harness) -> Person:
    harness.connect()
    person = Person(harness.web.application)
    assert person.sign_in().status_code == 303
    return person


def read(person: Person, address: str) -> str:
    """A page as somebody sees it, without its marks."""
    answer = person.open(address)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_turned_on_watched_failed_fixed_replayed(operator: Person, harness: Harness) -> None:
    nell = make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="<b>New</b>")
    assert "Contacts and customers Off" in read(operator, "/sync")
    answer = operator.submit(f"{BASE}/on", "/sync", direction="both", winner="quickbooks", deactivates="yes")
    assert answer.status_code == 303
    page = operator.open("/sync").text
    assert "Reading QuickBooks" in page
    assert "Look again" in page
    known = state_of(harness, "contacts")
    assert (known.winner.value, known.deactivates) == ("quickbooks", True)
    synchronize(harness)
    assert "In step" in read(operator, "/sync")
    assert "Look again" not in operator.open("/sync").text

    somebody(harness, "PATCH", f"contacts/{nell}", {"properties": {"email": "none"}})
    settle_down(harness, 2)
    assert "1 failed" in read(operator, "/sync")
    assert "not in step" in read(operator, "/"), "the first page says what needs a person"
    listed = read(operator, f"{BASE}/records?state=failed&text=nell")
    assert "not a valid e-mail address" in listed
    link = link_of(harness, "contacts", nell)
    assert link is not None
    page = operator.open(f"{BASE}/records/{link.id}").text
    assert "VALUE_NOT_TAKEN" in page
    assert "<b>New" not in page, "customers' text is text"
    somebody(harness, "PATCH", f"contacts/{nell}", {"properties": {"email": "nell2@example.com"}})
    assert operator.submit(f"{BASE}/records/{link.id}/replay", f"{BASE}/records/{link.id}").status_code == 303
    synchronize(harness)
    link = link_of(harness, "contacts", nell)
    assert link is not None
    assert link.state == IN_STEP
    assert operator.submit(f"{BASE}/off", "/sync").status_code == 303
    assert "Contacts and customers Off" in read(operator, "/sync")
    acts = [each.act for each in harness.rows("SELECT act FROM audit ORDER BY id")]
    assert {"sync turned on", "records replayed", "sync turned off"} <= set(acts)


def test_the_limits_are_seen_while_it_works(operator: Person, harness: Harness) -> None:
    operator.submit(f"{BASE}/on", "/sync")
    assert "of the limits" not in read(operator, "/sync")
    step(harness.services, state_of(harness, "contacts"))
    harness.services.pacing.pause(realm_scope(REALM), timedelta(minutes=1), "throttled")
    page = read(operator, "/sync")
    assert re.search(r"Left of the limits 0 s ago: HubSpot \d+ of 50 calls in 5.4 s, 4 of 4 searches", page), page
    until = harness.clock.now() + timedelta(minutes=1)
    assert f"QuickBooks calls rest until {until:%H:%M:%S} UTC: throttled" in page
    harness.pass_time(timedelta(minutes=2))
    assert "rest until" not in read(operator, "/sync")
    synchronize(harness)
    assert "of the limits" not in read(operator, "/sync"), "nothing is under way"


def test_a_doubtful_match_is_chosen(operator: Person, harness: Harness) -> None:
    twin = harness.act("create_customer", name="Twin Peaks", fields={"PrimaryEmailAddr": {"Address": "t@example.com"}})
    contact = make(harness, "contacts", email="x@example.com", firstname="Twin", lastname="Peaks")
    operator.submit(f"{BASE}/on", "/sync")
    synchronize(harness)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    page = f"{BASE}/records/{link.id}"
    assert "Which one is it?" in read(operator, page)
    assert operator.submit(f"{page}/choose", page, chosen="x").status_code == 400
    assert operator.submit(f"{page}/choose", page, chosen=twin["Id"]).status_code == 303
    synchronize(harness)
    assert entity(harness, "Customer", twin["Id"])["PrimaryEmailAddr"]["Address"] == "x@example.com"


def test_mapping_and_filter_are_edited(operator: Person, harness: Harness) -> None:
    operator.submit(f"{BASE}/on", "/sync")
    synchronize(harness)
    assert "ours by default" in read(operator, f"{BASE}/mapping")
    document = {"format": 1, "object": "contacts", "fields": [
        {"hubspot": "phone", "quickbooks": "Balance"},
        {"hubspot": "nobody", "quickbooks": "Suffix"},
    ]}  # fmt: skip
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", document=json.dumps(document)).status_code == 303
    calls = count_calls(harness)
    assert "The worker checks it" in read(operator, f"{BASE}/mapping")
    assert count_calls(harness) == calls, "the page asks no vendor"
    assert answer_mappings(harness.services) == 1
    refused = read(operator, f"{BASE}/mapping")
    for reason in ("nothing was changed", "Balance cannot be written", "no property nobody", "ours by default"):
        assert reason in refused
    assert "&#34;nobody&#34;" in operator.open(f"{BASE}/mapping").text, "to be corrected, not to be typed again"
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", document="{").status_code == 400
    document["fields"] = [{"hubspot": "phone", "quickbooks": "Fax.FreeFormNumber"}]
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", document=json.dumps(document)).status_code == 303
    assert answer_mappings(harness.services) == 1
    assert answer_mappings(harness.services) == 0
    assert "Version 1 was applied" in read(operator, f"{BASE}/mapping")
    (act,) = harness.rows("SELECT actor FROM audit WHERE act = 'mapping applied'")
    assert act.actor.startswith("operator at")
    assert state_of(harness, "contacts").phase == "quickbooks"
    chosen = {"hubspot": [{"name": "lifecyclestage", "operator": "is", "values": ["customer"]}]}
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", filter=json.dumps(chosen)).status_code == 303
    assert state_of(harness, "contacts").filter.hubspot[0].values == ("customer",)


def test_a_mapping_is_tried_on_records(operator: Person, harness: Harness) -> None:
    nell = make(harness, "contacts", email="nell@example.com", firstname="Nell", phone="555-1")
    page, fields = f"{BASE}/mapping", [{"hubspot": "phone", "quickbooks": "Fax.FreeFormNumber"}]
    document = json.dumps({"format": 1, "object": "contacts", "fields": fields})
    for wrong in ("", "x", " ".join(map(str, range(21)))):
        assert operator.submit(page, page, document=document, act="try", records=wrong).status_code == 400
    assert operator.submit(page, page, document=document, act="try", records=f"{nell}, 999999999").status_code == 303
    written = writes(harness)
    assert answer_mappings(harness.services) == 1
    said = read(operator, page)
    assert f"HubSpot {nell}, QuickBooks to be created" in said
    assert "phone 555-1 555-1 Fax.FreeFormNumber 555-1" in said
    assert "HubSpot has no record 999999999" in said
    assert (writes(harness), state_of(harness, "contacts").mapping) == (written, None)
    erase(harness.services, state_of(harness, "contacts"), "999")
    assert "555-1" in operator.open(page).text
    erase(harness.services, state_of(harness, "contacts"), nell)
    assert "555-1" not in operator.open(page).text, "a privacy deletion erases what was shown"
    operator.submit(page, page, document=document, act="try", records=nell)
    assert answer_mappings(harness.services) == 1
    assert "555-1" in operator.open(page).text
    harness.pass_time(timedelta(days=2))
    assert answer_mappings(harness.services) == 0
    assert "555-1" not in operator.open(page).text, "customers' values are forgotten after a day"


def test_a_mapping_that_could_not_be_checked_is_not_applied(operator: Person, harness: Harness) -> None:
    page, fields = f"{BASE}/mapping", [{"hubspot": "phone", "quickbooks": "Fax.FreeFormNumber"}]
    harness.services.pacing.pause(f"portal:{PORTAL}", timedelta(minutes=1), "throttled")
    operator.submit(page, page, document=json.dumps({"format": 1, "object": "contacts", "fields": fields}))
    assert answer_mappings(harness.services) == 1
    assert "HubSpot had no answer or no room for us, so calls to it rest (throttled)" in read(operator, page)
    assert state_of(harness, "contacts").mapping is None


def test_nobody_else_sees_or_changes_anything(harness: Harness) -> None:
    harness.connect()
    stranger = Person(harness.web.application)
    for address in ("/sync", f"{BASE}/records", f"{BASE}/records/1", f"{BASE}/mapping"):
        assert stranger.open(address).status_code == 401
    assert stranger.send(f"{BASE}/on").status_code == 401
    stranger.sign_in()
    assert stranger.send(f"{BASE}/on").status_code == 403
    for address in ("/sync/1/2/contacts/records", f"{BASE}/records/99", "/sync/x/y/contacts/records"):
        assert stranger.open(address).status_code == 404
    assert state_of(harness, "contacts").state == "off"
