"""The first sync of many contacts and products under the vendors' limits, killed in the middle; then single changes."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from service.clock import SystemClock
from service.ids import PortalId, RealmId
from service.store.sync_settings import ON
from tests.bench.processes import Running
from tests.bench.report import draw_table
from tests.bench.stage import Stage
from tests.bench.town import LIKE_PORTAL, LIKE_REALM, Town, describe_calls

LONGEST_SECONDS = 3600.0
LOOK_SECONDS = 0.2
OBJECTS = ("contacts", "products")


@dataclass(frozen=True, slots=True)
class SyncSize:
    """How much there is. Every second contact has its customer already, every fourth customer has no contact."""

    contacts: int
    products: int
    changes: int


def measure_sync(kind: str, size: SyncSize) -> dict[str, Any]:
    """Raises: NotRunning, RuntimeError when something did not work or the books do not agree."""
    with Stage(kind) as stage:
        sandbox = stage.start_sandbox()
        web = stage.start_web()
        town = Town(stage, 0, 0)
        tokens = town.ask("GET", "/credentials")
        portal = next(v for k, v in tokens["hubspot"]["portals"].items() if int(k) == LIKE_PORTAL)
        realm = tokens["quickbooks"]["realms"][LIKE_REALM]
        stage.connect(LIKE_PORTAL, LIKE_REALM, portal["refresh_token"], realm["refresh_token"])
        _fill(town, size)
        for name in OBJECTS:
            _turn_on(stage, name)
        before, began = len(town.calls()), time.monotonic()
        worker = stage.start_worker()
        _wait(stage, lambda: _progress(stage, "contacts") >= size.contacts // 3)
        peak = worker.peak_megabytes()
        os.kill(worker.pid, signal.SIGKILL)
        killed_at = time.monotonic() - began
        worker._process.wait()
        stage._running.remove(worker)
        worker = stage.start_worker()
        _wait(stage, lambda: all(_known(stage, name).phase == "done" for name in OBJECTS))
        spent = time.monotonic() - began
        found: dict[str, Any] = {
            "contacts": size.contacts,
            "products": size.products,
            "seconds": spent,
            "killed_at_seconds": killed_at,
            "calls": describe_calls(town.calls()[before:]),
            "peak_megabytes": {
                "worker": max(peak, worker.peak_megabytes()),
                "web": web.peak_megabytes(),
                "sandbox": sandbox.peak_megabytes(),
            },
            "books": _check_books(stage, town, size),
        }
        found["changes"] = _measure_changes(stage, town, size, worker)
        return found


def describe_sync(kind: str, found: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    calls, changes = found["calls"], found["changes"]
    rows = [["from a change to the other side", "p50 s", "p99 s"]]
    rows += [
        [name, f"{changes[key]['p50']:.2f}", f"{changes[key]['p99']:.2f}"]
        for key, name in (("to_quickbooks", "contact to customer"), ("to_hubspot", "customer to contact"))
    ]
    return "\n".join(
        (
            f"first sync, {kind}: {found['contacts']} contacts, {found['products']} products, under the limits",
            f"  time                      {found['seconds']:.0f} s, worker killed after"
            f" {found['killed_at_seconds']:.0f} s and started again",
            f"  HubSpot                   {calls['hubspot']['calls']} calls, {calls['hubspot']['failed']} failed",
            f"  QuickBooks                {calls['quickbooks']['calls']} calls, {calls['quickbooks']['reads']} reads,"
            f" {calls['quickbooks']['failed']} failed",
            f"  peak RSS of the worker    {found['peak_megabytes']['worker']:.0f} MB   (to reach: 200)",
            f"  books                     {', '.join(f'{name} {count}' for name, count in found['books'].items())}",
            draw_table(rows),
            f"  calls for one change      {changes['calls_each']:.1f}, its echoes on both sides included",
        )
    )


def _fill(town: Town, size: SyncSize) -> None:
    """People and products of the bench, beside those of the seed."""

    def contact(number: int) -> None:
        properties = {"email": f"b{number}@bench.example.com", "firstname": "Bo", "lastname": f"Bench {number}"}
        town.ask("POST", "/hubspot/objects",
                 {"portal_id": LIKE_PORTAL, "object_type": "contacts", "properties": properties})  # fmt: skip

    def customer(number: int) -> None:
        owner = number if number % 4 else f"only-{number}"
        fields = {
            "GivenName": "Bo", "FamilyName": f"Bench {number}",
            "PrimaryEmailAddr": {"Address": f"b{owner}@bench.example.com"},
        }  # fmt: skip
        asked = {"act": "create_customer", "name": f"Bo Bench {owner}", "fields": fields}
        town.ask("POST", f"/quickbooks/realms/{LIKE_REALM}/acts", asked)

    def product(number: int) -> None:
        properties = {"name": f"Ware {number}", "hs_sku": f"WARE-{number}", "price": str(number % 90 + 1)}
        town.ask("POST", "/hubspot/objects",
                 {"portal_id": LIKE_PORTAL, "object_type": "products", "properties": properties})  # fmt: skip

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(contact, range(size.contacts)))
        list(threads.map(customer, range(0, size.contacts, 2)))
        list(threads.map(product, range(size.products)))


def _turn_on(stage: Stage, name: str) -> None:
    settings = stage.stores.sync.settings
    settings.keep(replace(_known(stage, name), state=ON), SystemClock().now())


def _known(stage: Stage, name: str) -> Any:
    return stage.stores.sync.settings.find(PortalId(LIKE_PORTAL), RealmId(LIKE_REALM), name)


def _progress(stage: Stage, name: str) -> int:
    known = _known(stage, name)
    return int(known.done) if known.phase == "match" else 10**9 if known.phase in ("rest", "gone", "done") else 0


def _wait(stage: Stage, happened: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not happened():
        stage.check()
        if time.monotonic() > end:
            raise RuntimeError("the first sync did not end in time")
        time.sleep(LOOK_SECONDS)


def _check_books(stage: Stage, town: Town, size: SyncSize) -> dict[str, int]:
    """Everybody is on both sides, once."""
    books = town.ask("GET", f"/quickbooks/realms/{LIKE_REALM}/books")
    entities = books.get("entities", books)
    addresses = [(each.get("PrimaryEmailAddr") or {}).get("Address", "") for each in entities["Customer"]]
    ours = Counter(each for each in addresses if each.endswith("@bench.example.com"))
    wares = Counter(each["Name"] for each in entities["Item"] if each["Name"].startswith("Ware "))
    links = stage.stores.sync.links.count(_known(stage, "contacts"))
    refusals = town.ask("GET", "/refusals")["refusals"]
    only = len(range(0, size.contacts, 4))
    found = {
        "customers": len(ours),
        "doubled": sum(times > 1 for times in (*ours.values(), *wares.values())),
        "items": len(wares),
        "in step": sum(number for (state, _), number in links.items() if state == "in_step"),
        "refusals": len(refusals),
    }
    if (found["customers"], found["doubled"], found["items"]) != (size.contacts + only, 0, size.products) or refusals:
        raise RuntimeError(f"the books say {found}; {refusals[:3]}")
    return found


def _measure_changes(stage: Stage, town: Town, size: SyncSize, worker: Running) -> dict[str, Any]:
    """One change at a time, told by webhook, until the other side shows it."""
    town.ask("POST", "/hubspot/webhooks", {"url": f"{stage.web_url}/hubspot/webhooks"})
    town.ask("POST", "/quickbooks/webhooks", {"url": f"{stage.web_url}/quickbooks/webhooks", "enabled": True})
    links = stage.stores.sync.links.search(_known(stage, "contacts"), "@bench.example.com", limit=size.changes)
    before, times = len(town.calls()), {"to_quickbooks": list[float](), "to_hubspot": list[float]()}
    for number, link in enumerate(links):
        here = f"/hubspot/objects/{LIKE_PORTAL}/contacts/{link.object_id}"
        there = f"/quickbooks/realms/{LIKE_REALM}/entities/Customer/{link.entity_id}"
        began = time.monotonic()
        town.ask("PATCH", here, {"properties": {"phone": f"555-{number}"}})
        while f"555-{number}" not in str(town.ask("GET", there).get("PrimaryPhone")):
            _check_time(worker, began)
        times["to_quickbooks"].append(time.monotonic() - began)
        began = time.monotonic()
        act = {"act": "edit", "kind": "Customer", "id": link.entity_id, "changes": {"CompanyName": f"Firm {number}"}}
        town.ask("POST", f"/quickbooks/realms/{LIKE_REALM}/acts", act)
        while town.ask("GET", here)["properties"].get("company") != f"Firm {number}":
            _check_time(worker, began)
        times["to_hubspot"].append(time.monotonic() - began)
    time.sleep(3)  # the last echoes
    calls = len(town.calls()) - before
    said: dict[str, Any] = {
        key: {"p50": statistics.median(own), "p99": sorted(own)[max(0, round(len(own) * 0.99) - 1)]}
        for key, own in times.items()
    }
    return {**said, "calls_each": calls / (2 * len(links))}


def _check_time(worker: Running, began: float) -> None:
    worker.check()
    if time.monotonic() - began > 60:
        raise RuntimeError("a change did not cross over within a minute")
    time.sleep(0.02)
