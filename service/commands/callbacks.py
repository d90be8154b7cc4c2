"""Commands about callbacks: what happened, why, and how to go on."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.clock import SystemClock
from service.config import load_config
from service.ids import CallbackId, PortalId
from service.store.callbacks import FAIL_CONTINUE, StoredCallback
from service.store.schema import migrate
from service.store.timeline import derive_timeline
from service.web.answers import BLOCK_FOR, HEADROOM
from service.wiring import Stores, open_stores


def _stores() -> Stores:
    stores = open_stores(load_config(vendors=False), pool_size=4)
    migrate(stores.database)
    return stores


def list_callbacks(arguments: argparse.Namespace) -> int:
    """The newest first."""
    found = _stores().callbacks.list(state=arguments.state, portal_id=arguments.portal, limit=arguments.limit)
    if arguments.json:
        print(json.dumps([_summary(callback) for callback in found], indent=2))
        return 0
    for callback in found:
        end = callback.error_code or callback.outputs.get("invoiceNumber") or callback.note or ""
        print(
            f"{_time(callback.received_at)}  {callback.state:<9}  {callback.outcome or '-':<13}  "
            f"portal {callback.portal_id}  deal {callback.object_id}  {callback.callback_id}  {end}"
        )
    if not found:
        print("no callbacks")
    return 0


def show_callback(arguments: argparse.Namespace) -> int:
    """One callback with everything an operator needs to understand it."""
    stores = _stores()
    callback = _find(stores, arguments)
    if callback is None:
        return 1
    document = {**_summary(callback), "timeline": _timeline(stores, callback), "reservations": []}
    for each in stores.reservations.all(callback.portal_id, callback.callback_id):
        document["reservations"].append(
            {
                "generation": each.generation,
                "state": each.state,
                "request_id": each.request_id,
                "mark": each.mark,
                "reserved_at": _time(each.reserved_at),
                "invoice_id": each.entity_id,
            }
        )
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        _print(document)
    return 0


def replay_callback(arguments: argparse.Namespace) -> int:
    """Let a failed callback be worked on again, or a waiting one at once."""
    stores, now = _stores(), SystemClock().now()
    callback = _find(stores, arguments)
    if callback is None:
        return 1
    if not stores.callbacks.replay(callback, now + BLOCK_FOR - HEADROOM, now):
        why = "it has succeeded" if callback.outcome not in (None, FAIL_CONTINUE) else f"it is {callback.state}"
        print(f"error: not replayed: {why}", file=sys.stderr)
        return 1
    print(f"{callback.callback_id} is worked on again; `callbacks show` tells how it goes")
    return 0


def _find(stores: Stores, arguments: argparse.Namespace) -> StoredCallback | None:
    """By id, and by portal where several portals have one with that id."""
    if arguments.portal:
        found = stores.callbacks.find(PortalId(arguments.portal), CallbackId(arguments.callback_id))
    else:
        statement = sa.text("SELECT portal_id FROM callbacks WHERE callback_id = :callback_id ORDER BY portal_id")
        with stores.database.read() as connection:
            portals = [row.portal_id for row in connection.execute(statement, {"callback_id": arguments.callback_id})]
        if len(portals) > 1:
            print(f"error: several portals have it: add --portal, one of {portals}", file=sys.stderr)
            return None
        found = stores.callbacks.find(PortalId(portals[0]), CallbackId(arguments.callback_id)) if portals else None
    if found is None:
        print("error: no callback with this id: see `callbacks list`", file=sys.stderr)
    return found


def _summary(callback: StoredCallback) -> dict[str, Any]:
    return {
        "portal_id": callback.portal_id,
        "callback_id": callback.callback_id,
        "action": callback.action,
        "object_type": callback.object_type,
        "object_id": callback.object_id,
        "realm_id": callback.realm_id,
        "state": callback.state,
        "outcome": callback.outcome,
        "error_code": callback.error_code,
        "error_message": callback.error_message,
        "note": callback.note,
        "outputs": callback.outputs,
        "inputs": callback.inputs,
        "received_at": _time(callback.received_at),
        "due_at": _time(callback.due_at),
        "deadline_at": _time(callback.deadline_at),
        "settled_at": _time(callback.settled_at),
        "completed_at": _time(callback.completed_at),
        "told": callback.told,
        "runs": callback.run,
        "crashes": callback.crashes,
    }


def _timeline(stores: Stores, callback: StoredCallback) -> list[str]:
    """Everything that happened, oldest first."""
    reservations = stores.reservations.all(callback.portal_id, callback.callback_id)
    events = derive_timeline(callback, stores.callbacks.timeline(callback), reservations)
    return [f"{_time(at)}  {text}" for at, text in events]


def _print(document: dict[str, Any]) -> None:
    for name, value in document.items():
        if name in ("timeline", "reservations"):
            print(f"{name}:")
            for entry in value:
                print(f"  {entry if isinstance(entry, str) else json.dumps(entry)}")
        elif value not in (None, {}, ""):
            print(f"{name}: {json.dumps(value) if isinstance(value, dict) else value}")


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
