"""After the first sync: changes cross over, conflicts are settled, merges and deletions are followed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.store.sync_links import ENDED, FAILED, IN_STEP
from service.sync.direction import Side
from tests.harness import REALM, Harness
from tests.syncing import (
    count_calls,
    entity,
    hear,
    hubspot_object,
    link_of,
    living,
    make,
    person,
    settle_down,
    state_of,
    synchronize,
    turn_on,
    writes,
)


@pytest.fixture
def contact(harness: Harness) -> str:
    """Contacts are in step; one of them is Nell, who has a customer of her own."""
    harness.connect()
    made = make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="New", phone="1")
    turn_on(harness, "contacts")
    settle_down(harness, 2)
    return made


def customer_of(harness: Harness, contact: str) -> str:
    link = link_of(harness, "contacts", contact)
    assert link is not None
    return str(link.entity_id)


def test_a_change_on_either_side_shows_on_the_other(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "222", "city": "Reno"}})
    hear(harness, "hubspot", [contact])
    held = entity(harness, "Customer", customer)
    assert (held["PrimaryPhone"]["FreeFormNumber"], held["BillAddr"]["City"]) == ("222", "Reno")
    harness.act("edit", kind="Customer", id=customer, changes={"GivenName": "Nelly", "Mobile": {"FreeFormNumber": "9"}})
    hear(harness, "quickbooks", [customer])
    held_here = hubspot_object(harness, "contacts", contact)
    assert (held_here["firstname"], held_here["mobilephone"]) == ("Nelly", "9")
    assert harness.refusals() == []


def test_our_own_echo_writes_nothing_and_reads_once(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "222"}})
    hear(harness, "hubspot", [contact])
    written, calls = len(writes(harness)), count_calls(harness)
    hear(harness, "hubspot", [contact])
    hear(harness, "quickbooks", [customer])
    assert len(writes(harness)) == written
    assert count_calls(harness) == calls + 2, "each side is read once, and neither asks for the other"
    synchronize(harness)
    assert count_calls(harness) == calls + 2


@pytest.mark.parametrize("winner", list(Side))
def test_both_sides_changed_field_by_field(harness: Harness, contact: str, winner: Side) -> None:
    customer = customer_of(harness, contact)
    turn_on(harness, "contacts", winner=winner)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "here", "city": "Reno"}})
    harness.act(
        "edit", kind="Customer", id=customer,
        changes={"PrimaryPhone": {"FreeFormNumber": "there"}, "CompanyName": "Nell & Co"},
    )  # fmt: skip
    hear(harness, "quickbooks", [customer])
    held, there = hubspot_object(harness, "contacts", contact), entity(harness, "Customer", customer)
    kept = "here" if winner is Side.HUBSPOT else "there"
    assert (held["phone"], there["PrimaryPhone"]["FreeFormNumber"]) == (kept, kept)
    assert (held["city"], there["BillAddr"]["City"]) == ("Reno", "Reno")
    assert (held["company"], there["CompanyName"]) == ("Nell & Co", "Nell & Co")
    link = link_of(harness, "contacts", contact)
    assert link is not None
    (event,) = harness.services.sync.links.events(link)
    assert event.event == "conflict"
    assert ("there" if winner is Side.HUBSPOT else "here") in str(event.detail)


def test_what_changed_meanwhile_is_read_again(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "222"}})
    harness.trouble(
        "status", f"/v3/company/{REALM}/customer", method="POST", status=400, times=1,
        answer='{"Fault":{"Error":[{"Message":"Stale","Detail":"Stale","code":"5010"}],"type":"ValidationFault"}}',
    )  # fmt: skip
    hear(harness, "hubspot", [contact])
    harness.pass_time(timedelta(seconds=5))
    synchronize(harness)
    assert entity(harness, "Customer", customer)["PrimaryPhone"]["FreeFormNumber"] == "222"
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert link.state == IN_STEP


def test_a_new_customer_becomes_a_contact_once_though_the_answer_is_lost(harness: Harness, contact: str) -> None:
    made = harness.act("create_customer", name="Zed Zebra", fields={"GivenName": "Zed", "FamilyName": "Zebra"})
    harness.trouble("lose_answer", "/crm/objects/2026-03/contacts/batch/upsert", times=1)
    hear(harness, "quickbooks", [made["Id"]], "created")
    settle_down(harness, 3)
    zeds = [each for each in living(harness, "contacts").values() if each.get("lastname") == "Zebra"]
    assert len(zeds) == 1
    link = link_of(harness, "contacts", entity_id=made["Id"])
    assert link is not None
    assert link.state == IN_STEP


def test_a_new_contact_becomes_a_customer_once_though_the_answer_is_lost(harness: Harness, contact: str) -> None:
    made = make(harness, "contacts", email="lost@example.com", firstname="Lost", lastname="Answer")
    harness.trouble("lose_answer", f"/v3/company/{REALM}/batch", times=1)
    hear(harness, "hubspot", [made], "created")
    settle_down(harness, 3)
    assert [each["DisplayName"] for each in harness.books("Customer")].count("Lost Answer") == 1
    link = link_of(harness, "contacts", made)
    assert link is not None
    assert (link.state, link.is_pair) == (IN_STEP, True)


def test_a_vendor_has_the_name(harness: Harness, contact: str) -> None:
    harness.act("create_vendor", name="Vera Vendor")
    made = make(harness, "contacts", email="vera@example.com", firstname="Vera", lastname="Vendor")
    hear(harness, "hubspot", [made], "created")
    assert entity(harness, "Customer", customer_of(harness, made))["DisplayName"] == "Vera Vendor (Customer)"


def test_an_inactive_customer_takes_no_changes_until_it_is_active_again(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    harness.act("deactivate", kind="Customer", id=customer)
    hear(harness, "quickbooks", [customer])
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "222"}})
    hear(harness, "hubspot", [contact])
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.code) == (FAILED, "INACTIVE_IN_QUICKBOOKS")
    harness.act("reactivate", kind="Customer", id=customer)
    hear(harness, "quickbooks", [customer])
    assert entity(harness, "Customer", customer)["PrimaryPhone"]["FreeFormNumber"] == "222"


@pytest.mark.parametrize("deactivates", [False, True])
def test_a_deleted_contact_never_deletes_in_the_books(harness: Harness, contact: str, deactivates: bool) -> None:
    customer = customer_of(harness, contact)
    turn_on(harness, "contacts", deactivates=deactivates)
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    settle_down(harness, 2)
    assert entity(harness, "Customer", customer)["Active"] is not deactivates
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.code) == (ENDED, "DELETED_IN_HUBSPOT")
    hear(harness, "quickbooks", [customer])
    assert not [e for e in living(harness, "contacts").values() if e.get("email") == "nell@example.com"]


@pytest.mark.parametrize("same_id", [True, False])
def test_contacts_are_merged_and_the_link_follows(harness: Harness, contact: str, same_id: bool) -> None:
    harness.set_sandbox(hubspot={"merge_keeps_primary_id": same_id})
    customer = customer_of(harness, contact)
    fresh = make(harness, "contacts", firstname="Nell", lastname="Again")  # without an address she does not enter
    heir = person(harness, "POST", "contacts/merge", {"kept": fresh, "gone": contact})["id"]
    hear(harness, "hubspot", [heir, contact], "merged")
    link = link_of(harness, "contacts", heir)
    assert link is not None
    assert (link.entity_id, link.state) == (customer, IN_STEP)
    assert harness.counts()["Customer"] == len({e["Id"] for e in harness.books("Customer")})
    assert harness.refusals() == []


def test_customers_are_merged_and_the_link_follows(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    with harness.world.quickbooks.realm(REALM).lock:
        pass
    heir = harness.act("create_customer", name="Nell Heir", fields={"Job": False})["Id"]
    harness.act("merge_customers", keep_id=heir, lose_id=customer)
    hear(harness, "quickbooks", [customer], "merged", f"into:{heir}")
    assert customer_of(harness, contact) == heir
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "333"}})
    hear(harness, "hubspot", [contact])
    assert entity(harness, "Customer", heir)["PrimaryPhone"]["FreeFormNumber"] == "333"


def test_a_privacy_deletion_erases_our_copy_and_says_so(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    person(harness, "DELETE", f"contacts/{contact}?privacy=true")
    hear(harness, "hubspot", [contact], "privacy")
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.code, link.label, link.strong, link.agreement) == (ENDED, "ERASED", "", "", None)
    assert [each.event for each in harness.services.sync.links.events(link)] == ["erased"]
    hear(harness, "quickbooks", [customer])
    settle_down(harness, 2)
    assert not [e for e in living(harness, "contacts").values() if e.get("firstname") == "Nell"]


def test_what_webhooks_missed_the_polls_repair(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "444"}})
    harness.act("edit", kind="Customer", id=customer, changes={"FamilyName": "Newer"})
    harness.pass_time(timedelta(minutes=16))
    synchronize(harness)
    assert entity(harness, "Customer", customer)["PrimaryPhone"]["FreeFormNumber"] == "444"
    assert hubspot_object(harness, "contacts", contact)["lastname"] == "Newer"
    assert state_of(harness, "contacts").problem is None


def test_a_value_that_cannot_cross_over_is_said_and_the_rest_goes_on(harness: Harness, contact: str) -> None:
    customer = customer_of(harness, contact)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"email": "no address at all", "phone": "555"}})
    hear(harness, "hubspot", [contact])
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.code) == (FAILED, "VALUE_NOT_TAKEN")
    assert "correct it" in str(link.sentence)
    assert entity(harness, "Customer", customer)["PrimaryPhone"]["FreeFormNumber"] == "555"
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"email": "nell2@example.com"}})
    hear(harness, "hubspot", [contact])
    assert entity(harness, "Customer", customer)["PrimaryEmailAddr"]["Address"] == "nell2@example.com"
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.code) == (IN_STEP, None)
