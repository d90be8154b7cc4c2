"""Invoices on the sync's pages: on and off, which ones, records, a mapping that a worker checks."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from person import Person

from service.store.invoice_sync import read_rules
from service.workflows.answer_mappings import answer_mappings
from service.workflows.learn_connection import learn_connections
from tests.harness import PORTAL, REALM, Harness

BASE = f"/sync/{PORTAL}/{REALM}/invoices"


@pytest.fixture
def operator(harness: Harness) -> Person:
    harness.connect()
    learn_connections(harness.services)
    person = Person(harness.web.application)
    assert person.sign_in().status_code == 303
    return person


def read(person: Person, address: str) -> str:
    """A page as somebody sees it, without its marks."""
    answer = person.open(address)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_turned_off_and_on_for_deals_and_forgotten(operator: Person, harness: Harness) -> None:
    assert "Invoices and HubSpot invoices On" in read(operator, "/sync")
    assert operator.submit(f"{BASE}/off", "/sync").status_code == 303
    assert "Invoices and HubSpot invoices Off" in read(operator, "/sync?invoices=off")
    assert operator.submit(f"{BASE}/on", "/sync", which="deals").status_code == 303
    (connection,) = harness.stores.connections.all()
    assert (read_rules(connection).is_on, read_rules(connection).which) == (True, "deals")
    assert operator.submit(f"{BASE}/run", "/sync").status_code == 303
    assert operator.submit(f"{BASE}/delete", "/sync").status_code == 303
    (connection,) = harness.stores.connections.all()
    assert not read_rules(connection).is_on
    assert "sync deleted" in read(operator, "/"), "the trail says so"
    assert operator.submit(f"{BASE}/on", "/sync", which="some").status_code == 400
    assert operator.open(f"/sync/{PORTAL}/1/invoices/records").status_code == 404


def test_refused_said_why_tried_again(operator: Person, harness: Harness) -> None:
    deal_id = harness.another_deal()
    harness.enroll(deal_id, {"taxCodeId": "exempt"})
    harness.work()
    answer = json.dumps({"status": "error", "message": "no", "category": "VALIDATION_ERROR"})
    harness.trouble("status", "/crm/objects/2026-03/invoices", method="POST", status=400, answer=answer, times=None)
    harness.mirror()
    harness.calm()
    (invoice,) = harness.invoices_of(deal_id)
    assert "1 failed" in read(operator, "/sync")
    listed = read(operator, f"{BASE}/records?state=failed&text={invoice['DocNumber']}")
    assert invoice["CustomerRef"]["name"] in listed.replace("&#39;", "'")
    assert "Try again" in listed
    assert operator.submit(f"{BASE}/replay", f"{BASE}/records", invoice=invoice["Id"]).status_code == 303
    harness.pass_time(timedelta(minutes=1))
    harness.mirror()
    assert "1 in step" in read(operator, "/sync")


def test_mapping_is_tried_and_applied_by_a_worker(operator: Person, harness: Harness) -> None:
    deal_id = harness.another_deal()
    harness.enroll(deal_id, {"taxCodeId": "exempt"})
    harness.work()
    harness.mirror()
    (mirror,) = harness.mirrors()
    document = json.dumps({"format": 1, "object": "invoices",
                           "fields": [{"hubspot": "hs_comments", "quickbooks": "PrivateNote"}]})  # fmt: skip
    asked = {"document": document, "records": mirror["hs_object_id"], "act": "try"}
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", **asked).status_code == 303
    assert "checks it" in read(operator, f"{BASE}/mapping")
    answer_mappings(harness.services)
    page = read(operator, f"{BASE}/mapping")
    assert f"HubSpot {mirror['hs_object_id']}" in page
    assert "Nothing was written" in page
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", document=document, act="apply").status_code == 303
    harness.pass_time(timedelta(minutes=1))
    answer_mappings(harness.services)
    assert "Version 1" in read(operator, f"{BASE}/mapping")
    wrong = document.replace("hs_comments", "qbo_invoice_status")
    assert operator.submit(f"{BASE}/mapping", f"{BASE}/mapping", document=wrong, act="apply").status_code == 303
    harness.pass_time(timedelta(minutes=1))
    answer_mappings(harness.services)
    assert "one of our own" in read(operator, f"{BASE}/mapping")
