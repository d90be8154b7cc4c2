"""Invoices in the sync: on and off, which ones, tried again, forgotten and found; their mapping; all in the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.hubspot.properties import INVOICE_GROUP, PropertyDefinition
from service.store.audit import Audit
from service.workflows.learn_connection import learn_connection, learn_connections
from tests.databases import Databases
from tests.harness import PORTAL, REALM, Harness


@pytest.fixture
def database_url(cheap_databases: Databases) -> Iterator[str]:
    """Commands open the database themselves, and end with their process: here they leave connections behind."""
    url = cheap_databases.fresh("sqlite")
    yield url
    cheap_databases.drop(url)


def invoice_a_deal(harness: Harness, **inputs: str) -> dict[str, Any]:
    learn_connections(harness.services)
    deal_id = harness.another_deal()
    harness.enroll(deal_id, {"taxCodeId": "exempt", **inputs})
    harness.work()
    (invoice,) = harness.invoices_of(deal_id)
    return invoice


def mirror(harness: Harness) -> None:
    """Commands decide by the real clock, which has gone on."""
    harness.pass_time(timedelta(minutes=1))
    harness.mirror()


def status(run: Any) -> dict[str, Any]:
    (found,) = [each for each in run("sync", "status", "--json").json if each["object"] == "invoices"]
    return dict(found)


def acts(harness: Harness) -> list[tuple[str, str]]:
    return [(each.act, each.subject) for each in Audit(harness.stores.database).latest(20)]


def invoice_calls(harness: Harness) -> int:
    return len(harness.calls("hubspot", "/invoices"))


def test_off_keeps_what_is_there_and_costs_no_call_on_catches_up(harness: Harness, run: Any) -> None:
    invoice_a_deal(harness)
    mirror(harness)
    assert len(harness.mirrors()) == 1
    assert status(run) | {"state": "on", "records": {"in_step": 1}} == status(run)

    assert run("sync", "off", "invoices").status == 0
    before = invoice_calls(harness)
    invoice_a_deal(harness)
    mirror(harness)
    (connection,) = harness.stores.connections.all()
    learn_connection(harness.services, connection)
    assert invoice_calls(harness) == before, "off is off"
    assert len(harness.mirrors()) == 1, "what is there stays"
    assert status(run)["state"] == "off"

    assert run("sync", "on", "invoices").status == 0
    mirror(harness)
    assert len(harness.mirrors()) == 2
    subject = f"invoices of portal {PORTAL} and realm {REALM}"
    assert {("sync turned off", subject), ("sync turned on", subject)} <= set(acts(harness))
    assert harness.refusals() == []


def test_on_again_costs_nothing_for_what_has_not_changed(harness: Harness, run: Any) -> None:
    invoice_a_deal(harness)
    mirror(harness)
    run("sync", "off", "invoices")
    before = len(harness.calls("hubspot")) + len(harness.calls("quickbooks"))
    run("sync", "on", "invoices")
    mirror(harness)
    assert len(harness.calls("hubspot")) + len(harness.calls("quickbooks")) == before
    assert status(run)["records"] == {"in_step": 1}


def test_forgotten_then_on_finds_the_same_hubspot_invoice(harness: Harness, run: Any) -> None:
    invoice_a_deal(harness)
    mirror(harness)
    (first,) = harness.mirrors()
    assert run("sync", "delete", "invoices").status == 2
    assert run("sync", "delete", "invoices", "--yes").status == 0
    assert harness.mirrors() == [first], "no record is touched"
    assert status(run)["state"] == "off"
    run("sync", "on", "invoices")
    mirror(harness)
    assert [each["hs_object_id"] for each in harness.mirrors()] == [first["hs_object_id"]], "not a second one"
    assert status(run)["records"] == {"in_step": 1}
    assert harness.refusals() == []


def test_refused_said_found_and_tried_again(harness: Harness, run: Any) -> None:
    invoice = invoice_a_deal(harness)
    answer = json.dumps({"status": "error", "message": "no", "category": "VALIDATION_ERROR"})
    harness.trouble("status", "/crm/objects/2026-03/invoices", method="POST", status=400, answer=answer, times=None)
    mirror(harness)
    harness.calm()
    assert status(run)["records"] == {"failed": 1}
    (found,) = run("sync", "records", "invoices", invoice["DocNumber"], "--state", "failed", "--json").json
    assert (found["record"], found["name"]) == (invoice["Id"], invoice["CustomerRef"]["name"])
    assert found["message"]
    assert run("sync", "records", "invoices", "nobody of that name").out.strip() == "there are none"
    assert run("sync", "replay", "invoices", "--record", invoice["Id"]).status == 0
    mirror(harness)
    assert status(run)["records"] == {"in_step": 1}
    assert run("sync", "replay", "invoices").status == 1, "nothing failed any more"


def test_one_way_only(harness: Harness, run: Any) -> None:
    for wrong in (["--direction", "both"], ["--winner", "hubspot"]):
        said = run("sync", "on", "invoices", *wrong)
        assert said.status == 1
        assert "Invoices go to HubSpot only" in said.err


def test_which_invoices(harness: Harness, run: Any) -> None:
    run("sync", "on", "invoices", "--which", "deals")
    assert status(run)["which"] == "deals"
    run("sync", "off", "invoices")
    run("sync", "on", "invoices")
    assert status(run)["which"] == "deals", "as it was before it was off"


def test_mapping_is_tried_applied_and_shown(harness: Harness, run: Any, tmp_path: Path) -> None:
    tiers = (("gold", "Gold"), ("silver", "Silver"))
    own = (
        PropertyDefinition("crew", "Crew", "string", "text"),
        PropertyDefinition("due_on", "Due on", "date", "date"),
        PropertyDefinition("tier", "Tier", "enumeration", "select", options=tiers),
    )
    harness.services.hubspot.create_properties(PORTAL, "invoices", INVOICE_GROUP, own)
    invoice_a_deal(harness)
    mirror(harness)
    (first,) = harness.mirrors()
    file = tmp_path / "invoices.json"
    fields = [
        {"hubspot": "crew", "quickbooks": "CustomField:Crew #"},
        {"hubspot": "due_on", "quickbooks": "DueDate", "type": "date"},
        {"hubspot": "tier", "quickbooks": "SalesTermRef.value", "values": {"gold": "3", "silver": "1"}},
    ]
    document = {"format": 1, "object": "invoices", "fields": fields}
    file.write_text(json.dumps(document))

    tried = run("mappings", "test", "invoices", str(file), "--record", first["hs_object_id"], "--json").json
    assert tried["problems"] == []
    assert tried["records"][0]["hubspot_before"]["due_on"] is None
    assert tried["records"][0]["hubspot_after"]["due_on"]
    assert harness.mirrors()[0].get("due_on") is None, "nothing was written"

    assert run("mappings", "apply", "invoices", str(file)).status == 0
    harness.pass_time(timedelta(seconds=1))
    mirror(harness)
    (shown,) = harness.mirrors()
    assert shown["due_on"] == tried["records"][0]["hubspot_after"]["due_on"]
    assert json.loads(run("mappings", "export", "invoices").out)["version"] == 1

    for bad, reason in (
        ({"hubspot": "due_on", "quickbooks": "DueDate", "direction": "both"}, "invoices go to HubSpot only"),
        ({"hubspot": "nowhere", "quickbooks": "DocNumber"}, "no property nowhere"),
        ({"hubspot": "crew", "quickbooks": "Crew"}, "Invoice has no field Crew"),
        ({"hubspot": "qbo_invoice_status", "quickbooks": "DocNumber"}, "one of our own"),
    ):
        file.write_text(json.dumps({**document, "fields": [bad]}))
        said = run("mappings", "apply", "invoices", str(file))
        assert said.status == 1
        assert reason in said.err


def test_mapping_is_taken_away_again(harness: Harness, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "invoices.json"
    file.write_text(json.dumps({"format": 1, "object": "invoices", "fields": []}))
    harness.connect()
    learn_connections(harness.services)
    assert run("mappings", "apply", "invoices", str(file)).status == 0
    file.write_text(json.dumps({"format": 1, "object": "contacts", "fields": []}))
    assert "no fields" in run("mappings", "apply", "contacts", str(file)).err


def test_a_connections_setting_is_in_the_trail(harness: Harness, run: Any) -> None:
    run("connections", "set", "--portal", str(PORTAL), "--realm", REALM, "--mirror", "deals")
    assert ("connection set", f"connection of portal {PORTAL} and realm {REALM}") in acts(harness)
