"""The load: sixteen connections, each sends its next request when its answer has come.

A process of its own with one thread, so that it takes little from the two cores and nothing from
the server's interpreter. `python -m tests.bench.load URL --answer TEXT` prints its figures as JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from tests.bench.signing import signed_requests

SIGNED_AHEAD_PER_SECOND = 2_500
PATIENCE_SECONDS = 30.0


@dataclass
class Figures:
    """What came back. `answered` counts all, the rest only what was sent after the warm-up."""

    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    reconnected: int = 0
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Load:
    """One run against one address."""

    def __init__(self, url: str, requests: Iterator[bytes], answer: bytes, connections: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._requests, self._answer = requests, answer
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._sent_at: dict[int, float] = {}
        self._read: dict[int, bytes] = {}
        self.figures = Figures()
        for _ in range(connections):
            self._connect()

    def run(self, warm_up: float, seconds: float) -> Figures:
        """Warm up, measure, and let what is in flight come to its end."""
        for number in list(self._sockets):
            self._send(number)
        begin = time.perf_counter() + warm_up
        end = begin + seconds
        while self._sent_at:
            events = self._poll.poll(PATIENCE_SECONDS)
            if not events:
                raise SystemExit("no answer in time")
            for number, _ in events:
                self._receive(number, begin, end)
        self.figures.seconds = seconds
        return self.figures

    def _connect(self) -> int:
        made = socket.create_connection(self._address, timeout=10)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setblocking(False)
        self._sockets[made.fileno()] = made
        self._poll.register(made.fileno(), select.EPOLLIN)
        return made.fileno()

    def _send(self, number: int) -> None:
        request = next(self._requests)
        self._read[number], self._sent_at[number] = b"", time.perf_counter()
        if self._sockets[number].send(request) != len(request):
            raise SystemExit("a request did not fit into the socket")

    def _receive(self, number: int, begin: float, end: float) -> None:
        try:
            got = self._sockets[number].recv(65_536)
        except ConnectionError:
            got = b""
        if not got:
            self._renew(number, end)
            return
        known = self._read[number] = self._read[number] + got
        if not _is_whole(known):
            return
        now, sent_at = time.perf_counter(), self._sent_at.pop(number)
        self.figures.answered += 1
        if not known.startswith(b"HTTP/1.1 200") or self._answer not in known:
            self.figures.wrong.append(known[:300].decode("latin-1"))
        if begin <= sent_at and now <= end:
            self.figures.milliseconds.append((now - sent_at) * 1000)
        if now < end:
            self._send(number)

    def _renew(self, number: int, end: float) -> None:
        """The server hung up: counted, and begun again on a new connection."""
        self._poll.unregister(number)
        self._sockets.pop(number).close()
        self._sent_at.pop(number)
        self.figures.reconnected += 1
        if time.perf_counter() < end:
            self._send(self._connect())


def _is_whole(known: bytes) -> bool:
    head, separator, body = known.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    return len(body) >= int(length or 0)


def main() -> None:
    """Sign ahead, run, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--signed-url", help="what the signature is made for, when it is another address")
    parser.add_argument("--answer", required=True, help="what every answer must hold")
    parser.add_argument("--portal", type=int, required=True)
    parser.add_argument("--label", default="0")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    endless = signed_requests(asked.signed_url or asked.url, asked.portal, asked.label)
    ahead = list(itertools.islice(endless, int(SIGNED_AHEAD_PER_SECOND * (asked.warm_up + asked.seconds))))
    requests = itertools.chain(ahead, endless)
    if asked.signed_url:  # the same bytes for a server that does not look at them
        path, other = urlsplit(asked.url).path.encode(), urlsplit(asked.signed_url).path.encode()
        requests = itertools.chain((each.replace(other, path, 1) for each in ahead), itertools.repeat(ahead[0]))
    load = Load(asked.url, requests, asked.answer.encode(), asked.connections)
    print(json.dumps(asdict(load.run(asked.warm_up, asked.seconds))))


if __name__ == "__main__":
    main()
