"""Addresses: kept as sent on customers, flipped to free form on sales.

Contract 2.5.
"""

from __future__ import annotations

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.realm import Realm

_LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
_MOST_TOGETHER = 2000


def check_address(address: Json, element: str) -> None:
    """Contract 3.2.1: the five lines together hold 2000 characters (2050)."""
    length = sum(len(address.get(name, "")) for name in _LINES)
    if length > _MOST_TOGETHER:
        raise Fault("2050", f"Min:0 Max:{_MOST_TOGETHER} Supplied length:{length}", element)


def with_id(realm: Realm, address: Json) -> Json:
    """The address under an Id of its own."""
    return address if "Id" in address else {"Id": realm.next_id("Address"), **address}


def free_form(realm: Realm, address: Json, element: str) -> Json:
    """The address of a sale as read back: lines only, place and ZIP in the last."""
    check_address(address, element)
    lines = [address[name] for name in _LINES if address.get(name)]
    place = ", ".join(address[n] for n in ("City", "CountrySubDivisionCode") if address.get(n))
    place = "  ".join(part for part in (place, address.get("PostalCode")) if part)
    lines += [line for line in (place, address.get("Country")) if line]
    out: Json = {"Id": address.get("Id") or realm.next_id("Address")}
    for name, line in zip(_LINES, lines, strict=False):
        out[name] = line
    for name in ("Lat", "Long"):
        if name in address:
            out[name] = address[name]
    return out
