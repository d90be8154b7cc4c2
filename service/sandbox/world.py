"""Everything the sandbox is: one clock, one tape, its trouble, and the two vendors."""

from __future__ import annotations

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.state import HubSpot
from service.sandbox.quickbooks.state import QuickBooks
from service.sandbox.tape import Tape
from service.sandbox.trouble import Trouble


class World:
    """Made once per process; `reset` brings back the seeded state, byte for byte."""

    def __init__(self) -> None:
        self.clock = SandboxClock()
        self.tape = Tape()
        self.trouble = Trouble()
        self.hubspot = HubSpot(self.clock)
        self.quickbooks = QuickBooks(self.clock)

    def reset(self) -> None:
        """Back to the seed: books, tokens, settings, time, trouble and tape."""
        self.clock.reset()
        self.tape.reset()
        self.trouble.clear()
        self.hubspot.reset()
        self.quickbooks.reset()
