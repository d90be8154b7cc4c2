"""Whatever people do on both sides, and whatever gets lost, doubled or killed on the way: after quiet, both agree.

Random edits, creations, deletions, merges and deactivations; webhooks lost, delivered twice and out of order;
answers lost, requests refused, the worker killed in the middle of a call.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.store.hints import Hint
from service.store.sync_links import CREATING, FAILED, IN_STEP, WAITING
from service.sync.conflict import plan_alignment
from service.sync.direction import Side
from service.sync.record import hubspot_values, is_active, quickbooks_values
from service.wire import Answer
from service.workflows.synchronize import Synchronizer
from tests.databases import Databases
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import count_calls, living, make, person, settle_down, state_of, synchronize, turn_on

# What only a person can decide, and is told so.
PERSONS_MATTER = ("INACTIVE_IN_QUICKBOOKS", "VALUE_TAKEN")
FAST, THOROUGH = range(1), range(1, 201)
TEXTS = ("", "a", "Ärger & Söhne", "x" * 40, " spaced  out ", "12 Main St", "O'Brien: the \\ one", "+1 (650) 555-3311")
HERE = ("firstname", "lastname", "phone", "mobilephone", "company", "city", "zip", "address", "country")


class Killed(BaseException):
    """The process ends here: nothing of ours is run any more."""


class DyingWire:
    """A wire whose process dies at a certain call, before it is sent or after the vendor has done it."""

    def __init__(self, wire: Any) -> None:
        self._wire, self.left, self.after = wire, -1, False

    def send(self, *arguments: Any, **more: Any) -> Answer:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        answer: Answer = self._wire.send(*arguments, **more)
        if self.left == 0:
            raise Killed
        return answer


class Town:
    """People who change things on both sides, and a post that loses some of the news."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.harness, self.dice, self.number = harness, random.Random(seed), 0
        self.news: list[Hint] = []
        self.addressed: set[str] = set()
        hubspot, quickbooks = harness.services.hubspot._line._line, harness.services.quickbooks
        self.wires = [DyingWire(hubspot._wire), DyingWire(quickbooks._line.wire)]
        hubspot._wire = self.wires[0]  # type: ignore[assignment]
        quickbooks._line = replace(quickbooks._line, wire=self.wires[1])  # type: ignore[arg-type]

    def tell(self, vendor: str, key: str, *reasons: str) -> None:
        scope, kind = (str(PORTAL), "contacts") if vendor == "hubspot" else (REALM, "Customer")
        self.news += [Hint(vendor, scope, kind, key, frozenset(reasons or ("updated",)))] * self.dice.choice(
            (0, 1, 1, 2)
        )

    def contact(self) -> str:
        return self.dice.choice(sorted(living(self.harness, "contacts")))

    def customer(self) -> dict[str, Any]:
        gone = {key for kind, key in self.harness.world.quickbooks.realm(REALM).merged if kind == "Customer"}
        return self.dice.choice([e for e in self.harness.books("Customer") if not e["Job"] and e["Id"] not in gone])

    def act(self) -> None:
        """Somebody does something."""
        acts = [self.edit_contact] * 6 + [self.edit_customer] * 6 + [self.make_contact] * 2 + [self.make_customer] * 2
        rare = [self.delete_contact, self.merge_contacts, self.merge_customers, self.wake_or_sleep]
        self.dice.choice(acts + rare)()

    def edit_contact(self) -> None:
        chosen = self.contact()
        names = self.dice.sample(HERE, 2)
        person(
            self.harness,
            "PATCH",
            f"contacts/{chosen}",
            {"properties": {n: self.dice.choice(TEXTS).strip() for n in names}},
        )
        self.tell("hubspot", chosen)

    def edit_customer(self) -> None:
        chosen = self.customer()
        text = self.dice.choice(TEXTS)[:30]
        changes: dict[str, Any] = self.dice.choice((
            {"GivenName": text or None}, {"FamilyName": text or None}, {"CompanyName": text or None},
            {"Mobile": {"FreeFormNumber": text}}, {"PrimaryPhone": {"FreeFormNumber": text or "1"}},
            {"BillAddr": {"Line1": text, "City": "Reno"}},
        ))  # fmt: skip
        if chosen["Active"]:
            self.harness.act("edit", kind="Customer", id=chosen["Id"], changes=changes)
            self.tell("quickbooks", chosen["Id"])

    def make_contact(self) -> None:
        self.number += 1
        made = make(
            self.harness, "contacts", email=f"c{self.number}@here.example.com",
            firstname=f"Cleo{self.number}", lastname=self.dice.choice(("One", "Two")),
        )  # fmt: skip
        self.addressed.add(made)
        self.tell("hubspot", made, "created")

    def make_customer(self) -> None:
        self.number += 1
        fields = {
            "GivenName": "Quinn", "FamilyName": f"Q{self.number}",
            "PrimaryEmailAddr": {"Address": f"q{self.number}@there.example.com"},
        }  # fmt: skip
        made = self.harness.act("create_customer", name=f"Quinn Q{self.number}", fields=fields)
        self.tell("quickbooks", made["Id"], "created")

    def delete_contact(self) -> None:
        chosen = self.contact()
        person(self.harness, "DELETE", f"contacts/{chosen}")
        self.tell("hubspot", chosen, "deleted")

    def merge_contacts(self) -> None:
        kept, gone = self.contact(), self.contact()
        if kept != gone:
            heir = str(person(self.harness, "POST", "contacts/merge", {"kept": kept, "gone": gone})["id"])
            for each in (kept, gone, heir):
                self.tell("hubspot", each, "merged")

    def merge_customers(self) -> None:
        kept, gone = self.customer()["Id"], self.customer()["Id"]
        if kept != gone:
            self.harness.act("merge_customers", keep_id=kept, lose_id=gone)
            self.tell("quickbooks", gone, f"into:{kept}")
            self.tell("quickbooks", kept)

    def wake_or_sleep(self) -> None:
        chosen = self.customer()
        self.harness.act("deactivate" if chosen["Active"] else "reactivate", kind="Customer", id=chosen["Id"])
        self.tell("quickbooks", chosen["Id"])

    def post(self) -> None:
        """Some of the news arrives, in any order."""
        self.dice.shuffle(self.news)
        some, self.news = self.news[::2], self.news[1::2]
        self.harness.services.hints.hear(some, self.harness.clock.now())

    def work(self) -> None:
        """A worker works, and may not live to the end of it; the next one waits for its turn."""
        if self.dice.random() < 0.4:
            wire = self.dice.choice(self.wires)
            wire.left, wire.after = self.dice.randint(1, 6), self.dice.random() < 0.5
        if self.dice.random() < 0.4:
            kind = self.dice.choice(("lose_answer", "lose_request", "status"))
            path = self.dice.choice(("/crm/objects", f"/v3/company/{REALM}"))
            self.harness.trouble(kind, path, times=1, skip=self.dice.randint(0, 3), status=503)
        try:
            synchronize(self.harness)
        except Killed:
            self.harness.pass_time(timedelta(minutes=3))
        for wire in self.wires:
            wire.left = -1
        self.harness.calm()
        self.harness.pass_time(timedelta(seconds=self.dice.choice((1, 10, 120))))


