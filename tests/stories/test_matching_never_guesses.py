"""What is the same is found however it looks, what is not is never taken for it, and nobody is made twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from service.errors import InputInvalid
from service.store.connection_settings import change_settings
from service.store.hints import Hint
from service.store.links import Link
from service.store.sync_changes import SyncChanges
from service.store.sync_links import ENDED, FAILED, IN_STEP, REVIEW
from service.sync.direction import PAIRINGS, Direction
from service.sync.filters import Condition, Filter, parse_filter
from service.sync.mapping import FieldMapping, default_mapping
from service.sync.values import Kind
from service.workflows.preview_mapping import preview_mapping
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import (
    entity,
    hubspot_object,
    link_of,
    living,
    make,
    person,
    settle_down,
    state_of,
    synchronize,
    turn_on,
)


def hear(harness: Harness, kind: str, *ids: str) -> None:
    """A vendor tells of new records: an object type of HubSpot's, or an entity of QuickBooks'."""
    vendor, scope = ("hubspot", str(PORTAL)) if kind in PAIRINGS else ("quickbooks", REALM)
    hints = [Hint(vendor, scope, kind, each, frozenset({"created"})) for each in ids]
    harness.services.hints.hear(hints, harness.clock.now())
    synchronize(harness)


def quiet(harness: Harness, name: str, **wanted: object) -> None:
    harness.connect()
    turn_on(harness, name, **wanted)
    settle_down(harness, 1)


def named(harness: Harness, kind: str, text: str) -> list[str]:
    field = {"Customer": "DisplayName", "Item": "Name"}[kind]
    return sorted(each[field] for each in harness.books(kind) if text in each[field])


def changes(harness: Harness) -> SyncChanges:
    return SyncChanges(harness.services.database)


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "afterwards"])
def test_the_customer_that_invoices_go_to_is_the_one_whatever_its_name(harness: Harness, first: bool) -> None:
    harness.connect()
    customer = harness.act("create_customer", name="Entirely Different Ltd")["Id"]
    if not first:
        turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
        settle_down(harness, 1)
    contact = make(harness, "contacts", email="zed@example.com", firstname="Zed", lastname="Zulu")
    harness.services.links.keep(PORTAL, REALM, [Link("contact", contact, customer)], harness.clock.now())
    if first:
        turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
        synchronize(harness)
    else:
        hear(harness, "contacts", contact)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.entity_id) == (IN_STEP, customer)
    assert named(harness, "Customer", "Zulu") == []
    assert harness.services.links.find(PORTAL, REALM, "contact", [contact])[contact].entity_id == customer


def test_two_contacts_invoiced_as_one_customer_are_not_torn_apart(harness: Harness) -> None:
    quiet(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    customer = harness.act("create_customer", name="Shared Ltd")["Id"]
    both = [make(harness, "contacts", email=f"{each}@example.com", firstname=each) for each in ("Ann", "Ben")]
    harness.services.links.keep(PORTAL, REALM, [Link("contact", each, customer) for each in both], harness.clock.now())
    hear(harness, "contacts", *both)
    links = [link_of(harness, "contacts", each) for each in both]
    assert [each and each.state for each in links] == [IN_STEP, REVIEW]
    assert links[1] is not None
    assert links[1].candidates == (customer,)
    stored = harness.services.links.find(PORTAL, REALM, "contact", both)
    assert {each.entity_id for each in stored.values()} == {customer}


def test_a_contact_whose_invoices_go_to_a_job_gets_no_customer_beside_it(harness: Harness) -> None:
    quiet(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    parent = harness.act("create_customer", name="Builder")["Id"]
    fields = {"Job": True, "ParentRef": {"value": parent}}
    job = harness.act("create_customer", name="Kitchen", fields=fields)["Id"]
    contact = make(harness, "contacts", email="zed@example.com", firstname="Zed", lastname="Zulu")
    harness.services.links.keep(PORTAL, REALM, [Link("contact", contact, job)], harness.clock.now())
    hear(harness, "contacts", contact)
    settle_down(harness, 1)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.state, link.code, link.entity_id) == (ENDED, "OUTSIDE_THE_SYNC", None)
    assert "job or sub-customer" in str(link.sentence)
    assert named(harness, "Customer", "Zulu") == []


@pytest.mark.parametrize("heard", ["contacts", "Customer"])
def test_a_contact_we_made_is_known_again_however_it_has_changed(harness: Harness, heard: str) -> None:
    quiet(harness, "contacts")
    names = {"GivenName": "Nell", "FamilyName": "New"}
    fields = {**names, "PrimaryEmailAddr": {"Address": "n@example.com"}}
    customer = harness.act("create_customer", name="Nell New", fields=fields)["Id"]
    hear(harness, "Customer", customer)
    made = link_of(harness, "contacts", entity_id=customer)
    assert made is not None
    contact = str(made.object_id)
    harness.services.sync.links.drop(made)
    harness.services.links.forget(REALM, ("contact",), customer)
    person(harness, "PATCH", f"contacts/{contact}", {"properties": {"email": "later@example.com", "firstname": "Ida"}})
    counts = harness.counts()["Customer"], len(living(harness, "contacts"))
    hear(harness, heard, contact if heard == "contacts" else customer)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert (link.entity_id, link.state) == (customer, IN_STEP)
    assert (harness.counts()["Customer"], len(living(harness, "contacts"))) == counts
    assert hubspot_object(harness, "contacts", contact)["email"] == "later@example.com", "HubSpot's stays"
    assert entity(harness, "Customer", customer)["GivenName"] == "Ida"


def test_thirty_customers_without_an_address_find_their_contacts(harness: Harness) -> None:
    quiet(harness, "contacts", direction=Direction.TO_HUBSPOT)
    people = [{"firstname": "Noah", "lastname": f"Mail{number}"} for number in range(30)]
    for each in people:
        make(harness, "contacts", **each)
    shop = make(harness, "contacts", company="Corner Shop")
    settle_down(harness, 1)
    ids = [
        harness.act(
            "create_customer",
            name=f"Noah {each['lastname']}",
            fields={"GivenName": "Noah", "FamilyName": each["lastname"]},
        )["Id"]
        for each in people
    ]
    ids.append(harness.act("create_customer", name="Corner Shop")["Id"])
    searches = len(harness.calls("hubspot", "/search"))
    hear(harness, "Customer", *ids)
    assert len(harness.calls("hubspot", "/search")) - searches <= 7, "five persons a call"
    count = Counter(each.get("lastname") for each in living(harness, "contacts").values())
    assert {name: number for name, number in count.items() if name and name.startswith("Mail") and number > 1} == {}
    link = link_of(harness, "contacts", entity_id=ids[-1])
    assert link is not None
    assert link.object_id == shop
    assert [each.get("refused") for each in harness.refusals()] == []


def test_a_contact_without_an_address_is_found_by_the_name_of_a_customer_with_one(harness: Harness) -> None:
    quiet(harness, "contacts", direction=Direction.TO_HUBSPOT)
    contact = make(harness, "contacts", firstname="Nell", lastname="New")
    settle_down(harness, 1)
    fields = {"GivenName": "Nell", "FamilyName": "New", "PrimaryEmailAddr": {"Address": "n@example.com"}}
    customer = harness.act("create_customer", name="Nell New", fields=fields)["Id"]
    hear(harness, "Customer", customer)
    link = link_of(harness, "contacts", entity_id=customer)
    assert link is not None
    assert link.object_id == contact


@pytest.mark.parametrize("together", [True, False])
def test_two_companies_of_one_name_and_one_customer_wait_for_a_person(harness: Harness, together: bool) -> None:
    quiet(harness, "companies", direction=Direction.TO_QUICKBOOKS)
    customer = harness.act("create_customer", name="Acme")["Id"]
    both = [make(harness, "companies", name="Acme", city=city) for city in ("Reno", "Oslo")]
    harness.world.clock.freeze(harness.clock.now())
    if not together:
        settle_down(harness, 1)
    hear(harness, "companies", *both if together else both[:1])
    hear(harness, "companies", *both)
    links = [link_of(harness, "companies", each) for each in both]
    assert [each and (each.state, each.candidates) for each in links] == [(REVIEW, (customer,))] * 2
    assert named(harness, "Customer", "Acme") == ["Acme"]


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "afterwards"])
def test_the_second_company_of_a_name_waits_for_a_person(harness: Harness, first: bool) -> None:
    harness.connect()
    if not first:
        turn_on(harness, "companies", direction=Direction.TO_QUICKBOOKS)
        settle_down(harness, 1)
    both = [make(harness, "companies", name="Acme", city=city) for city in ("Reno", "Oslo")]
    turn_on(harness, "companies", direction=Direction.TO_QUICKBOOKS)
    for each in both:
        settle_down(harness, 1)  # HubSpot's index lags behind
        hear(harness, "companies", each)
    links = [link_of(harness, "companies", each) for each in both]
    assert [each and (each.state, each.code) for each in links] == [(IN_STEP, None), (REVIEW, "SAME_ON_ITS_SIDE")]
    assert links[1] is not None
    assert both[0] in str(links[1].sentence)
    assert named(harness, "Customer", "Acme") == ["Acme"]
    changes(harness).create_anew(state_of(harness, "companies"), links[1], "x", harness.clock.now())
    settle_down(harness, 1)
    assert named(harness, "Customer", "Acme") == ["Acme", "Acme (Customer)"]


def test_contacts_of_one_name_with_addresses_of_their_own_are_both_customers(harness: Harness) -> None:
    quiet(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    both = [
        make(harness, "contacts", email=f"{each}@example.com", firstname="Pat", lastname="Twice") for each in ("a", "b")
    ]
    hear(harness, "contacts", *both)
    assert named(harness, "Customer", "Pat Twice") == ["Pat Twice", "Pat Twice (Customer)"]


@pytest.mark.parametrize("lost", [False, True])
def test_who_is_created_anew_is_asked_about_once(harness: Harness, lost: bool) -> None:
    harness.connect()
    fields = {"PrimaryEmailAddr": {"Address": "t@example.com"}}
    harness.act("create_customer", name="Twin Peaks", fields=fields)
    contact = make(harness, "contacts", email="x@example.com", firstname="Twin", lastname="Peaks")
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS)
    synchronize(harness)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert link.state == REVIEW
    if lost:
        harness.trouble("lose_answer", f"/v3/company/{REALM}/batch", times=2)
    changes(harness).create_anew(state_of(harness, "contacts"), link, "x", harness.clock.now())
    settle_down(harness, 2)
    link = link_of(harness, "contacts", contact)
    assert link is not None
    assert link.state == IN_STEP
    assert named(harness, "Customer", "Twin Peaks") == ["Twin Peaks", "Twin Peaks (Customer)"]
    assert entity(harness, "Customer", str(link.entity_id))["DisplayName"] == "Twin Peaks (Customer)"


def test_a_mapping_onto_the_name_names_what_is_created(harness: Harness) -> None:
    harness.connect()
    ours = default_mapping("contacts")
    mapping = replace(ours, fields=(*ours.fields, FieldMapping("jobtitle", "DisplayName", Direction.TO_QUICKBOOKS)))
    turn_on(harness, "contacts", direction=Direction.TO_QUICKBOOKS, mapping=mapping)
    titled = make(harness, "contacts", email="d@example.com", firstname="Dora", lastname="Name", jobtitle="Chief: Name")
    plain = make(harness, "contacts", email="p@example.com", firstname="Dora", lastname="Plain")
    settle_down(harness, 1)
    made = [link_of(harness, "contacts", each) for each in (titled, plain)]
    names = [entity(harness, "Customer", str(each.entity_id))["DisplayName"] for each in made if each is not None]
    assert names == ["Chief Name", "Dora Plain"]


def test_without_an_income_account_a_product_says_what_to_do(harness: Harness) -> None:
    harness.connect()
    for each in harness.books("Account"):
        if each["AccountType"] == "Income":
            harness.act("deactivate", kind="Account", id=each["Id"])
    product = make(harness, "products", name="Gnome", price="5", hs_sku="GNOME")
    turn_on(harness, "products", direction=Direction.TO_QUICKBOOKS)
    synchronize(harness)
    link = link_of(harness, "products", product)
    assert link is not None
    assert (link.state, link.code) == (FAILED, "NO_INCOME_ACCOUNT")
    assert "--income-account" in str(link.sentence)
    assert [each.get("refused") for each in harness.refusals()] == []


def test_the_operator_chooses_the_account_of_created_items(harness: Harness) -> None:
    harness.connect()
    incomes = [each["Id"] for each in harness.books("Account") if each["AccountType"] == "Income"]
    chosen = {"income_account": incomes[-1]}
    assert len(incomes) > 1
    assert change_settings(harness.services.database, PORTAL, REALM, chosen, harness.clock.now())
    make(harness, "products", name="Gnome", price="5", hs_sku="GNOME")
    turn_on(harness, "products", direction=Direction.TO_QUICKBOOKS)
    synchronize(harness)
    (gnome,) = [each for each in harness.books("Item") if each["Name"] == "Gnome"]
    assert gnome["IncomeAccountRef"]["value"] == incomes[-1]


@pytest.mark.parametrize("word", ["1.23456789012345678901", "dear"])
def test_a_value_that_cannot_be_written_fails_its_record_alone(harness: Harness, word: str) -> None:
    harness.connect()
    table = FieldMapping("hs_sku", "UnitPrice", Direction.TO_QUICKBOOKS, Kind.TEXT, {"BAD": word, "GOOD": "3"})
    mapping = replace(default_mapping("products"), fields=(FieldMapping("name", "Name"), table))
    bad = make(harness, "products", name="Bad gnome", hs_sku="BAD")
    good = make(harness, "products", name="Good gnome", hs_sku="GOOD")
    ours = Filter(hubspot=(Condition("name", "contains", ("gnome",)),))
    turn_on(harness, "products", direction=Direction.TO_QUICKBOOKS, mapping=mapping, filter=ours)
    synchronize(harness)
    links = [link_of(harness, "products", each) for each in (bad, good)]
    assert [each and each.state for each in links] == [FAILED, IN_STEP]
    assert state_of(harness, "products").phase == "done"


def test_a_filter_on_what_there_is_not_says_so(harness: Harness) -> None:
    condition = {"name": "Nonsense.Field", "operator": "known"}
    with pytest.raises(InputInvalid, match=r"Customer has no field Nonsense\.Field"):
        parse_filter({"quickbooks": [condition]}, "Customer")
    harness.connect()
    ours = parse_filter(
        {"hubspot": [{"name": "lifecycle_stage", "operator": "is", "values": ["customer"]}]}, "Customer"
    )
    turn_on(harness, "contacts", filter=ours)
    synchronize(harness)
    assert "no property lifecycle_stage" in str(state_of(harness, "contacts").problem)
    turn_on(harness, "contacts", filter=replace(ours, hubspot=()))
    settle_down(harness, 1)
    known = state_of(harness, "contacts")
    assert (known.phase, known.problem) == ("done", None)


def test_two_customers_of_one_address_wait_for_a_person(harness: Harness) -> None:
    quiet(harness, "contacts", direction=Direction.TO_HUBSPOT)
    contact = make(harness, "contacts", email="shared@example.com", firstname="Nell")
    fields = {"PrimaryEmailAddr": {"Address": "shared@example.com"}}
    both = [harness.act("create_customer", name=name, fields=fields)["Id"] for name in ("One", "Two")]
    for each in both:
        hear(harness, "Customer", each)
    links = [link_of(harness, "contacts", entity_id=each) for each in both]
    assert [each and (each.state, each.candidates) for each in links] == [(REVIEW, (contact,))] * 2


@pytest.mark.parametrize("together", [True, False])
def test_the_second_product_of_a_sku_waits_for_a_person(harness: Harness, together: bool) -> None:
    quiet(harness, "products", direction=Direction.TO_QUICKBOOKS)
    both = [make(harness, "products", name=name, hs_sku="GNOME") for name in ("Gnome", "Dwarf")]
    for some in [both] if together else [both[:1], both[1:]]:
        hear(harness, "products", *some)
        settle_down(harness, 1)  # HubSpot's index lags behind
    links = [link_of(harness, "products", each) for each in both]
    assert [each and each.state for each in links] == [IN_STEP, REVIEW]
    assert len([each for each in harness.books("Item") if each.get("Sku") == "GNOME"]) == 1


def test_a_preview_shows_the_customer_that_invoices_go_to(harness: Harness) -> None:
    quiet(harness, "contacts")
    customer = harness.act("create_customer", name="Entirely Different Ltd")["Id"]
    contact = make(harness, "contacts", email="zed@example.com", firstname="Zed", lastname="Zulu")
    harness.services.links.keep(PORTAL, REALM, [Link("contact", contact, customer)], harness.clock.now())
    known = state_of(harness, "contacts")
    (shown,) = preview_mapping(harness.services, known, known.fields, [contact])
    assert shown.entity_id == customer
