"""How fast this machine is now: neighbours on the same silicon make every CPU millisecond longer."""

from __future__ import annotations

import json
import statistics
import threading
import time

LOOPS = 60
SECONDS_BETWEEN = 0.2
_DOCUMENT = {"lines": [{"id": str(number), "amount": number} for number in range(40)]}


class MachinePace:
    """Times a small fixed piece of work again and again, in about one hundredth of a core."""

    def __init__(self) -> None:
        self._took: list[tuple[float, float]] = []
        self._thread = threading.Thread(target=self._sample, name="pace", daemon=True)
        self._thread.start()

    def slowness(self, since: float) -> float:
        """The middle cost of the work since a monotonic instant, over its least cost ever seen here."""
        recent = [cost for at, cost in self._took if at >= since]
        return statistics.median(recent) / min(cost for _, cost in self._took) if recent else 1.0

    def _sample(self) -> None:
        while True:
            before = time.thread_time()
            for _ in range(LOOPS):
                json.loads(json.dumps(_DOCUMENT))
            self._took.append((time.monotonic(), time.thread_time() - before))
            time.sleep(SECONDS_BETWEEN)
