"""One QuickBooks company: books, numbering, names and preferences."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.money import ZERO, decimal_of, number
from service.sandbox.quickbooks.settings import Settings
from service.sandbox.quickbooks.shelf import Shelf
from service.sandbox.quickbooks.stamps import server_date, stamp

LISTS = ("Customer", "Vendor", "Employee", "Item", "Account", "Term", "TaxCode", "TaxRate", "Class", "Department")
TRANSACTIONS = ("Invoice", "Estimate", "Payment", "CreditMemo", "SalesReceipt")
SHELVES = ("CompanyInfo", "Preferences", *LISTS, *TRANSACTIONS)
NAMES = ("Customer", "Vendor", "Employee")
# Which figure of a transaction is money the customer still owes (or, negative, has to his credit).
OWED = {"Invoice": ("Balance", 1), "CreditMemo": ("Balance", -1), "Payment": ("UnappliedAmt", -1)}

Announce = Callable[[str, str, str, str, "str | None"], None]


class Realm:
    """Everything under one realm id. Whoever reads or writes holds `lock`."""

    def __init__(self, realm_id: str, clock: SandboxClock, settings: Settings, announce: Announce) -> None:
        self.id, self.clock, self.settings, self._announce = realm_id, clock, settings, announce
        self.lock = threading.RLock()
        self.country, self.currency, self.tax = "US", "USD", "us_manual"
        self.shelves = {kind: Shelf(kind) for kind in SHELVES}
        self.deleted: list[tuple[str, str, str]] = []  # kind, Id, when
        self.names: dict[str, tuple[str, str]] = {}  # lower-case DisplayName -> who has it
        self.owed: dict[str, Decimal] = {}  # customer -> open balance
        self.unapplied: dict[str, dict[str, None]] = {}  # customer -> payments with money left
        self.families: dict[str, dict[str, None]] = {}  # parent -> sub-customers
        self.fixed: dict[str, str] = {}  # payment -> the fault that changing it gives (deposited, matched)
        self.merged: set[tuple[str, str]] = set()  # rows merged into others: unreadable
        self.last_ids: dict[str, int] = {}
        self.last_numbers: dict[str, str] = {}
        self.warn_duplicate_numbers = False
        self.close_password = True
        self.disconnected = False
        self.company_fault: str | None = None
        self.write_fault: str | None = None  # what every write ends in, under its request id
        self.mails: dict[str, int] = {}  # day -> mails sent

    def clone(self, realm_id: str, clock: SandboxClock, settings: Settings, announce: Announce) -> Realm:
        """A realm with the same books under another id; rows are shared."""
        made = Realm(realm_id, clock, settings, announce)
        with self.lock:
            for name in ("country", "currency", "tax", "warn_duplicate_numbers", "close_password"):
                setattr(made, name, getattr(self, name))
            made.shelves = {kind: shelf.copy() for kind, shelf in self.shelves.items()}
            made.deleted = self.deleted.copy()
            made.names, made.owed = self.names.copy(), self.owed.copy()
            made.unapplied = {customer: keys.copy() for customer, keys in self.unapplied.items()}
            made.families = {parent: keys.copy() for parent, keys in self.families.items()}
            made.fixed = self.fixed.copy()
            made.merged = self.merged.copy()
            made.last_ids, made.last_numbers = self.last_ids.copy(), self.last_numbers.copy()
        return made

    # -- preferences

    def preference(self, group: str, name: str) -> Any:
        """One preference, or None where it is not set."""
        return self.shelves["Preferences"].rows["1"].get(group, {}).get(name)

    def other_preference(self, name: str) -> str | None:
        """One of the name-value preferences of OtherPrefs."""
        for pair in self.preference("OtherPrefs", "NameValue") or ():
            if pair["Name"] == name:
                return str(pair["Value"])
        return None

    def company_value(self, name: str) -> str | None:
        """One of CompanyInfo's name-value pairs, such as SubscriptionStatus."""
        for pair in self.shelves["CompanyInfo"].rows["1"]["NameValue"]:
            if pair["Name"] == name:
                return str(pair["Value"])
        return None

    @property
    def many_currencies(self) -> bool:
        """Whether multicurrency is switched on."""
        return bool(self.preference("CurrencyPrefs", "MultiCurrencyEnabled"))

    @property
    def name(self) -> str:
        """The company's name."""
        return str(self.shelves["CompanyInfo"].rows["1"]["CompanyName"])

    # -- time, ids and numbers

    def now_stamp(self) -> str:
        """The present, as MetaData carries it."""
        return stamp(self.clock.now())

    def today(self) -> str:
        """The server's date (Pacific)."""
        return server_date(self.clock.now()).isoformat()

    def next_id(self, kind: str) -> str:
        """Transactions share one sequence, every list has its own."""
        sequence = "Transaction" if kind in TRANSACTIONS else kind
        self.last_ids[sequence] = self.last_ids.get(sequence, 0) + 1
        return str(self.last_ids[sequence])

    def next_number(self, kind: str) -> str:
        """The number after the last one used, its prefix included (contract 3.2.1)."""
        last = self.last_numbers.get(kind, "1000")
        found = re.search(r"\d+$", last)
        if found is None:
            return f"{last}1"
        digits = found.group()
        return last[: found.start()] + str(int(digits) + 1).zfill(len(digits))

    # -- rows

    def get(self, kind: str, key: str) -> Json | None:
        """One row, or None."""
        return self.shelves[kind].rows.get(key)

    def put(self, kind: str, row: Json) -> Json:
        """Keep a row and everything that is reckoned from it."""
        old = self.shelves[kind].put(row)
        if kind in OWED:
            self._post(kind, old, -1)
            self._post(kind, row, 1)
        elif kind in NAMES:
            if old is not None:
                self.names.pop(old["DisplayName"].lower(), None)
                self.families.get(_parent(old), {}).pop(row["Id"], None)
            self.names[row["DisplayName"].lower()] = (kind, row["Id"])
            if "ParentRef" in row:
                self.families.setdefault(_parent(row), {})[row["Id"]] = None
        return row

    def remove(self, kind: str, key: str) -> None:
        """Delete a row; change data capture still tells of it."""
        old = self.shelves[kind].remove(key)
        self._post(kind, old, -1)
        self.deleted.append((kind, key, self.now_stamp()))

    def touch(self, row: Json, **changes: Any) -> Json:
        """The row with changes, the next SyncToken and the present as its last update."""
        meta = {**row["MetaData"], "LastUpdatedTime": self.now_stamp()}
        return {**row, **changes, "SyncToken": str(int(row["SyncToken"]) + 1), "MetaData": meta}

    def shown(self, kind: str, row: Json) -> Json:
        """The row as a reader sees it, a customer with the balance now open."""
        if kind == "CompanyInfo" and not self.settings.company_time_zone_given:
            return {name: value for name, value in row.items() if name != "DefaultTimeZone"}
        if kind != "Customer":
            return row
        own = self.owed.get(row["Id"], ZERO)
        below = sum((self.owed.get(c["Id"], ZERO) for c in self.children(row["Id"])), ZERO)
        return {**row, "Balance": number(own), "BalanceWithJobs": number(own + below)}

    def children(self, customer_id: str) -> list[Json]:
        """All customers below this one."""
        found = []
        for key in self.families.get(customer_id, ()):
            found += [self.shelves["Customer"].rows[key], *self.children(key)]
        return found

    def announce(self, kind: str, key: str, operation: str, deleted_id: str | None = None) -> None:
        """Tell the subscriber of webhooks that something changed."""
        self._announce(self.id, kind, key, operation, deleted_id)

    def _post(self, kind: str, row: Json | None, sign: int) -> None:
        if row is None or kind not in OWED:
            return
        figure, direction = OWED[kind]
        customer, amount = row["CustomerRef"]["value"], decimal_of(row.get(figure))
        self.owed[customer] = self.owed.get(customer, ZERO) + sign * direction * amount
        if kind == "Payment":
            keys = self.unapplied.setdefault(customer, {})
            if sign > 0 and amount:
                keys[row["Id"]] = None
            else:
                keys.pop(row["Id"], None)


def _parent(row: Json) -> str:
    return str(row.get("ParentRef", {}).get("value", ""))
