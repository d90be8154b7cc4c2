"""The portals the sandbox starts with, and more of them for benches. Deterministic."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.associations import USER_DEFINED
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.portal import BY_HUMAN, CrmObject, Portal
from service.sandbox.hubspot.seed_catalog import (
    UK_COMPANIES,
    UK_CONTACTS,
    UK_PRODUCTS,
    US_COMPANIES,
    US_CONTACTS,
    US_PRODUCTS,
    Firm,
    Person,
    Ware,
)
from service.sandbox.hubspot.seed_stories import UK_STORIES, US_STORIES, Line, Story

US_PORTAL, UK_PORTAL = 20_000_001, 20_000_002
SEEDED_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BILLING_LABEL = 101  # "Billing contact", a label these portals made for themselves


class Seeder:
    """Fills one portal; ids count up from the first of each type."""

    def __init__(self, portal: Portal, first_deal: int) -> None:
        self.portal = portal
        small = first_deal // 100_000_000 * 1_000  # 91000 for the first portal
        self._next = {"contacts": small + 1, "companies": small + 201, "products": small + 401,
                      "line_items": first_deal // 1_000 * 10 + 1, "deals": first_deal}  # fmt: skip
        self._keys: dict[tuple[str, str], str] = {}

    def make(self, type_name: str, values: dict[str, str], key: str | None = None) -> CrmObject:
        """An object under the next id of its type; empty values are left out."""
        number = self._next[type_name]
        self._next[type_name] += 1
        made = self.portal.create(_type(type_name), dict(values), BY_HUMAN, str(number))
        if key is not None:
            self._keys[type_name, key] = made.id
        return made

    def add_catalog(self, companies: list[Firm], contacts: list[Person], products: list[Ware]) -> None:
        """Companies, their contacts, and what is sold."""
        for key, name, domain, more in companies:
            self.make("companies", {"name": name, "domain": domain, **more}, key)
        for key, first, last, email, company, more in contacts:
            values = {"firstname": first, "lastname": last, "email": email, "lifecyclestage": "customer", **more}
            made = self.make("contacts", values, key)
            if company:
                self._join("contacts", made.id, "companies", self._keys["companies", company])
        for key, name, price, sku, description in products:
            values = {"name": name, "price": price or "", "hs_sku": sku, "description": description}
            self.make("products", values, key)

    def add_story(self, story: Story) -> int:
        """A deal with its lines and people; returns its id."""
        values = {
            "dealname": story.title,
            "amount": story.amount or "",
            "dealstage": "closedwon",
            "pipeline": "default",
            "deal_currency_code": self.portal.currency,
            "closedate": "2026-11-20T17:00:00.000Z",
            **story.more,
        }
        deal = self.make("deals", values)
        for position, line in enumerate(story.lines):
            self.add_line(deal.id, position, line, values["deal_currency_code"])
        for contact in story.contacts:
            self._join("deals", deal.id, "contacts", self._keys["contacts", contact])
        if story.billing_contact:
            contact_id = self._keys["contacts", story.billing_contact]
            self._join("deals", deal.id, "contacts", contact_id)
            self.portal.associations.add("deals", deal.id, "contacts", contact_id, (USER_DEFINED, BILLING_LABEL))
        if story.company:
            self._join("deals", deal.id, "companies", self._keys["companies", story.company])
        if story.amount is None and story.lines:
            deal.properties["amount"] = self._sum(deal.id)
        return int(deal.id)

    def add_line(self, deal_id: str, position: int, line: Line, currency: str) -> None:
        """One line item of a deal."""
        values = {"quantity": line.quantity or "", "hs_position_on_quote": str(position),
                  "hs_line_item_currency_code": currency, **line.more}  # fmt: skip
        if line.product:
            values["hs_product_id"] = self._keys["products", line.product]
        made = self.make("line_items", values)
        self._join("deals", deal_id, "line_items", made.id)

    def _sum(self, deal_id: str) -> str:
        """The amount HubSpot calculates from the lines."""
        lines = self.portal.objects["line_items"]
        ids = self.portal.associations.of("deals", deal_id, "line_items")
        return str(sum((Decimal(lines[each].properties.get("amount") or 0) for each in ids), Decimal(0)))

    def _join(self, start: str, start_id: str, end: str, end_id: str) -> None:
        self.portal.associations.add(start, start_id, end, end_id)


def seed_portals(clock: SandboxClock) -> list[tuple[Portal, dict[str, int]]]:
    """The two portals of the sandbox, each with the deal id of every story."""
    catalogs = (
        (US_PORTAL, "Craig's Design and Landscaping Services", "USD", "US/Eastern", US_STORIES, 9_100_000_001,
         (US_COMPANIES, US_CONTACTS, US_PRODUCTS)),
        (UK_PORTAL, "Thames Garden Design Ltd", "GBP", "Europe/London", UK_STORIES, 9_200_000_001,
         (UK_COMPANIES, UK_CONTACTS, UK_PRODUCTS)),
    )  # fmt: skip
    seeded = []
    for portal_id, name, currency, zone, stories, first_deal, catalog in catalogs:
        portal = Portal(portal_id, name, currency, zone, _seed_clock())
        portal.additional_currencies = ["EUR"]
        portal.associations.define_label("deals", "contacts", BILLING_LABEL, "Billing contact")
        seeder = Seeder(portal, first_deal)
        seeder.add_catalog(*catalog)
        seeded.append((portal, {story.name: seeder.add_story(story) for story in stories}))
        portal.clock = clock
    return seeded


def another_portal(
    clock: SandboxClock, portal_id: int, name: str, like: Portal, deals: int, lines: int
) -> tuple[Portal, list[int]]:
    """One with so many deals of so many lines each, in the likeness of one that exists."""
    american = like.currency == "USD"
    portal = Portal(portal_id, name, like.currency, like.time_zone, _seed_clock())
    portal.associations.define_label("deals", "contacts", BILLING_LABEL, "Billing contact")
    seeder = Seeder(portal, 7_000_000_000_001 + portal_id % 100_000 * 10_000_000)
    catalog = (US_COMPANIES, US_CONTACTS, US_PRODUCTS) if american else (UK_COMPANIES, UK_CONTACTS, UK_PRODUCTS)
    seeder.add_catalog(*catalog)
    portal.clock = clock
    return portal, add_bench_deals(seeder, american, deals, lines)


def add_bench_deals(seeder: Seeder, american: bool, deals: int, lines: int) -> list[int]:
    """Plain deals, their lines priced products, their contacts people with an e-mail address."""
    wares = ("design", "fountain", "installation", "lighting", "pump", "soil")
    american_people = ("amy", "bill", "grace", "peter", "sasha", "geeta", "jeff", "john")
    people = american_people if american else ("olive", "amir", "rhys")
    made = []
    for number in range(deals):
        chosen = tuple(Line(wares[(number + n) % len(wares)], str(n % 3 + 1)) for n in range(lines))
        amount = None if lines else "100"
        story = Story(f"bench-{number}", f"Bench deal {number}", amount, chosen, (people[number % len(people)],))
        made.append(seeder.add_story(story))
    return made


def _seed_clock() -> SandboxClock:
    clock = SandboxClock()
    clock.freeze(SEEDED_AT)
    return clock


def _type(name: str) -> ObjectType:
    found = find_type(name)
    assert found is not None
    return found
