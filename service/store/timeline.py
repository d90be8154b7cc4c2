"""A callback's timeline: everything that happened to it, from its row, its reservations and its transitions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from service.store.callbacks import StoredCallback
from service.store.reservations import Reservation

Event = tuple[datetime, str]


def derive_timeline(
    callback: StoredCallback,
    transitions: Iterable[tuple[datetime, str, str | None]],
    reservations: Iterable[Reservation],
) -> list[Event]:
    """When and what, oldest first."""
    events: list[Event] = [(callback.received_at, "received")]
    events += [(at, f"{event}: {note}" if note else event) for at, event, note in transitions]
    for each in reservations:
        events.append((each.reserved_at, f"reserved, generation {each.generation}, request id {each.request_id}"))
        if each.ended_at:
            events.append(
                (each.ended_at, f"reservation {each.state}" + (f" as {each.entity_id}" if each.entity_id else ""))
            )
    if callback.settled_at:
        events.append((callback.settled_at, f"settled: {callback.outcome} {callback.error_code or ''}".rstrip()))
    if callback.completed_at:
        events.append((callback.completed_at, f"completed: {callback.told}"))
    return sorted(events, key=lambda event: event[0])
