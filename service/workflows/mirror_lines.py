"""The line items of a HubSpot invoice: its own, for those of a deal have the deal as their one parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.errors import RefusedByHubSpot, ServiceError
from service.hubspot.gateway import NewObject
from service.hubspot.invoices import LINE_ITEM_TO_INVOICE, OBJECT_TYPE, association
from service.ids import PortalId
from service.invoicing.mirror import LinePlan, hash_content, plan_lines
from service.store.mirrors import Ability
from service.workflows.mirror_ability import LINE_ITEMS, note_refused
from service.workflows.services import Services

if TYPE_CHECKING:
    from service.workflows.mirror_invoice import Work

_FORBIDDEN = 403


def write_lines(services: Services, portal_id: PortalId, works: Sequence[Work], ability: Ability) -> Ability:
    """Bring the lines of these mirrors in step; without the permission they stay without lines.

    Safe to repeat: what is there is read first, and only the difference is written.
    Raises: NotConnected, TryLater.
    """
    stale = [each for each in works if each.lines_hash != hash_content(each.drawn.lines)]
    if not stale or LINE_ITEMS in ability.refused:
        return ability
    try:
        there = _read_lines(services, portal_id, [str(each.object_id) for each in stale if not each.fresh])
        plans = {str(each.object_id): plan_lines(each.drawn.lines, there.get(str(each.object_id), {}))
                 for each in stale}  # fmt: skip
        services.hubspot.archive_objects(portal_id, LINE_ITEMS, [i for plan in plans.values() for i in plan.surplus])
        errors = _carry_out(services, portal_id, plans)
    except RefusedByHubSpot as error:
        errors = {str(each.object_id): error for each in stale}
    for each in stale:
        failed = errors.get(str(each.object_id))
        if isinstance(failed, RefusedByHubSpot) and failed.status == _FORBIDDEN:
            return note_refused(services, portal_id, ability, [LINE_ITEMS])
        each.error = failed
        each.lines_hash = hash_content(each.drawn.lines) if failed is None else None
    return ability


def _read_lines(
    services: Services, portal_id: PortalId, object_ids: Sequence[str]
) -> dict[str, dict[str, dict[str, str | None]]]:
    """The line items there are, by HubSpot invoice and their own id."""
    if not object_ids:
        return {}
    neighbours = services.hubspot.read_associations(portal_id, OBJECT_TYPE, LINE_ITEMS, object_ids)
    ids = {object_id: [each.object_id for each in found] for object_id, found in neighbours.items()}
    names = ("name", "description", "quantity", "price", "hs_line_item_currency_code", "hs_position_on_quote")
    records = services.hubspot.read_objects(portal_id, LINE_ITEMS, [i for some in ids.values() for i in some], names)
    return {object_id: {i: records[i].properties for i in some if i in records} for object_id, some in ids.items()}


def _carry_out(services: Services, portal_id: PortalId, plans: dict[str, LinePlan]) -> dict[str, ServiceError]:
    """Change and create; the errors by HubSpot invoice."""
    owner = {line_id: object_id for object_id, plan in plans.items() for line_id in plan.changes}
    changes = {line_id: line for plan in plans.values() for line_id, line in plan.changes.items()}
    errors = {
        owner[line_id]: error
        for line_id, error in services.hubspot.update_objects(portal_id, LINE_ITEMS, changes).items()
        if error is not None
    }
    asked = {
        f"{object_id}:{number}": NewObject(line, [association(object_id, LINE_ITEM_TO_INVOICE)])
        for object_id, plan in plans.items()
        for number, line in enumerate(plan.missing)
    }
    for name, answer in services.hubspot.create_objects(portal_id, LINE_ITEMS, asked).items():
        if isinstance(answer, ServiceError):
            errors[name.partition(":")[0]] = answer
    return errors
