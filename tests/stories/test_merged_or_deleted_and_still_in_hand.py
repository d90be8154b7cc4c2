"""Records are merged and deleted on either side: nothing of theirs is lost, and a person can always go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from service.errors import InputInvalid
from service.store.sync_changes import SyncChanges
from service.store.sync_links import CREATING, ENDED, FAILED, IN_STEP, REVIEW, SyncLink
from service.sync.direction import Direction
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import (
    entity,
    hear,
    hubspot_object,
    link_of,
    make,
    person,
    settle_down,
    state_of,
    synchronize,
    turn_on,
)

HELD = {"firstname": "Nell", "lastname": "New", "email": "nell@example.com", "phone": "1", "city": "Reno"}


@pytest.fixture
def contact(harness: Harness) -> str:
    """Contacts are in step; one of them is Nell, who has a customer of her own."""
    harness.connect()
    made = make(harness, "contacts", **HELD)
    turn_on(harness, "contacts")
    settle_down(harness, 2)
    return made


@pytest.fixture
def changes(harness: Harness) -> SyncChanges:
    return SyncChanges(harness.services.database)


def linked(harness: Harness, contact: str) -> SyncLink:
    link = link_of(harness, "contacts", contact)
    assert link is not None
    return link


def second(harness: Harness) -> str:
    """Another contact in step, with a customer of her own."""
    made = make(harness, "contacts", email="nella@example.com", firstname="Nella", lastname="Newer")
    hear(harness, "hubspot", [made], "created")
    return made


def merge_contacts(harness: Harness, kept: str, gone: str) -> str:
    heir = str(person(harness, "POST", "contacts/merge", {"kept": kept, "gone": gone})["id"])
    hear(harness, "hubspot", [heir, gone], "merged")
    return heir


def merge_customers(harness: Harness, kept: str | None, gone: str | None) -> None:
    harness.act("merge_customers", keep_id=kept, lose_id=gone)
    hear(harness, "quickbooks", [str(gone)], "merged", f"into:{kept}")


def test_a_merge_in_quickbooks_takes_nothing_from_the_contact(harness: Harness, contact: str) -> None:
    heir = harness.act("create_customer", name="Nell Heir")["Id"]
    merge_customers(harness, heir, linked(harness, contact).entity_id)
    held = hubspot_object(harness, "contacts", contact)
    assert {name: held[name] for name in HELD} == HELD
    assert linked(harness, contact).entity_id == heir
    there = entity(harness, "Customer", heir)
    assert (there["GivenName"], there["PrimaryPhone"]["FreeFormNumber"]) == ("Nell", "1"), "the heir has got hers"


def test_a_merge_in_hubspot_takes_nothing_from_the_customer(harness: Harness, contact: str) -> None:
    customer = str(linked(harness, contact).entity_id)
    harness.act("edit", kind="Customer", id=customer, changes={"CompanyName": "Nell & Co"})
    fresh = make(harness, "contacts", lastname="Bare")  # without an address she does not enter
    heir = merge_contacts(harness, fresh, contact)
    there = entity(harness, "Customer", customer)
    assert (linked(harness, heir).state, there["GivenName"], there["CompanyName"]) == (IN_STEP, "Nell", "Nell & Co")


@pytest.mark.parametrize("keeps", [0, 1])
def test_customers_then_contacts_are_merged_as_we_advise(harness: Harness, contact: str, keeps: int) -> None:
    contacts = (contact, second(harness))
    lost, kept = (str(linked(harness, each).entity_id) for each in contacts)
    merge_customers(harness, kept, lost)
    assert (linked(harness, contact).state, linked(harness, contact).code) == (ENDED, "MERGED")
    assert "merge them too" in str(linked(harness, contact).sentence)
    heir = merge_contacts(harness, contacts[keeps], contacts[1 - keeps])
    settle_down(harness, 2)
    assert (linked(harness, heir).state, linked(harness, heir).entity_id) == (IN_STEP, kept)
    person(harness, "PATCH", f"contacts/{heir}", {"properties": {"phone": "777"}})
    hear(harness, "hubspot", [heir])
    assert entity(harness, "Customer", kept)["PrimaryPhone"]["FreeFormNumber"] == "777"


@pytest.mark.parametrize("keeps", [0, 1])
def test_contacts_then_customers_are_merged_as_we_advise(harness: Harness, contact: str, keeps: int) -> None:
    other = second(harness)
    customers = [linked(harness, each).entity_id for each in (contact, other)]
    heir = merge_contacts(harness, contact, other)
    merge_customers(harness, customers[keeps], customers[1 - keeps])
    settle_down(harness, 2)
    assert (linked(harness, heir).state, linked(harness, heir).entity_id) == (IN_STEP, customers[keeps])
    person(harness, "PATCH", f"contacts/{heir}", {"properties": {"phone": "777"}})
    hear(harness, "hubspot", [heir])
    assert entity(harness, "Customer", str(customers[keeps]))["PrimaryPhone"]["FreeFormNumber"] == "777"


def test_nobody_told_us_of_a_merge_and_a_person_can_choose(
    harness: Harness, contact: str, changes: SyncChanges
) -> None:
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    heir = harness.act("create_customer", name="Somebody Else")["Id"]
    harness.act("merge_customers", keep_id=heir, lose_id=linked(harness, contact).entity_id)
    changes.run(state_of(harness, "contacts"), "me", harness.clock.now())
    settle_down(harness, 2)
    link = linked(harness, contact)
    assert (link.state, link.code, link.entity_id) == (REVIEW, "GONE_FROM_QUICKBOOKS", None)
    assert [each["DisplayName"] for each in harness.books("Customer")].count("Nell New") == 1, "none is made instead"
    changes.choose(state_of(harness, "contacts"), link, heir, "me", harness.clock.now())
    synchronize(harness)
    assert (linked(harness, contact).state, linked(harness, contact).entity_id) == (IN_STEP, heir)
    assert hubspot_object(harness, "contacts", contact)["phone"] == "1"


def test_nobody_told_us_of_a_merge_and_the_heir_looks_the_same(harness: Harness, contact: str) -> None:
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    address = {"PrimaryEmailAddr": {"Address": "nell@example.com"}}
    heir = harness.act("create_customer", name="Nell Heir", fields=address)["Id"]
    harness.act("merge_customers", keep_id=heir, lose_id=linked(harness, contact).entity_id)
    hear(harness, "hubspot", [contact])
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "2"}})
    settle_down(harness, 2)
    assert (linked(harness, contact).state, linked(harness, contact).entity_id) == (IN_STEP, heir)
    assert entity(harness, "Customer", heir)["PrimaryPhone"]["FreeFormNumber"] == "2"


@pytest.mark.parametrize("deactivates", [False, True])
def test_a_contact_deleted_and_made_again_gets_its_customer_back(
    harness: Harness, contact: str, deactivates: bool
) -> None:
    turn_on(harness, "contacts", deactivates=deactivates)
    customer = str(linked(harness, contact).entity_id)
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    settle_down(harness, 1)
    assert entity(harness, "Customer", customer)["Active"] is not deactivates
    again = make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="New")
    hear(harness, "hubspot", [again], "created")
    assert (linked(harness, again).state, linked(harness, again).entity_id) == (IN_STEP, customer)
    assert entity(harness, "Customer", customer)["Active"] is True
    assert link_of(harness, "contacts", contact) is None


def test_a_pass_gives_the_customer_back_as_well(harness: Harness, contact: str, changes: SyncChanges) -> None:
    customer = linked(harness, contact).entity_id
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    again = make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="New")
    changes.run(state_of(harness, "contacts"), "me", harness.clock.now())
    synchronize(harness)
    assert (linked(harness, again).state, linked(harness, again).entity_id) == (IN_STEP, customer)


def restore(harness: Harness, contact: str) -> None:
    with harness.world.hubspot.lock:
        harness.world.hubspot.portals[PORTAL].objects["contacts"][contact].archived = False
    hear(harness, "hubspot", [contact], "created")


def test_a_contact_is_restored_and_the_customer_we_made_inactive_with_it(harness: Harness, contact: str) -> None:
    customer = str(linked(harness, contact).entity_id)
    turn_on(harness, "contacts", deactivates=True)
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    settle_down(harness, 1)
    assert entity(harness, "Customer", customer)["Active"] is False
    restore(harness, contact)
    assert entity(harness, "Customer", customer)["Active"] is True
    assert linked(harness, contact).state == IN_STEP


def test_a_contact_is_restored_whose_customer_somebody_else_made_inactive(harness: Harness, contact: str) -> None:
    customer = str(linked(harness, contact).entity_id)
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    harness.act("deactivate", kind="Customer", id=customer)
    restore(harness, contact)
    assert entity(harness, "Customer", customer)["Active"] is False
    assert (linked(harness, contact).state, linked(harness, contact).code) == (FAILED, "INACTIVE_IN_QUICKBOOKS")


def test_deactivation_is_unticked_while_it_waits(harness: Harness, contact: str) -> None:
    customer = str(linked(harness, contact).entity_id)
    turn_on(harness, "contacts", deactivates=True)
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    turn_on(harness, "contacts", deactivates=False)
    settle_down(harness, 2)
    link = linked(harness, contact)
    assert (link.state, link.code, link.due_at) == (ENDED, "DELETED_IN_HUBSPOT", None)
    assert "QuickBooks keeps it" in str(link.sentence)
    assert entity(harness, "Customer", customer)["Active"] is True


def test_contact_and_customer_are_both_gone(harness: Harness, contact: str) -> None:
    turn_on(harness, "contacts", deactivates=True)
    person(harness, "DELETE", f"contacts/{contact}")
    hear(harness, "hubspot", [contact], "deleted")
    heir = harness.act("create_customer", name="Nell Heir")["Id"]
    harness.act("merge_customers", keep_id=heir, lose_id=linked(harness, contact).entity_id)
    settle_down(harness, 1)
    assert (linked(harness, contact).state, linked(harness, contact).due_at) == (ENDED, None)
    assert entity(harness, "Customer", heir)["Active"] is True


def test_an_id_that_was_mistyped_can_be_chosen_again(harness: Harness, contact: str, changes: SyncChanges) -> None:
    address = {"PrimaryEmailAddr": {"Address": "t@example.com"}}
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    twin = harness.act("create_customer", name="Twin Peaks", fields=address)["Id"]
    made = make(harness, "contacts", email="x@example.com", firstname="Twin", lastname="Peaks")
    hear(harness, "hubspot", [made], "created")
    known = state_of(harness, "contacts")
    assert linked(harness, made).candidates == (twin,)
    changes.choose(known, linked(harness, made), "99999", "me", harness.clock.now())
    synchronize(harness)
    link = linked(harness, made)
    assert (link.state, link.code, link.candidates, link.entity_id) == (REVIEW, "NOT_FOUND", (twin,), None)
    assert "99999" in str(link.sentence)
    changes.choose(known, link, twin, "me", harness.clock.now())
    synchronize(harness)
    assert (linked(harness, made).state, linked(harness, made).entity_id) == (IN_STEP, twin)


def test_who_is_in_step_with_another_cannot_be_chosen(harness: Harness, contact: str, changes: SyncChanges) -> None:
    made = make(harness, "contacts", email="x@example.com", firstname="Nell", lastname="New")
    known = state_of(harness, "contacts")
    (half,) = harness.services.sync.links.keep(known, [SyncLink(object_id=made, state=REVIEW)], harness.clock.now())
    with pytest.raises(InputInvalid, match="in step with another record"):
        changes.choose(known, half, str(linked(harness, contact).entity_id), "me", harness.clock.now())


def test_a_merge_that_is_told_late_is_followed(harness: Harness, contact: str) -> None:
    """An edit comes first, and finds the customer gone; the merge is told within minutes."""
    heir = harness.act("create_customer", name="Another Name")["Id"]
    lost = str(linked(harness, contact).entity_id)
    harness.act("merge_customers", keep_id=heir, lose_id=lost)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "3"}})
    hear(harness, "hubspot", [contact])
    harness.pass_time(timedelta(minutes=1))
    hear(harness, "quickbooks", [lost], "merged", f"into:{heir}")
    assert (linked(harness, contact).state, linked(harness, contact).entity_id) == (IN_STEP, heir)


def test_what_was_left_out_is_brought_back(harness: Harness, contact: str, changes: SyncChanges) -> None:
    known, links, now = state_of(harness, "contacts"), harness.services.sync.links, harness.clock.now()
    links.keep(known, [replace(linked(harness, contact), state=FAILED, code="VALUE_NOT_TAKEN")], now)
    changes.leave_out(known, linked(harness, contact), "me", now)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"phone": "2"}})
    hear(harness, "hubspot", [contact])
    assert (linked(harness, contact).state, linked(harness, contact).code) == (ENDED, "LEFT_OUT")
    customer = str(linked(harness, contact).entity_id)
    assert entity(harness, "Customer", customer)["PrimaryPhone"]["FreeFormNumber"] == "1"
    changes.bring_back(known, linked(harness, contact), "me", now)
    synchronize(harness)
    assert linked(harness, contact).state == IN_STEP
    assert entity(harness, "Customer", customer)["PrimaryPhone"]["FreeFormNumber"] == "2"
    with pytest.raises(InputInvalid, match="left out"):
        changes.bring_back(known, linked(harness, contact), "me", now)


def test_a_half_that_was_left_out_is_brought_back(harness: Harness, contact: str, changes: SyncChanges) -> None:
    known, links, now = state_of(harness, "contacts"), harness.services.sync.links, harness.clock.now()
    made = make(harness, "contacts", email="x@example.com", firstname="Xa", lastname="Xu")
    (half,) = links.keep(known, [SyncLink(object_id=made, state=REVIEW)], now)
    changes.leave_out(known, half, "me", now)
    settle_down(harness, 1)
    assert linked(harness, made).entity_id is None
    changes.bring_back(known, linked(harness, made), "me", now)
    synchronize(harness)
    assert linked(harness, made).state == IN_STEP


def test_a_name_reserved_before_another_direction_was_chosen(harness: Harness, contact: str) -> None:
    made = make(harness, "contacts", email="late@example.com", firstname="Late", lastname="Comer")
    harness.trouble("status", f"/v3/company/{REALM}/batch", times=1, status=503)
    hear(harness, "hubspot", [made], "created")
    assert linked(harness, made).state == CREATING
    turn_on(harness, "contacts", direction=Direction.TO_HUBSPOT)
    settle_down(harness, 2)
    assert not [each for each in harness.books("Customer") if "Late" in each["DisplayName"]]
    assert link_of(harness, "contacts", made) is None
    turn_on(harness, "contacts", direction=Direction.BOTH)
    harness.services.sync.settings.begin(state_of(harness, "contacts"), harness.clock.now())
    settle_down(harness, 1)
    assert linked(harness, made).state == IN_STEP, "chosen again, it enters as any other"


def test_a_half_that_may_not_enter_is_not_asked_for_for_ever(
    harness: Harness, contact: str, changes: SyncChanges
) -> None:
    address = {"PrimaryEmailAddr": {"Address": "t@example.com"}}
    harness.act("create_customer", name="Twin Peaks", fields=address)
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    made = make(harness, "contacts", email="x@example.com", firstname="Twin", lastname="Peaks")
    hear(harness, "hubspot", [made], "created")
    half = linked(harness, made)
    changes.create_anew(state_of(harness, "contacts"), half, "me", harness.clock.now())
    turn_on(harness, "contacts", direction=Direction.TO_HUBSPOT)
    with pytest.raises(InputInvalid, match="change the direction"):
        changes.create_anew(state_of(harness, "contacts"), half, "me", harness.clock.now())
    settle_down(harness, 1)
    assert link_of(harness, "contacts", made) is None
    assert harness.rows("SELECT 1 FROM sync_links WHERE due_at IS NOT NULL") == []


def test_who_belongs_to_another_is_not_advised_to_be_chosen(harness: Harness, contact: str) -> None:
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    customer = linked(harness, contact).entity_id
    made = make(harness, "contacts", email="nell.other@example.com", firstname="Nell", lastname="Double")
    harness.act(
        "edit", kind="Customer", id=customer, changes={"PrimaryEmailAddr": {"Address": "nell.other@example.com"}}
    )
    hear(harness, "hubspot", [made], "created")
    link = linked(harness, made)
    assert (link.state, link.candidates) == (REVIEW, (customer,))
    assert "choose" not in str(link.sentence)
    assert "leave it out" in str(link.sentence)
