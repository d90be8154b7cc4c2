"""Change data capture: what changed in a realm since a moment, and what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.quickbooks.fields import parse_instant, read_entries, read_text

# https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture
# At most 1000 objects in the whole answer, without pages, and at most 30 days back.
MOST_OBJECTS = 1000
MOST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed entities and the ids of deleted ones, by entity name.

    `at` is QuickBooks' time of the answer, UTC. `complete` False: the answer was full, ask in smaller parts.
    """

    changed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: dict[str, list[str]] = field(default_factory=dict)
    at: datetime | None = None
    complete: bool = True


def parse_changes(content: Mapping[str, Any]) -> Changes | None:
    """What a CDC answer tells; `None` when it is not one.

    An empty slot means nothing changed.
    """
    if not isinstance(content.get("CDCResponse"), list):
        return None
    changed: dict[str, list[dict[str, Any]]] = {}
    deleted: dict[str, list[str]] = {}
    count = 0
    for answer in read_entries(content, "CDCResponse"):
        for slot in read_entries(answer, "QueryResponse"):
            for entity in slot:
                for entry in read_entries(slot, entity):
                    count += 1
                    if (read_text(entry, "status") or "").lower() == "deleted":
                        deleted.setdefault(entity, []).append(read_text(entry, "Id") or "")
                    else:
                        changed.setdefault(entity, []).append(dict(entry))
    return Changes(changed, deleted, parse_instant(read_text(content, "time")), count < MOST_OBJECTS)
