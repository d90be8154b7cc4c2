"""Companies instead of contacts: named alike on both sides, renamed together, created once."""

from __future__ import annotations

from datetime import timedelta

from service.store.sync_links import FAILED, IN_STEP
from tests.harness import PORTAL, Harness
from tests.syncing import (
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


def test_companies_follow_customers_and_customers_companies(harness: Harness) -> None:
    harness.connect()
    acme = make(harness, "companies", name="Acme: Tools", phone="1", address2="Floor 2", city="Reno")
    turn_on(harness, "companies")
    settle_down(harness, 2)
    known = state_of(harness, "companies")
    assert (known.phase, known.problem) == ("done", None)
    link = link_of(harness, "companies", acme)
    assert link is not None
    customer = entity(harness, "Customer", str(link.entity_id))
    assert (customer["DisplayName"], customer["CompanyName"]) == ("Acme Tools", "Acme: Tools")
    assert (customer["BillAddr"]["Line2"], customer["BillAddr"]["City"]) == ("Floor 2", "Reno")
    assert hubspot_object(harness, "companies", acme)["name"] == "Acme: Tools", "nobody has renamed it"
    amy = link_of(harness, "companies", entity_id="1")
    assert amy is not None
    assert hubspot_object(harness, "companies", str(amy.object_id))["name"] == "Amy's Bird Sanctuary"
    names = [each["name"] for each in living(harness, "companies").values()]
    assert names.count("Amy's Bird Sanctuary") == 1
    written = writes(harness)
    harness.pass_time(timedelta(minutes=20))
    synchronize(harness)
    assert writes(harness) == written

    harness.act("rename_customer", customer_id=link.entity_id, name="Acme Limited")
    hear(harness, "quickbooks", [str(link.entity_id)])
    assert hubspot_object(harness, "companies", acme)["name"] == "Acme Limited"
    assert entity(harness, "Customer", str(link.entity_id))["CompanyName"] == "Acme Limited", "drawn from the name"
    assert harness.refusals() == []


def test_a_name_that_a_vendor_has_is_said_and_goes_through_once_it_is_free(harness: Harness) -> None:
    harness.connect()
    acme = make(harness, "companies", name="Acme")
    turn_on(harness, "companies")
    settle_down(harness, 1)
    harness.act("create_vendor", name="Vera Vendor")
    person(harness, "PATCH", f"companies/{acme}", {"properties": {"name": "Vera Vendor"}})
    hear(harness, "hubspot", [acme], kind="companies")
    link = link_of(harness, "companies", acme)
    assert link is not None
    assert (link.state, link.code) == (FAILED, "NAME_TAKEN")
    person(harness, "PATCH", f"companies/{acme}", {"properties": {"name": "Vera & Co"}})
    hear(harness, "hubspot", [acme], kind="companies")
    link = link_of(harness, "companies", acme)
    assert link is not None
    assert link.state == IN_STEP
    assert entity(harness, "Customer", str(link.entity_id))["DisplayName"] == "Vera & Co"
    assert [each.get("refused") for each in harness.refusals()] == []


def company_of(harness: Harness, name: str, *people: dict[str, str]) -> str:
    """A company with these contacts, the first one the oldest."""
    asked = {"portal_id": PORTAL, "object_type": "companies", "properties": {"name": name},
             "associations": {"contacts": [{"properties": each} for each in people]}}  # fmt: skip
    return str(harness.ask_sandbox("POST", "/hubspot/objects", asked)["id"])


def test_a_companys_customer_is_born_with_its_contact_as_bill_to(harness: Harness) -> None:
    harness.connect()
    bill = {"email": "Bill@toolworks.example", "firstname": "Bill", "lastname": "Payer"}
    tools = company_of(harness, "Toolworks", bill, {"email": "other@toolworks.example", "firstname": "Other"})
    alone = company_of(harness, "Nobody Works Here")
    strange = company_of(harness, "Strange Mail", {"email": "none", "firstname": "Stan"})
    turn_on(harness, "companies")
    settle_down(harness, 2)
    customer = entity(harness, "Customer", str(link_of(harness, "companies", tools).entity_id))  # type: ignore[union-attr]
    assert customer["PrimaryEmailAddr"] == {"Address": "bill@toolworks.example"}
    assert (customer["GivenName"], customer["FamilyName"]) == ("Bill", "Payer")
    for company in (alone, strange):
        made = entity(harness, "Customer", str(link_of(harness, "companies", company).entity_id))  # type: ignore[union-attr]
        assert "PrimaryEmailAddr" not in made
    # From then on it is QuickBooks' own.
    harness.act(
        "edit", kind="Customer", id=customer["Id"], changes={"PrimaryEmailAddr": {"Address": "ap@tools.example"}}
    )
    person(harness, "PATCH", f"companies/{tools}", {"properties": {"phone": "555-7"}})
    settle_down(harness, 2)
    after = entity(harness, "Customer", customer["Id"])
    assert after["PrimaryEmailAddr"] == {"Address": "ap@tools.example"}
    assert after["PrimaryPhone"] == {"FreeFormNumber": "555-7"}
    assert harness.refusals() == []
