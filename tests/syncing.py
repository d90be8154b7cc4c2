"""What stories of the sync share: turn an object on, let the worker's part run, look at both sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from service.store.hints import Hint
from service.store.sync_links import SyncLink
from service.store.sync_settings import ON, SyncObject
from service.workflows.synchronize import Synchronizer
from tests.harness import PORTAL, REALM, Harness


def turn_on(harness: Harness, name: str, **wanted: Any) -> SyncObject:
    """As the operator does, on the page or by command."""
    settings = harness.services.sync.settings
    known = replace(settings.find(PORTAL, REALM, name), state=ON, **wanted)
    settings.keep(known, harness.clock.now())
    return known


def state_of(harness: Harness, name: str) -> SyncObject:
    return harness.services.sync.settings.find(PORTAL, REALM, name)


def synchronize(harness: Harness, synchronizer: Synchronizer | None = None, most: int = 500) -> None:
    """Until there is nothing to do now."""
    worker = synchronizer or Synchronizer(harness.services)
    for _ in range(most):
        harness.world.clock.freeze(harness.clock.now())
        harness.services.pacing.refresh(1)
        if not worker.work():
            return
    raise AssertionError(f"still work to do after {most} turns")


def settle_down(harness: Harness, rounds: int = 12, synchronizer: Synchronizer | None = None) -> None:
    """Let time pass until nothing waits any more, the polls included."""
    for _ in range(rounds):
        synchronize(harness, synchronizer)
        harness.pass_time(timedelta(minutes=16))
    synchronize(harness, synchronizer)


def hear(harness: Harness, vendor: str, ids: Iterable[str], *reasons: str, kind: str = "") -> None:
    """A webhook has come."""
    scope, word = (str(PORTAL), kind or "contacts") if vendor == "hubspot" else (REALM, kind or "Customer")
    hints = [Hint(vendor, scope, word, each, frozenset(reasons or ("updated",))) for each in ids]
    harness.services.hints.hear(hints, harness.clock.now())
    synchronize(harness)


def link_of(harness: Harness, name: str, object_id: str = "", entity_id: str = "") -> SyncLink | None:
    links, known = harness.services.sync.links, state_of(harness, name)
    if object_id:
        return links.by_objects(known, [object_id]).get(object_id)
    return links.by_entities(known, [entity_id]).get(entity_id)


def hubspot_object(harness: Harness, kind: str, object_id: str) -> dict[str, str | None]:
    """What HubSpot holds of an object."""
    with harness.world.hubspot.lock:
        return dict(harness.world.hubspot.portals[PORTAL].objects[kind][object_id].properties)


def living(harness: Harness, kind: str) -> dict[str, dict[str, str | None]]:
    """All objects that are not deleted, by id."""
    with harness.world.hubspot.lock:
        found = harness.world.hubspot.portals[PORTAL].objects[kind]
        return {key: dict(each.properties) for key, each in found.items() if not each.archived}


def person(harness: Harness, method: str, path: str, body: Any = None) -> Any:
    """Somebody does something in HubSpot's own pages."""
    return harness.ask_sandbox(method, f"/hubspot/objects/{PORTAL}/{path}", body)


def make(harness: Harness, kind: str, **properties: str) -> str:
    asked = {"portal_id": PORTAL, "object_type": kind, "properties": properties}
    return str(harness.ask_sandbox("POST", "/hubspot/objects", asked)["id"])


def entity(harness: Harness, kind: str, entity_id: str) -> dict[str, Any]:
    (found,) = [each for each in harness.books(kind) if each["Id"] == entity_id]
    return found


def count_calls(harness: Harness) -> int:
    return len(harness.calls("hubspot", "/crm/")) + len(harness.calls("quickbooks", "/v3/"))


def writes(harness: Harness) -> list[str]:
    """Every call so far that may have changed something at a vendor, oldest first."""
    reads = ("/search", "/read", "/token", "/bearer", "/introspect", "/query")
    found = harness.world.tape.requests()
    return [c["path"] for c in found if c["method"] in ("PATCH", "POST", "PUT") and not c["path"].endswith(reads)]
