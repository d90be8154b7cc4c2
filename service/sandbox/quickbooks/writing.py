"""Create, update, void and delete: what a caller's body does to the books.

Contract 2.5, 2.6.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.quickbooks.faults import DELETED, STALE, Fault
from service.sandbox.quickbooks.fields import Json, boolean, identifier
from service.sandbox.quickbooks.kinds import Kind, compose
from service.sandbox.quickbooks.links import close_estimates
from service.sandbox.quickbooks.payments import (
    applied_of,
    check_movable,
    move_money,
    release_sale,
    settle_open_invoices,
    voided_payment,
)
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.sales import check_open
from service.sandbox.quickbooks.voiding import voided_sale

_READ_ONLY_WITH_FIELDS = ("Id", "SyncToken", "sparse")


def save(realm: Realm, kind: Kind, body: Json, *, duplicates: bool = False) -> Json:
    """Create without Id, update with it, as a POST to the kind's path means.

    Raises Fault.
    """
    if type(body) is not dict:
        raise Fault("2010", "The body must be one JSON object")
    if "Id" in body or "SyncToken" in body:
        return update(realm, kind, body, duplicates=duplicates)
    return create(realm, kind, body, duplicates=duplicates)


def create(realm: Realm, kind: Kind, body: Json, *, duplicates: bool = False) -> Json:
    """A new object in the books; returns it as the create's answer shows it."""
    given = kind.fields(body, kind.name)
    row = compose(realm, kind, given, None, duplicates=duplicates)
    now = realm.now_stamp()
    row["Id"], row["SyncToken"] = realm.next_id(kind.name), "0"
    row["MetaData"] = {"CreateTime": now, "LastUpdatedTime": now}
    realm.put(kind.name, row)
    realm.announce(kind.name, row["Id"], "Create")
    _follow_up(realm, kind, row, None)
    return row


def update(realm: Realm, kind: Kind, body: Json, *, duplicates: bool = False) -> Json:
    """A full update nulls what is left out, a sparse one changes what is there."""
    old = find_current(realm, kind, body)
    sparse = boolean(body.get("sparse", False), "sparse")
    sent = {name: value for name, value in body.items() if name not in _READ_ONLY_WITH_FIELDS}
    if sparse:
        sent, cleared = _take_away(realm, kind, old, sent)
    else:
        cleared = {name for name, value in sent.items() if value is None and name in kind.fields.fields}
    if not sparse:  # read, change, write back: what is read-only comes along and is not looked at
        sent = {name: value for name, value in sent.items() if name in kind.fields.fields or name not in old}
    sent = {name: value for name, value in sent.items() if name not in cleared}
    given = kind.fields(sent, kind.name, whole=not sparse)
    if sparse:
        given = _merge(kind, old, given, cleared)
    row = compose(realm, kind, given, old, duplicates=duplicates)
    changed = realm.touch({**row, "Id": old["Id"], "SyncToken": old["SyncToken"], "MetaData": old["MetaData"]})
    realm.put(kind.name, changed)
    realm.announce(kind.name, old["Id"], "Update")
    _follow_up(realm, kind, changed, old)
    return changed


def _take_away(realm: Realm, kind: Kind, old: Json, sent: Json) -> tuple[Json, set[str]]:
    """What is written, and what is taken away, by whichever sign does that (no documentation says: contract 2.5)."""
    signs = {"empty": "", "null": None}
    wanted, cleared = dict[str, Any](), set[str]()
    for name, value in sent.items():
        if type(value) is dict and "value" not in value and name in kind.fields.fields:
            kept = {k: v for k, v in value.items() if v not in ("", None)}
            gone = {k for k, v in value.items() if k not in kept and v == signs.get(realm.settings.clearing, 0)}
            held = {k: v for k, v in (old.get(name) or {}).items() if k in value and k not in kept and k not in gone}
            kept |= held
            if kept or not value:
                wanted[name] = kept
            elif name in old:
                cleared.add(name)
        elif value in ("", None) and name in kind.fields.fields:
            if value == signs.get(realm.settings.clearing, 0):
                cleared.add(name)
        else:
            wanted[name] = value
    return wanted, cleared


