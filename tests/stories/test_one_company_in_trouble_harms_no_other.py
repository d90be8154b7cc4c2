"""A portal is connected with two companies' books: what befalls one of them is nobody else's trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.store.connections import LIVE, PAUSED
from service.store.sync_changes import SyncChanges
from service.store.sync_links import FAILED, IN_STEP, SyncLink
from service.store.sync_settings import OFF, ON, SyncObject
from service.wire import Answer
from service.workflows import pass_over, poll_changes
from service.workflows.synchronize import KEEP_SECONDS, LEASE, Synchronizer
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import (
    hear,
    link_of,
    make,
    person,
    settle_down,
    state_of,
    synchronize,
    turn_on,
)


@pytest.fixture
def other(harness: Harness) -> str:
    """The second realm; contacts are in step with both."""
    realm = next(each for each in harness.world.quickbooks.credentials()["realms"] if each != REALM)
    harness.connect()
    harness.connect(PORTAL, realm)
    make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="New")
    turn_on(harness, "contacts")
    harness.services.sync.settings.keep(replace(known_of(harness, realm), state=ON), harness.clock.now())
    settle_down(harness, 2)
    return str(realm)


@pytest.fixture
def contact(harness: Harness, other: str) -> str:
    (found,) = harness.services.sync.links.search(state_of(harness, "contacts"), "nell@example.com")
    return str(found.object_id)


def known_of(harness: Harness, realm: str) -> SyncObject:
    return harness.services.sync.settings.find(PORTAL, realm, "contacts")


def phone_in(harness: Harness, realm: str, contact: str) -> str:
    link = harness.services.sync.links.by_objects(known_of(harness, realm), [contact])[contact]
    (found,) = [each for each in harness.books("Customer", realm) if each["Id"] == link.entity_id]
    return str(found.get("PrimaryPhone", {}).get("FreeFormNumber", ""))


def call(harness: Harness, contact: str, phone: str) -> None:
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": phone}})
    harness.pass_time(timedelta(seconds=2))
    hear(harness, "hubspot", [contact])


def test_one_company_throws_us_out_and_the_other_goes_on(harness: Harness, other: str, contact: str) -> None:
    harness.trouble("status", f"/v3/company/{other}/", times=50, status=401)
    call(harness, contact, "31337")
    states = {(each.vendor, each.owner_id): each.state for each in harness.services.credentials.standings()}
    assert states[("quickbooks", REALM)] == "live"
    assert states[("quickbooks", other)] == "revoked"
    assert phone_in(harness, REALM, contact) == "31337"
    assert (state_of(harness, "contacts").problem, bool(known_of(harness, other).problem)) == (None, True)
    harness.calm()
    harness.connect(PORTAL, other)
    harness.pass_time(timedelta(minutes=2))
    synchronize(harness)
    assert phone_in(harness, other, contact) == "31337", "what it was told of has waited for it"
    assert known_of(harness, other).problem is None


def test_one_company_is_slow_and_the_other_is_told_once(harness: Harness, other: str, contact: str) -> None:
    harness.trouble("status", f"/v3/company/{other}/", times=3, status=503)
    call(harness, contact, "4711")
    calls = len(harness.calls("quickbooks", f"/v3/company/{REALM}"))
    assert phone_in(harness, REALM, contact) == "4711"
    for _ in range(4):
        harness.pass_time(timedelta(minutes=1))
        synchronize(harness)
    assert phone_in(harness, other, contact) == "4711"
    assert len(harness.calls("quickbooks", f"/v3/company/{REALM}")) == calls, (
        "nothing is asked again for the healthy one"
    )


def test_a_paused_company_is_not_called(harness: Harness, other: str, contact: str) -> None:
    harness.stores.connections.change_state(PORTAL, other, PAUSED, harness.clock.now())
    calls = len(harness.calls("quickbooks", f"/v3/company/{other}"))
    call(harness, contact, "4711")
    assert phone_in(harness, REALM, contact) == "4711"
    assert len(harness.calls("quickbooks", f"/v3/company/{other}")) == calls
    harness.stores.connections.change_state(PORTAL, other, LIVE, harness.clock.now())
    synchronize(harness)
    assert phone_in(harness, other, contact) == "4711"


def test_what_is_told_during_a_pass_is_followed_after_it(harness: Harness, other: str, contact: str) -> None:
    worker = Synchronizer(harness.services)
    harness.services.sync.settings.begin(known_of(harness, other), harness.clock.now())
    for _ in range(3):
        worker.work()
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "4711"}})
    hear(harness, "hubspot", [contact])
    assert (phone_in(harness, REALM, contact), phone_in(harness, other, contact)) == ("4711", "4711")


def test_an_operator_compares_anew_while_a_pass_is_under_way(harness: Harness, other: str) -> None:
    changes, settings = SyncChanges(harness.services.database), harness.services.sync.settings
    changes.run(state_of(harness, "contacts"), "me", harness.clock.now())
    while state_of(harness, "contacts").phase != "match":
        pass_over.step(harness.services, state_of(harness, "contacts"))
    known = state_of(harness, "contacts")
    changes.run(known, "me", harness.clock.now())
    pass_over.step(harness.services, known)
    assert (state_of(harness, "contacts").phase, state_of(harness, "contacts").cursor) == ("quickbooks", None)
    settings.rest(known, "no answer", pass_over.measure_headroom(harness.services, known))
    assert state_of(harness, "contacts").phase == "quickbooks", "nor does a rest bring the earlier pass back"


def test_off_in_the_middle_of_a_pass_then_on_again(harness: Harness, other: str, contact: str) -> None:
    changes = SyncChanges(harness.services.database)
    changes.run(state_of(harness, "contacts"), "me", harness.clock.now())
    while state_of(harness, "contacts").phase != "match":
        pass_over.step(harness.services, state_of(harness, "contacts"))
    changes.turn_off(state_of(harness, "contacts"), "me", harness.clock.now())
    assert harness.rows("SELECT 1 FROM sync_candidates") == [], "no copy of anybody lies there meanwhile"
    late = make(harness, "contacts", email="late@example.com", firstname="Late", lastname="Comer")
    person(harness, "DELETE", f"contacts/{contact}")
    harness.pass_time(timedelta(days=2))
    assert state_of(harness, "contacts").state == OFF
    changes.turn_on(state_of(harness, "contacts"), "me", harness.clock.now())
    synchronize(harness)
    assert [each["DisplayName"] for each in harness.books("Customer")].count("Late Comer") == 1
    assert link_of(harness, "contacts", late) is not None
    gone = link_of(harness, "contacts", contact)
    assert gone is not None
    assert gone.code == "DELETED_IN_HUBSPOT", "seen at once, not a week later"


def test_changes_are_not_missed_where_our_clock_is_ahead(harness: Harness, contact: str) -> None:
    """QuickBooks' clock and HubSpot's stand twenty minutes behind ours; webhooks are lost."""
    behind, customer = timedelta(minutes=20), link_of(harness, "contacts", contact)
    assert customer is not None

    def work(since: timedelta) -> None:
        harness.pass_time(since)
        worker = Synchronizer(harness.services)
        for _ in range(200):
            harness.world.clock.freeze(harness.clock.now() - behind)
            harness.services.pacing.refresh(1)
            if not worker.work():
                return

    harness.pass_time(behind)
    SyncChanges(harness.services.database).run(state_of(harness, "contacts"), "me", harness.clock.now())
    work(timedelta(0))
    harness.act("edit", kind="Customer", id=customer.entity_id, changes={"FamilyName": "Newer"})
    work(timedelta(minutes=16))
    assert _held(harness, contact)["lastname"] == "Newer", "after a pass"
    harness.act("edit", kind="Customer", id=customer.entity_id, changes={"FamilyName": "Newest"})
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "5"}})
    work(timedelta(minutes=16))
    assert _held(harness, contact)["lastname"] == "Newest", "after a poll"
    assert phone_in(harness, REALM, contact) == "5"


def _held(harness: Harness, contact: str) -> Mapping[str, str | None]:
    with harness.world.hubspot.lock:
        return dict(harness.world.hubspot.portals[PORTAL].objects["contacts"][contact].properties)


def test_a_long_step_keeps_its_turn_and_a_dead_worker_loses_it(harness: Harness, contact: str) -> None:
    mine, known = Synchronizer(harness.services), state_of(harness, "contacts")
    settings = harness.services.sync.settings
    assert settings.claim(known, mine._owner, harness.clock.now(), LEASE)
    mine._held[known.scope] = known
    for _ in range(20):
        harness.pass_time(timedelta(seconds=KEEP_SECONDS))
        mine.keep_turns()
    assert not settings.claim(known, "another", harness.clock.now(), LEASE)
    mine._held.clear()
    mine.keep_turns()
    harness.pass_time(LEASE)
    assert settings.claim(known, "another", harness.clock.now(), LEASE)


def test_a_poll_goes_on_where_it_was_interrupted(harness: Harness, contact: str) -> None:
    settle_down(harness, 1)
    for number in range(210):
        make(harness, "contacts", email=f"n{number}@example.com", firstname=f"N{number}", lastname="Many")
    harness.pass_time(timedelta(minutes=16))
    asked: list[int] = []

    def ends() -> bool:
        asked.append(1)
        return False

    before = state_of(harness, "contacts")
    poll_changes.poll(harness.services, before, ends)
    after = state_of(harness, "contacts")
    assert before.polled_hubspot_at is not None
    assert after.polled_hubspot_at is not None
    assert after.polled_hubspot_at > before.polled_hubspot_at
    assert (len(asked), after.next_poll_at) == (1, before.next_poll_at), "the rest is still due"


class Faulty:
    """A wire at which the service itself fails, whenever a call is about something."""

    def __init__(self, harness: Harness, about: str) -> None:
        self._line, self._about = harness.services.hubspot._line._line, about
        self._wire, self._line._wire = self._line._wire, self  # type: ignore[assignment]

    def send(self, *arguments: Any, **more: Any) -> Answer:
        if any(self._about in str(each) for each in arguments):
            raise KeyError("a bug")
        answer: Answer = self._wire.send(*arguments, **more)
        return answer

    def mend(self) -> None:
        self._line._wire = self._wire


def test_one_record_that_the_service_fails_at_does_not_hold_up_the_others(harness: Harness, contact: str) -> None:
    well = make(harness, "contacts", email="well@example.com", firstname="Wella", lastname="Well")
    faulty = Faulty(harness, contact)
    hear(harness, "hubspot", [contact, well])
    marked, fine = linked(harness, contact), linked(harness, well)
    assert (marked.state, marked.code, fine.state) == (FAILED, "SERVICE_FAILED", IN_STEP)
    assert "try it again" in str(marked.sentence)
    faulty.mend()
    SyncChanges(harness.services.database).replay(state_of(harness, "contacts"), "me", harness.clock.now())
    synchronize(harness)
    assert linked(harness, contact).state == IN_STEP


def test_a_fault_of_our_own_is_shown_and_the_turn_given_back(harness: Harness, contact: str) -> None:
    faulty = Faulty(harness, "/search")
    harness.pass_time(timedelta(minutes=16))
    synchronize(harness)
    known, now = state_of(harness, "contacts"), harness.clock.now()
    assert "The service itself failed (KeyError)" in str(known.problem)
    assert harness.services.sync.settings.claim(known, "another", now, timedelta(0))
    faulty.mend()
    harness.pass_time(timedelta(minutes=6))
    synchronize(harness)
    assert state_of(harness, "contacts").problem is None


def linked(harness: Harness, contact: str) -> SyncLink:
    link = link_of(harness, "contacts", contact)
    assert link is not None
    return link
