"""Batches: up to thirty operations, each with its own outcome (contract 2.7)."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.sandbox.quickbooks.answers import envelope
from service.sandbox.quickbooks.asked import Asked
from service.sandbox.quickbooks.changes import changes_since
from service.sandbox.quickbooks.faults import UNEXPECTED, Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.query import answer_query
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.repeats import Written
from service.sandbox.quickbooks.writes import check_pointer, once, perform

MOST_ITEMS = 30
LONGEST_REQUEST_ID = 36
LONGEST_BID = 10


def run_batch(asked: Asked) -> Response:
    """HTTP 200 whatever becomes of the items; HTTP 400 only for a batch out of line."""
    asked.allow("requestid")
    body = asked.json()
    if type(body) is not dict or set(body) != {"BatchItemRequest"} or type(body["BatchItemRequest"]) is not list:
        raise Fault("2010", "The body must be one BatchItemRequest list")
    items: list[Json] = body["BatchItemRequest"]
    if len(items) > MOST_ITEMS:
        raise Fault("1040", f"A batch holds at most {MOST_ITEMS} items")
    _check_names(items, LONGEST_BID if "requestid" in asked.params else 50)
    realm, settings = asked.realm, asked.quickbooks.settings
    if settings.requestid_batch == "fault_6000" and _was_done(asked):
        return once(asked, lambda: _unexpected(realm, items), honoured=False, longest=LONGEST_REQUEST_ID)

    def do() -> Written:
        refused: list[str] = []
        order = items[::-1] if settings.batch_order == "reversed" else items
        done = [_run_item(realm, item, refused) for item in order]
        return Written(envelope(realm, "BatchItemResponse", done), refused=refused[0] if refused else None)

    return once(asked, do, longest=LONGEST_REQUEST_ID)


def _check_names(items: list[Json], longest: int) -> None:
    seen: set[str] = set()
    for item in items:
        name: Any = item.get("bId") if type(item) is dict else None
        if type(name) is not str or not 0 < len(name) <= longest:
            raise Fault("2130", f"bId must be text of at most {longest} characters", "bId")
        if name in seen:
            raise Fault("2600", f"bId {name} occurs twice", "bId")
        seen.add(name)


def _was_done(asked: Asked) -> bool:
    request_id = asked.params.get("requestid")
    return request_id is not None and asked.quickbooks.repeats[asked.realm.id].knows(request_id)


def _unexpected(realm: Realm, items: list[Json]) -> Written:
    """Contract 2.3: how a replayed batch was answered in 2016."""
    fault = Fault("6000", UNEXPECTED).shape()
    return Written(envelope(realm, "BatchItemResponse", [{"bId": item["bId"], "Fault": fault} for item in items]))


def _run_item(realm: Realm, item: Json, refused: list[str]) -> Json:
    try:
        name, value = _perform(realm, item)
    except Fault as fault:
        if fault.refused:
            refused.append(fault.refused)
        return {"bId": item["bId"], "Fault": fault.shape(realm.settings.fault_type)}
    return {"bId": item["bId"], name: value}


def _perform(realm: Realm, item: Json) -> tuple[str, Any]:
    """One item: a query, or an operation on exactly one object."""
    rest = {name: value for name, value in item.items() if name not in ("bId", "operation", "optionsData")}
    if len(rest) != 1:
        raise Fault("2600", "A batch item holds exactly one object or query")
    name, body = next(iter(rest.items()))
    operation, options = item.get("operation"), item.get("optionsData")
    if name == "Query" and type(body) is str and operation is None:
        return "QueryResponse", answer_query(realm, body)
    if name == "CDCQuery" and type(body) is dict and set(body) == {"Entities", "ChangedSince"}:
        slots = changes_since(realm, str(body["Entities"]).split(","), str(body["ChangedSince"]))
        return "CDCResponse", [{"QueryResponse": slots}]
    kind = KINDS.get(name)
    if kind is None or not kind.fields.fields:
        raise Fault("2000", f"Invalid Object Name : {name}")
    if operation not in ("create", "update", "delete") or options not in (None, "void", "allowduplicatedocnum"):
        raise Fault("500", f"Operation {operation} {options or ''} is not supported")
    wanted = "include=void" if options == "void" else str(operation)
    if wanted not in kind.may:
        raise Fault("500", f"Operation {wanted} is not supported for {name}")
    if wanted in ("delete", "include=void"):
        check_pointer(body)
    elif (wanted == "create") == ("Id" in body if type(body) is dict else False):
        raise Fault(
            "2600", f"Operation {wanted} does not fit an object {'with' if wanted == 'create' else 'without'} Id"
        )
    return name, perform(realm, kind, wanted, body, duplicates=options == "allowduplicatedocnum")
