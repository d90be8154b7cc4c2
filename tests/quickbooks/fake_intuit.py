"""A tiny server in Intuit's place: answers by a script and remembers every request as it came."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)


@dataclass
class Told:
    status: int = 200
    body: bytes | dict = b""
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


LOST = Told(lost=True)


class FakeIntuit:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Told] = []
        self.routes: dict[str, Told] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, dict(self.headers.items()), body)
                fake.asked.append(asked)
                told = fake.routes.get(asked.path) or (fake.script.pop(0) if fake.script else Told(599, b"unscripted"))
                if told.lost:
                    self.close_connection = True
                    return
                content = json.dumps(told.body).encode() if isinstance(told.body, dict) else told.body
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def tell(self, status: int = 200, body: bytes | dict = b"", **headers: str) -> None:
        named = {name.replace("_", "-") if name != "intuit_tid" else name: value for name, value in headers.items()}
        self.script.append(Told(status, body, named))

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class FakePace:
    """Lets everybody go and remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[tuple] = []
        self.held: list[str] = []
        self.free = True

    def is_free(self, scope: str, within_seconds: float) -> bool:
        return self.free

    def turn(self, scope: str):
        pace = self

        class Turn:
            def __enter__(self) -> None:
                pace.held.append(scope)
                pace.events.append(("turn", scope))

            def __exit__(self, *_: object) -> None:
                pace.held.remove(scope)

        return Turn()

    def pause(self, scope, span, reason) -> None:
        self.events.append(("pause", scope, span, reason))

    def well(self, scope) -> None:
        self.events.append(("well", scope))

    def ill(self, scope, reason) -> None:
        self.events.append(("ill", scope, reason))

    def told(self) -> list[tuple]:
        return [event for event in self.events if event[0] != "turn"]


class AccessTokens:
    """Gives out numbered access tokens, a new one whenever the last was refused."""

    def __init__(self) -> None:
        self.count = 1
        self.rejected: list[str | None] = []

    def __call__(self, realm, rejected):
        self.rejected.append(rejected)
        if rejected is not None:
            self.count += 1
        return f"access-{realm}-{self.count}"
