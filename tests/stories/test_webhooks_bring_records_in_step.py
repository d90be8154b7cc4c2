"""A person changes something in HubSpot or QuickBooks; webhooks tell us, and seconds later both sides agree."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.harness import REALM, Harness
from tests.syncing import (
    entity,
    hubspot_object,
    link_of,
    living,
    make,
    person,
    settle_down,
    synchronize,
    turn_on,
    writes,
)


@pytest.fixture
def listening(harness: Harness) -> Harness:
    """Contacts and products are in step, and both vendors tell us what happens."""
    harness.connect()
    make(harness, "contacts", email="nell@example.com", firstname="Nell", lastname="New")
    turn_on(harness, "contacts")
    turn_on(harness, "products")
    settle_down(harness, 2)
    harness.ask_sandbox("POST", "/hubspot/webhooks", {"url": f"{harness.public_url}/hubspot/webhooks"})
    told = {"url": f"{harness.public_url}/quickbooks/webhooks", "enabled": True, "gather_seconds": 0}
    harness.ask_sandbox("POST", "/quickbooks/webhooks", told)
    return harness


def until(harness: Harness, happened: Callable[[], object]) -> None:
    """Work as the worker does until something has come of it, and of the echo of our own writes."""

    def turn() -> bool:
        synchronize(harness)
        return bool(happened())

    harness.wait_for(turn)
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 0.15:
        if harness.rows("SELECT 1 FROM hints WHERE kind IN ('contacts', 'products', 'Customer', 'Item')"):
            quiet_since = time.monotonic()
        synchronize(harness)
        time.sleep(0.01)


def test_both_ways_within_seconds_and_our_own_writes_come_to_nothing(listening: Harness) -> None:
    (contact,) = [k for k, e in living(listening, "contacts").items() if e.get("email") == "nell@example.com"]
    link = link_of(listening, "contacts", contact)
    assert link is not None
    person(listening, "PATCH", f"contacts/{contact}", {"properties": {"phone": "123"}})
    written = len(writes(listening))
    until(listening, lambda: "PrimaryPhone" in entity(listening, "Customer", str(link.entity_id)))
    assert entity(listening, "Customer", str(link.entity_id))["PrimaryPhone"] == {"FreeFormNumber": "123"}
    listening.act("edit", kind="Customer", id=link.entity_id, changes={"Notes": "not mapped", "GivenName": "Nelly"})
    until(listening, lambda: hubspot_object(listening, "contacts", contact)["firstname"] == "Nelly")
    assert len(writes(listening)) == written + 2, "one write for each change; echoes write nothing"


def test_a_new_product_becomes_an_item_and_back(listening: Harness) -> None:
    product = make(listening, "products", name="Garden gnome", price="19.90", hs_sku="GNOME")
    until(listening, lambda: link_of(listening, "products", product))
    link = link_of(listening, "products", product)
    assert link is not None
    assert float(entity(listening, "Item", str(link.entity_id))["UnitPrice"]) == 19.9
    listening.act("edit", kind="Item", id=link.entity_id, changes={"UnitPrice": 21})
    until(listening, lambda: hubspot_object(listening, "products", product)["price"] == "21")


def test_customers_merged_in_quickbooks(listening: Harness) -> None:
    (contact,) = [k for k, e in living(listening, "contacts").items() if e.get("email") == "nell@example.com"]
    link = link_of(listening, "contacts", contact)
    assert link is not None
    heir = listening.services.quickbooks.query(REALM, "Customer", "DisplayName = 'Old Mill Nursery' and Active = false")
    assert heir
    listening.act("merge_customers", keep_id=heir[0]["Id"], lose_id=link.entity_id)

    def followed() -> bool:
        moved = link_of(listening, "contacts", contact)
        return moved is not None and moved.entity_id == heir[0]["Id"]

    until(listening, followed)
