"""Links, pauses and the settings cache: what is remembered so that it is not asked again."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_examples import NOW, PORTAL, REALM, rows

from service.ids import PortalId, RealmId
from service.store.database import Database
from service.store.links import TO_CUSTOMERS, Link, Links
from service.store.pauses import Pause, Pauses
from service.store.settings import SettingsCache

LATER = NOW + timedelta(minutes=1)


def test_links_lead_where_they_were_kept(database: Database) -> None:
    links = Links(database)
    contact = Link("contact", "101", "58", {"currency": "USD"})
    links.keep(PORTAL, REALM, [contact, Link("company", "101", "59"), Link("sku", "A-1", "7")], NOW)
    assert links.find(PORTAL, REALM, "contact", ["101", "102"]) == {"101": contact}
    assert links.find(PORTAL, REALM, "contact", []) == {}
    assert links.find(PortalId(7), REALM, "contact", ["101"]) == {}
    assert links.find(PORTAL, RealmId("2"), "contact", ["101"]) == {}
    assert links.find(PORTAL, REALM, "company", ["101"])["101"].entity_id == "59"
    links.keep(PORTAL, REALM, [], NOW)


def test_the_newest_link_counts(database: Database) -> None:
    links = Links(database)
    links.keep(PORTAL, REALM, [Link("contact", "101", "58", {"currency": "USD"})], NOW)
    links.keep(PORTAL, REALM, [Link("contact", "101", "60")], LATER)
    assert links.find(PORTAL, REALM, "contact", ["101"]) == {"101": Link("contact", "101", "60")}


def test_a_dead_entity_is_forgotten_under_every_name(database: Database) -> None:
    links = Links(database)
    items = [Link("sku", "A-1", "7"), Link("name", "Consulting", "7"), Link("product", "9", "8")]
    links.keep(PORTAL, REALM, [*items, Link("contact", "101", "7")], NOW)
    links.keep(PortalId(7), REALM, [Link("sku", "A-1", "7")], NOW)
    links.keep(PORTAL, RealmId("2"), [Link("sku", "A-1", "7")], NOW)
    assert links.forget(REALM, ("product", "sku", "name"), "7") == 3
    left = {(row.portal_id, row.realm_id, row.kind) for row in rows(database, "SELECT * FROM links")}
    assert left == {(PORTAL, REALM, "product"), (PORTAL, REALM, "contact"), (PORTAL, "2", "sku")}
    assert links.forget(REALM, ("product", "sku", "name"), "7") == 0


def test_links_follow_a_merge(database: Database) -> None:
    links = Links(database)
    links.keep(PORTAL, REALM, [Link("contact", "101", "7", {"currency": "EUR"}), Link("sku", "A-1", "7")], NOW)
    links.keep(PortalId(7), REALM, [Link("company", "5", "7"), Link("company", "6", "9")], NOW)
    links.keep(PORTAL, RealmId("2"), [Link("contact", "101", "7")], NOW)
    assert links.move(REALM, TO_CUSTOMERS, "7", "8") == 2
    assert links.find(PORTAL, REALM, "contact", ["101"])["101"] == Link("contact", "101", "8", {"currency": "EUR"})
    left = {(row.portal_id, row.realm_id, row.kind, row.entity_id) for row in rows(database, "SELECT * FROM links")}
    assert left >= {(PORTAL, REALM, "sku", "7"), (PortalId(7), REALM, "company", "8"), (PORTAL, "2", "contact", "7")}
    assert links.move(REALM, TO_CUSTOMERS, "7", "8") == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=200))
def test_any_name_is_a_key(key: str, database: Database) -> None:
    links = Links(database)
    links.keep(PORTAL, REALM, [Link("name", key, "7")], NOW)
    assert links.find(PORTAL, REALM, "name", [key, key + "x"]) == {key: Link("name", key, "7")}


def test_a_longer_pause_that_is_there_stays(database: Database) -> None:
    pauses = Pauses(database)
    pauses.keep(Pause("realm:1", NOW + timedelta(minutes=5), "429", 1))
    pauses.keep(Pause("realm:1", NOW + timedelta(minutes=1), "503", 2))
    pauses.keep(Pause("portal:1", NOW, "429", 1))
    assert pauses.all() == {
        "realm:1": Pause("realm:1", NOW + timedelta(minutes=5), "503", 2),
        "portal:1": Pause("portal:1", NOW, "429", 1),
    }
    pauses.keep(Pause("realm:1", NOW + timedelta(minutes=9), "503", 3))
    assert pauses.all()["realm:1"].until_at == NOW + timedelta(minutes=9)
    pauses.lift("realm:1", NOW + timedelta(minutes=8))
    assert set(pauses.all()) == {"portal:1", "realm:1"}, "somebody has let it rest meanwhile"
    for _ in range(2):
        pauses.lift("realm:1", NOW + timedelta(minutes=9))
        assert set(pauses.all()) == {"portal:1"}


def test_settings_are_kept_with_the_time_they_were_read(database: Database) -> None:
    cache = SettingsCache(database)
    assert cache.find("realm", REALM) is None
    cache.keep("realm", REALM, {"settings": "Zoë"}, NOW)
    assert cache.find("realm", REALM) == ({"settings": "Zoë"}, NOW)
    assert cache.find("portal", 1) is None
    cache.keep("portal", 1, {"time_zone": "UTC"}, NOW)
    fresh = SettingsCache(database)
    assert fresh.find("realm", REALM) == ({"settings": "Zoë"}, NOW)
    assert fresh.find("portal", 1) == ({"time_zone": "UTC"}, NOW)


def test_what_this_process_keeps_it_sees_at_once(database: Database) -> None:
    cache = SettingsCache(database)
    cache.keep("realm", REALM, {"a": 1}, NOW)
    cache.keep("realm", REALM, {"a": 2}, LATER)
    assert cache.find("realm", REALM) == ({"a": 2}, LATER)
    assert [row.n for row in rows(database, "SELECT count(*) AS n FROM realm_settings")] == [1]
