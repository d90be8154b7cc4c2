"""Writing calls: parameters checked, done once per requestid, answered."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Response

from service.sandbox.quickbooks.answers import envelope, json_response, refuse
from service.sandbox.quickbooks.asked import Asked
from service.sandbox.quickbooks.faults import UNEXPECTED, Fault, api_fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import Kind
from service.sandbox.quickbooks.mailing import mail_sale
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.repeats import Written
from service.sandbox.quickbooks.voiding import spelled_like_docs
from service.sandbox.quickbooks.writing import create, delete, save, update, void

# Contract 3.7: with these, the company is read-only (6190).
READ_ONLY_STATUSES = {"RESTRICTED", "SUSPENDED", "EXPIRED", "CANCELLED"}
_VOID_FIELDS = {"Id", "SyncToken", "sparse"}


def write_row(asked: Asked, kind: Kind) -> Response:
    """POST to a kind's path: create, update, delete or void, as the parameters say."""
    asked.allow("requestid", "operation", "include")
    operation = asked.params.get("operation")
    includes = asked.includes("allowduplicatedocnum", "void", "enhancedAllCustomFields")
    wanted = _operation(operation, includes)
    if (wanted not in kind.may and wanted != "save") or not kind.fields.fields:
        raise Fault("500", f"Operation {wanted} is not supported for {kind.name}")
    body = asked.json()
    if wanted in ("delete", "void", "include=void"):
        check_pointer(body)

    def do() -> Written:
        row = perform(asked.realm, kind, wanted, body, duplicates="allowduplicatedocnum" in includes)
        key = None if wanted == "delete" else (kind.name, row["Id"])
        return Written(envelope(asked.realm, kind.name, row), row=key)

    honoured = not wanted.endswith("void") or asked.quickbooks.settings.requestid_send_void == "honoured"
    return once(asked, do, honoured=honoured)


def send_sale(asked: Asked, kind: Kind, key: str) -> Response:
    """Mail a sale to its customer, or to `sendTo`."""
    asked.allow("requestid", "sendTo")
    if asked.mimetype != "application/octet-stream" or asked.body:
        raise Fault("500", "send takes Content-Type application/octet-stream and no body")

    def do() -> Written:
        row = mail_sale(asked.realm, kind, key, asked.params.get("sendTo"))
        return Written(envelope(asked.realm, kind.name, row), row=(kind.name, key))

    return once(asked, do, honoured=asked.quickbooks.settings.requestid_send_void == "honoured")


def perform(realm: Realm, kind: Kind, wanted: str, body: Json, *, duplicates: bool = False) -> Json:
    """Do one write to the books; returns the object as answered. Raises Fault."""
    check_subscription(realm)
    if wanted == "delete":
        return delete(realm, kind, body)
    if wanted in ("void", "include=void"):
        row = void(realm, kind, body)
        plain = realm.settings.void_spelling == "plain" or kind.name == "Payment"
        return row if plain else spelled_like_docs(row)
    work = {"update": update, "create": create}.get(wanted, save)
    return realm.shown(kind.name, work(realm, kind, body, duplicates=duplicates))


def once(asked: Asked, do: Callable[[], Written], *, honoured: bool = True, longest: int = 50) -> Response:
    """Do a write under its requestid, one at a time per realm."""
    realm, settings = asked.realm, asked.quickbooks.settings
    request_id = asked.request_id(longest)

    def work() -> Written:
        if settings.work_seconds:
            time.sleep(settings.work_seconds)
        with realm.lock:
            try:
                if realm.write_fault is not None:
                    raise Fault(realm.write_fault, UNEXPECTED if realm.write_fault == "6000" else "", refused=False)
                return do()
            except Fault as fault:
                return Written(api_fault(fault, realm.clock.now(), settings.fault_type), 400, None, fault.refused)

    if request_id is None or not honoured:
        written = work()
    else:
        rest = "/".join((*asked.path, asked.params.get("operation", "")))
        repeats = asked.quickbooks.repeats[realm.id]
        written = repeats.once(request_id, rest.encode() + asked.body, work, lambda first: _again(realm, first))
    if written.refused:
        refuse(written.refused)
    return json_response(written.body, written.status)


def check_subscription(realm: Realm) -> None:
    """A company that does not pay is read-only (6190)."""
    if realm.company_value("SubscriptionStatus") in READ_ONLY_STATUSES:
        raise Fault("6190", "Subscription period has ended or canceled or there was a billing problem : "
                    "You can't create or edit transactions.")  # fmt: skip


def check_pointer(body: Json) -> None:
    """Delete and void take Id and SyncToken and nothing else."""
    if type(body) is not dict:
        raise Fault("2010", "The body must be one JSON object")
    for name in body:
        if name not in _VOID_FIELDS:
            raise Fault("2010", f"Property Name:{name} specified is unsupported or invalid", name)


def _operation(operation: str | None, includes: set[str]) -> str:
    """The operation meant; a payment is voided by an update that includes void.

    Contract 2.1.
    """
    if "void" in includes:
        if operation != "update":
            raise Fault("2600", "include=void goes with operation=update", "include")
        return "include=void"
    if operation is None:
        return "save"
    if operation not in ("delete", "void", "update"):
        raise Fault("500", f"Operation {operation} is not supported")
    return operation


def _again(realm: Realm, first: Written) -> Written:
    """A replay: the first answer, or (a setting) the object as it is now."""
    if realm.settings.requestid_memory != "replay_current" or first.row is None:
        return first
    kind, key = first.row
    with realm.lock:
        row = realm.get(kind, key)
        return first if row is None else Written(envelope(realm, kind, realm.shown(kind, row)), row=first.row)
