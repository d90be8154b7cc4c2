"""What hangs together: estimates turned into invoices, payments applied to them."""

from __future__ import annotations

from decimal import Decimal

from service.sandbox.quickbooks.faults import DELETED, Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.money import decimal_of, number
from service.sandbox.quickbooks.realm import Realm


def linked_estimates(realm: Realm, given: Json, customer: Json, old: Json | None) -> list[Json]:
    """The estimates an invoice is made from, checked (620).

    Payments are linked from their own side.
    """
    known = {link["TxnId"] for link in (old or {}).get("LinkedTxn", [])}
    estimates = []
    for link in given.get("LinkedTxn", []):
        if link["TxnId"] in known and link["TxnType"] != "Estimate":
            continue
        if link["TxnType"] == "TimeActivity":
            estimates.append(link)
            continue
        if link["TxnType"] != "Estimate":
            raise Fault("620", f"TxnType {link['TxnType']} cannot be linked", "LinkedTxn")
        estimate = realm.get("Estimate", link["TxnId"])
        if estimate is None:
            raise Fault("610", DELETED, "LinkedTxn")
        if link["TxnId"] not in known and (
            estimate["TxnStatus"] in ("Closed", "Converted") or estimate["CustomerRef"]["value"] != customer["Id"]
        ):
            raise Fault("620", f"Estimate {link['TxnId']} cannot be linked", "LinkedTxn")
        estimates.append({"TxnId": link["TxnId"], "TxnType": "Estimate"})
    if len([link for link in estimates if link["TxnType"] == "Estimate"]) > 1:
        raise Fault("620", "Only one estimate may be linked", "LinkedTxn")
    return estimates


def close_estimates(realm: Realm, invoice: Json) -> None:
    """An estimate that became an invoice knows it; whether and how it is closed is a setting."""
    status = {"closed": "Closed", "converted": "Converted"}.get(realm.settings.estimate_after_conversion)
    for link in invoice["LinkedTxn"]:
        estimate = realm.get("Estimate", link["TxnId"]) if link["TxnType"] == "Estimate" else None
        if estimate is not None and estimate["TxnStatus"] not in ("Closed", "Converted"):
            links = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
            changes: Json = {"LinkedTxn": links} if realm.settings.estimate_shows_invoice else {}
            changes |= {"TxnStatus": status} if status else {}
            realm.put("Estimate", realm.touch(estimate, **changes))
            realm.announce("Estimate", estimate["Id"], "Update")


def apply_money(realm: Realm, kind: str, key: str, amount: Decimal, payment_id: str) -> None:
    """Take an applied amount off a sale: a new SyncToken each time (3.2.4)."""
    row = realm.shelves[kind].rows[key]
    links = [*row.get("LinkedTxn", []), {"TxnId": payment_id, "TxnType": "Payment"}]
    _move(realm, kind, row, -amount, links)


def withdraw_money(realm: Realm, kind: str, key: str, amount: Decimal, payment_id: str) -> None:
    """Give it back, as when the payment is voided, deleted or applied elsewhere."""
    row = realm.get(kind, key)
    if row is not None:
        links = [link for link in row.get("LinkedTxn", []) if link["TxnId"] != payment_id]
        _move(realm, kind, row, amount, links)


def _move(realm: Realm, kind: str, row: Json, change: Decimal, links: list[Json]) -> None:
    balance = number(decimal_of(row["Balance"]) + change)
    changes: Json = {"Balance": balance, "LinkedTxn": links}
    if kind == "CreditMemo":
        changes["RemainingCredit"] = balance
    if "HomeBalance" in row:
        changes["HomeBalance"] = number(round(decimal_of(balance) * decimal_of(row["ExchangeRate"]), 2))
    realm.put(kind, realm.touch(row, **changes))
    if realm.settings.payment_announces_invoice:  # contract 4.5: UNVERIFIED either way
        realm.announce(kind, row["Id"], "Update")
