"""A contact or company becomes exactly one customer in QuickBooks, and the workflow keeps it up to date."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import PORTAL, Harness
from tests.stories.invoiced_deals import ADA, DESIGN, MORE_TROUBLE

ACTION = "create-or-update-customer"


def contact(harness: Harness, **properties: str) -> str:
    """A new contact."""
    asked = {"portal_id": PORTAL, "object_type": "contacts", "properties": ADA | properties}
    return str(harness.ask_sandbox("POST", "/hubspot/objects", asked)["id"])


def change(harness: Harness, object_type: str, object_id: str, **properties: str) -> None:
    """Somebody edits it in HubSpot."""
    path = f"/hubspot/objects/{PORTAL}/{object_type}/{object_id}"
    harness.ask_sandbox("PATCH", path, {"properties": properties})


def customers(harness: Harness, name: str = "Ada Byron") -> list[dict[str, Any]]:
    """QuickBooks' customers of a name."""
    return [each for each in harness.books("Customer") if each["DisplayName"].startswith(name)]


def test_contact_becomes_a_customer(harness: Harness) -> None:
    harness.connect()
    contact_id = contact(harness, phone="555-0100", city="London")

    callback_id = harness.enroll(contact_id, action=ACTION, object_type="contacts")
    harness.work()

    outputs = harness.assert_done(callback_id, None)
    (customer,) = customers(harness)
    assert (outputs["customerId"], outputs["customerName"]) == (customer["Id"], "Ada Byron")
    assert outputs["customerEmail"] == customer["PrimaryEmailAddr"]["Address"] == "ada@byron.example"
    assert (customer["PrimaryPhone"]["FreeFormNumber"], customer["BillAddr"]["City"]) == ("555-0100", "London")
    assert harness.refusals() == []


def test_what_changed_in_hubspot_changes_in_quickbooks(harness: Harness) -> None:
    harness.connect()
    contact_id = contact(harness, phone="555-0100")
    harness.enroll(contact_id, action=ACTION, object_type="contacts")
    harness.work()
    change(harness, "contacts", contact_id, phone="555-0199", lastname="Lovelace", email="")

    for inputs, phone in (({"existingCustomer": "leave_it"}, "555-0100"), ({}, "555-0199"), ({}, "555-0199")):
        callback_id = harness.enroll(contact_id, inputs, action=ACTION, object_type="contacts")
        harness.work()
        harness.assert_done(callback_id, None)
        (customer,) = customers(harness)
        assert customer["PrimaryPhone"]["FreeFormNumber"] == phone
    # The name the books are sorted by stays, and what HubSpot leaves empty does too.
    assert (customer["DisplayName"], customer["FamilyName"]) == ("Ada Byron", "Lovelace")
    assert customer["PrimaryEmailAddr"]["Address"] == "ada@byron.example"
    assert len([each for each in harness.calls("quickbooks", "/customer") if each["method"] == "POST"]) == 2
    assert harness.refusals() == []


@pytest.mark.parametrize("trouble", ["lose_answer", "lose_request", *MORE_TROUBLE])
def test_answer_lost(harness: Harness, trouble: str) -> None:
    harness.connect()
    contact_id = contact(harness)
    for phone in ("", "555-0199"):
        change(harness, "contacts", contact_id, phone=phone)
        harness.trouble(trouble, r"/customer\?", method="POST", status=503)
        callback_id = harness.enroll(contact_id, action=ACTION, object_type="contacts")
        harness.finish()
        harness.assert_done(callback_id, None)
        (customer,) = customers(harness)
    assert customer["PrimaryPhone"]["FreeFormNumber"] == "555-0199"
    assert harness.refusals() == []


def test_invoice_goes_to_that_customer(harness: Harness) -> None:
    harness.connect()
    contact_id = contact(harness)
    harness.enroll(contact_id, action=ACTION, object_type="contacts")
    harness.work()
    deal_id = harness.make_deal([DESIGN], contact_id)

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    (customer,) = customers(harness)
    assert invoice["CustomerRef"]["value"] == customer["Id"]


def test_company_of_a_deal(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.make_deal([DESIGN], dict(ADA))
    company = {"portal_id": PORTAL, "object_type": "companies", "properties": {"name": "Analytical Engines"}}
    harness.ask_sandbox("POST", "/hubspot/objects", company | {"associations": {"deals": [{"id": deal_id}]}})

    callback_id = harness.enroll(deal_id, {"billTo": "primary_company"}, action=ACTION)
    harness.work()

    assert harness.assert_done(callback_id, deal_id)["customerName"] == "Analytical Engines"
    assert len(customers(harness, "Analytical Engines")) == 1
    assert harness.refusals() == []


def test_two_workflows_at_once_and_delivered_twice(harness: Harness) -> None:
    harness.connect()
    contact_id = contact(harness)
    asked = [harness.enroll(contact_id, action=ACTION, object_type="contacts") for _ in range(3)]
    harness.deliver_again(asked[0])
    harness.work(together=True)
    for callback_id in asked:
        harness.assert_done(callback_id, None)
    assert len(customers(harness)) == 1


def test_made_inactive_in_quickbooks(harness: Harness) -> None:
    harness.connect()
    contact_id = contact(harness)
    harness.enroll(contact_id, action=ACTION, object_type="contacts")
    harness.work()
    harness.act("deactivate", id=customers(harness)[0]["Id"])

    callback_id = harness.enroll(contact_id, action=ACTION, object_type="contacts")
    harness.work()

    outputs = harness.hubspot_callback(callback_id)["outputs"]
    assert outputs["errorCode"] == "CUSTOMER_INACTIVE"
    assert len(customers(harness)) == 1


def test_nobody_on_the_deal(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.make_deal([DESIGN])
    callback_id = harness.enroll(deal_id, action=ACTION)
    harness.work()
    assert "The deal has no contact" in harness.assert_refused(callback_id, deal_id, "NO_CUSTOMER")
