"""The whole sandbox in a thread, spoken to over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest

from service.sandbox.serve import InThread


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    raw = answer.read()
    return answer.status, json.loads(raw) if raw[:1] in (b"{", b"[") else raw


def test_it_is_served_on_a_kept_connection() -> None:
    with InThread() as sandbox:
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
        assert ask(connection, "GET", "/_sandbox/health")[0] == 200
        kept = connection.sock
        status, credentials = ask(connection, "GET", "/_sandbox/credentials")
        assert status == 200
        assert connection.sock is kept
        assert credentials["hubspot"]["app_id"] == 700001
        assert ask(connection, "POST", "/_sandbox/settings", {"hubspot": {"limits": False}})[0] == 200
        assert sandbox.world.hubspot.settings.limits is False
        assert ask(connection, "GET", "/crm/objects/2026-03/deals")[0] == 401
        assert ask(connection, "POST", "/_sandbox/reset", {})[0] == 200
        assert sandbox.world.hubspot.settings.limits is True
        connection.close()


def test_a_lost_answer_is_a_closed_connection() -> None:
    with InThread() as sandbox:
        sandbox.world.trouble.lose_next_answer("hubspot", "/account-info/")
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            ask(connection, "GET", "/account-info/2026-03/details")
        connection.close()
        assert ask(connection, "GET", "/account-info/2026-03/details")[0] == 401
        connection.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /_sandbox/health HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"501"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(200)) + b"\r\n", b"431"),
        (b"GET /_sandbox/health HTTP/1.0\r\n\r\n", b"200"),
        (b"HEAD /_sandbox/health HTTP/1.1\r\nConnection: close\r\n\r\n", b"200"),
    ],
)
def test_odd_requests_get_an_answer_and_the_end(sent: bytes, status: bytes) -> None:
    with InThread() as sandbox, socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.split()[1] == status
        assert b"Connection: close" in answer


def test_an_expectation_is_met() -> None:
    with InThread() as sandbox, socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        head = (
            b"POST /_sandbox/reset HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert b"200 OK" in connection.recv(1000)
