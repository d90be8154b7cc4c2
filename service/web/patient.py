"""gunicorn's thread worker, with patience for slow clients: a thread is given to whole requests only.

gthread hands a connection to a thread at its first byte, and the thread waits for the rest; a few
clients that send a byte a second would hold all threads. Here the request is looked at (peeked)
first and goes back to the poller until it is complete.
"""

from __future__ import annotations

import re
import select
import socket
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker  # type: ignore[import-untyped]

# More than this is not waited for: the kernel's buffer may hold no more.
PEEK = 60_000
# A client gets this long for one request.
SECONDS = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """As gthread, but a half-sent request costs no thread."""

    def handle(self, conn: Any) -> Any:
        """Serve the connection if its request is there, else let it wait in the poller."""
        if conn.is_http2 or self.cfg.is_ssl or (conn.parser and conn.parser.unreader.buf.getvalue()):
            return super().handle(conn)
        missing = bytes_missing(conn.sock)
        if missing:
            conn.began = getattr(conn, "began", None) or time.monotonic()
            if time.monotonic() - conn.began > SECONDS:
                return False
            # The poller wakes when that much more is there, not at every byte.
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, missing)
            return _DEFER
        conn.began = None
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        return super().handle(conn)

    def set_accept_enabled(self, enabled: bool) -> None:
        """As gthread; at the end whoever is connected already is taken in, and nobody is after that.

        gthread keeps the listening sockets until it is done: clients connect meanwhile and are cut off.
        """
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            while select.select([listener], [], [], 0)[0]:
                self.accept(listener)
            listener.close()


def bytes_missing(connection: socket.socket) -> int:
    """The number of bytes that must be readable before the request can be served; 0: serve it now.

    An ended or broken connection, and a body of unknown length, are left to gunicorn.
    """
    connection.setblocking(False)
    try:
        seen = connection.recv(PEEK, socket.MSG_PEEK)
    except BlockingIOError:
        return 1
    except OSError:
        return 0
    if not seen or len(seen) >= PEEK or _has_ended(connection):
        return 0
    head = seen.find(b"\r\n\r\n")
    if head < 0:
        return len(seen) + 1
    length = _LENGTH.search(seen, 0, head + 2)
    wanted = min(head + 4 + int(length[1]) if length else 0, PEEK)
    return wanted if wanted > len(seen) else 0


def _has_ended(connection: socket.socket) -> bool:
    """Whether nothing more can come: the poller would wake for that at once, again and again."""
    poller = select.poll()
    poller.register(connection, select.POLLRDHUP)
    return bool(poller.poll(0))