def void(realm: Realm, kind: Kind, body: Json) -> Json:
    """Nothing but number, names and a note is left; there is no way back."""
    old = find_current(realm, kind, body)
    check_open(realm, old["TxnDate"], old)
    if kind.name == "Payment":
        check_movable(realm, old)
        changed = realm.put("Payment", voided_payment(realm, old))
        move_money(realm, old["Id"], applied_of(old), {})
    else:
        if _payments_of(old):
            if realm.settings.void_paid_invoice == "fault_6450":
                raise Fault("6450", "The transaction is already settled and cannot be voided")
            release_sale(realm, old)
        changed = realm.put(kind.name, voided_sale(realm, old))
    realm.announce(kind.name, old["Id"], "Void")
    return changed


def delete(realm: Realm, kind: Kind, body: Json) -> Json:
    """The object is gone; what is linked must be unlinked first (800)."""
    old = find_current(realm, kind, body)
    check_open(realm, old["TxnDate"], old)
    if kind.name == "Payment":
        check_movable(realm, old)
        move_money(realm, old["Id"], applied_of(old), {})
    elif _payments_of(old) or (kind.name == "Estimate" and old.get("LinkedTxn")):
        raise Fault("800", "Linked transactions must be unlinked before this one can be deleted")
    realm.remove(kind.name, old["Id"])
    for link in old.get("LinkedTxn", ()):
        estimate = realm.get("Estimate", link["TxnId"]) if link["TxnType"] == "Estimate" else None
        if estimate is not None:
            realm.put("Estimate", realm.touch(estimate, TxnStatus="Accepted", LinkedTxn=[]))
    realm.announce(kind.name, old["Id"], "Delete")
    return {"status": "Deleted", "domain": "QBO", "Id": old["Id"]}


def find_current(realm: Realm, kind: Kind, body: Json) -> Json:
    """The row that Id and SyncToken name. Raises Fault 2020, 610 or 5010."""
    for name in ("Id", "SyncToken"):
        if name not in body:
            raise Fault("2020", f"Required parameter {name} is missing in the request", name)
        identifier(body[name], name)
    row = realm.get(kind.name, body["Id"])
    if row is None or (kind.name, row["Id"]) in realm.merged:
        raise Fault("610", DELETED)
    if body["SyncToken"] != row["SyncToken"]:
        raise Fault("5010", STALE)
    return row


def _merge(kind: Kind, old: Json, given: Json, cleared: set[str]) -> Json:
    """What a sparse update comes to: lines replaced, tax reckoned anew."""
    merged = {name: value for name, value in old.items() if name in kind.fields.fields and name not in cleared}
    merged.update(given)
    if "SalesTermRef" in given and "DueDate" not in given:
        merged.pop("DueDate", None)
    if "TxnTaxDetail" in merged and "TxnTaxDetail" not in given:
        detail = old["TxnTaxDetail"]
        kept = {"TxnTaxCodeRef": detail["TxnTaxCodeRef"]} if "TxnTaxCodeRef" in detail else {}
        if "Line" not in given:
            kept["TotalTax"] = detail["TotalTax"]
        if kept and merged.get("GlobalTaxCalculation") != "NotApplicable":
            merged["TxnTaxDetail"] = kept
        else:
            del merged["TxnTaxDetail"]
    return merged


def _follow_up(realm: Realm, kind: Kind, row: Json, old: Json | None) -> None:
    """What else in the books a write moves."""
    if kind.name == "Invoice":
        if row["LinkedTxn"]:
            close_estimates(realm, row)
        settle_open_invoices(realm, row["CustomerRef"]["value"])
    elif kind.name == "Payment":
        move_money(realm, row["Id"], applied_of(old or {}), applied_of(row))
        settle_open_invoices(realm, row["CustomerRef"]["value"])
    if "DocNumber" in row and (old is None or old.get("DocNumber") != row["DocNumber"]):
        realm.last_numbers[kind.name] = row["DocNumber"]


def _payments_of(row: Json) -> list[Json]:
    return [link for link in row.get("LinkedTxn", ()) if link["TxnType"] == "Payment"]
