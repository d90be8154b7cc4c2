"""Service and sandbox as real processes: started, killed, stopped, started again, and looked into.

Nothing here reaches into a process: what became of the work is read from the sandbox's books over
HTTP and from the database.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from service.config import load_config
from service.ids import PortalId, RealmId
from service.wiring import Stores, open_stores
from tests.crash.stand_by import die_with_parent
from tests.harness import PORTAL, REALM, environment

ROOT = Path(__file__).resolve().parents[2]
CLEAN_END_SECONDS = 25.0
MARK = "[hs:"
# Our deals sell what nobody has sold before: the run makes the item, as it makes the customer.
INPUTS = {"itemNotFound": "create"}


class Process:
    """One process of ours, with a process group of its own and a log for every start."""

    def __init__(self, name: str, command: Sequence[str], variables: dict[str, str], directory: Path) -> None:
        self.name, self._command, self._variables, self._directory = name, list(command), variables, directory
        self._starts = 0
        self._running: subprocess.Popen[bytes] | Child | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Begin; the last one must be over."""
        assert not self.alive, f"{self.name} runs already"
        self._starts += 1
        self._running = self._begin()

    def _begin(self) -> subprocess.Popen[bytes] | Child:
        with self.log_path.open("wb") as log:
            return spawn(self._command, self._variables, self._directory, stdout=log, stderr=subprocess.STDOUT)

    @property
    def log_path(self) -> Path:
        """The log of the latest start."""
        return self._directory / f"{self.name}.{self._starts}.log"

    @property
    def log(self) -> str:
        """What the latest start has written."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def all_logs(self) -> str:
        """What every start has written, oldest first."""
        paths = [self._directory / f"{self.name}.{number}.log" for number in range(1, self._starts + 1)]
        return "".join(path.read_text(errors="replace") for path in paths if path.exists())

    @property
    def pid(self) -> int:
        """Of the process that was started, and of its group."""
        assert self._running is not None
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and its children, as the system does when it goes down."""
        if self._running is not None and self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, number)

    def kill(self) -> None:
        """SIGKILL, and be sure that it is over."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def terminate(self) -> float:
        """SIGTERM to the one we started, as a supervisor does; the seconds until it was over."""
        assert self._running is not None
        began = time.monotonic()
        os.kill(self._running.pid, signal.SIGTERM)
        self.wait(CLEAN_END_SECONDS)
        return time.monotonic() - began

    def wait(self, seconds: float) -> int | None:
        """Wait until it is over; its exit status, where that is known."""
        return None if self._running is None else self._running.wait(seconds)


class Worker(Process):
    """A worker: the real command, or a child of a nursery."""

    def __init__(self, name: str, variables: dict[str, str], directory: Path, nursery: Nursery | None = None) -> None:
        super().__init__(name, ["-m", "service", "worker"], variables, directory)
        self._nursery = nursery

    def _begin(self) -> subprocess.Popen[bytes] | Child:
        return self._nursery.bear(self.log_path) if self._nursery else super()._begin()

    @property
    def working(self) -> bool:
        """It has said so."""
        return " service.worker working " in self.log


class Nursery:
    """Workers that start in no time: see `stand_by`, or another module with its protocol."""

    def __init__(self, variables: dict[str, str], directory: Path, module: str) -> None:
        self._process = spawn(["-m", module], variables, directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def bear(self, log_path: Path) -> Child:
        """The next worker."""
        said, heard = self._process.stdin, self._process.stdout
        assert said is not None
        assert heard is not None
        said.write(f"{log_path}\n".encode())
        said.flush()
        return Child(int(heard.readline()))

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Child:
    """A process that another one has begun and will bury."""

    pid: int

    def poll(self) -> int | None:
        """None while it runs; its exit status is not known."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return -1
        return None

    def wait(self, timeout: float) -> None:
        """Until it is over."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.005)


def spawn(command: Sequence[str], variables: dict[str, str], directory: Path, **pipes: Any) -> subprocess.Popen[bytes]:
    """A Python process that ends with us, in a process group of its own."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=directory,
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **variables},
        start_new_session=True,
        preexec_fn=die_with_parent,
        **{"stdin": subprocess.DEVNULL, **pipes},
    )


@dataclass(frozen=True, slots=True)
class Tenant:
    """A portal joined to a realm."""

    portal_id: int
    realm_id: str


