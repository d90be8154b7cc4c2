"""The fields of QuickBooks' customers and items that a mapping may name, and what each can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from service.sync.values import Kind, Unusable, read_value, write_quickbooks

_OWN = "QuickBooks reckons it itself"
_LIFE = "it says whether the entry is in use, which the sync settings decide"
_FIXED = "QuickBooks fixes it when the entry is created"
_ONE_WAY = "invoices go to HubSpot only"
_CUSTOM = "QuickBooks gives custom fields of customers and items through its GraphQL API only, to partner apps"


@dataclass(frozen=True, slots=True)
class Field:
    """One field by its path; `why_read_only` None: it may be written. `options`: the words an enumeration has."""

    path: str
    kind: Kind = Kind.TEXT
    longest: int | None = None
    why_read_only: str | None = None
    required: bool = False
    one_line: bool = True
    forbidden: str = ""
    options: tuple[str, ...] = ()


def _texts(longest: int, *paths: str) -> tuple[Field, ...]:
    return tuple(Field(path, longest=longest) for path in paths)


def _read_only(kind: Kind, why: str, *paths: str) -> tuple[Field, ...]:
    return tuple(Field(path, kind, why_read_only=why) for path in paths)


def _address(group: str) -> tuple[Field, ...]:
    lines = _texts(500, *(f"{group}.Line{number}" for number in range(1, 6)))
    places = _texts(255, f"{group}.City", f"{group}.CountrySubDivisionCode", f"{group}.Country")
    return (*lines, *places, *_texts(30, f"{group}.PostalCode"))


_COMMON = (
    *_read_only(Kind.TEXT, _OWN, "Id", "FullyQualifiedName"),
    *_read_only(Kind.DATETIME, _OWN, "MetaData.CreateTime", "MetaData.LastUpdatedTime"),
    Field("Active", Kind.BOOLEAN, why_read_only=_LIFE),
    Field("Taxable", Kind.BOOLEAN),
)
# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
_CUSTOMER = (
    Field("DisplayName", longest=500, required=True, forbidden=":"),
    *_texts(16, "Title", "Suffix", "ResaleNum"),
    *_texts(100, "GivenName", "MiddleName", "FamilyName", "CompanyName"),
    *_texts(110, "PrintOnCheckName"),
    *_texts(1000, "WebAddr.URI"),
    *_texts(30, *(f"{each}.FreeFormNumber" for each in ("PrimaryPhone", "AlternatePhone", "Mobile", "Fax"))),
    Field("Notes", longest=2000, one_line=False),
    Field("PrimaryEmailAddr.Address", Kind.EMAIL, longest=100),
    *_address("BillAddr"),
    *_address("ShipAddr"),
    Field("PreferredDeliveryMethod", Kind.ENUMERATION, options=("Print", "Email", "None")),
    *_read_only(Kind.NUMBER, _OWN, "Balance", "BalanceWithJobs"),
    *_read_only(Kind.TEXT, _FIXED, "CurrencyRef.value", "ParentRef.value"),
    Field("Job", Kind.BOOLEAN, why_read_only=_FIXED),
    *_COMMON,
)
# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item
_ITEM = (
    Field("Name", longest=100, required=True, forbidden=":"),
    *_texts(100, "Sku"),
    Field("Description", longest=4000, one_line=False),
    Field("UnitPrice", Kind.NUMBER),
    Field("PurchaseCost", Kind.NUMBER),
    Field("Type", Kind.ENUMERATION, why_read_only=_FIXED),
    *_read_only(Kind.NUMBER, _OWN, "QtyOnHand"),
    *_COMMON,
)
# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
_INVOICE = (
    *_read_only(
        Kind.TEXT,
        _ONE_WAY,
        *("Id", "SyncToken", "DocNumber", "PrivateNote", "CustomerMemo.value", "TrackingNum", "CurrencyRef.value"),
        *(f"{each}.{part}" for each in ("CustomerRef", "ClassRef", "DepartmentRef", "SalesTermRef", "ProjectRef",
                                        "ShipMethodRef") for part in ("name", "value")),
        *("BillEmail.Address", "BillEmailCc.Address", "BillEmailBcc.Address", "EmailStatus", "PrintStatus"),
        *(each.path for group in ("BillAddr", "ShipAddr") for each in _address(group)),
    ),
    *_read_only(Kind.NUMBER, _ONE_WAY, "TotalAmt", "Balance", "Deposit", "ExchangeRate", "HomeTotalAmt", "HomeBalance",
                "TxnTaxDetail.TotalTax"),
    *_read_only(Kind.DATE, _ONE_WAY, "TxnDate", "DueDate", "ShipDate"),
    *_read_only(Kind.DATETIME, _ONE_WAY, "MetaData.CreateTime", "MetaData.LastUpdatedTime",
                "DeliveryInfo.DeliveryTime"),
    *_read_only(Kind.BOOLEAN, _ONE_WAY, "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"),
)  # fmt: skip
FIELDS: dict[str, dict[str, Field]] = {
    "Customer": {each.path: each for each in _CUSTOMER},
    "Item": {each.path: each for each in _ITEM},
    "Invoice": {each.path: each for each in _INVOICE},
}
_DECIMALS, _TOO_LARGE = 5, Decimal(10) ** 10
_OWN_FIELD = "CustomField:"


def find_field(entity: str, path: str) -> Field | None:
    """The field of that path; None when there is none. An invoice has custom fields, each by its name."""
    if entity == "Invoice" and path.startswith(_OWN_FIELD) and path != _OWN_FIELD:
        return Field(path, why_read_only=_ONE_WAY)
    return FIELDS[entity].get(path)


def explain_unknown(entity: str, path: str) -> str:
    """Why a mapping cannot name this path."""
    if path.startswith("CustomField") and entity != "Invoice":
        return _CUSTOM
    return f"{entity} has no field {path}"


def fit(field: Field, value: str) -> str:
    """A value within the field's limits: names without colons, texts cut. Raises: Unusable."""
    if field.kind is Kind.EMAIL and field.longest and len(value) > field.longest:
        raise Unusable(f"an e-mail address has at most {field.longest} characters in QuickBooks: shorten it")
    if field.kind is Kind.NUMBER:
        return _fit_number(value)
    if field.kind is not Kind.TEXT:
        return value
    for letter in field.forbidden:
        value = value.replace(letter, " ")
    value = " ".join(value.split()) if field.one_line else value
    return value[: field.longest].strip()


