"""A HubSpot over real HTTP that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from service.hubspot.gateway import Gateway
from service.wire import Wire


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Said:
    """One scripted answer; `lost`: the connection ends without it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


class ScriptedHubSpot:
    """Answers in the order scripted; without a script left, by the rule of the test."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Said] = []
        self.rule: Callable[[Asked], Said] = lambda _: Said(599, b"nothing scripted")
        self._lock = threading.Lock()
        outer = self

        class Listener(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                with outer._lock:
                    outer.asked.append(asked)
                    said = outer.script.pop(0) if outer.script else outer.rule(asked)
                if said.lost:
                    return
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hubspot"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def will_say(self, status: int = 200, body: Any = None, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.script.append(Said(status, raw, {name.replace("_", "-"): value for name, value in headers.items()}))

    def will_lose_the_answer(self) -> None:
        self.script.append(Said(lost=True))

    def always(self, rule: Callable[[Asked], tuple[int, Any]]) -> None:
        def say(asked: Asked) -> Said:
            status, body = rule(asked)
            return Said(status, b"" if body is None else json.dumps(body).encode())

        self.rule = say

    @property
    def lines(self) -> list[str]:
        return [f"{each.method} {each.path.removeprefix('/hubspot')}" for each in self.asked]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class RecordingPace:
    """Lets everybody through and writes down what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.turns: list[str] = []

    @contextmanager
    def turn(self, scope: str) -> Iterator[None]:
        self.turns.append(scope)
        yield

    def is_free(self, scope: str, within_seconds: float) -> bool:
        return True

    def pause(self, scope: str, span: timedelta, reason: str) -> None:
        self.told.append(("pause", scope, span))

    def well(self, scope: str) -> None:
        self.told.append(("well", scope))

    def ill(self, scope: str, reason: str) -> None:
        self.told.append(("ill", scope))


class Tokens:
    """The access tokens of the test: `token-<portal>-<generation>`."""

    def __init__(self) -> None:
        self.generation = 1
        self.rejected: list[str | None] = []

    def __call__(self, portal_id: int, rejected: str | None) -> str:
        if rejected is not None:
            self.rejected.append(rejected)
            self.generation += 1
        return f"token-{portal_id}-{self.generation}"


@pytest.fixture
def hubspot() -> Iterator[ScriptedHubSpot]:
    server = ScriptedHubSpot()
    yield server
    server.stop()


@pytest.fixture
def pace() -> RecordingPace:
    return RecordingPace()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def gateway(hubspot: ScriptedHubSpot, pace: RecordingPace, tokens: Tokens) -> Gateway:
    return Gateway(api_url=hubspot.url, version="2026-03", wire=Wire(), pace=pace, access_token=tokens)
