"""Which workflow does an action: the function of its name, in the module of its name."""

from __future__ import annotations

from importlib import import_module

from service.engine.runtime import workflow
from service.invoicing.actions import ACTIONS
from service.workflows.run_callback import Work, run_callback


def work_of(action: str) -> Work:
    """`send-invoice` is done by `send_invoice` in `workflows/send_invoice.py`."""
    name = action.replace("-", "_")
    work: Work = getattr(import_module(f"service.workflows.{name}"), name)
    return work


def declare_runs() -> None:
    """Make every action a durable run of the engine, before it is launched."""
    for action in ACTIONS:
        _declare(action, work_of(action))


def _declare(action: str, work: Work) -> None:
    @workflow(action)
    def run(portal_id: int, callback_id: str) -> str:
        return run_callback(portal_id, callback_id, work)
