"""Running the sandbox: as a process of its own, or in a thread for tests."""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import TracebackType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from service.sandbox.world import World

THREADS, KEEP_ALIVE_SECONDS = 32, 30


def main(host: str = "127.0.0.1", port: int = 9000) -> None:
    """Serve the whole sandbox until stopped."""
    SandboxServer({"bind": f"{host}:{port}"}).run()


class SandboxServer(BaseApplication):  # type: ignore[misc]
    """gunicorn with one worker: the state lives in its memory."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """One process, many threads, connections kept, no access log."""
        settings = {
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "keepalive": KEEP_ALIVE_SECONDS,
            "timeout": 0,
            "graceful_timeout": 2,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in {**settings, **self._options}.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """Made in the worker, after the fork, so that its threads live there."""
        from service.sandbox.app import create_app

        return create_app()


class _KeepAlive(WSGIRequestHandler):
    """HTTP/1.1 and silence."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: tests read the tape."""


class InThread:
    """The sandbox on a free port of this process: `with InThread() as sandbox: sandbox.url, sandbox.world`."""

    def __init__(self, app: Flask | None = None) -> None:
        if app is None:
            from service.sandbox.app import create_app

            app = create_app()
        self.app = app
        self.world: World = app.extensions["world"]
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_KeepAlive)
        threads: Any = self._server
        threads.daemon_threads, threads.block_on_close = True, False
        self.port = int(self._server.server_port)
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sandbox", daemon=True)

    def start(self) -> InThread:
        """Begin to serve; returns at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and end the senders."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        for vendor in (self.world.hubspot, self.world.quickbooks):
            close = getattr(vendor, "close", None)
            if close is not None:
                close()

    def __enter__(self) -> InThread:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


if __name__ == "__main__":
    main(os.environ.get("HOST", "127.0.0.1"), int(sys.argv[1]) if len(sys.argv) > 1 else 9000)
