"""The callbacks HubSpot has given out: blocked, completed, expired or failed. Contract 1.6 to 1.8."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.refusals import Refusal, not_found
from service.sandbox.hubspot.settings import Settings

DEFAULT_EXPIRY = timedelta(weeks=1)
ENDED = ("completed", "expired", "failed")


@dataclass(slots=True)
class Delivery:
    """One time the callback was sent to us: when, and what came back (None: nothing)."""

    number: int
    sent_at: str
    status: int | None = None
    answer: str = ""
    error: str | None = None
    milliseconds: float | None = None


@dataclass(slots=True)
class Callback:
    """One run of a workflow action for one enrolled object.

    state: sent -> blocked -> completed | expired | failed. `completions` counts the completion
    calls that named it while it could still be told apart: the effective one and the repeated.
    """

    id: str
    portal_id: int
    object_type: str
    object_id: str
    action: str
    inputs: dict[str, str]
    url: str
    body: bytes
    created_at: str
    test_run: bool = False
    workflow_id: int | None = None
    enrollment_id: int | None = None
    state: str = "sent"
    execution_state: str | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    ended_at: str | None = None
    completed_by: str | None = None
    effective_completions: int = 0
    repeated_completions: int = 0
    late_completions: int = 0
    early_refusals: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    when_ended: Callable[[Callback], None] | None = None

    @property
    def completions(self) -> int:
        """Effective and repeated completion calls together."""
        return self.effective_completions + self.repeated_completions

    def to_json(self) -> dict[str, Any]:
        """As the controls and the books show it."""
        return {
            "callback_id": self.id,
            "portal_id": self.portal_id,
            "object": {"type": self.object_type, "id": self.object_id},
            "action": self.action,
            "inputs": self.inputs,
            "test_run": self.test_run,
            "workflow_id": self.workflow_id,
            "enrollment_id": self.enrollment_id,
            "state": self.state,
            "execution_state": self.execution_state,
            "outputs": self.outputs,
            "created_at": self.created_at,
            "expires_at": stamp(self.expires_at) if self.expires_at else None,
            "ended_at": self.ended_at,
            "completed_by": self.completed_by,
            "completions": self.completions,
            "effective_completions": self.effective_completions,
            "repeated_completions": self.repeated_completions,
            "late_completions": self.late_completions,
            "early_refusals": self.early_refusals,
            "deliveries": [asdict(delivery) for delivery in self.deliveries],
            "complaints": self.complaints,
        }


class Callbacks:
    """All callbacks of all portals. The caller holds HubSpot's lock."""

    def __init__(self, clock: SandboxClock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self._known: dict[str, Callback] = {}
        self._expiring: list[tuple[datetime, str]] = []

    def add(self, callback: Callback) -> None:
        """Keep a new callback."""
        self._known[callback.id] = callback

    def get(self, callback_id: str) -> Callback | None:
        """The callback of that id."""
        return self._known.get(callback_id)

    def all(self, portal_id: int | None = None) -> list[Callback]:
        """The callbacks of a portal (None: of all), oldest first."""
        self.expire()
        return [each for each in self._known.values() if portal_id in (None, each.portal_id)]

    def counts(self, portal_id: int | None = None) -> dict[str, int]:
        """How many callbacks are in which state."""
        return dict(sorted(Counter(each.state for each in self.all(portal_id)).items()))

    def block(self, callback: Callback, duration: timedelta | None) -> None:
        """We answered BLOCK: the workflow waits, at most so long."""
        if callback.state in ENDED:
            return
        callback.state = "blocked"
        callback.expires_at = self._clock.now() + (duration or DEFAULT_EXPIRY)
        heapq.heappush(self._expiring, (callback.expires_at, callback.id))

    def end(self, callback: Callback, state: str, by: str, outputs: dict[str, Any]) -> None:
        """The workflow goes on, with these outputs; only the first end counts."""
        if callback.state in ENDED:
            return
        callback.state, callback.completed_by, callback.ended_at = state, by, stamp(self._clock.now())
        callback.execution_state = outputs.get("hs_execution_state")
        callback.outputs = {name: value for name, value in outputs.items() if not name.startswith("hs_")}
        if callback.when_ended is not None:
            callback.when_ended(callback)

    def expire(self) -> None:
        """Blocked callbacks whose time is over: the workflow goes on as if nothing happened."""
        now = self._clock.now()
        while self._expiring and self._expiring[0][0] <= now:
            _, callback_id = heapq.heappop(self._expiring)
            callback = self._known[callback_id]
            if callback.state == "blocked" and callback.expires_at is not None and callback.expires_at <= now:
                self.end(callback, "expired", "expiry", {})

    @property
    def waiting(self) -> bool:
        """Something may expire."""
        return bool(self._expiring)

    def complete(self, portal_id: int, callback_id: str, outputs: dict[str, str]) -> None:
        """One completion call. Raises Refusal as switched for what nobody has verified."""
        callback = self._judge(portal_id, callback_id)
        if callback is None:
            return
        if callback.state in ("completed", "failed"):
            callback.repeated_completions += 1
            answer(self._settings.repeated_completion, "callback was already completed")
        elif callback.state == "expired":
            callback.late_completions += 1
            answer(self._settings.expired_completion, "callback has expired")
        elif callback.state == "sent" and self._settings.early_completion == "404":
            callback.early_refusals += 1
            raise not_found("callback is not blocked")
        else:
            callback.effective_completions += 1
            self.end(callback, "completed", "callback", dict(outputs))

    def check(self, portal_id: int, callback_id: str) -> None:
        """Whether a completion would be taken, for an all-or-nothing batch. Raises Refusal."""
        callback = self._judge(portal_id, callback_id)
        if callback is None or callback.state in ("completed", "failed"):
            answer(self._settings.repeated_completion, "callback was already completed")
        elif callback.state == "expired":
            answer(self._settings.expired_completion, "callback has expired")
        elif callback.state == "sent" and self._settings.early_completion == "404":
            raise not_found("callback is not blocked")

    def _judge(self, portal_id: int, callback_id: str) -> Callback | None:
        self.expire()
        callback = self._known.get(callback_id)
        if callback is None or callback.portal_id != portal_id:
            answer(self._settings.unknown_completion, f"callback {callback_id} is not known")
            return None
        return callback


def answer(status: str, message: str) -> None:
    """Answer as switched: 204 is no error. Raises Refusal."""
    if status != "204":
        raise Refusal(int(status), message, "CONFLICT" if status == "409" else "OBJECT_NOT_FOUND")
