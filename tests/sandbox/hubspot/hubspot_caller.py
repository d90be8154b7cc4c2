"""Calling the sandbox's HubSpot in tests, and standing in for our service when it calls back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.state import HubSpot
from service.sandbox.tape import Tape
from service.sandbox.trouble import Trouble

US = 20000001
UK = 20000002
DEALS = "/crm/objects/2026-03/deals"


class HubSpotWorld:
    """As much of a world as HubSpot's routes need."""

    def __init__(self) -> None:
        self.clock = SandboxClock()
        self.tape = Tape()
        self.trouble = Trouble()
        self.hubspot = HubSpot(self.clock)


class Caller:
    """A client with a portal's access token; remembers what was refused."""

    def __init__(self, app: Flask, world: HubSpotWorld, portal_id: int = US) -> None:
        self.http = app.test_client()
        self.world, self.portal_id = world, portal_id
        self.token = self.control(f"portals/{portal_id}/token", {})["access_token"]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.http.open(path, method=method, json=body, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", path, body, **more)

    def patch(self, path: str, body: Any = None) -> Any:
        return self.call("PATCH", path, body)

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        method = method or ("GET" if body is None else "POST")
        answer = self.http.open(f"/_sandbox/hubspot/{path}", method=method, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def make(self, object_type: str, **properties: str) -> str:
        made = self.control(
            "objects", {"portal_id": self.portal_id, "object_type": object_type, "properties": properties}
        )
        return str(made["id"])

    def story(self, name: str) -> str:
        return str(self.world.hubspot.stories[self.portal_id][name])

    @property
    def refusals(self) -> list[str]:
        return [row["refused"] for row in self.world.tape.refusals()]


class Receiver:
    """Our service's stand-in: keeps what HubSpot sends and answers what the test says."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.always: tuple[int, dict[str, str], Any] = (200, {}, {"outputFields": {"hs_execution_state": "SUCCESS"}})
        self.seconds = 0.0  # how long every answer takes
        self._lock = threading.Lock()

        class Quiet(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=Quiet)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def block(self, duration: str | None = "PT6H") -> None:
        outputs = {"hs_execution_state": "BLOCK"} | ({"hs_expiration_duration": duration} if duration else {})
        self.always = (200, {}, {"outputFields": outputs})

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        time.sleep(self.seconds)
        with self._lock:
            row = {"path": environ["PATH_INFO"], "headers": headers, "body": body, "json": json.loads(body)}
            self.received.append(row)
            status, more, said = self.answers.pop(0) if self.answers else self.always
        raw = said if isinstance(said, bytes) else json.dumps(said).encode()
        start(f"{status} X", [("Content-Type", "application/json"), ("Content-Length", str(len(raw))), *more.items()])
        return [raw]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def wait_for(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")
