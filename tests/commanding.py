"""How an operator's command ended, run in this process."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Said(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)
