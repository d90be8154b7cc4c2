"""The worker dies at any call between a payment's webhook and the deal's timeline: another one ends it, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.store.hints import LEASE
from service.wire import Answer
from tests.harness import PORTAL, Harness


class Killed(BaseException):
    """As SIGKILL: nothing of ours catches it."""


class DeadlyWire:
    """Ends the worker at its so-manieth call, before the call leaves or after its answer came."""

    def __init__(self, wire: Any, at: int, *, after: bool) -> None:
        self._wire, self._left, self._after = wire, at, after

    def send(self, *arguments: Any, **named: Any) -> Answer:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        answer: Answer = self._wire.send(*arguments, **named)
        if self._left == 0:
            raise Killed
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)


def make_deadly(harness: Harness, at: int, *, after: bool) -> Any:
    """Both vendors' calls count together; returns how to have the old wire back."""
    quickbooks, hubspot = harness.services.quickbooks, harness.services.hubspot._line._line
    old = quickbooks._line.wire
    deadly: Any = DeadlyWire(old, at, after=after)
    quickbooks._line, hubspot._wire = replace(quickbooks._line, wire=deadly), deadly

    def heal() -> None:
        quickbooks._line, hubspot._wire = replace(quickbooks._line, wire=old), old

    return heal


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after its answer"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_killed_at_any_call(at: int, after: bool, harness: Harness) -> None:
    harness.connect()
    harness.subscribe()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id)
    harness.finish()
    invoice = harness.assert_invoiced_once(callback_id, deal_id)
    harness.follow()
    harness.pass_time(timedelta(minutes=1))
    harness.act("receive_payment", invoice_id=invoice["Id"])
    harness.hear()
    heal = make_deadly(harness, at, after=after)
    # Payments, invoices, the deal, its note.
    with pytest.raises(Killed):
        harness.follow()
    heal()
    harness.pass_time(LEASE)
    harness.follow()
    assert harness.deal(deal_id)["qbo_invoice_status"] == "paid"
    assert len(harness.world.hubspot.portals[PORTAL].associations.of("deals", deal_id, "notes")) == 1
    assert harness.rows("SELECT * FROM hints") == []
