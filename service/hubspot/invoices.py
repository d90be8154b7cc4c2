"""HubSpot's own invoices: how they are called, what belongs to them, and whether a portal takes them from us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.hubspot.properties import INVOICE_PROPERTIES, KnownProperty

OBJECT_TYPE = "invoices"
KEY = INVOICE_PROPERTIES[0].name

# https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (association type ids)
TO_DEAL, TO_CONTACT, TO_COMPANY = 175, 177, 179
LINE_ITEM_TO_INVOICE = 410
TYPE_OF = {"deals": TO_DEAL, "contacts": TO_CONTACT, "companies": TO_COMPANY}


def association(object_id: str, type_id: int) -> dict[str, Any]:
    """One entry of a create's associations."""
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"to": {"id": object_id}, "types": [kind]}


# https://developers.hubspot.com/docs/api-reference/crm-invoices-v3/guide
# Which properties can be written is documented nowhere: the portal's own definitions tell, and its refusals.
def list_writable(known: Mapping[str, KnownProperty]) -> frozenset[str]:
    """The names that this portal lets us write, by its definitions."""
    return frozenset(name for name, each in known.items() if not each.read_only)


def find_obstacle(known: Mapping[str, KnownProperty]) -> str:
    """Why no invoice can be mirrored in a portal with these properties; "" when one can."""
    key = known.get(KEY)
    if key is None:
        return f"HubSpot invoices have no property {KEY}"
    if not key.unique:
        return f"the property {KEY} was made without unique values, and HubSpot cannot change that later"
    if "hs_currency" not in known:
        return "the portal's HubSpot invoices have no currency"
    return ""
