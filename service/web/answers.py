"""What we answer HubSpot when it executes an action, derived from the callback's row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from service.store.callbacks import StoredCallback

# How long HubSpot's workflow waits for us; its own default is a week.
# https://developers.hubspot.com/docs/apps/developer-platform/add-features/custom-workflow-actions
BLOCK_FOR = timedelta(days=7)
# We give up before HubSpot does: after its expiry the workflow goes on without a word.
HEADROOM = timedelta(hours=1)


def derive_answer(callback: StoredCallback, now: datetime) -> dict[str, dict[str, str]]:
    """BLOCK with the time that is left, or the outcome with its outputs."""
    if callback.outcome is None:
        return block(callback.expires_at - now)
    return finished(callback.outcome, callback.outputs)


def block(left: timedelta) -> dict[str, dict[str, str]]:
    """Wait for our completion, at most for the time given."""
    seconds = max(1, int(left.total_seconds()))
    return {"outputFields": {"hs_execution_state": "BLOCK", "hs_expiration_duration": f"PT{seconds}S"}}


def finished(outcome: str, outputs: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """SUCCESS or FAIL_CONTINUE with outputs."""
    return {"outputFields": {**outputs, "hs_execution_state": outcome}}
