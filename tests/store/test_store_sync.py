"""The sync's tables: one turn at a time, no record in two pairs, progress kept apart from what the operator wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.errors import InputInvalid
from service.ids import PortalId, RealmId
from service.store.database import Database
from service.store.sync import SyncTables
from service.store.sync_candidates import Seen
from service.store.sync_changes import SyncChanges
from service.store.sync_links import FAILED, IN_STEP, WAITING, SyncLink
from service.store.sync_settings import ON, SyncObject
from service.sync.direction import Direction, Side
from service.sync.echo import agree
from service.sync.mapping import default_mapping

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PORTAL, REALM = PortalId(7), RealmId("77")


@pytest.fixture
def tables(database: Database) -> SyncTables:
    return SyncTables(database)


@pytest.fixture
def contacts(tables: SyncTables) -> SyncObject:
    known = replace(tables.settings.find(PORTAL, REALM, "contacts"), state=ON)
    tables.settings.keep(known, NOW)
    return known


def test_what_was_never_turned_on_is_off_with_our_defaults(tables: SyncTables) -> None:
    known = tables.settings.find(PORTAL, REALM, "products")
    assert (known.state, known.direction, known.fields) == ("off", Direction.BOTH, default_mapping("products"))
    assert tables.settings.all() == []


def test_progress_and_wishes_do_not_overwrite_each_other(tables: SyncTables, contacts: SyncObject) -> None:
    begun = replace(tables.settings.begin(contacts, NOW), phase="match", cursor="12", done=5, total=9)
    tables.settings.progress(begun)
    tables.settings.keep(replace(contacts, winner=Side.QUICKBOOKS), NOW)
    known = tables.settings.find(PORTAL, REALM, "contacts")
    assert (known.winner, known.phase, known.cursor, known.done) == (Side.QUICKBOOKS, "match", "12", 5)
    assert known.seconds_left(NOW + timedelta(seconds=10)) == 8
    applied = tables.settings.apply_mapping(known, default_mapping("contacts"), "me", NOW)
    assert (applied.fields.version, applied.phase) == (1, "quickbooks")
    assert tables.settings.find(PORTAL, REALM, "contacts").fields.version == 1


def test_one_process_at_a_time_and_nobody_for_what_is_off(tables: SyncTables, contacts: SyncObject) -> None:
    span, settings = timedelta(minutes=1), tables.settings
    assert settings.claim(contacts, "one", NOW, span)
    assert settings.claim(contacts, "one", NOW, span), "its own turn goes on"
    assert not settings.claim(contacts, "two", NOW, span)
    assert settings.claim(contacts, "two", NOW + span, span), "a dead process' turn ends"
    settings.release(contacts, "one")
    assert not settings.claim(contacts, "one", NOW + span, span), "only its holder gives it back"
    settings.release(contacts, "two")
    settings.keep(replace(contacts, state="off"), NOW)
    assert not settings.claim(contacts, "one", NOW, span)


def test_a_record_belongs_to_one_pair(tables: SyncTables, contacts: SyncObject) -> None:
    agreement = agree({"email": "a@example.com"}, {"GivenName": None}, [("email", "GivenName")])
    (link,) = tables.links.keep(contacts, [SyncLink(object_id="1", entity_id="2", agreement=agreement)], NOW)
    assert tables.links.keep(contacts, [SyncLink(object_id="1", entity_id="3")], NOW) == []
    assert tables.links.keep(contacts, [SyncLink(object_id="4", entity_id="2")], NOW) == []
    found = tables.links.by_entities(contacts, ["2"])["2"]
    assert (found.id, found.object_id, found.agreement) == (link.id, "1", agreement)
    halves = tables.links.keep(contacts, [SyncLink(object_id="8"), SyncLink(object_id="9")], NOW)
    assert len(halves) == 2, "a half has no other side yet"


def test_search_count_replay_and_due(tables: SyncTables, contacts: SyncObject) -> None:
    tables.links.keep(contacts, [
        SyncLink(object_id="1", entity_id="2", label="Zoë 100%", strong="zoe@example.com"),
        SyncLink(object_id="3", state=FAILED, code="NAME_TAKEN", label="Nell"),
        SyncLink(object_id="4", state=FAILED, code="VALUE_NOT_TAKEN"),
    ], NOW)  # fmt: skip
    assert [each.object_id for each in tables.links.search(contacts, "100%")] == ["1"]
    assert [each.object_id for each in tables.links.search(contacts, "ZOE@")] == ["1"]
    assert [each.object_id for each in tables.links.search(contacts, "3")] == ["3"]
    assert tables.links.search(contacts, "_") == []
    assert tables.links.count(contacts) == {
        (IN_STEP, None): 1,
        (FAILED, "NAME_TAKEN"): 1,
        (FAILED, "VALUE_NOT_TAKEN"): 1,
    }
    assert tables.links.objects_due(NOW) == set()
    assert tables.links.replay(contacts, NOW, code="NAME_TAKEN") == 1
    assert tables.links.objects_due(NOW) == {(PORTAL, REALM, "contacts")}
    (due,) = tables.links.due(contacts, NOW, 10)
    assert (due.object_id, due.state) == ("3", WAITING)


def test_candidates_are_found_by_what_they_share(tables: SyncTables, contacts: SyncObject) -> None:
    seen = [
        Seen(Side.QUICKBOOKS, str(n), f"{n}@example.com", "same" if n < 3 else "", {"Id": str(n)}) for n in range(1, 6)
    ]
    tables.candidates.keep(contacts, seen)
    tables.candidates.keep(contacts, seen)
    assert tables.candidates.count(contacts, Side.QUICKBOOKS) == 5
    assert [each.id for each in tables.candidates.page(contacts, Side.QUICKBOOKS, 2, 2)] == ["3", "4"]
    tables.links.keep(contacts, [SyncLink(object_id="x", entity_id="2")], NOW)
    alike = tables.candidates.alike(contacts, Side.QUICKBOOKS, ["5@example.com"], ["same"])
    assert {(each.id, each.taken) for each in alike} == {("1", False), ("2", True), ("5", False)}
    tables.candidates.clear(contacts)
    assert tables.candidates.count(contacts, Side.QUICKBOOKS) == 0


def test_customers_follow_one_object_only(database: Database, contacts: SyncObject) -> None:
    changes = SyncChanges(database)
    companies = changes.tables.settings.find(PORTAL, REALM, "companies")
    with pytest.raises(InputInvalid, match="turn contacts off first"):
        changes.turn_on(companies, "me", NOW)
    changes.turn_off(contacts, "me", NOW)
    assert changes.turn_on(companies, "me", NOW).state == ON


def test_after_a_month_off_everything_is_compared_anew(database: Database, contacts: SyncObject) -> None:
    changes, settings = SyncChanges(database), SyncTables(database).settings
    done = replace(contacts, phase="done", began_at=NOW, polled_quickbooks_at=NOW, polled_hubspot_at=NOW)
    settings.progress(done)
    assert changes.turn_on(done, "me", NOW + timedelta(days=3)).phase == "done"
    assert changes.turn_on(done, "me", NOW + timedelta(days=31)).phase == "quickbooks"


def test_forgetting_takes_links_trail_and_settings(tables: SyncTables, contacts: SyncObject) -> None:
    (link,) = tables.links.keep(contacts, [SyncLink(object_id="1")], NOW)
    tables.links.note(contacts, link, "conflict", "lost", NOW)
    assert [each.event for each in tables.links.events(link)] == ["conflict"]
    tables.settings.forget(contacts)
    assert tables.links.search(contacts) == []
    assert tables.links.events(link) == []
    assert tables.settings.find(PORTAL, REALM, "contacts").state == "off"