class Installation:
    """One sandbox, one web, any number of workers, one database."""

    def __init__(
        self, database_url: str, directory: Path, *, workers: int = 1, nursery: str | None = "tests.crash.stand_by"
    ) -> None:
        """`nursery` None: workers are started by the real command, a second slower."""
        self.database_url, self.directory = database_url, directory
        sandbox_port, web_port = free_port(), free_port()
        self.sandbox_url, self.public_url = f"http://127.0.0.1:{sandbox_port}", f"http://127.0.0.1:{web_port}"
        self.environment = environment(database_url, self.sandbox_url, self.public_url) | {
            "SECRET_KEY": "crash-tests-secret-key",
            "ENCRYPTION_KEYS": "crash-tests-encryption-key",
        }
        command = ["-m", "service", "sandbox", "--port", str(sandbox_port)]
        self.sandbox = Process("sandbox", command, {}, directory / "sandbox")
        self.web = Process("web", ["-m", "service", "web"], self.environment, directory / "web")
        self._nursery = Nursery(self.environment, made_directory(directory / "workers"), nursery) if nursery else None
        self.workers = [
            Worker(f"worker-{number}", self.environment, directory / "workers", self._nursery)
            for number in range(1, workers + 1)
        ]
        self._tenants, self._refusals, self._worker_number = 0, 0, workers
        self._http = requests.Session()
        self.stores: Stores = open_stores(load_config(self.environment, instance=directory), pool_size=4)

    @property
    def worker(self) -> Worker:
        """The first worker."""
        return self.workers[0]

    def start(self, *, settings: dict[str, dict[str, Any]] | None = None) -> Installation:
        """Start everything and wait until it is ready. What fails on the way leaves nothing running."""
        try:
            self.sandbox.start()
            self.web.start()
            for worker in self.workers:
                worker.start()
            self.wait_for(self._sandbox_answers, "the sandbox")
            self.calm(settings)
            self.wait_for(self.web_ready, "the web process")
            for worker in self.workers:
                self.wait_for(lambda one=worker: one.working, f"{worker.name}: {worker.log}")
        except BaseException:
            self.close()
            raise
        return self

    def calm(self, settings: dict[str, dict[str, Any]] | None = None) -> None:
        """No trouble, and the switches as these tests want them."""
        self.end_trouble()
        hubspot = {"actions_url": self.public_url, "redelivery_seconds": 0.2, "redelivery_cap_seconds": 1.0}
        self.set_sandbox(hubspot={**hubspot, "early_completion": "accept"}, quickbooks={"refresh_grace_seconds": 0})
        self.set_sandbox(**(settings or {}))

    def repair(self, workers: int = 1) -> None:
        """Everything up again and the wire quiet, whatever the test before has left."""
        for worker in self.workers[workers:]:
            worker.signal(signal.SIGCONT)
            worker.kill()
        del self.workers[workers:]
        self.calm()
        if not self.web.alive:
            self.restart_web()
        for worker in self.workers:
            if not worker.alive:
                self.start_worker(worker)
        self.new_refusals()

    def close(self) -> None:
        """End everything, whatever state it is in."""
        for process in (*self.workers, self.web, self.sandbox):
            process.signal(signal.SIGCONT)
            process.signal(signal.SIGKILL)
        for process in (*self.workers, self.web, self.sandbox):
            process.wait(10)
        if self._nursery:
            self._nursery.close()
        self._http.close()
        self.stores.database.close()

    def start_worker(self, worker: Worker | None = None) -> Worker:
        """Start a worker (the first) again, and wait until it works."""
        chosen = worker or self.worker
        chosen.start()
        self.wait_for(lambda: chosen.working, f"{chosen.name}")
        return chosen

    def add_worker(self, *, real: bool = False) -> Worker:
        """One more worker, not started; `real`: by the command, with an exit status."""
        self._worker_number += 1  # never the same twice: a log of the same name would tell of another
        nursery = None if real else self._nursery
        name, directory = f"worker-{self._worker_number}", self.directory / "workers"
        self.workers.append(Worker(name, self.environment, directory, nursery))
        return self.workers[-1]

    def restart_web(self) -> None:
        """Start web again and wait until it is ready."""
        self.web.start()
        self.wait_for(self.web_ready, "the web process")

    def run(self, *arguments: str, seconds: float = 30.0) -> subprocess.CompletedProcess[str]:
        """One of the operator's commands, as a process."""
        return subprocess.run(
            [sys.executable, "-m", "service", *arguments],
            cwd=self.directory,
            env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def web_ready(self) -> bool:
        """Whether web answers, and reaches the database."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.public_url}/readyz", timeout=5).status_code == 200
        return False

    def _sandbox_answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return self._http.get(f"{self.sandbox_url}/_sandbox/health", timeout=5).status_code == 200
        return False

    def wait_for(self, happened: Callable[[], bool], what: str, seconds: float = 40.0, callback_id: str = "") -> None:
        """Until something comes true; `callback_id` says whose evidence to show when it does not."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}\n{self.evidence(callback_id)}"
            time.sleep(0.02)

    # The sandbox

    def ask_sandbox(self, method: str, path: str, document: Any = None) -> Any:
        """One of the sandbox's own controls."""
        answer = self._http.request(method, f"{self.sandbox_url}/_sandbox{path}", json=document, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def set_sandbox(self, **vendors: dict[str, Any]) -> None:
        """Turn switches of the sandbox: `hubspot={...}`, `quickbooks={...}`."""
        if vendors:
            self.ask_sandbox("POST", "/settings", vendors)

    def trouble(self, kind: str, path: str, **rule: Any) -> Callable[[], int]:
        """Script trouble on the wire; the function given back tells how often it has struck."""
        made = self.ask_sandbox("POST", "/trouble", {"kind": kind, "path": path, **rule})["id"]

        def hits() -> int:
            rules = self.ask_sandbox("GET", "/trouble")["rules"]
            return sum(int(each["hits"]) for each in rules if each["id"] == made)

        return hits

    def end_trouble(self) -> None:
        """No more trouble."""
        self.ask_sandbox("DELETE", "/trouble")

    def add_tenant(self, *, deals: int = 0, connect: bool = True) -> tuple[Tenant, list[str]]:
        """A portal and a realm nobody has used yet, with so many deals in the portal."""
        self._tenants += 1
        tenant = Tenant(PORTAL + 1000 + self._tenants, f"{int(REALM) + 1000 + self._tenants}")
        asked = {"portal_id": tenant.portal_id, "like": PORTAL, "deals": deals}
        portal = self.ask_sandbox("POST", "/hubspot/portals", asked)
        realm = self.ask_sandbox("POST", "/quickbooks/realms", {"realm_id": tenant.realm_id, "like": REALM})
        if connect:
            self.connect(tenant, portal["refresh_token"], realm["refresh_token"])
        return tenant, [str(deal_id) for deal_id in portal["deal_ids"]]

    def take_tenant(self) -> Tenant:
        """A connected tenant nobody has used yet."""
        return self.add_tenant()[0]

    def connect(self, tenant: Tenant, hubspot_refresh_token: str, quickbooks_refresh_token: str) -> None:
        """Join portal and realm, as `connections add` does."""
        now, portal_id = self.stores.clock.now(), PortalId(tenant.portal_id)
        keep = self.stores.credentials.keep
        keep("hubspot", str(portal_id), refresh_token=hubspot_refresh_token, now=now)
        keep("quickbooks", tenant.realm_id, refresh_token=quickbooks_refresh_token, now=now)
        # As if looked at: what a worker reads ahead of need must not be taken for the calls of a run.
        self.stores.preflights.claim(portal_id, RealmId(tenant.realm_id), now, timedelta(days=365))
        self.stores.connections.add(portal_id, RealmId(tenant.realm_id), now)

    def make_deal(self, tenant: Tenant, name: str, products: int = 1) -> str:
        """A deal whose buyer and products nobody has met before."""
        line = {"name": f"{name} product", "price": "12.50", "quantity": "2", "hs_sku": f"SKU-{name}"}
        others = [{**line, "name": f"{name} {at}", "hs_sku": f"SKU-{name}-{at}"} for at in range(1, products)]
        person = {"email": f"{name}@buyers.example", "firstname": "Ada", "lastname": f"Buyer {name}"}
        lines = [{"properties": each} for each in (line, *others)]
        asked = {
            "portal_id": tenant.portal_id,
            "properties": {"dealname": f"Deal {name}", "amount": "25", "dealstage": "closedwon"},
            "associations": {"contacts": [{"properties": person}], "line_items": lines},
        }
        return str(self.ask_sandbox("POST", "/hubspot/objects", asked)["id"])

    def enroll(
        self,
        tenant: Tenant,
        *deal_ids: str,
        inputs: Mapping[str, str] | None = None,
        action: str = "create-invoice",
    ) -> list[str]:
        """Deals reach the action: HubSpot posts signed callbacks, again and again until they are taken."""
        asked: dict[str, Any] = {"portal_id": tenant.portal_id, "deal_ids": list(deal_ids), "action": action}
        asked["inputs"] = dict(inputs or {})
        callback_ids: list[str] = self.ask_sandbox("POST", "/hubspot/enroll", asked)["callback_ids"]
        return callback_ids

    def hubspot_callback(self, callback_id: str) -> dict[str, Any]:
        """What HubSpot knows of a callback: state, deliveries, completions, outputs."""
        found: dict[str, Any] = self.ask_sandbox("GET", f"/hubspot/callbacks/{callback_id}")
        return found

    def hubspot_callbacks(self, tenant: Tenant | None = None) -> list[dict[str, Any]]:
        """What HubSpot knows of all callbacks of a portal, or of all portals."""
        query = f"?portal={tenant.portal_id}" if tenant else ""
        found: list[dict[str, Any]] = self.ask_sandbox("GET", f"/hubspot/callbacks{query}")["callbacks"]
        return found

    def wait_until_completed(self, callback_ids: Sequence[str], seconds: float = 40.0) -> None:
        """Until HubSpot has been told how each of these ended."""
        left = list(callback_ids)
        end = time.monotonic() + seconds
        while left:
            left = [each for each in left if self.hubspot_callback(each)["state"] in ("sent", "blocked")]
            assert time.monotonic() < end or not left, (
                f"still open: {left[:5]} of {len(left)}\n{self.evidence(left[0])}"
            )
            time.sleep(0.02)

    def evidence(self, callback_id: str) -> str:
        """What is known of a callback that does not end."""
        row = self.rows(
            "SELECT state, run, tries, crashes, note FROM callbacks WHERE callback_id = :id", id=callback_id
        )
        logs = "\n".join("\n".join(worker.log.splitlines()[-15:]) for worker in self.workers)
        return f"{row}\n{logs}"

    def books(self, tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
        """A realm's entities by kind."""
        found: dict[str, list[dict[str, Any]]] = self.ask_sandbox("GET", f"/quickbooks/realms/{tenant.realm_id}/books")
        return found

    def invoices(self, tenant: Tenant) -> list[dict[str, Any]]:
        """The invoices in a realm's books that we made."""
        return [each for each in self.books(tenant)["Invoice"] if MARK in (each.get("PrivateNote") or "")]

    def deal(self, tenant: Tenant, deal_id: str) -> dict[str, str | None]:
        """A deal's properties as HubSpot holds them."""
        found = self.ask_sandbox("GET", f"/hubspot/objects/{tenant.portal_id}/deals/{deal_id}")
        properties: dict[str, str | None] = found["properties"]
        return properties

    def refusals(self) -> list[dict[str, Any]]:
        """Requests of ours that no documented client would send: must be none."""
        found: list[dict[str, Any]] = self.ask_sandbox("GET", "/refusals")["refusals"]
        return found

    def new_refusals(self) -> list[str]:
        """Those since the last time this was asked, in a few words."""
        found = self.refusals()
        new, self._refusals = found[self._refusals :], len(found)
        return [f"{each['refused']}: {each['method']} {each['path']}?{each['query']}" for each in new]

    def calls(self, path: str, since: float = 0.0) -> list[dict[str, Any]]:
        """Requests a vendor got, oldest first, whose path holds `path`."""
        found = self.ask_sandbox("GET", "/requests")["requests"]
        return [each for each in found if path in each["path"] and each["at"] >= since]

    # The database

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """Whatever a test wants to see of the database."""
        with self.stores.database.read() as connection:
            return list(connection.execute(sa.text(statement), parameters).all())


@contextlib.contextmanager
def running(
    database_url: str,
    directory: Path,
    *,
    workers: int = 1,
    nursery: str | None = "tests.crash.stand_by",
    settings: dict[str, dict[str, Any]] | None = None,
) -> Iterator[Installation]:
    """An installation that is ready, and gone afterwards."""
    made = Installation(database_url, directory, workers=workers, nursery=nursery)
    made.start(settings=settings)
    try:
        yield made
    finally:
        made.close()


def made_directory(path: Path) -> Path:
    """The directory, made if need be."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
