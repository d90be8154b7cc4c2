"""Webhooks: signed, in both shapes, repeated until acknowledged (contract 4)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from quickbooks_caller import Company, invoice_body

from service.sandbox.quickbooks.state import QuickBooks
from service.sandbox.quickbooks.webhooks import sign

# Contract 6: raw body and signature under the token test-verifier-token.
VECTORS = [
    ("[]", "7C3PAEAqSxfMSaxVGlBzMaUvQNv3psLddn7gQmjAJcE="),
    ('{"note":"Café £5"}', "vEcz5xjZdUV2hHCsGTIiaFJ9FRuQ4d0d4HqhYylNiZ0="),
    (
        '[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068","source":"intuit.dsnBgbseACLLRZNxo2dfc4evmE'
        'Jdxde58xeeYcZliOU=","type":"qbo.invoice.created.v1","time":"2026-09-10T21:31:25.179453Z","intuitentityid":"12'
        '34","intuitaccountid":"310687","data":{}}]',
        "5SImoPnjtAAv0Q9f02AydNNOqTSrmsKV1GoHK2suUE8=",
    ),
]


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_the_vectors_of_the_contract(body: str, signature: str) -> None:
    assert sign(body.encode(), "test-verifier-token") == signature


class Listener:
    """A subscriber: keeps bodies and signatures, answers the given statuses, then 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append((body, self.headers["intuit-signature"]))
                self.send_response(listener.statuses.pop(0) if listener.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/quickbooks/webhooks?x=1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def bodies(self) -> list[Any]:
        return [json.loads(body) for body, _ in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


@pytest.fixture
def subscribed(company: Company, listener: Listener, quickbooks: QuickBooks) -> Iterator[Callable[..., None]]:
    def subscribe(**more: Any) -> None:
        company.control("POST", "/webhooks", url=listener.url, enabled=True, wait_factor=0.001, **more)

    yield subscribe
    quickbooks.webhooks.reset()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_cloud_event(company: Company, listener: Listener, subscribed: Callable[..., None]) -> None:
    subscribed()
    made = company.invoice()
    until(lambda: len(listener.heard) == 1)
    body, signature = listener.heard[0]
    assert signature == sign(body, "sandbox-verifier-token")
    event = json.loads(body)[0]
    assert (event["type"], event["intuitentityid"]) == ("qbo.invoice.created.v1", made["Id"])
    assert (event["intuitaccountid"], event["time"]) == (company.realm_id, "2026-11-22T18:00:00.000000Z")
    assert set(event) == {
        "specversion", "id", "source", "type", "datacontenttype", "time", "intuitentityid", "intuitaccountid", "data",
    }  # fmt: skip


def test_the_old_shape(company: Company, listener: Listener, subscribed: Callable[..., None]) -> None:
    subscribed(shape="legacy", gather_seconds=0.1)
    company.act("merge_customers", keep_id="25", lose_id="26")
    until(lambda: len(listener.heard) == 1)
    told = listener.bodies()[0]["eventNotifications"][0]
    assert told["realmId"] == company.realm_id
    assert told["dataChangeEvent"]["entities"][-1] == {
        "name": "Customer", "id": "25", "operation": "Merge", "lastUpdated": "2026-11-22T10:00:00-0800",
        "deletedId": "26",
    }  # fmt: skip


def test_head_of_line(company: Company, listener: Listener, subscribed: Callable[..., None]) -> None:
    subscribed()
    listener.statuses = [500, 503, 302]
    company.invoice()
    until(lambda: len(listener.heard) >= 1)
    company.act("create_customer", name="Later")
    until(lambda: company.control("GET", "/webhooks")["waiting"] == 0)
    bodies = [body for body, _ in listener.heard]
    assert bodies[0] == bodies[1] == bodies[2] == bodies[3]
    assert [delivery["status"] for delivery in company.control("GET", "/webhooks")["deliveries"]][:4] == [
        500, 503, 302, 200,
    ]  # fmt: skip
    assert listener.bodies()[-1][0]["type"] == "qbo.customer.created.v1"


def test_a_listener_that_is_not_there(company: Company, quickbooks: QuickBooks) -> None:
    company.control("POST", "/webhooks", url="http://127.0.0.1:9/x", enabled=True, wait_factor=0.001)
    company.invoice()
    until(lambda: len(quickbooks.webhooks.deliveries) >= 3)
    assert quickbooks.webhooks.deliveries[0].status is None
    quickbooks.reset()
    assert quickbooks.webhooks.waiting() == 0


def test_duplicated_and_reordered(company: Company, listener: Listener, subscribed: Callable[..., None]) -> None:
    subscribed(duplicate=2, reorder=True, gather_seconds=0.2)
    first, second = company.invoice(), company.invoice()
    until(lambda: len(listener.heard) == 3)
    assert len(set(listener.heard)) == 1
    assert [event["intuitentityid"] for event in listener.bodies()[0]] == [second["Id"], first["Id"]]


def test_dropped(company: Company, listener: Listener, subscribed: Callable[..., None]) -> None:
    subscribed(drop_every=2)
    made = [company.invoice()["Id"] for _ in range(4)]
    until(lambda: company.control("GET", "/webhooks")["waiting"] == 0 and len(listener.heard) > 0)
    told = [event["intuitentityid"] for body in listener.bodies() for event in body]
    assert set(told) < set(made)
    assert len(told) == 2


def test_what_is_told_and_what_is_not(company: Company, quickbooks: QuickBooks) -> None:
    company.control("POST", "/webhooks", url="http://127.0.0.1:9/x", enabled=False)
    made = company.invoice()
    company.act("receive_payment", invoice_id=made["Id"])
    company.act("void_invoice", invoice_id=made["Id"])
    company.send("/invoice/130/send")
    company.change(preferences={"SalesFormsPrefs": {"AllowShipping": True}})
    company.change(subscription_status="TRIAL")  # CompanyInfo has no webhooks
    told = [(event.kind, event.operation) for event in quickbooks.webhooks.events]
    assert told == [
        ("Invoice", "Create"), ("Payment", "Create"), ("Invoice", "Update"), ("Payment", "Update"),
        ("Invoice", "Void"), ("Invoice", "Emailed"), ("Preferences", "Update"),
    ]  # fmt: skip
    quickbooks.settings.payment_announces_invoice = False
    company.act("receive_payment", invoice_id="130")
    assert quickbooks.webhooks.events[-1].kind == "Payment"


def test_a_refused_write_tells_nothing(company: Company, quickbooks: QuickBooks) -> None:
    company.raw("POST", "/invoice", json=invoice_body(Colour="red"))
    assert not quickbooks.webhooks.events
