"""How the sandbox's HubSpot calls us: a small pool of threads, connections kept alive."""

from __future__ import annotations

import heapq
import http.client
import itertools
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_THREADS = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Sending:
    """Jobs that are due now or later, done by threads started when there is work."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._threads = self._idle = 0
        self._closed = False

    def submit(self, job: Callable[[], None], delay: float = 0.0) -> None:
        """Do a job after so many seconds of real time."""
        with self._wake:
            if self._closed:
                return
            heapq.heappush(self._jobs, (time.monotonic() + delay, next(self._numbers), job))
            if self._idle < len(self._jobs) and self._threads < MOST_THREADS:
                self._threads += 1
                threading.Thread(target=self._work, name="hubspot-sender", daemon=True).start()
            self._wake.notify()

    def clear(self) -> None:
        """Forget every job that has not begun."""
        with self._wake:
            self._jobs.clear()

    def close(self) -> None:
        """No more jobs; idle threads end."""
        with self._wake:
            self._closed = True
            self._jobs.clear()
            self._wake.notify_all()

    def _work(self) -> None:
        while True:
            with self._wake:
                job = self._next()
            if job is None:
                return
            job()

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next due job; None when the pool is closed."""
        while not self._closed:
            if not self._jobs:
                wait = None
            else:
                wait = self._jobs[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._jobs)[2]
            self._idle += 1
            self._wake.wait(wait)
            self._idle -= 1
        self._threads -= 1
        return None


_kept = threading.local()


def post(url: str, body: bytes, headers: dict[str, str], timeout: float) -> Answer:
    """POST over this thread's connection to that host. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.netloc, timeout)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        read = answer.read()
    except BaseException:
        connection.close()
        raise
    if answer.will_close:
        connection.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)


def _connection(scheme: str, host: str, timeout: float) -> http.client.HTTPConnection:
    """This thread's connection; a fresh one when the other side has closed it meanwhile."""
    known: dict[tuple[str, str], http.client.HTTPConnection] = _kept.__dict__.setdefault("connections", {})
    connection = known.get((scheme, host))
    if connection is None:
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        connection = known[scheme, host] = kind(host, timeout=timeout)
    elif connection.sock is not None:
        watch = select.poll()
        watch.register(connection.sock, select.POLLIN)
        if watch.poll(0):
            connection.close()
        else:
            connection.sock.settimeout(timeout)
    connection.timeout = timeout
    return connection
