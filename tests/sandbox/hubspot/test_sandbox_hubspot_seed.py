"""The seeded portals: deterministic, believable, and readable as books."""

from __future__ import annotations

import json
import time

import pytest
from hubspot_caller import DEALS, UK, US, Caller, HubSpotWorld


def test_two_worlds_are_the_same(world: HubSpotWorld) -> None:
    other = HubSpotWorld()
    first = json.dumps(world.hubspot.books(), sort_keys=False)
    assert first == json.dumps(other.hubspot.books(), sort_keys=False)
    other.hubspot.close()
    with world.hubspot.lock:
        world.hubspot.portals.clear()
    world.hubspot.reset()
    assert json.dumps(world.hubspot.books(), sort_keys=False) == first


def test_the_stories_have_fixed_ids(hubspot: Caller) -> None:
    told = hubspot.control("stories")
    assert told[str(US)]["one-line"] == 9100000001
    assert told[str(US)]["three-lines"] == 9100000002
    assert told[str(US)]["many-lines"] == 9100000029
    assert told[str(UK)]["uk-one-line"] == 9200000001
    assert len(told[str(US)]) > 36


def test_the_stories_are_what_they_say(hubspot: Caller) -> None:
    portal = hubspot.world.hubspot.portals[US]
    lines = portal.associations.of("deals", hubspot.story("many-lines"), "line_items")
    assert len(lines) == 120
    free = next(iter(portal.associations.of("deals", hubspot.story("free-of-charge"), "line_items")))
    assert portal.objects["line_items"][free].properties["amount"] == "0.00"
    company = next(iter(portal.associations.of("deals", hubspot.story("long-name"), "companies")))
    assert len(portal.objects["companies"][company].properties["name"] or "") == 600
    read = hubspot.get(f"{DEALS}/{hubspot.story('right-to-left')}?properties=dealname").json
    assert read["properties"]["dealname"] == "גינה חדשה"
    assert portal.associations.of("deals", hubspot.story("no-contact"), "contacts") == {}


def test_our_properties_do_not_exist_yet(hubspot: Caller) -> None:
    names = [each["name"] for each in hubspot.get("/crm/properties/2026-03/deals").json["results"]]
    assert "amount" in names
    assert not [name for name in names if name.startswith("qbo_")]


def test_a_switch_takes_its_own_words_only(hubspot: Caller) -> None:
    settings = hubspot.world.hubspot.settings
    settings.repeated_completion = 409  # type: ignore[assignment]
    assert settings.repeated_completion == "409"
    with pytest.raises(ValueError, match="one of 204, 404, 409"):
        settings.repeated_completion = "200"
    deal = hubspot.story("one-line")
    settings.line_items_key = "line_items"
    assert "line_items" in hubspot.get(f"{DEALS}/{deal}?associations=line_items").json["associations"]


def test_more_portals_for_benches(hubspot: Caller) -> None:
    began = time.monotonic()
    made = hubspot.control("portals", {"portal_id": 30000001, "deals": 500, "lines": 3, "like": US})
    assert time.monotonic() - began < 2
    assert len(made["deal_ids"]) == 500
    assert made["refresh_token"] == "na1-sandbox-refresh-30000001"
    assert hubspot.http.post("/_sandbox/hubspot/portals", json={"portal_id": 30000001}).status_code == 400
    portal = hubspot.world.hubspot.portals[30000001]
    assert len(portal.associations.of("deals", str(made["deal_ids"][7]), "line_items")) == 3
    assert len(portal.associations.of("deals", str(made["deal_ids"][7]), "contacts")) == 1
    assert portal.objects["deals"][str(made["deal_ids"][0])].properties["amount"] == "775.00"
    assert hubspot.world.hubspot.credentials()["portals"]["30000001"]["refresh_token"] == made["refresh_token"]
    assert portal.name == "Bench 30000001"
    hubspot.control("portals", {"portal_id": 30000002, "name": "Boathouse Gardens"})
    assert hubspot.world.hubspot.portals[30000002].name == "Boathouse Gardens"
