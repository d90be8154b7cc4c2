"""The service in one process, as a story needs it: accept, let time pass, run what is due, look.

Real stores on a real database, real gateways over HTTP to the sandbox; only the engine is left
out: `work` starts what is due exactly as the worker does, and runs it here.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

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
from service.invoicing.actions import ACTIONS
from service.quickbooks.limits import realm_scope
from service.sandbox.serve import InThread
from service.store.callbacks import StoredCallback
from service.store.connections import PAUSED
from service.store.database import from_ms
from service.store.due import Start
from service.wiring import make_services, open_stores
from service.worker import make_round_list
from service.workflows.actions import work_of
from service.workflows.adopt_invoice import adopt_invoices
from service.workflows.mirror_invoice import mirror_invoices
from service.workflows.run_callback import run_callback
from service.workflows.services import provide

PORTAL = PortalId(20000001)
REALM = RealmId("9341450000000001")


class Harness:
    """One service with its sandbox."""

    def __init__(self, database_url: str, sandbox: InThread, directory: Path) -> None:
        self.sandbox, self.world = sandbox, sandbox.world
        self._session = requests.Session()
        self.clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
        self.world.clock.freeze(self.clock.now())
        # The port is known only once the socket is open, and the service verifies against its address.
        listener = socket.create_server(("127.0.0.1", 0))
        self.public_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.environment = environment(database_url, sandbox.url, self.public_url)
        self.config = load_config(self.environment, instance=directory / "instance")
        self.stores = open_stores(self.config, clock=self.clock, pool_size=8)
        self.services = make_services(self.stores)
        provide(self.services)
        app = create_app(self.stores)
        self.web: FlaskClient = app.test_client()
        self._server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.detach())
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        # HubSpot signs what it sends by the story's clock, for the address the service believes it has.
        # The vendors' limits are counted in real time, which stands still for the service.
        by_our_clock: dict[str, Any] = {"actions_url": self.public_url, "signing_clock": "sandbox", "limits": False}
        by_our_clock["limit_per_ten_seconds"] = 1_000_000  # what its headers say is left
        self.set_sandbox(hubspot=by_our_clock, quickbooks={"limits": False})

    def close(self) -> None:
        """Give port and database back; nothing that ended may have ended in a way its action does not promise."""
        ended = self.rows("SELECT DISTINCT action, error_code FROM callbacks WHERE error_code IS NOT NULL")
        unpromised = [
            row for row in ended if row.action in ACTIONS and row.error_code not in ACTIONS[row.action].error_codes
        ]
        self._server.shutdown()
        self._server.server_close()
        self._session.close()
        self.stores.database.close()
        assert unpromised == []

    def set_sandbox(self, **vendors: dict[str, Any]) -> None:
        """Turn switches of the sandbox: `hubspot={...}`, `quickbooks={...}`."""
        self.ask_sandbox("POST", "/settings", vendors)

    def ask_sandbox(self, method: str, path: str, document: Any = None) -> Any:
        """One of the sandbox's own controls."""
        answer = self._session.request(method, f"{self.sandbox.url}/_sandbox{path}", json=document, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def enroll(
        self, deal_id: int | str, inputs: dict[str, Any] | None = None, portal_id: int = PORTAL, **more: Any
    ) -> str:
        """A deal reaches the action: HubSpot posts the signed callback and has our answer when this returns."""
        asked = {"portal_id": portal_id, "deal_id": str(deal_id), "action": "create-invoice", "inputs": inputs or {}}
        callback_id: str = self.ask_sandbox("POST", "/hubspot/enroll", asked | more)["callback_id"]
        self.wait_for(lambda: self.hubspot_callback(callback_id)["state"] != "sent")
        return callback_id

    def deliver_again(self, callback_id: str, times: int = 1, **more: Any) -> None:
        """HubSpot sends a callback once more; all answers are there when this returns."""
        known = len(self.hubspot_callback(callback_id)["deliveries"])
        self.ask_sandbox("POST", f"/hubspot/callbacks/{callback_id}/deliver", {"times": times, **more})

        def answered() -> bool:
            deliveries = self.hubspot_callback(callback_id)["deliveries"]
            return len(deliveries) == known + times and all(each["status"] for each in deliveries)

        self.wait_for(answered)

    def hubspot_callback(self, callback_id: str) -> dict[str, Any]:
        """What HubSpot knows of a callback: state, deliveries, completions, outputs."""
        hubspot = self.world.hubspot
        with hubspot.lock:
            hubspot.callbacks.expire()
            known = hubspot.callbacks.get(callback_id)
            assert known is not None, f"no callback {callback_id}"
            return known.to_json()

    def wait_for(self, happened: Callable[[], bool], seconds: float = 10.0) -> None:
        """Until something true comes of a background sender."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.002)

    def story(self, name: str, portal_id: int = PORTAL) -> str:
        """The id of a seeded deal."""
        return str(self.world.hubspot.stories[portal_id][name])

    def books(self, kind: str, realm_id: str = REALM) -> list[dict[str, Any]]:
        """Everything of one kind in QuickBooks' books."""
        realm = self.world.quickbooks.realm(realm_id)
        with realm.lock:
            return [realm.shown(kind, row) for row in realm.shelves[kind]]

    def invoices(self, realm_id: str = REALM) -> list[dict[str, Any]]:
        """The invoices in QuickBooks' books that we made."""
        return [each for each in self.books("Invoice", realm_id) if "[hs:" in (each.get("PrivateNote") or "")]

    def invoices_of(self, deal_id: int | str, realm_id: str = REALM) -> list[dict[str, Any]]:
        """The invoices in QuickBooks' books that we made for one deal, oldest first."""
        found = [each for each in self.invoices(realm_id) if f"HubSpot deal {deal_id} [" in each["PrivateNote"]]
        return sorted(found, key=lambda each: int(each["Id"]))

    def replayed(self, realm_id: str = REALM) -> int:
        """How often QuickBooks recognised a request id and answered as the first time."""
        return self.world.quickbooks.repeats[realm_id].replayed

    def counts(self, realm_id: str = REALM) -> dict[str, int]:
        """How many objects of each kind are in a realm's books."""
        realm = self.world.quickbooks.realm(realm_id)
        with realm.lock:
            return {kind: len(shelf) for kind, shelf in realm.shelves.items()}

    def act(self, act: str, realm_id: str = REALM, **asked: Any) -> dict[str, Any]:
        """A person does something in QuickBooks' own pages: see the sandbox's `acts`."""
        path = f"/quickbooks/realms/{realm_id}/acts"
        done: dict[str, Any] = self.ask_sandbox("POST", path, {"act": act, **asked})
        return done

    def change_realm(self, realm_id: str = REALM, **conditions: Any) -> None:
        """Close the books, end the subscription: see the sandbox's `conditions`."""
        self.ask_sandbox("POST", f"/quickbooks/realms/{realm_id}", conditions)

    def make_deal(
        self,
        lines: Sequence[Mapping[str, str]] = (),
        contact: Mapping[str, str] | str | None = None,
        portal_id: int = PORTAL,
        **properties: str,
    ) -> str:
        """A new deal with line items and a contact (its properties, or the id of one there is)."""
        known = {"id": contact} if isinstance(contact, str) else {"properties": dict(contact or {})}
        below: dict[str, Any] = {"line_items": [{"properties": dict(line)} for line in lines]}
        below |= {"contacts": [known]} if contact else {}
        deal = {"dealname": "A deal of this story", **properties}
        asked = {"portal_id": portal_id, "object_type": "deals", "properties": deal, "associations": below}
        return str(self.ask_sandbox("POST", "/hubspot/objects", asked)["id"])

    def another_deal(self, portal_id: int = PORTAL) -> str:
        """A plain deal, as often as a story needs one: two hours of design for Amy, 150.00."""
        line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
        return self.make_deal([line], self.contact_of(self.story("one-line")), portal_id)

    def contact_of(self, deal_id: int | str, portal_id: int = PORTAL) -> str:
        """The id of a deal's first contact."""
        found = self.ask_sandbox("GET", f"/hubspot/objects/{portal_id}/deals/{deal_id}")
        return str(found["associations"]["contacts"][0])

    def deal(self, deal_id: int | str, portal_id: int = PORTAL) -> dict[str, str | None]:
        """A deal's properties as HubSpot holds them."""
        hubspot = self.world.hubspot
        with hubspot.lock:
            return dict(hubspot.portals[portal_id].objects["deals"][str(deal_id)].properties)

    def calls(self, vendor: str, path: str = "") -> list[dict[str, Any]]:
        """The requests a vendor got, oldest first, whose path holds `path`."""
        found = self.world.tape.requests()
        return [each for each in found if each["vendor"] == vendor and path in each["path"]]

    def creates(self, entity: str, realm_id: str = REALM) -> list[dict[str, Any]]:
        """Every try to create something in QuickBooks, whatever came of it, with its `requestid`."""
        found = self.calls("quickbooks", f"/v3/company/{realm_id}/{entity}")
        posts = [each for each in found if each["method"] == "POST" and each["path"].endswith(f"/{entity}")]
        return [{**each, "requestid": parse_qs(each["query"])["requestid"][0]} for each in posts]

    def refusals(self) -> list[dict[str, Any]]:
        """Requests of ours that no documented client would send: must be none."""
        return self.world.tape.refusals()

    def trouble(self, kind: str, path: str, **rule: Any) -> None:
        """Script trouble on the wire: see `service/sandbox/trouble.py`."""
        self.ask_sandbox("POST", "/trouble", {"kind": kind, "path": path, **rule})

    def calm(self) -> None:
        """No more trouble on the wire."""
        self.ask_sandbox("DELETE", "/trouble")

    def lose_patience(self, seconds: float) -> None:
        """Wait only so long for QuickBooks' answers: a real time-out, without waiting a minute for it."""
        gateway = self.services.quickbooks
        gateway._line = replace(gateway._line, read_seconds=seconds, write_seconds=seconds)

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

    def work(self, most: int = 50, *, together: bool = False) -> int:
        """Run everything that is due now, in the worker's order; returns the number of runs.

        `together`: what may start at once runs in threads of its own, as in the worker.
        """
        runs = 0
        while runs < most:
            self.world.clock.freeze(self.clock.now())
            self.services.pacing.refresh(1)
            self.stores.due.bring_late_ones(self.clock.now())
            started = self.stores.due.start(self.clock.now(), self.room_of, 64, lambda _tx, _start: None)
            if together:
                with ThreadPoolExecutor(max_workers=32) as threads:
                    list(threads.map(self.run, started))
            else:
                for start in started:
                    self.run(start)
            runs += len(started)
            if not started:
                return runs
        raise AssertionError(f"still work to do after {most} runs")

    def mirror(self, most: int = 20) -> int:
        """Bring the HubSpot invoices in step, as the worker's chore does; returns how many were looked at."""
        done = 0
        for _ in range(most):
            found = mirror_invoices(self.services)
            done += found
            if not found:
                return done
        raise AssertionError(f"still mirrors due after {done}")

    def adopt(self) -> None:
        """Decide about the invoices that were made in QuickBooks, as the worker's chore does."""
        self.pass_time(timedelta(seconds=30))
        while adopt_invoices(self.services):
            pass

    def mirrors(self, portal_id: int = PORTAL) -> list[dict[str, Any]]:
        """The HubSpot invoices of a portal: properties, and what belongs to each."""
        hubspot = self.world.hubspot
        with hubspot.lock:
            portal = hubspot.portals[portal_id]
            found = [each for each in portal.objects["invoices"].values() if not each.archived]
            return [
                {
                    **each.properties,
                    "deals": sorted(portal.associations.of("invoices", each.id, "deals")),
                    "contacts": sorted(portal.associations.of("invoices", each.id, "contacts")),
                    "companies": sorted(portal.associations.of("invoices", each.id, "companies")),
                    "lines": [
                        dict(portal.objects["line_items"][line].properties)
                        for line in sorted(portal.associations.of("invoices", each.id, "line_items"))
                    ],
                }
                for each in found
            ]

    def run(self, start: Start) -> None:
        """One run, as the engine would begin it."""
        run_callback(start.portal_id, start.callback_id, work_of(start.action))

    def subscribe(self, **more: Any) -> None:
        """Have QuickBooks tell us of changes: see the sandbox's `Subscription`."""
        url = f"{self.public_url}/quickbooks/webhooks"
        self.ask_sandbox("POST", "/quickbooks/webhooks", {"url": url, "enabled": True, "gather_seconds": 0.0, **more})

    def hear(self) -> None:
        """Until QuickBooks has nothing left to tell."""
        self.wait_for(lambda: self.world.quickbooks.webhooks.waiting() == 0)

    def follow(self, *, hearing: bool = True) -> int:
        """What the worker's rounds do, until nothing is due; returns how many hints were worked on."""
        if hearing:
            self.hear()
        worked, before = 0, -1
        while worked != before:
            before = worked
            self.world.clock.freeze(self.clock.now())
            for each in make_round_list(self.services):
                for scope in each.find():
                    while done := each.work(scope):
                        worked += done
                        assert worked < 100_000, "a loop"
        return worked

    def finish(self, within: timedelta = timedelta(hours=3)) -> timedelta:
        """Work and let time pass until nothing waits any more; returns how long that took."""
        began = self.clock.now()
        while True:
            self.work()
            due = self.rows("SELECT min(due_at) AS due FROM callbacks WHERE state IN ('received', 'waiting')")[0].due
            if due is None:
                return self.clock.now() - began
            assert self.clock.now() - began < within, f"not done within {within}: {self.open_callbacks()}"
            # What is due and does not start waits for the end of a pause.
            self.pass_time(max(from_ms(due) - self.clock.now(), timedelta(seconds=5)))

    def open_callbacks(self) -> list[tuple[str, str, str]]:
        """What is not completed: callback id, state, note."""
        statement = "SELECT callback_id, state, note FROM callbacks WHERE state <> 'completed' ORDER BY callback_id"
        return [tuple(row) for row in self.rows(statement)]

    def room_of(self, portal_id: PortalId, realm_id: str, running: int) -> int:
        """As `Starter.room_of`."""
        paused = {(c.portal_id, c.realm_id) for c in self.stores.connections.all() if c.state == PAUSED}
        scopes, now = (portal_scope(portal_id), realm_scope(RealmId(realm_id))), self.clock.now()
        if (portal_id, realm_id) in paused or any(self.services.pacing.is_paused(s, now) for s in scopes):
            return 0
        return 1 - running if any(self.services.pacing.is_suspect(s) for s in scopes) else REALM_SHARE - running

    def callback(self, callback_id: str, portal_id: int = PORTAL) -> StoredCallback:
        """The row."""
        found = self.stores.callbacks.find(PortalId(portal_id), CallbackId(callback_id))
        assert found is not None, f"no row for {callback_id}"
        return found

    def timeline(self, callback_id: str, portal_id: int = PORTAL) -> list[str]:
        """What happened to a callback out of the ordinary."""
        return [event for _, event, _ in self.stores.callbacks.timeline(self.callback(callback_id, portal_id))]

    def assert_invoiced(
        self, callback_id: str, deal_id: int | str, portal_id: int = PORTAL, realm_id: str = REALM
    ) -> dict[str, Any]:
        """The callback ended in an invoice: in the books, on the deal, in the workflow, in our row. Returns it."""
        told = self.hubspot_callback(callback_id)
        assert (told["state"], told["execution_state"]) == ("completed", "SUCCESS"), told["outputs"]
        assert told["effective_completions"] == 1
        assert told["complaints"] == []
        (invoice,) = [
            each for each in self.invoices_of(deal_id, realm_id) if each["Id"] == told["outputs"]["invoiceId"]
        ]
        assert told["outputs"]["invoiceNumber"] == invoice.get("DocNumber", "")
        assert Decimal(told["outputs"]["invoiceAmount"]) == Decimal(str(invoice["TotalAmt"]))
        assert told["outputs"]["errorCode"] == ""
        deal = self.deal(deal_id, portal_id)
        assert deal["qbo_invoice_id"] == invoice["Id"]
        assert not deal["qbo_invoice_error"]
        row = self.callback(callback_id, portal_id)
        assert (row.state, row.outcome, row.told) == ("completed", "SUCCESS", "completed")
        return invoice

    def assert_invoiced_once(
        self, callback_id: str, deal_id: int | str, portal_id: int = PORTAL, realm_id: str = REALM
    ) -> dict[str, Any]:
        """As `assert_invoiced`, and the deal has no other invoice."""
        invoice = self.assert_invoiced(callback_id, deal_id, portal_id, realm_id)
        assert len(self.invoices_of(deal_id, realm_id)) == 1
        return invoice

    def assert_done(self, callback_id: str, deal_id: int | str | None, portal_id: int = PORTAL) -> dict[str, str]:
        """The callback ended well, everybody was told once, and the deal shows no error. Returns its outputs."""
        told = self.hubspot_callback(callback_id)
        assert (told["state"], told["execution_state"]) == ("completed", "SUCCESS"), told["outputs"]
        assert (told["effective_completions"], told["complaints"]) == (1, [])
        row = self.callback(callback_id, portal_id)
        assert (row.state, row.outcome, row.told) == ("completed", "SUCCESS", "completed")
        assert not self.rows("SELECT 1 FROM reservations WHERE callback_id = :id AND state = 'open'", id=callback_id)
        if deal_id is not None:
            assert not self.deal(deal_id, portal_id)["qbo_invoice_error"]
        outputs: dict[str, str] = told["outputs"]
        return outputs

    def assert_refused(self, callback_id: str, deal_id: int | str, code: str, portal_id: int = PORTAL) -> str:
        """The callback ended without an invoice, and everybody was told why. Returns the sentence."""
        told = self.hubspot_callback(callback_id)
        assert (told["state"], told["execution_state"]) == ("completed", "FAIL_CONTINUE"), told["outputs"]
        # What is known at once is the answer itself, and nothing is left to complete.
        answered = told["completed_by"] == "answer"
        assert told["effective_completions"] == (0 if answered else 1)
        assert (told["outputs"]["errorCode"], told["outputs"].get("invoiceId", "")) == (code, "")
        sentence: str = told["outputs"]["errorMessage"]
        assert self.deal(deal_id, portal_id)["qbo_invoice_error"] == f"{code}: {sentence}"
        row = self.callback(callback_id, portal_id)
        how = "answered" if answered else "completed"
        assert (row.state, row.outcome, row.error_code, row.told) == ("completed", "FAIL_CONTINUE", code, how)
        return sentence

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """Whatever a test wants to see of the database."""
        with self.stores.database.read() as connection:
            return list(connection.execute(sa.text(statement), parameters).all())


def environment(database_url: str, sandbox_url: str, public_url: str = "http://127.0.0.1:8000") -> dict[str, str]:
    """The settings of a service that talks to a sandbox."""
    return {
        "PUBLIC_URL": public_url,
        "DATABASE_URL": database_url,
        "ADMIN_PASSWORD": "open sesame, canary",
        "HUBSPOT_APP_ID": "700001",
        "HUBSPOT_CLIENT_ID": "sandbox-hubspot-client",
        "HUBSPOT_CLIENT_SECRET": "sandbox-hubspot-secret",
        "HUBSPOT_DEVELOPER_API_KEY": "sandbox-developer-key",
        "HUBSPOT_API_URL": sandbox_url,
        "HUBSPOT_AUTHORIZE_URL": f"{sandbox_url}/oauth/authorize",
        "QUICKBOOKS_CLIENT_ID": "sandbox-quickbooks-client",
        "QUICKBOOKS_CLIENT_SECRET": "sandbox-quickbooks-secret",
        "QUICKBOOKS_API_URL": sandbox_url,
        "QUICKBOOKS_DISCOVERY_URL": f"{sandbox_url}/.well-known/openid_configuration",
        "QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS": "sandbox-verifier-token",
    }
