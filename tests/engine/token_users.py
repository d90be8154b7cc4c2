"""One process that wants a realm's access token in many threads at once.

Prints "ready", waits for a line, prints what each thread got: a hash of its token, or its error's name.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from datetime import UTC, datetime

from service.clock import FixedClock
from service.config import load_config
from service.wiring import make_services, open_stores


def main(realm_id: str, count: int, now: str) -> None:
    clock = FixedClock(datetime.fromisoformat(now).astimezone(UTC))
    services = make_services(open_stores(load_config(), clock=clock, pool_size=8))
    got: list[str] = []
    barrier = threading.Barrier(count + 1)

    def use() -> None:
        barrier.wait(30)
        try:
            token = services.tokens["quickbooks"].access_token(realm_id)
            got.append(hashlib.sha256(token.encode()).hexdigest()[:16])
        except Exception as error:
            got.append(type(error).__name__)

    threads = [threading.Thread(target=use) for _ in range(count)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    barrier.wait(30)
    for thread in threads:
        thread.join(30)
    print(" ".join(got), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
