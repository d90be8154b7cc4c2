"""Which way values flow, and between what: the words every part of the sync uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way values flow."""

    BOTH = "both"
    TO_HUBSPOT = "to_hubspot"
    TO_QUICKBOOKS = "to_quickbooks"

    @property
    def reaches_hubspot(self) -> bool:
        """Whether QuickBooks' values come to HubSpot."""
        return self is not Direction.TO_QUICKBOOKS

    @property
    def reaches_quickbooks(self) -> bool:
        """Whether HubSpot's values come to QuickBooks."""
        return self is not Direction.TO_HUBSPOT


class Side(StrEnum):
    """One of the two."""

    HUBSPOT = "hubspot"
    QUICKBOOKS = "quickbooks"

    @property
    def other(self) -> Side:
        """The one opposite."""
        return Side.QUICKBOOKS if self is Side.HUBSPOT else Side.HUBSPOT


@dataclass(frozen=True, slots=True)
class Pairing:
    """An object type of HubSpot's and the entity it is kept in step with.

    `kind`: as in `store.links` and in HubSpot's webhooks; `modified`: the property that says when it changed last.
    """

    name: str
    kind: str
    entity: str
    modified: str
    key_property: str
    name_field: str


# https://developers.hubspot.com/docs/api-reference/search/guide
# Only contacts call it lastmodifieddate.
PAIRINGS = {
    each.name: each
    for each in (
        Pairing("contacts", "contact", "Customer", "lastmodifieddate", "qbo_customer_key", "DisplayName"),
        Pairing("companies", "company", "Customer", "hs_lastmodifieddate", "qbo_customer_key", "DisplayName"),
        Pairing("products", "product", "Item", "hs_lastmodifieddate", "qbo_item_key", "Name"),
    )
}
INVOICES = "invoices"
"""One way only, and by a table of its own: see workflows/mirror_invoice.py. Its mapping is a file like the others."""
MAPPED = {**PAIRINGS, INVOICES: Pairing(INVOICES, "invoice", "Invoice", "hs_lastmodifieddate", "qbo_invoice_key", "")}
CUSTOMER_PAIRINGS = frozenset({"contacts", "companies"})


def common_direction(one: Direction, other: Direction) -> Direction | None:
    """The way that both allow; None when they contradict each other."""
    if one is Direction.BOTH:
        return other
    return one if other in (one, Direction.BOTH) else None
