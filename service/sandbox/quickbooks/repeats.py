"""Writes told apart by their requestid: done once, answered again (contract 2.3)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.settings import Settings


class Written(NamedTuple):
    """An answer to a write; `row` names what was written."""

    body: str
    status: int = 200
    row: tuple[str, str] | None = None
    refused: str | None = None


@dataclass(slots=True)
class _Memory:
    digest: bytes
    at: datetime
    written: Written


class Repeats:
    """The request ids of one realm."""

    def __init__(self, clock: SandboxClock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self._changed = threading.Condition()
        self._flying: set[str] = set()
        self._kept: dict[str, _Memory] = {}
        self.replayed = 0

    def once(
        self, request_id: str, body: bytes, do: Callable[[], Written], again: Callable[[Written], Written]
    ) -> Written:
        """Do the write, or answer as the first time.

        `again` makes the answer of a replay.

        Raises Fault 600 where a setting says so.
        """
        settings = self._settings
        digest = hashlib.blake2b(body, digest_size=16).digest()
        with self._changed:
            while request_id in self._flying:
                if settings.requestid_in_flight == "error_600":
                    raise Fault("600", "Duplicate Request Id : the first request is still being worked on")
                if settings.requestid_in_flight == "create":
                    break
                self._changed.wait()
            known = self._recall(request_id)
            if known is not None and known.digest != digest:
                if settings.requestid_other_body == "error_600":
                    raise Fault("600", "Duplicate Request Id : used before with another body")
                if settings.requestid_other_body == "create":
                    known = None
            if known is not None:
                self.replayed += 1
                return again(known.written)
            self._flying.add(request_id)
        written = None
        try:
            written = do()
            return written
        finally:
            with self._changed:
                if written is not None and (written.status == 200 or settings.requestid_replays_failures):
                    self._kept[request_id] = _Memory(digest, self._clock.now(), written)
                self._flying.discard(request_id)
                self._changed.notify_all()

    def knows(self, request_id: str) -> bool:
        """Whether a write under this id is remembered."""
        with self._changed:
            return self._recall(request_id) is not None

    def _recall(self, request_id: str) -> _Memory | None:
        settings, known = self._settings, self._kept.get(request_id)
        if known is None or settings.requestid_memory == "forget":
            return None
        if settings.requestid_memory == "forget_after_seconds":
            life = timedelta(seconds=settings.requestid_seconds)
            return known if self._clock.now() - known.at <= life else None
        return known
