"""Where a run takes place: a fresh directory, a fresh database, free ports; all gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from service.clock import SystemClock
from service.config import load_config
from service.ids import PortalId, RealmId
from service.wiring import Stores, open_stores
from tests.bench.processes import Running, free_port
from tests.databases import Databases
from tests.harness import environment


class Stage:
    """One run's place. `with Stage("sqlite") as stage: stage.start_web()`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._temporary = tempfile.TemporaryDirectory(prefix="bench-")
        self.directory = Path(self._temporary.name)
        self._databases = Databases(self.directory)
        self._urls: list[str] = []
        self._running: list[Running] = []
        self.database_url = self.fresh_database()
        self.sandbox_url = f"http://127.0.0.1:{free_port()}"
        self.web_url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            **environment(self.database_url, self.sandbox_url, self.web_url),
            "SECRET_KEY": "bench-secret-key-of-enough-length",
            "ENCRYPTION_KEYS": "bench-sealing-key-of-enough-length",
        }
        self.stores: Stores = open_stores(load_config(self.environment), pool_size=2)

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in reversed(self._running):
            running.stop()
        self.stores.database.close()
        for url in self._urls:
            self._databases.drop(url)
        self._databases.close()
        self._temporary.cleanup()

    def fresh_database(self, *, migrated: bool = True) -> str:
        """The address of another new database of this run's kind."""
        url = self._databases.fresh(self.kind) if migrated else self._databases.empty(self.kind)
        self._urls.append(url)
        return url

    def start_web(self) -> Running:
        return self._start("web", ["-m", "service", "web"]).wait_ready(f"{self.web_url}/readyz")

    def start_worker(self) -> Running:
        return self._start("worker", ["-m", "service", "worker"])

    def start_sandbox(self) -> Running:
        arguments = ["-m", "service", "sandbox", "--port", self.sandbox_url.rpartition(":")[2]]
        return self._start("sandbox", arguments).wait_ready(f"{self.sandbox_url}/_sandbox/health")

    def start_gunicorn(self, name: str, application: str, environment: Mapping[str, str]) -> tuple[Running, str]:
        """Another application under the service's own settings but gunicorn's own worker; also its address."""
        port = str(free_port())
        arguments = ["-m", "gunicorn", "-c", "python:service.web.server", "-k", "gthread", application]
        url = f"http://127.0.0.1:{port}"
        return self._start(name, arguments, {**environment, "PORT": port}).wait_ready(f"{url}/ready"), url

    def check(self) -> None:
        """Raises: NotRunning, when something has ended by itself."""
        for running in self._running:
            running.check()

    def connect(self, portal_id: int, realm_id: str, hubspot_token: str, quickbooks_token: str) -> None:
        """Join a portal and a realm, as `connections add` does."""
        now = SystemClock().now()
        self.stores.credentials.keep("hubspot", str(portal_id), refresh_token=hubspot_token, now=now)
        self.stores.credentials.keep("quickbooks", realm_id, refresh_token=quickbooks_token, now=now)
        self.stores.connections.add(PortalId(portal_id), RealmId(realm_id), now)

    def _start(self, name: str, arguments: list[str], environment: Mapping[str, str] | None = None) -> Running:
        running = Running(name, arguments, {**self.environment, **(environment or {})}, self.directory)
        self._running.append(running)
        return running
