"""The service in one process, as a story needs it: accept, let time pass, run what is due, look.

Real stores on a real database, real gateways over HTTP to the sandbox; only the engine is left
out: `work` starts what is due exactly as the worker does, and runs it here.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from service.app import create_app
from service.clock import FixedClock
from service.config import load_config
from service.engine.starter import REALM_SHARE
from service.hubspot.limits import portal_scope
from service.ids import CallbackId, PortalId, RealmId
from service.quickbooks.limits import realm_scope
from service.sandbox.serve import InThread
from service.store.callbacks import StoredCallback
from service.store.connections import LIVE
from service.store.due import Start
from service.wiring import make_services, open_stores
from service.workflows.create_invoice import invoice_deal
from service.workflows.run_callback import Work, run_callback
from service.workflows.services import provide

PORTAL = PortalId(20000001)
REALM = RealmId("9341450000000001")
WORK: dict[str, Work] = {"create-invoice": invoice_deal}


class Harness:
    """One service with its sandbox."""

    def __init__(self, database_url: str, sandbox: InThread, directory: Path) -> None:
        self.sandbox, self.world = sandbox, sandbox.world
        self.clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
        self.world.clock.freeze(self.clock.now())
        # The port is known only once the socket is open, and the service verifies against its address.
        listener = socket.create_server(("127.0.0.1", 0))
        self.public_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.environment = environment(database_url, sandbox.url, self.public_url)
        self.config = load_config(self.environment, instance=directory / "instance")
        self.stores = open_stores(self.config, clock=self.clock, pool_size=24)
        self.services = make_services(self.stores)
        provide(self.services)
        app = create_app(self.stores)
        self.web: FlaskClient = app.test_client()
        self._server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.detach())
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        # HubSpot signs what it sends by the story's clock, for the address the service believes it has.
        self.set_sandbox(hubspot={"actions_url": self.public_url, "signing_clock": "sandbox"})

    def close(self) -> None:
        """Give port and database back."""
        self._server.shutdown()
        self._server.server_close()
        self.stores.database.close()

    def set_sandbox(self, **vendors: dict[str, Any]) -> None:
        """Turn switches of the sandbox: `hubspot={...}`, `quickbooks={...}`."""
        self.ask_sandbox("POST", "/settings", vendors)

    def ask_sandbox(self, method: str, path: str, document: Any = None) -> Any:
        """One of the sandbox's own controls."""
        answer = requests.request(method, f"{self.sandbox.url}/_sandbox{path}", json=document, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def enroll(self, deal_id: int | str, inputs: dict[str, Any] | None = None, portal_id: int = PORTAL) -> str:
        """A deal reaches the action: HubSpot posts the signed callback and has our answer when this returns."""
        asked = {"portal_id": portal_id, "deal_id": str(deal_id), "action": "create-invoice", "inputs": inputs or {}}
        callback_id: str = self.ask_sandbox("POST", "/hubspot/enroll", asked)["callback_id"]
        self.wait_for(lambda: self.hubspot_callback(callback_id)["state"] != "sent")
        return callback_id

    def hubspot_callback(self, callback_id: str) -> dict[str, Any]:
        """What HubSpot knows of a callback: state, deliveries, completions, outputs."""
        found: dict[str, Any] = self.ask_sandbox("GET", f"/hubspot/callbacks/{callback_id}")
        return found.get("callback", found)

    def wait_for(self, happened: Callable[[], bool], seconds: float = 10.0) -> None:
        """Until something true comes of a background sender."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.01)

    def story(self, name: str, portal_id: int = PORTAL) -> str:
        """The id of a seeded deal."""
        return str(self.ask_sandbox("GET", "/hubspot/stories")[str(portal_id)][name])

    def invoices(self, realm_id: str = REALM) -> list[dict[str, Any]]:
        """The invoices in QuickBooks' books that we made."""
        books = self.ask_sandbox("GET", f"/quickbooks/realms/{realm_id}/books")
        found = books.get("entities", books).get("Invoice", [])
        return [each for each in found if "[hs:" in (each.get("PrivateNote") or "")]

    def deal(self, deal_id: int | str, portal_id: int = PORTAL) -> dict[str, str | None]:
        """A deal's properties as HubSpot holds them."""
        portals = self.ask_sandbox("GET", "/books")["hubspot"]["portals"]
        properties: dict[str, str | None] = portals[str(portal_id)]["objects"]["deals"][str(deal_id)]["properties"]
        return properties

    def calls(self, vendor: str, path: str = "") -> list[dict[str, Any]]:
        """The requests a vendor got, oldest first, whose path holds `path`."""
        found = self.ask_sandbox("GET", "/requests")["requests"]
        return [each for each in found if each["vendor"] == vendor and path in each["path"]]

    def refusals(self) -> list[dict[str, Any]]:
        """Requests of ours that no documented client would send: must be none."""
        found: list[dict[str, Any]] = self.ask_sandbox("GET", "/refusals")["refusals"]
        return found

    def trouble(self, kind: str, path: str, **rule: Any) -> None:
        """Script trouble on the wire: see `service/sandbox/trouble.py`."""
        self.ask_sandbox("POST", "/trouble", {"kind": kind, "path": path, **rule})

    def connect(self, portal_id: int = PORTAL, realm_id: str = REALM) -> None:
        """Join a portal and a realm, as `connections add` does."""
        given = self.world.hubspot.credentials(), self.world.quickbooks.credentials()
        now = self.clock.now()
        portals = {str(key): value for key, value in given[0]["portals"].items()}
        self.stores.credentials.keep(
            "hubspot", str(portal_id), refresh_token=portals[str(portal_id)]["refresh_token"], now=now
        )
        refresh_token = given[1]["realms"][realm_id]["refresh_token"]
        self.stores.credentials.keep("quickbooks", realm_id, refresh_token=refresh_token, now=now)
        self.stores.connections.add(PortalId(portal_id), RealmId(realm_id), now)

    def pass_time(self, span: timedelta) -> None:
        """Let time pass for us and for both vendors."""
        self.clock.advance(span)
        self.world.clock.freeze(self.clock.now())

    def work(self, most: int = 50) -> int:
        """Run everything that is due now, in the worker's order; returns the number of runs."""
        runs = 0
        while runs < most:
            self.world.clock.freeze(self.clock.now())
            self.services.pacing.refresh(1)
            started: list[Start] = []
            self.stores.due.bring_late_ones(self.clock.now())
            self.stores.due.start(self.clock.now(), self.room_of, 64, lambda _tx, start: started.append(start))
            for start in started:
                run_callback(start.portal_id, start.callback_id, WORK[start.action])
            runs += len(started)
            if not started:
                return runs
        raise AssertionError(f"still work to do after {most} runs")

    def room_of(self, portal_id: PortalId, realm_id: str, running: int) -> int:
        """As `Starter.room_of`."""
        live = {(c.portal_id, c.realm_id) for c in self.stores.connections.all() if c.state == LIVE}
        scopes, now = (portal_scope(portal_id), realm_scope(RealmId(realm_id))), self.clock.now()
        if (portal_id, realm_id) not in live or any(self.services.pacing.is_paused(s, now) for s in scopes):
            return 0
        return 1 - running if any(self.services.pacing.is_suspect(s) for s in scopes) else REALM_SHARE - running

    def callback(self, callback_id: str, portal_id: int = PORTAL) -> StoredCallback:
        """The row."""
        found = self.stores.callbacks.find(PortalId(portal_id), CallbackId(callback_id))
        assert found is not None, f"no row for {callback_id}"
        return found

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """Whatever a test wants to see of the database."""
        with self.stores.database.read() as connection:
            return list(connection.execute(sa.text(statement), parameters).all())


def environment(database_url: str, sandbox_url: str, public_url: str = "http://127.0.0.1:8000") -> dict[str, str]:
    """The settings of a service that talks to a sandbox."""
    return {
        "PUBLIC_URL": public_url,
        "DATABASE_URL": database_url,
        "HUBSPOT_APP_ID": "700001",
        "HUBSPOT_CLIENT_ID": "sandbox-hubspot-client",
        "HUBSPOT_CLIENT_SECRET": "sandbox-hubspot-secret",
        "HUBSPOT_DEVELOPER_API_KEY": "sandbox-developer-key",
        "HUBSPOT_API_URL": sandbox_url,
        "QUICKBOOKS_CLIENT_ID": "sandbox-quickbooks-client",
        "QUICKBOOKS_CLIENT_SECRET": "sandbox-quickbooks-secret",
        "QUICKBOOKS_API_URL": sandbox_url,
        "QUICKBOOKS_DISCOVERY_URL": f"{sandbox_url}/.well-known/openid_configuration",
        "QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS": "sandbox-verifier-token",
    }
