"""Commands about the sync: what is kept in step, how far it is, what waits for a person."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from service.clock import SystemClock
from service.config import load_config
from service.errors import InputInvalid
from service.store.connections import Connection
from service.store.schema import migrate
from service.store.sync import describe_rest
from service.store.sync_links import REVIEW, SyncLink
from service.store.sync_settings import SyncObject
from service.sync.direction import Direction, Side
from service.sync.filters import parse_filter
from service.sync.headroom import export_headroom
from service.wiring import Stores, open_stores

ACTOR = "command line"
BAR = 30
LOOK_SECONDS = 1.0


def open_sync() -> Stores:
    """The tables, at this version."""
    stores = open_stores(load_config(vendors=False), pool_size=4)
    migrate(stores.database)
    return stores


def find_object(stores: Stores, arguments: argparse.Namespace, name: str) -> SyncObject:
    """The object of the connection that is meant. Raises: InputInvalid."""
    connection = choose_connection(stores, arguments)
    return stores.sync.settings.find(connection.portal_id, connection.realm_id, name)


def choose_connection(stores: Stores, arguments: argparse.Namespace) -> Connection:
    """The connection that is meant; where there is one only, it need not be named. Raises: InputInvalid."""
    found = [
        each
        for each in stores.connections.all()
        if arguments.portal in (None, each.portal_id) and arguments.realm in (None, each.realm_id)
    ]
    if not found:
        raise InputInvalid("There is no such connection: see `connections list`.")
    if len(found) > 1:
        raise InputInvalid("There are several connections: add --portal and --realm.")
    return found[0]


def describe(stores: Stores, known: SyncObject) -> dict[str, Any]:
    """How an object stands, for people and programs."""
    records: dict[str, int] = {}
    failures: dict[str, int] = {}
    for (state, code), number in stores.sync.links.count(known).items():
        records[state] = records.get(state, 0) + number
        if code and state in ("failed", "waiting", "review"):
            failures[code] = failures.get(code, 0) + number
    now = SystemClock().now()
    left, works = known.seconds_left(now), known.state == "on" and known.phase != "done"
    return {
        "portal_id": known.portal_id,
        "realm_id": known.realm_id,
        "object": known.name,
        "state": known.state,
        "direction": known.direction.value,
        "winner": known.winner.value,
        "deactivates": known.deactivates,
        "mapping_version": known.fields.version,
        "phase": known.phase if known.state == "on" else "-",
        "done": known.done,
        "total": known.total,
        "seconds_left": None if left is None else round(left),
        "records": records,
        "reasons": failures,
        "problem": known.problem,
        "headroom": export_headroom(known.headroom) if known.headroom and works else None,
        "left": known.headroom.words(now) if known.headroom and works else None,
        "rests": [describe_rest(each) for each in stores.sync.rests(known, now)] if known.state == "on" else [],
    }


def turn_on(arguments: argparse.Namespace) -> int:
    """Keep an object in step; with --follow, show how the first sync goes."""
    stores, now = open_sync(), SystemClock().now()
    known = find_object(stores, arguments, arguments.object)
    known = stores.sync_changes.set_rules(
        known,
        ACTOR,
        now,
        direction=Direction(arguments.direction) if arguments.direction else None,
        winner=Side(arguments.winner) if arguments.winner else None,
        deactivates=arguments.deactivate,
        chosen=parse_filter(_read_json(arguments.filter)) if arguments.filter else None,
    )
    known = stores.sync_changes.turn_on(known, ACTOR, now)
    print(f"{known.name} are kept in step: a worker does it, `sync status` tells how far it is")
    return follow(stores, known) if arguments.follow else 0


def turn_off(arguments: argparse.Namespace) -> int:
    """Stop; what is there stays."""
    stores = open_sync()
    known = stores.sync_changes.turn_off(find_object(stores, arguments, arguments.object), ACTOR, SystemClock().now())
    print(f"{known.name} are no longer kept in step")
    return 0


def run_again(arguments: argparse.Namespace) -> int:
    """Compare everything anew."""
    stores = open_sync()
    known = stores.sync_changes.run(find_object(stores, arguments, arguments.object), ACTOR, SystemClock().now())
    print(f"all {known.name} are compared anew")
    return follow(stores, known) if arguments.follow else 0


def delete_sync(arguments: argparse.Namespace) -> int:
    """Forget links and settings of an object."""
    if not arguments.yes:
        print("error: this forgets all links and settings of the object; add --yes", file=sys.stderr)
        return 2
    stores = open_sync()
    known = find_object(stores, arguments, arguments.object)
    stores.sync_changes.delete(known, ACTOR, SystemClock().now())
    print(f"links and settings of {known.name} are forgotten; no record was touched")
    return 0


def list_records(arguments: argparse.Namespace) -> int:
    """Records by name, address, SKU or id; with their state, the reason and the fix."""
    stores = open_sync()
    known = find_object(stores, arguments, arguments.object)
    return _print_links(stores.sync.links.search(known, arguments.text or "", arguments.state, limit=arguments.limit),
                        arguments.json)  # fmt: skip


def review_matches(arguments: argparse.Namespace) -> int:
    """What waits for a person; with --record and a decision, decide."""
    stores, now = open_sync(), SystemClock().now()
    known = find_object(stores, arguments, arguments.object)
    if arguments.record is None:
        return _print_links(stores.sync.links.search(known, state=REVIEW, limit=500), arguments.json)
    link = stores.sync.links.find(known, arguments.record)
    if link is None:
        print("error: there is no such record: see `sync review`", file=sys.stderr)
        return 1
    if arguments.choose:
        stores.sync_changes.choose(known, link, arguments.choose, ACTOR, now)
    elif arguments.create:
        stores.sync_changes.create_anew(known, link, ACTOR, now)
    elif arguments.leave_out:
        stores.sync_changes.leave_out(known, link, ACTOR, now)
    else:
        return _print_links([link], arguments.json)
    print(f"record {link.id}: decided")
    return 0


def replay_records(arguments: argparse.Namespace) -> int:
    """Try again what failed: one, one kind of failure, or all."""
    stores = open_sync()
    known = find_object(stores, arguments, arguments.object)
    count = stores.sync_changes.replay(known, ACTOR, SystemClock().now(), link_id=arguments.record, code=arguments.code)
    print(f"{count} {'record is' if count == 1 else 'records are'} tried again")
    return 0 if count else 1


def follow(stores: Stores, known: SyncObject) -> int:
    """A bar until the pass is over; 1 when something failed in it. Ctrl-C ends the watching, not the work."""
    shown = sys.stdout.isatty()
    while True:
        now = stores.sync.settings.find(known.portal_id, known.realm_id, known.name)
        print(("\r\x1b[K" if shown else "") + draw(stores, now), end="" if shown else "\n", flush=True)
        if now.phase == "done" or now.state != "on":
            break
        time.sleep(LOOK_SECONDS)
    if shown:
        print()
    failed = describe(stores, now)["records"].get("failed", 0)
    if failed:
        print(f"{failed} records failed: `sync records --state failed` says why", file=sys.stderr)
    return 1 if failed else 0


def draw(stores: Stores, known: SyncObject) -> str:
    """One line: phase, bar, numbers, time left, what is left of the vendors' limits, who rests."""
    if known.phase == "done":
        return f"{known.name}: in step"
    what = {
        "quickbooks": "reading QuickBooks",
        "hubspot": "reading HubSpot",
        "match": "matching and creating",
        "rest": "what only QuickBooks has",
        "gone": "looking for what is gone",
    }[known.phase]
    bar = ""
    if known.total:
        full = min(BAR, BAR * known.done // known.total)
        bar = f" [{'#' * full}{'.' * (BAR - full)}] {known.done} of {known.total}"
    elif known.done:
        bar = f" {known.done}"
    now = SystemClock().now()
    left = known.seconds_left(now)
    said = [f"{round(left)} s left"] if left is not None else []
    said += [known.headroom.words(now)] if known.headroom else []
    said += [describe_rest(each) for each in stores.sync.rests(known, now)]
    said += [f"rests: {known.problem}"] if known.problem else []
    return ", ".join([f"{known.name}: {what}{bar}", *said])


def _print_links(links: list[SyncLink], as_json: bool) -> int:
    if as_json:
        rows = [
            {
                "record": each.id, "name": each.label, "address_or_sku": each.strong, "hubspot_id": each.object_id,
                "quickbooks_id": each.entity_id, "state": each.state, "code": each.code, "message": each.sentence,
                "tries": each.tries, "candidates": list(each.candidates),
                "due_at": each.due_at.isoformat() if each.due_at else None,
            }
            for each in links
        ]  # fmt: skip
        print(json.dumps(rows, indent=2))
        return 0
    for each in links:
        ids = f"HubSpot {each.object_id or '-'}  QuickBooks {each.entity_id or '-'}"
        print(f"{each.id}  {each.state:<8}  {each.label or '-'}  {each.strong or '-'}  {ids}")
        if each.sentence:
            print(f"  {each.code}: {each.sentence}")
        if each.candidates:
            print(f"  candidates: {', '.join(each.candidates)}")
    if not links:
        print("there are none")
    return 0


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputInvalid("What was given is no JSON.") from error
