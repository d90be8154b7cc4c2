"""HubSpot one object at a time, as the runs see it; underneath, one call serves many runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.coalescing import Lane, Lanes
from service.engine.pacing import Pacing
from service.hubspot.answers import Association, Completion, CrmRecord
from service.hubspot.gateway import Gateway
from service.hubspot.limits import portal_scope
from service.ids import CallbackId, PortalId

Batch = Callable[[Mapping[Any, Any]], Mapping[Any, Any]]


class PortalCalls:
    """Coalesced calls; each raises what the gateway raises."""

    def __init__(self, gateway: Gateway, pacing: Pacing) -> None:
        self._gateway, self._pacing, self._lanes = gateway, pacing, Lanes()

    def get_object(
        self, portal_id: PortalId, object_type: str, object_id: str, properties: Sequence[str]
    ) -> CrmRecord | None:
        """One object; None when it does not exist (any more)."""
        return self.get_objects(portal_id, object_type, [object_id], properties).get(object_id)

    def get_objects(
        self, portal_id: PortalId, object_type: str, ids: Sequence[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        """Several objects by id; missing ones are absent."""
        if not ids:
            return {}

        def read(asked: Mapping[tuple[str, ...], None]) -> Mapping[tuple[str, ...], dict[str, CrmRecord]]:
            found = self._gateway.read_objects(
                portal_id, object_type, [i for group in asked for i in group], properties
            )
            return {group: {i: found[i] for i in group if i in found} for group in asked}

        wanted = tuple(properties)
        lane = self._lane(portal_id, ("read", object_type, wanted), read)
        result: dict[str, CrmRecord] = lane.ask(tuple(ids))
        return result

    def get_associations(self, portal_id: PortalId, from_type: str, to_type: str, object_id: str) -> list[Association]:
        """What belongs to one object."""

        def read(asked: Mapping[str, None]) -> Mapping[str, list[Association]]:
            return self._gateway.read_associations(portal_id, from_type, to_type, list(asked))

        lane = self._lane(portal_id, ("associations", from_type, to_type), read)
        return lane.ask(object_id) or []

    def update_object(
        self, portal_id: PortalId, object_type: str, object_id: str, properties: Mapping[str, str]
    ) -> None:
        """Write properties of one object."""

        def write(asked: Mapping[str, Mapping[str, str]]) -> Mapping[str, Any]:
            return self._gateway.update_objects(portal_id, object_type, asked)

        self._lane(portal_id, ("update", object_type), write).ask(object_id, properties)

    def complete_callback(self, portal_id: PortalId, callback_id: CallbackId, outputs: Mapping[str, str]) -> Completion:
        """Tell the workflow how the callback ended."""

        def complete(asked: Mapping[CallbackId, Mapping[str, str]]) -> Mapping[CallbackId, Any]:
            return self._gateway.complete_callbacks(portal_id, asked)

        completion: Completion = self._lane(portal_id, ("complete",), complete).ask(callback_id, outputs)
        return completion

    def _lane(self, portal_id: PortalId, kind: tuple[Any, ...], call: Batch) -> Lane[Any]:
        scope = portal_scope(portal_id)
        return self._lanes.lane((portal_id, *kind), lambda: Lane(call, lambda: self._pacing.ready(scope)))
