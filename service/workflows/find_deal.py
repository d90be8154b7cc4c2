"""The deal a callback is about: the enrolled object itself, or the one that belongs to it."""

from __future__ import annotations

from service.ids import DealId
from service.store.callbacks import StoredCallback
from service.workflows.services import Services

# What has one deal that it is about, and how HubSpot's other APIs call it.
# https://developers.hubspot.com/docs/guides/crm/understanding-the-crm
OBJECT_TYPES = {"QUOTE": "quotes", "INVOICE": "invoices"}


def find_deals(services: Services, callback: StoredCallback) -> list[DealId]:
    """The deals of the enrolled object, in HubSpot's order; none where it has none.

    Raises: what the gateway raises.
    """
    if callback.object_type == "DEAL":
        return [DealId(callback.object_id)]
    object_type = OBJECT_TYPES.get(callback.object_type)
    if object_type is None:
        return []
    belonging = services.portal.get_associations(callback.portal_id, object_type, "deals", callback.object_id)
    return [DealId(each) for each in dict.fromkeys(one.object_id for one in belonging)]
