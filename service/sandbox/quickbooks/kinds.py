"""The kinds of object QuickBooks keeps: paths, fields, operations."""

from __future__ import annotations

from typing import NamedTuple

from service.sandbox.quickbooks import list_fields, sales_fields
from service.sandbox.quickbooks.fields import Json, Table
from service.sandbox.quickbooks.items import compose_entry, compose_item
from service.sandbox.quickbooks.names import compose_customer
from service.sandbox.quickbooks.payments import compose_payment
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.sales import compose_sale

_WRITE = frozenset({"read", "create", "update"})
_SALE = _WRITE | {"delete", "send", "pdf"}


class Kind(NamedTuple):
    """One kind: `may` are the documented operations, anything else is code 500."""

    name: str
    fields: Table
    may: frozenset[str]

    @property
    def path(self) -> str:
        """The last part of its address: the name in lower case (contract 2.1)."""
        return self.name.lower()


_NOTHING = Table({})
_READ = frozenset({"read"})
_QUERY: frozenset[str] = frozenset()

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("CompanyInfo", _NOTHING, _READ),
        Kind("Preferences", _NOTHING, _READ),
        Kind("Customer", list_fields.CUSTOMER, _WRITE),
        Kind("Vendor", _NOTHING, _READ),
        Kind("Employee", _NOTHING, _READ),
        Kind("Item", list_fields.ITEM, _WRITE),
        Kind("Account", list_fields.ACCOUNT, _WRITE),
        Kind("Term", list_fields.TERM, _WRITE),
        Kind("TaxCode", _NOTHING, _QUERY),  # contract 3.7: query only
        Kind("TaxRate", _NOTHING, _QUERY),
        Kind("Class", list_fields.CLASS, _WRITE),
        Kind("Department", list_fields.DEPARTMENT, _WRITE),
        Kind("Invoice", sales_fields.INVOICE, _SALE | {"void"}),
        Kind("Estimate", sales_fields.ESTIMATE, _SALE),
        Kind("CreditMemo", sales_fields.CREDIT_MEMO, _SALE),
        Kind("SalesReceipt", sales_fields.SALES_RECEIPT, _SALE | {"include=void"}),
        Kind("Payment", sales_fields.PAYMENT, _WRITE | {"delete", "include=void"}),
    )
}
BY_PATH = {kind.path: kind for kind in KINDS.values()}


def compose(realm: Realm, kind: Kind, given: Json, old: Json | None, *, duplicates: bool = False) -> Json:
    """The object as it will stand in the books. Raises Fault."""
    if kind.name == "Customer":
        return compose_customer(realm, given, old)
    if kind.name == "Item":
        return compose_item(realm, given, old)
    if kind.name == "Payment":
        return compose_payment(realm, given, old)
    if kind.name in ("Account", "Term", "Class", "Department"):
        return compose_entry(realm, kind.name, given, old)
    return compose_sale(realm, kind.name, given, old, duplicates=duplicates)
