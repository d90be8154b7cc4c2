"""The operator's commands: turn on, watch, read why something failed, decide, replay, change the mapping."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.commands.sync import draw, open_sync
from service.hubspot.limits import search_scope
from service.ids import PortalId
from service.quickbooks.limits import REALM_WINDOWS, realm_scope
from service.store.sync_links import IN_STEP
from service.workflows.pass_over import step
from tests.commanding import Said
from tests.databases import Databases
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import entity, hubspot_object, link_of, living, make, person, settle_down, state_of, synchronize


@pytest.fixture
def database_url(cheap_databases: Databases) -> Iterator[str]:
    """Commands open the database themselves, and end with their process: here they leave connections behind."""
    url = cheap_databases.fresh("sqlite")
    yield url
    cheap_databases.drop(url)


def test_on_watch_fail_fix_replay_off_and_delete(run: Callable[..., Said], harness: Harness) -> None:
    nell = make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="New")
    assert run("sync", "on", "contacts", "--direction", "both", "--winner", "quickbooks").status == 0
    refused = run("sync", "on", "companies")
    assert (refused.status, "turn contacts off first" in refused.err) == (1, True)
    synchronize(harness)
    (contacts,) = [each for each in run("sync", "status", "--json").json if each["object"] == "contacts"]
    assert (contacts["state"], contacts["phase"], contacts["winner"]) == ("on", "done", "quickbooks")
    assert contacts["records"]["in_step"] > 10
    assert run("sync", "run", "contacts").status == 0
    synchronize(harness)

    person(harness, "PATCH", f"contacts/{nell}", {"properties": {"email": "none"}})
    settle_down(harness, 2)
    (failed,) = run("sync", "records", "contacts", "nell", "--json").json
    assert (failed["state"], failed["code"], failed["hubspot_id"]) == ("failed", "VALUE_NOT_TAKEN", nell)
    assert "not a valid e-mail address" in failed["message"]
    assert run("sync", "replay", "contacts", "--code", "NAME_TAKEN").status == 1
    assert run("sync", "replay", "contacts", "--record", str(failed["record"])).status == 0

    assert run("sync", "off", "contacts").status == 0
    assert run("sync", "delete", "contacts").status == 2
    assert run("sync", "delete", "contacts", "--yes").status == 0
    assert run("sync", "records", "contacts", "--json").json == []
    acts = [each.act for each in harness.rows("SELECT act FROM audit ORDER BY id")]
    assert acts[:2] == ["sync changed", "sync turned on"]
    assert acts[-2:] == ["sync turned off", "sync deleted"]


@pytest.mark.parametrize("decision", ["choose", "create", "leave"])
def test_a_doubtful_match_is_decided(decision: str, run: Callable[..., Said], harness: Harness) -> None:
    twin = harness.act("create_customer", name="Twin Peaks", fields={"PrimaryEmailAddr": {"Address": "t@example.com"}})
    contact = make(harness, "contacts", email="x@example.com", firstname="Twin", lastname="Peaks")
    run("sync", "on", "contacts")
    synchronize(harness)
    waiting = run("sync", "review", "contacts", "--json").json
    (mine,) = [each for each in waiting if each["hubspot_id"] == contact]
    assert mine["candidates"] == [twin["Id"]]
    word = {"choose": ["--choose", twin["Id"]], "create": ["--create"], "leave": ["--leave-out"]}[decision]
    assert run("sync", "review", "contacts", "--record", str(mine["record"]), *word).status == 0
    settle_down(harness, 2)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    if decision == "choose":
        assert (link.state, link.entity_id) == (IN_STEP, twin["Id"])
        assert entity(harness, "Customer", twin["Id"])["PrimaryEmailAddr"]["Address"] == "x@example.com"
    elif decision == "create":
        assert link.entity_id not in (None, twin["Id"])
        assert entity(harness, "Customer", str(link.entity_id))["DisplayName"] == "Twin Peaks (Customer)"
    else:
        assert (link.code, link.entity_id) == ("LEFT_OUT", None)
    assert harness.refusals() == []


def test_a_mapping_is_tried_applied_and_versioned(run: Callable[..., Said], harness: Harness, tmp_path: Path) -> None:
    nell = make(harness, "contacts", email="nell@example.com", firstname="Nell", lifecyclestage="customer")
    run("sync", "on", "contacts")
    synchronize(harness)
    document = run("mappings", "export", "contacts").json
    assert (document["format"], document["version"]) == (1, 0)
    words = {"customer": "Print", "lead": "Email", "other": "None"}
    document["fields"].append({"hubspot": "lifecyclestage", "quickbooks": "PreferredDeliveryMethod", "values": words})
    document["fields"].append({"hubspot": "hs_object_id", "quickbooks": "Notes", "direction": "to_quickbooks"})
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps(document))
    tried = run("mappings", "test", "contacts", str(file), "--record", nell, "--json")
    assert tried.status == 0, tried
    (record,) = tried.json["records"]
    assert (record["quickbooks_before"]["Notes"], record["quickbooks_after"]["Notes"]) == (None, nell)
    assert run("mappings", "apply", "contacts", str(file)).status == 0
    synchronize(harness)
    link = link_of(harness, "contacts", nell)
    assert link is not None
    assert entity(harness, "Customer", str(link.entity_id))["Notes"] == nell
    harness.act("edit", kind="Customer", id=link.entity_id, changes={"PreferredDeliveryMethod": "Email"})
    settle_down(harness, 2)
    assert hubspot_object(harness, "contacts", nell)["lifecyclestage"] == "lead"
    assert run("mappings", "export", "contacts").json["version"] == 1

    document["fields"] = [
        {"hubspot": "phone", "quickbooks": "Balance"},
        {"hubspot": "createdate", "quickbooks": "Notes"},
        {"hubspot": "nobody", "quickbooks": "Suffix"},
        {"hubspot": "city", "quickbooks": "CustomField.1"},
    ]
    file.write_text(json.dumps(document))
    refused = run("mappings", "apply", "contacts", str(file))
    assert refused.status == 1
    for reason in ("Balance cannot be written", "createdate cannot be written", "no property nobody", "GraphQL"):
        assert reason in refused.err
    assert living(harness, "contacts")
    assert harness.refusals() == []


def test_the_limits_are_seen_while_it_works(run: Callable[..., Said], harness: Harness) -> None:
    run("sync", "on", "contacts")
    assert contacts_of(run)["headroom"] is None, "no worker has counted anything yet"
    step(harness.services, state_of(harness, "contacts"))
    harness.services.pacing.pause(realm_scope(REALM), timedelta(days=3650), "throttled")
    harness.services.pacing.pause(search_scope(PortalId(PORTAL + 1)), timedelta(days=3650), "somebody else")
    status = contacts_of(run)
    left = status["headroom"]["left"]
    assert set(left) == {"portal", "search", "realm", "batch"}
    assert 0 < left["realm"]["calls"] < left["realm"]["most"] == REALM_WINDOWS[-1].calls
    (rest,) = status["rests"]
    assert rest.startswith("QuickBooks calls rest until ")
    assert rest.endswith("UTC: throttled")
    said = run("sync", "status").out
    assert f"QuickBooks {left['realm']['calls']} of {left['realm']['most']} calls in 60.5 s" in said
    assert rest in said
    line = draw(open_sync(), state_of(harness, "contacts"))
    assert (" searches in " in line, rest in line) == (True, True)


def contacts_of(run: Callable[..., Said]) -> Any:
    (contacts,) = [each for each in run("sync", "status", "--json").json if each["object"] == "contacts"]
    return contacts
