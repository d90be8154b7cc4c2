"""The whole sandbox in a thread, spoken to over HTTP."""

from __future__ import annotations

import http.client
import json
from typing import Any

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
