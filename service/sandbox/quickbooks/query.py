"""Queries answered from one realm's books (contract 2.4)."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import KINDS
from service.sandbox.quickbooks.money import decimal_of
from service.sandbox.quickbooks.query_text import Condition, Statement, parse_query
from service.sandbox.quickbooks.realm import LISTS, Realm
from service.sandbox.quickbooks.shelf import value_at
from service.sandbox.quickbooks.stamps import parse_instant

Test = Callable[[Json], bool]

_SALE = {"Id", "DocNumber", "TxnDate", "CustomerRef", "TotalAmt"}
_PERSON = {"Id", "DisplayName", "GivenName", "FamilyName", "CompanyName", "PrimaryEmailAddr", "Active"}
_ENTRY = {"Id", "Name", "FullyQualifiedName", "Active"}
_META = {"MetaData.CreateTime", "MetaData.LastUpdatedTime"}
# Contract 2.4: what WHERE and ORDERBY may name. PrivateNote, EmailStatus, BillEmail, CustomField
# and LinkedTxn are not filterable; a query that names them is refused.
FILTERABLE: dict[str, set[str]] = {
    "Invoice": _SALE | {"DueDate", "SalesTermRef", "Balance", "ProjectRef"},
    "Estimate": _SALE,
    "CreditMemo": _SALE,
    "SalesReceipt": _SALE,
    "Payment": {"Id", "TxnDate", "CustomerRef", "TotalAmt", "PaymentRefNum"},
    "Customer": _PERSON | {"Balance"},
    "Vendor": _PERSON,
    "Employee": _PERSON,
    "Item": {"Id", "Name", "Sku", "Type", "Active"},
    "Account": _ENTRY | {"AccountType", "AccountSubType", "Classification"},
    "Term": {"Id", "Name", "Active"},
    "TaxCode": {"Id", "Name", "Active"},
    "TaxRate": {"Id", "Name", "Active"},
    "Class": _ENTRY,
    "Department": _ENTRY,
    "CompanyInfo": {"Id"},
    "Preferences": {"Id"},
}
_AMOUNTS = {"Balance", "TotalAmt"}
_DATES = {"TxnDate", "DueDate"}
# Not writable, yet to be had by name in a selection.
_READABLE = {"Id", "SyncToken", "MetaData", "domain", "TotalAmt", "Balance", "FullyQualifiedName", "DocNumber",
             "LinkedTxn", "DeliveryInfo", "HomeTotalAmt", "HomeBalance", "UnappliedAmt", "RemainingCredit",
             "Classification", "RateValue", "SalesTaxRateList", "DisplayName", "Name", "Active"}  # fmt: skip
_COMPARE = {"<": operators.lt, ">": operators.gt, "<=": operators.le, ">=": operators.ge}
_BY_LOWER = {name.lower(): name for name in KINDS}


def answer_query(realm: Realm, text: str) -> Json:
    """What stands in `QueryResponse`. Raises Fault 4000 or 4001."""
    asked = parse_query(text)
    name = _BY_LOWER.get(asked.kind.lower())
    if name is None:
        raise Fault("4001", f"QueryValidationError: invalid context declaration: {asked.kind}")
    _check_names(name, asked)
    if realm.settings.email_filter != "taken" and any(each.attribute == "PrimaryEmailAddr" for each in asked.where):
        raise Fault(realm.settings.email_filter, "Property PrimaryEmailAddr is not queryable", refused=False)
    rows = _matching(realm, name, asked)
    if asked.counted:
        return {"totalCount": len(rows)}
    for attribute, down in reversed(asked.order):
        rows.sort(key=_sort_key(attribute), reverse=down)
    page = rows[asked.start - 1 : asked.start - 1 + asked.most]
    if not page:
        return {}
    shown = [_select(name, realm.shown(name, row), asked) for row in page]
    return {name: shown, "startPosition": asked.start, "maxResults": len(page), "totalCount": len(rows)}


def _check_names(kind: str, asked: Statement) -> None:
    allowed = FILTERABLE[kind] | _META
    for name in (*(condition.attribute for condition in asked.where), *(name for name, _ in asked.order)):
        if name not in allowed:
            raise Fault("4001", f"QueryValidationError: Property {name} not found or not queryable for {kind}")
    for name in (*asked.fields, *asked.extra):
        if name.split(".")[0] not in KINDS[kind].fields.fields and name.split(".")[0] not in _READABLE:
            raise Fault("4001", f"QueryValidationError: Property {name} not found for entity {kind}")


def _matching(realm: Realm, kind: str, asked: Statement) -> list[Json]:
    """All rows that pass, oldest first, without merged ones.

    Inactive ones are left out too unless they are asked for.
    """
    tests = [_test(condition) for condition in asked.where]
    if kind in LISTS and not any(condition.attribute == "Active" for condition in asked.where):
        tests.append(_is_active)
    rows = _candidates(realm, kind, asked.where)
    names = {condition.attribute for condition in asked.where} | {name for name, _ in asked.order}
    if kind == "Customer":
        rows = (row for row in rows if ("Customer", row["Id"]) not in realm.merged)
        if "Balance" in names:
            rows = (realm.shown("Customer", row) for row in rows)
    return [row for row in rows if all(test(row) for test in tests)]


def _candidates(realm: Realm, kind: str, where: Iterable[Condition]) -> Iterable[Json]:
    """The rows an index leaves over; the conditions are tested again on them."""
    shelf = realm.shelves[kind]
    for condition in where:
        if condition.operator not in ("=", "IN"):
            continue
        values = [str(value) for value in condition.values]
        if condition.attribute == "Id":
            return [row for row in (shelf.rows.get(key) for key in dict.fromkeys(values)) if row is not None]
        if shelf.indexed(condition.attribute):
            found = {row["Id"]: row for value in values for row in shelf.find(condition.attribute, value)}
            return found.values()
    return shelf


def _is_active(row: Json) -> bool:
    return row.get("Active") is not False


def _test(condition: Condition) -> Test:
    """One condition as a test of rows; values compare whatever their case."""
    path, operator = condition.attribute, condition.operator
    if path == "Id" and operator not in ("=", "IN"):
        raise Fault("4001", f"QueryValidationError: operator {operator} is not supported for Id")
    if operator == "LIKE":
        if path in _AMOUNTS | _DATES | _META | {"Active"}:
            raise Fault("4001", f"QueryValidationError: LIKE is not supported for {path}")
        pattern = _like(str(condition.values[0]))
        return lambda row: pattern.fullmatch(str(value_at(row, path) or "")) is not None
    wanted = [_comparable(path, value) for value in condition.values]
    if operator == "IN":
        kept = set(wanted)
        return lambda row: _read(path, row) in kept
    one = wanted[0]
    if operator == "=":
        return lambda row: bool(_read(path, row) == one)

    def compare(row: Json) -> bool:
        value = _read(path, row)
        if value is None:
            return False
        return bool(_COMPARE[operator](value, one))

    return compare


def _like(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("%")), re.IGNORECASE | re.DOTALL)


def _read(path: str, row: Json) -> Any:
    value = value_at(row, path)
    return None if value is None else _comparable(path, value)


def _comparable(path: str, value: Any) -> Any:
    """A value in the form in which it compares.

    Raises Fault 4001 when it cannot be one.
    """
    try:
        if path in _AMOUNTS:
            return Decimal(value) if type(value) is str else decimal_of(value)
        if path in _META:
            return parse_instant(value)
        if path in _DATES:
            date.fromisoformat(value)
            return value
    except (ValueError, TypeError, InvalidOperation):
        raise Fault("4001", f"QueryValidationError: value {value} is not valid for {path}") from None
    if path == "Active":
        if str(value).lower() not in ("true", "false"):
            raise Fault("4001", f"QueryValidationError: value {value} is not valid for Active")
        return str(value).lower() == "true"
    return str(value).lower()


def _sort_key(path: str) -> Callable[[Json], tuple[bool, Any]]:
    """Rows without the attribute come first; Ids sort as numbers."""

    def key(row: Json) -> tuple[bool, Any]:
        value = value_at(row, path)
        if value is None:
            return False, 0
        return True, value.zfill(20) if path == "Id" else _comparable(path, value)

    return key


def _select(kind: str, row: Json, asked: Statement) -> Json:
    """The fields asked for.

    `*` leaves an item's Sku out unless it is named (contract 2.4).
    """
    if not asked.fields:
        if kind == "Item" and "Sku" in row and "Sku" not in asked.extra:
            return {name: value for name, value in row.items() if name != "Sku"}
        return row
    out: Json = {}
    for path in asked.fields:
        name, _, rest = path.partition(".")
        if name not in row:
            continue
        if rest and type(row[name]) is dict:
            out.setdefault(name, {})[rest] = row[name].get(rest)
        else:
            out[name] = row[name]
    return out
