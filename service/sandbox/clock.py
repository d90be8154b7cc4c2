"""The sandbox's clock: real time, moved by whoever scripts a story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Real time plus an offset, or a frozen instant. Rate limits do not use it: they are real."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The sandbox's present, aware, UTC."""
        return self._frozen_at or datetime.now(UTC) + self._offset

    def advance(self, span: timedelta) -> None:
        """Move time forward (or back, with a negative span)."""
        if self._frozen_at is not None:
            self._frozen_at += span
        else:
            self._offset += span

    def set(self, instant: datetime) -> None:
        """Let time go on from the given aware instant."""
        self._frozen_at = None
        self._offset = instant - datetime.now(UTC)

    def freeze(self, instant: datetime) -> None:
        """Stop time at the given aware instant."""
        self._frozen_at = instant

    def reset(self) -> None:
        """Back to real time."""
        self._offset, self._frozen_at = timedelta(), None
