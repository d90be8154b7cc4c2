"""A small WSGI server for the sandbox: one thread a connection, kept alive, one write an answer.

The sandbox runs on the very cores a bench measures. An empty answer costs it 0.3 ms of CPU with this,
0.7 to 1.0 ms with gunicorn's gthread worker and 1.5 ms with werkzeug's server (measured, kept connection).
"""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

KEEP_ALIVE_SECONDS = 30.0
LONGEST_LINE, MOST_HEADERS = 65_536, 100

WSGIApplication = Callable[..., Iterable[bytes]]


class BadRequest(Exception):
    """What came is no HTTP request this server takes."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Listener:
    """Accepts connections until stopped."""

    def __init__(self, app: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._socket = socket.create_server((host, port), backlog=256)
        self.host, self.port = self._socket.getsockname()[:2]
        self._open: set[socket.socket] = set()
        self._stopped = False

    def serve(self) -> None:
        """Accept and answer; returns after `stop`."""
        while not self._stopped:
            try:
                connection, peer = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection, peer[0]), daemon=True).start()

    def stop(self) -> None:
        """Accept no more and close what is open."""
        self._stopped = True
        for each in [self._socket, *self._open]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def _converse(self, connection: socket.socket, peer: str) -> None:
        self._open.add(connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(KEEP_ALIVE_SECONDS)
            with connection.makefile("rb", LONGEST_LINE) as incoming:
                while not self._stopped and self._answer_one(connection, incoming, peer):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def _answer_one(self, connection: socket.socket, incoming: Any, peer: str) -> bool:
        """Answer one request; whether the connection may be used again."""
        try:
            environ = read_request(incoming, connection)
        except BadRequest as error:
            line = f"HTTP/1.1 {error.status.value} {error.status.phrase}"
            connection.sendall(f"{line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return False
        if environ is None:
            return False
        environ |= {"SERVER_NAME": self.host, "SERVER_PORT": str(self.port), "REMOTE_ADDR": peer}
        started: list[Any] = []
        answer = self._app(environ, lambda status, headers, exc_info=None: started.extend((status, headers)))
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        status, headers = started
        closing = environ.get("HTTP_CONNECTION", "").lower() == "close" or environ["SERVER_PROTOCOL"] == "HTTP/1.0"
        lines = [f"HTTP/1.1 {status}"]
        sized = status[:3] in ("204", "304")
        for name, value in headers:
            lines.append(f"{name}: {value}")
            lowered = name.lower()
            sized = sized or lowered == "content-length"
            closing = closing or (lowered == "connection" and value.lower() == "close")
        if not sized:
            lines.append(f"Content-Length: {len(body)}")
        if closing:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        connection.sendall(head if environ["REQUEST_METHOD"] == "HEAD" else head + body)
        return not closing


def read_request(incoming: BinaryIO, connection: socket.socket) -> dict[str, Any] | None:
    """One request as a WSGI environ; None when the other side has closed. Raises BadRequest."""
    first = incoming.readline(LONGEST_LINE)
    if not first:
        return None
    try:
        method, target, protocol = first.decode("latin-1").split()
    except ValueError:
        raise BadRequest(HTTPStatus.BAD_REQUEST) from None
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
        "QUERY_STRING": query,
        "RAW_URI": target,
        "SERVER_PROTOCOL": protocol,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "werkzeug.socket": connection,  # trouble hangs up on it
    }
    for _ in range(MOST_HEADERS):
        line = incoming.readline(LONGEST_LINE).decode("latin-1").rstrip("\r\n")
        if not line:
            break
        name, separator, value = line.partition(":")
        if not separator:
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        value = value.strip()
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    else:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise BadRequest(HTTPStatus.NOT_IMPLEMENTED)
    length = environ.get("CONTENT_LENGTH", "0")
    if not length.isdigit():
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = incoming.read(int(length)) if length != "0" else b""
    if len(body) < int(length):
        return None
    environ["wsgi.input"] = io.BytesIO(body)
    return environ
