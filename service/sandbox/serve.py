"""Running the sandbox: as a process of its own, or in a thread for tests."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType

from flask import Flask

from service.sandbox.listening import Listener
from service.sandbox.world import World

DEFAULT_PORT = 9000


def main(host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
    """Serve the whole sandbox until stopped; one process, because the state lives in its memory."""
    from service.sandbox.app import create_app

    listener = Listener(create_app(), host, port)
    try:
        listener.serve()
    except KeyboardInterrupt:
        listener.stop()


class InThread:
    """The sandbox on a free port of this process: `with InThread() as sandbox: sandbox.url, sandbox.world`."""

    def __init__(self, app: Flask | None = None) -> None:
        if app is None:
            from service.sandbox.app import create_app

            app = create_app()
        self.app = app
        self.world: World = app.extensions["world"]
        self._listener = Listener(app)
        self.port = self._listener.port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve, name="sandbox", daemon=True)

    def start(self) -> InThread:
        """Begin to serve; returns at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and end the senders."""
        self._listener.stop()
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
    main(os.environ.get("HOST", "127.0.0.1"), int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PORT)
