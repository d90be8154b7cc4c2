"""HubSpot's object types and the association types between them. Contract 4.1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One CRM object type. `title` is its name in workflows, `key` in the associations of a read."""

    id: str
    name: str
    singular: str
    title: str
    key: str
    defaults: tuple[str, ...]
    required: tuple[str, ...] = ()
    read_scopes: frozenset[str] = frozenset()
    write_scopes: frozenset[str] = frozenset()
    schema_scopes: frozenset[str] = frozenset()
    modified: str = "hs_lastmodifieddate"
    mergeable: bool = False


def _type(
    id: str,
    name: str,
    singular: str,
    defaults: str,
    *,
    required: str = "",
    scope: str | None = None,
    schema: str | None = None,
    modified: str = "hs_lastmodifieddate",
    mergeable: bool = False,
) -> ObjectType:
    # Contract 3: line items, products and their properties may also be had with `e-commerce`.
    also = {"e-commerce"} if name in ("line_items", "products") else set()
    area = scope or name
    return ObjectType(
        id,
        name,
        singular,
        singular.upper(),
        name.replace("_", " "),
        tuple(defaults.split()),
        tuple(required.split()),
        frozenset({f"crm.objects.{area}.read"} | also),
        frozenset({f"crm.objects.{area}.write"} | also),
        frozenset(also or {f"crm.schemas.{schema or area}.write"}),
        modified,
        mergeable,
    )


# Contract 4.2: required on create. Contract 4.10: only contacts call it lastmodifieddate.
OBJECT_TYPES = (
    _type("0-1", "contacts", "contact", "email firstname lastname", modified="lastmodifieddate", mergeable=True),
    _type("0-2", "companies", "company", "name domain", mergeable=True),
    _type(
        "0-3",
        "deals",
        "deal",
        "dealname amount dealstage pipeline closedate",
        required="dealname dealstage",
        mergeable=True,
    ),
    _type("0-7", "products", "product", "name price hs_sku description"),
    _type("0-8", "line_items", "line_item", "name price quantity amount hs_product_id"),
    _type("0-14", "quotes", "quote", "hs_title hs_status hs_expiration_date"),
    # Contract 3: the notes endpoints use the contacts scopes.
    _type("0-46", "notes", "note", "hs_timestamp hs_note_body", required="hs_timestamp", scope="contacts"),
    _type(
        "0-53",
        "invoices",
        "invoice",
        "hs_currency hs_invoice_status hs_number hs_amount_billed",
        required="hs_currency",
    ),
    _type("0-84", "discounts", "discount", "hs_label hs_type hs_value", scope="line_items"),
    _type("0-85", "fees", "fee", "hs_label hs_type hs_value", scope="line_items"),
    _type("0-86", "taxes", "tax", "hs_label hs_type hs_value", scope="line_items"),
    _type(
        "0-101",
        "commerce_payments",
        "commerce_payment",
        "hs_initial_amount hs_currency_code hs_initiated_date hs_latest_status",
        required="hs_initial_amount hs_initiated_date",
        scope="commercepayments",
    ),
)

_BY_NAME = {name: each for each in OBJECT_TYPES for name in (each.id, each.name, each.singular, each.title)}


def find_type(name: str) -> ObjectType | None:
    """The type called `deals`, `deal`, `DEAL` or `0-3`; None when there is none."""
    return _BY_NAME.get(name)


DEALS_TO_COMPANIES_PRIMARY = 5
CONTACTS_TO_COMPANIES_PRIMARY = 1

# from, to, type id, type id of the way back; where the contract's table names only one direction,
# the other is HubSpot's neighbouring id, never sent by us.
_PAIRS = (
    ("deals", "contacts", 3, 4),
    ("deals", "companies", 341, 342),
    ("deals", "companies", 5, 6),
    ("contacts", "companies", 279, 280),
    ("contacts", "companies", 1, 2),
    ("deals", "line_items", 19, 20),
    ("deals", "invoices", 176, 175),
    ("deals", "commerce_payments", 392, 391),
    ("deals", "notes", 213, 214),
    ("deals", "quotes", 63, 64),
    ("notes", "contacts", 202, 201),
    ("invoices", "contacts", 177, 178),
    ("invoices", "companies", 179, 180),
    ("invoices", "line_items", 409, 410),
    ("invoices", "discounts", 411, 412),
    ("invoices", "fees", 413, 414),
    ("invoices", "taxes", 415, 416),
    ("invoices", "commerce_payments", 541, 542),
    ("commerce_payments", "contacts", 387, 388),
    ("commerce_payments", "companies", 389, 390),
    ("quotes", "line_items", 67, 68),
)

# (from, to) -> {type id: type id of the way back}
ASSOCIATION_TYPES: dict[tuple[str, str], dict[int, int]] = {}
for _start, _end, _there, _back in _PAIRS:
    ASSOCIATION_TYPES.setdefault((_start, _end), {})[_there] = _back
    ASSOCIATION_TYPES.setdefault((_end, _start), {})[_back] = _there

# The type given to an association made without naming one.
DEFAULT_TYPE = {pair: next(iter(types)) for pair, types in ASSOCIATION_TYPES.items()}

# primary -> the plain type that always goes with it
PRIMARY_TYPES = {5: 341, 6: 342, 1: 279, 2: 280}

# A line item has one parent. Contract 4.5.
PARENTS_OF_LINE_ITEMS = ("deals", "invoices", "quotes")
