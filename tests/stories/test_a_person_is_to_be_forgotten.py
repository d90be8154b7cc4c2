"""Somebody asks HubSpot to be forgotten: our copies of him go, everywhere, and he does not come back from the books."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.store.audit import Audit
from service.store.erasure import redact
from service.store.hints import Hint
from service.store.sync_changes import SyncChanges
from service.store.sync_links import ENDED, ERASED, SyncLink
from service.store.sync_settings import OFF, ON
from service.workflows.pass_over import step
from service.workflows.synchronize import Synchronizer
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import hear, link_of, living, make, person, settle_down, state_of, synchronize, turn_on

NELL = {"email": "nell@example.com", "firstname": "Nell", "lastname": "New", "phone": "1"}


@pytest.fixture
def contact(harness: Harness) -> str:
    harness.connect()
    return make(harness, "contacts", **NELL)


def in_step(harness: Harness) -> None:
    turn_on(harness, "contacts")
    settle_down(harness, 2)


def forget(harness: Harness, contact: str) -> None:
    person(harness, "DELETE", f"contacts/{contact}?privacy=true")
    hear(harness, "hubspot", [contact], "privacy")


def nells(harness: Harness) -> list[str]:
    return [key for key, each in living(harness, "contacts").items() if each.get("lastname") == "New"]


def test_in_two_companies_of_which_one_is_off(harness: Harness, contact: str) -> None:
    other = next(each for each in harness.world.quickbooks.credentials()["realms"] if each != REALM)
    harness.connect(PORTAL, other)
    settings, now = harness.services.sync.settings, harness.clock.now()
    settings.keep(replace(settings.find(PORTAL, other, "contacts"), state=ON), now)
    in_step(harness)
    settings.keep(replace(settings.find(PORTAL, other, "contacts"), state=OFF), now)
    forget(harness, contact)
    for realm in (REALM, other):
        found = harness.services.sync.links.by_objects(settings.find(PORTAL, realm, "contacts"), [contact])[contact]
        assert (found.state, found.code, found.label, found.strong) == (ENDED, ERASED, "", "")


def until_matching(harness: Harness) -> None:
    while state_of(harness, "contacts").phase != "match":
        step(harness.services, state_of(harness, "contacts"))


def test_during_the_first_pass(harness: Harness, contact: str) -> None:
    turn_on(harness, "contacts")
    until_matching(harness)
    forget(harness, contact)
    settle_down(harness, 2)
    assert not [each for each in harness.books("Customer") if each["DisplayName"] == "Nell New"]
    held = [dict(row._mapping) for row in harness.rows("SELECT * FROM sync_candidates")]
    assert "nell" not in json.dumps(held, default=str).lower()


def test_during_the_first_pass_with_a_customer_in_the_books(harness: Harness, contact: str) -> None:
    fields = {"PrimaryEmailAddr": {"Address": NELL["email"]}, "GivenName": "Nell", "FamilyName": "New"}
    harness.act("create_customer", name="Nell New", fields=fields)
    turn_on(harness, "contacts")
    until_matching(harness)
    forget(harness, contact)
    settle_down(harness, 2)
    assert nells(harness) == [], "nobody is made of her customer"


def test_off_during_a_pass_and_on_again_weeks_later(harness: Harness, contact: str) -> None:
    turn_on(harness, "contacts")
    until_matching(harness)
    changes = SyncChanges(harness.services.database)
    changes.turn_off(state_of(harness, "contacts"), "me", harness.clock.now())
    forget(harness, contact)
    harness.pass_time(timedelta(days=20))
    changes.turn_on(state_of(harness, "contacts"), "me", harness.clock.now())
    settle_down(harness, 2)
    assert not [each for each in harness.books("Customer") if each["DisplayName"] == "Nell New"]


def test_before_a_pass_that_is_under_way_goes_on(harness: Harness, contact: str) -> None:
    turn_on(harness, "contacts")
    until_matching(harness)
    person(harness, "DELETE", f"contacts/{contact}?privacy=true")
    told = Hint("hubspot", str(PORTAL), "contacts", contact, frozenset({"privacy"}))
    harness.services.hints.hear([told], harness.clock.now())
    worker = Synchronizer(harness.services)
    assert worker.due()[0] == "erase"


def test_links_forgotten_and_turned_on_again(harness: Harness, contact: str) -> None:
    in_step(harness)
    forget(harness, contact)
    SyncChanges(harness.services.database).delete(state_of(harness, "contacts"), "me", harness.clock.now())
    (left,) = harness.rows("SELECT object_id, label, strong, agreement FROM sync_links")
    assert tuple(left) == (contact, "", "", None), "ids only"
    turn_on(harness, "contacts")
    settle_down(harness, 2)
    assert nells(harness) == []


def test_who_read_the_link_before_brings_nothing_back(harness: Harness, contact: str) -> None:
    in_step(harness)
    known, links, now = state_of(harness, "contacts"), harness.services.sync.links, harness.clock.now()
    stale = link_of(harness, "contacts", contact)
    assert stale is not None
    creating = replace(stale, entity_id=None)
    links.keep(known, [creating], now)
    forget(harness, contact)
    assert links.keep(known, [stale], now) == []
    left = link_of(harness, "contacts", contact)
    assert left is not None
    assert (left.code, left.label, left.entity_id) == (ERASED, "", stale.entity_id), "what was made meanwhile is hers"


def test_somebody_whom_the_sync_never_knew_leaves_a_mark(harness: Harness, contact: str) -> None:
    in_step(harness)
    stranger = make(harness, "contacts", firstname="Unfiltered")
    forget(harness, stranger)
    left = link_of(harness, "contacts", stranger)
    assert left is not None
    assert (left.state, left.code) == (ENDED, ERASED)
    assert [each.event for each in harness.services.sync.links.events(left)] == ["erased"]


@pytest.fixture
def recipient(harness: Harness) -> str:
    """A contact whose deal was invoiced, without any sync."""
    harness.connect()
    deal = harness.story("one-line")
    harness.enroll(deal, inputs={"messageToCustomer": "Dear Jane", "emailCc": "boss@example.com"})
    harness.work()
    return harness.contact_of(deal)


def kept(harness: Harness) -> str:
    """Everything that is kept for invoices, as one text."""
    tables = ("invoices", "reservations", "callbacks", "adoptions", "payments", "previews", "links")
    rows = [dict(row._mapping) for table in tables for row in harness.rows(f"SELECT * FROM {table}")]
    return json.dumps(rows, default=str)


def test_what_is_kept_of_invoices_too_though_nothing_was_ever_in_step(harness: Harness, recipient: str) -> None:
    with harness.world.hubspot.lock:
        about = dict(harness.world.hubspot.portals[PORTAL].objects["contacts"][recipient].properties)
    email = str(about["email"])
    assert email in kept(harness)
    (before,) = harness.rows("SELECT callback_id, outputs, body_hash FROM callbacks")
    (sent,) = harness.rows("SELECT request_id, mark, body FROM reservations")
    forget(harness, recipient)
    held = kept(harness)
    for said in (email, str(about["lastname"]), "Dear Jane", "boss@example.com"):
        assert said not in held
    (after,) = harness.rows("SELECT callback_id, outputs, body_hash FROM callbacks")
    told, was = json.loads(after.outputs), json.loads(before.outputs)
    assert {**was, "invoiceRecipient": ""} == told, "ids, number and amount are still there"
    (left,) = harness.rows("SELECT request_id, mark, body FROM reservations")
    assert (left.request_id, left.mark) == (sent.request_id, sent.mark)
    assert json.loads(left.body)["PrivateNote"] == json.loads(sent.body)["PrivateNote"].splitlines()[0]
    (noted,) = [each for each in Audit(harness.services.database).latest() if each.act == "person erased"]
    assert (noted.actor, noted.subject) == ("HubSpot", f"contact {recipient} of portal {PORTAL}")
    harness.deliver_again(before.callback_id)
    harness.work()
    assert len(harness.invoices()) == 1, "delivered again, it is still the same invoice"


def test_what_quickbooks_says_later_is_kept_without_the_person(harness: Harness, recipient: str) -> None:
    forget(harness, recipient)
    (row,) = harness.rows("SELECT invoice_id FROM invoices")
    harness.subscribe()
    harness.act("receive_payment", invoice_id=row.invoice_id)
    harness.follow()
    (row,) = harness.rows("SELECT document, status FROM invoices")
    assert row.status == "paid"
    assert "BillEmail" not in json.loads(row.document)
    assert "name" not in json.loads(row.document)["CustomerRef"]


def test_what_is_under_way_is_left_whole_until_it_has_ended(harness: Harness) -> None:
    harness.connect()
    deal = harness.story("one-line")
    callback = harness.enroll(deal)
    harness.trouble("lose_answer", f"/v3/company/{REALM}/invoice", method="POST")
    harness.work()
    contact = harness.contact_of(deal)
    (before,) = harness.rows("SELECT state, body FROM reservations")
    assert before.state == "open"
    forget(harness, contact)
    (after,) = harness.rows("SELECT state, body FROM reservations")
    assert after.body == before.body, "it must be sent again byte for byte"
    harness.finish()
    harness.assert_invoiced_once(callback, deal)
    assert "BillEmail" in kept(harness)
    harness.pass_time(timedelta(hours=1))
    synchronize(harness)
    assert "BillEmail" not in kept(harness)
    assert harness.rows("SELECT 1 FROM hints") == []


@pytest.mark.parametrize(
    ("note", "left"), [("HubSpot deal 7 [hs-abc]\nJane's", None), ("Voided - Jane's", "Voided"), ("Jane's", "")]
)
def test_a_note_keeps_only_what_is_ours(note: str, left: str | None) -> None:
    document: dict[str, Any] = {"Id": "1", "TotalAmt": "12.50", "PrivateNote": note, "BillAddr": {"City": "Reno"}}
    found = json.loads(redact(json.dumps(document)))
    assert (found["Id"], found["TotalAmt"], "BillAddr" in found) == ("1", "12.50", False)
    assert "Jane" not in found["PrivateNote"]
    if left is not None:
        assert found["PrivateNote"] == left


def test_a_person_erased_cannot_be_chosen(harness: Harness, contact: str) -> None:
    in_step(harness)
    forget(harness, contact)
    synchronize(harness)
    known, links = state_of(harness, "contacts"), harness.services.sync.links
    customer = link_of(harness, "contacts", contact)
    assert customer is not None
    assert customer.holds
    assert links.keep(known, [SyncLink(entity_id=customer.entity_id)], harness.clock.now()) == []