def _fit_number(value: str) -> str:
    """A number as QuickBooks takes it: 10.5 format, so that 19.989999999999998 is what was meant. Raises: Unusable."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item
    try:
        number = round(Decimal(value), _DECIMALS)
    except (InvalidOperation, ValueError) as error:
        raise Unusable("it is not a number: correct it") from error
    if abs(number) >= _TOO_LARGE:
        raise Unusable("QuickBooks takes no number of more than ten digits before the point: correct it")
    return read_value(Kind.NUMBER, number) or "0"


def read_path(content: Mapping[str, Any], path: str) -> Any:
    """What an entity holds at a path; None when there is nothing."""
    value: Any = content
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def read_entity(entity: str, content: Mapping[str, Any], paths: list[str]) -> dict[str, str | None]:
    """The canonical values of an entity at some paths."""
    known = FIELDS[entity]
    return {path: read_value(known[path].kind, read_path(content, path)) for path in paths}


def write_entity(entity: str, content: Mapping[str, Any], values: Mapping[str, str | None]) -> dict[str, Any]:
    """The members that an update or create must send so that the entity holds the values.

    A group such as an address is sent whole, for QuickBooks may replace it, with its documented members only.
    """
    known = FIELDS[entity]
    changes: dict[str, Any] = {}
    for path, value in values.items():
        group, _, member = path.partition(".")
        raw = take_away(known[path]) if value is None else write_quickbooks(known[path].kind, value)
        if not member:
            changes[group] = raw
            continue
        if group not in changes:
            held = content.get(group) or {}
            changes[group] = {name: each for name, each in held.items() if f"{group}.{name}" in known}
        changes[group][member] = raw
    return changes


def take_away(field: Field) -> Any:
    """What is sent so that nothing is left of a value.

    No documentation says what takes a value away in a sparse update; null is said to leave it as it is. Whoever
    writes this looks whether it worked.
    """
    return {Kind.NUMBER: Decimal(0), Kind.BOOLEAN: False}.get(field.kind, "")
