"""What would take a week, or ten dead workers: written into the demo's own database, as if it had happened.

The processes are the ordinary ones and know nothing of it: they read the row and act on it. Nobody could
wait for it, and a worker with a wrong clock would do far more than this one callback.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from service.demo.processes import DATABASE

# So many workers have to end while they work on a callback before it is given up.
DEAD_WORKERS = 10
PATIENCE_SECONDS = 30.0


def pass_deadline(callback_id: str) -> None:
    """The days that HubSpot waits are over for the callback, which is still being tried."""
    _rewrite(callback_id, "deadline_at", _now())


def bury_workers(callback_id: str) -> None:
    """Ten workers ended while they worked on the callback."""
    _rewrite(callback_id, "crashes", DEAD_WORKERS)


def _rewrite(callback_id: str, column: str, value: int) -> None:
    """Change the row between two tries, and let the next one come at once.

    A callback that is completed at the first try is left as it is: what it was told is the evidence.
    Raises: RuntimeError when there is no second try to wait for.
    """
    statement = f"UPDATE callbacks SET {column} = ?, due_at = ? WHERE callback_id = ? AND state = 'waiting'"  # noqa: S608
    end = time.monotonic() + PATIENCE_SECONDS
    with closing(sqlite3.connect(DATABASE, timeout=10, isolation_level=None)) as database:
        while not database.execute(statement, (value, _now(), callback_id)).rowcount:
            found = database.execute("SELECT state FROM callbacks WHERE callback_id = ?", (callback_id,)).fetchone()
            if found == ("completed",):
                return
            if time.monotonic() > end:
                raise RuntimeError(f"{callback_id} did not wait for another try in {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.05)


def _now() -> int:
    """As the service writes times: milliseconds."""
    return time.time_ns() // 1_000_000