def assert_agreed(harness: Harness) -> None:
    known = state_of(harness, "contacts")
    contacts, customers = living(harness, "contacts"), {each["Id"]: each for each in harness.books("Customer")}
    links = harness.services.sync.links.search(known, limit=1000)
    assert [link for link in links if link.state in (WAITING, CREATING)] == []
    for link in links:
        if link.state != IN_STEP or not is_active(customers[str(link.entity_id)]):
            continue
        ours = hubspot_values(known.fields, contacts[str(link.object_id)])
        theirs = quickbooks_values(known.fields, customers[str(link.entity_id)])
        plan = plan_alignment(known.fields, ours, theirs, None, known.rules)
        assert not plan.writes, (link, plan, ours, theirs)
    failed = [(link.object_id, link.entity_id, link.code, link.sentence) for link in links if link.state == FAILED]
    assert [each for each in failed if each[2] not in PERSONS_MATTER] == []
    held = {str(link.object_id) for link in links}
    assert {key for key, each in contacts.items() if each.get("email")} <= held
    active = [each for each in customers.values() if each["Active"]]
    addresses = [(each.get("PrimaryEmailAddr") or {}).get("Address", "") for each in active]
    made = Counter(each for each in addresses if each.endswith(".example.com"))
    assert [address for address, times in made.items() if times > 1] == []


@pytest.fixture
def database_url(cheap_databases: Databases) -> Iterator[str]:
    """Hundreds of towns: what differs between the databases is told by the tables' own tests and the other stories."""
    url = cheap_databases.fresh("sqlite")
    yield url
    cheap_databases.drop(url)


@pytest.mark.parametrize("seed", [*FAST, *(pytest.param(s, marks=pytest.mark.thorough) for s in THOROUGH)])
def test_after_quiet_both_sides_agree(seed: int, harness: Harness) -> None:
    harness.connect()
    turn_on(harness, "contacts", winner=list(Side)[seed // 2 % 2])
    if seed % 2:
        synchronize(harness)
    town = Town(harness, seed)
    harness.set_sandbox(hubspot={
        "merge_keeps_primary_id": bool(seed % 3), "merged_reads": ("404", "survivor")[seed % 2],
    })  # fmt: skip
    for _ in range(6):
        for _ in range(town.dice.randint(1, 5)):
            town.act()
        town.post()
        town.work()
    settle_down(harness, 3)
    harness.services.sync.settings.begin(state_of(harness, "contacts"), harness.clock.now())
    settle_down(harness, 6, Synchronizer(harness.services))

    assert_agreed(harness)
    contacts = living(harness, "contacts")
    assert [each for each in town.addressed if each in contacts and not contacts[each].get("email")] == []
    calls = count_calls(harness)
    synchronize(harness)
    assert count_calls(harness) == calls, "quiet is quiet"
    assert [each.get("refused") for each in harness.refusals()] == []
