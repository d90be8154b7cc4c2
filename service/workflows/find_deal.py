"""The deal a callback is about: the enrolled object itself, or the one that belongs to it."""

from __future__ import annotations

from service.errors import DealNotFound
from service.ids import DealId
from service.invoicing.actions import ACTIONS
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


def turn_to_deal(services: Services, callback: StoredCallback) -> bool:
    """A quote's callback goes on as its deal's, in that deal's order; False: it is about its object already.

    Two callbacks of one deal never work at once, and a quote's is one of them as soon as the deal is known.
    Raises: DealNotFound, and what the gateway raises.
    """
    if callback.object_type == "DEAL" or not ACTIONS[callback.action].leads_to_deal:
        return False
    deals = find_deals(services, callback)
    if len(deals) != 1:
        how_many = "several deals" if deals else "no deal"
        raise DealNotFound(
            f"The quote belongs to {how_many}: associate it with exactly one, or enrol the deal that is meant."
        )
    services.callbacks.turn(callback, deals[0], services.clock.now())
    return True


def quote_of(callback: StoredCallback) -> str | None:
    """The quote that was enrolled, where one was."""
    enrolled = callback.context.get("enrolled") or {}
    return str(enrolled["id"]) if enrolled.get("type") == "QUOTE" else None
