"""No secret and no customer's text in any log or answer; no token in clear in any row.

Canaries are planted wherever a secret or a customer's text comes in, and everything that comes out
is searched for them: at DEBUG, with trouble at every step, with bugs.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from service.logs import LineFormatter, configure_logs
from service.sandbox.hubspot.signatures import action_headers
from service.store.database import Database
from tests.crash.processes import Installation
from tests.databases import Databases
from tests.harness import PORTAL, Harness

# Customers' text: may stand in rows, never in a log.
TEXTS = {
    "dealname": "Canarydeal of Zoë",
    "firstname": "Canaryfirst",
    "lastname": "Canarylast",
    "email": "canary.mail@buyers.example",
    "line": "Canaryline of work",
    "sku": "CANARYSKU",
    "memo": "Canarymemo for you",
}
BOUND_TO_FAIL = ("lose_answer", "lose_request", "garbage", "html", "xml", "truncate")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service would have written to standard error at DEBUG."""
    root = logging.getLogger()
    before, levels = list(root.handlers), {root: root.level}
    quiet = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    levels |= {logger: logger.level for logger in quiet}
    configure_logs("DEBUG")
    written = io.StringIO()
    out = logging.StreamHandler(written)
    out.setFormatter(LineFormatter())
    root.handlers[:] = [out]
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the test's own server, not ours
    yield written
    root.handlers[:] = before
    for logger, level in levels.items():
        logger.setLevel(level)


def secrets_of(harness: Harness) -> set[str]:
    """Everything that must never be seen: our keys, the apps' secrets, every token there is or was."""
    config, credentials = harness.config, harness.stores.credentials.all()
    found = {config.secret_key, *config.encryption_keys, *config.hubspot_client_secrets}
    found |= {config.quickbooks_client_secret, *config.quickbooks_webhook_verifier_tokens}
    found |= {str(config.hubspot_developer_api_key)}
    for each in credentials:
        found |= {each.refresh_token, each.access_token or each.refresh_token}
    assert all(len(secret) > 8 for secret in found)
    return found


def rows_of(database: Database) -> str:
    """Every row of every table, as text."""
    text = []
    with database.read() as connection:
        known = sa.inspect(connection)
        for schema in [each for each in known.get_schema_names() if each != "information_schema"]:
            for table in known.get_table_names(schema):
                rows = connection.execute(sa.text(f'SELECT * FROM "{schema}"."{table}"'))
                text += [f"{table} {row!r}" for row in rows]
    return "\n".join(text)


def leaked(found: set[str], text: str) -> set[str]:
    return {each for each in found if each in text}


def buyer(number: int) -> dict[str, str]:
    return {"firstname": TEXTS["firstname"], "lastname": TEXTS["lastname"], "email": f"{number}.{TEXTS['email']}"}


def canary_deal(harness: Harness, number: int = 0) -> str:
    return harness.make_deal(
        [{"name": TEXTS["line"], "hs_sku": TEXTS["sku"], "price": "10", "quantity": "3"}],
        buyer(number),
        dealname=TEXTS["dealname"],
    )


def test_a_whole_life_tells_nothing(harness: Harness, log: io.StringIO) -> None:
    harness.connect()
    secrets = secrets_of(harness)
    answers: list[str] = []
    inputs = {"itemNotFound": "create", "customerMemo": TEXTS["memo"], "memo": TEXTS["memo"]}

    # Refused by QuickBooks, by HubSpot, by us; then every kind of trouble; then well.
    harness.trouble("status", "/invoice", vendor="quickbooks", status=400, answer=f'{{"Fault": "{TEXTS["memo"]}"}}')
    callbacks = [harness.enroll(canary_deal(harness, 1), inputs)]
    callbacks.append(harness.enroll(harness.make_deal([], None, dealname=TEXTS["dealname"]), inputs))
    callbacks.append(harness.enroll(canary_deal(harness, 2), {"dueInDays": TEXTS["memo"]}))
    for kind in BOUND_TO_FAIL:
        for vendor in ("hubspot", "quickbooks"):
            harness.trouble(kind, "/crm/|/automation/|/v3/company/", vendor=vendor, times=1)
    callbacks.append(harness.enroll(canary_deal(harness, 3), inputs))
    for _ in range(12):
        harness.work()
        secrets |= secrets_of(harness)
        harness.pass_time(timedelta(minutes=6))

    # Tokens: expired, refused, revoked; a stranger's request; a fault of our own.
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=401, times=1)
    harness.trouble("lose_answer", "/oauth", times=1)
    again = canary_deal(harness, 4)
    callbacks.append(harness.enroll(again, inputs))
    harness.pass_time(timedelta(hours=2))
    for _ in range(8):
        harness.work()
        secrets |= secrets_of(harness)
        harness.pass_time(timedelta(minutes=6))
    for body in (b"{" + TEXTS["memo"].encode(), f'{{"callbackId":"{TEXTS["memo"]}"}}'.encode()):
        moment = str(int(harness.clock.now().timestamp() * 1000))
        headers = action_headers(
            "v3", "sandbox-hubspot-secret", f"{harness.public_url}/hubspot/actions/create-invoice", body, moment
        )
        for given in (headers, {**headers, "X-HubSpot-Signature-v3": "canary-signature"}, {}):
            answer = harness.web.post("/hubspot/actions/create-invoice", data=body, headers=given)
            answers.append(f"{answer.status} {answer.headers} {answer.text}")
    harness.calm()
    harness.finish()
    with harness.stores.database.write() as tx:
        tx.execute(sa.text("UPDATE links SET document = :nonsense"), {"nonsense": TEXTS["memo"]})
    callbacks.append(harness.enroll(again, {**inputs, "existingInvoice": "create_another"}))
    harness.finish()
    for path in ("/healthz", "/readyz", "/metrics", "/", f"/{TEXTS['memo']}"):
        answer = harness.web.get(path)
        answers.append(f"{answer.status} {answer.headers} {answer.text}")
    for callback_id in callbacks:
        answers += [str(each) for each in harness.hubspot_callback(callback_id)["deliveries"]]

    written = log.getvalue()
    assert "invoiced" in written, "the log was listened to"
    assert "JSONDecodeError at" in written, "and there was something to tell"
    assert harness.invoices(), "and it went well in the end"
    assert leaked(secrets, written) == set()
    assert leaked(set(TEXTS.values()) | {"Canary", "canary"}, written) == set()
    assert leaked(secrets | {"canary-signature"}, "\n".join(answers)) == set()
    assert leaked(secrets, rows_of(harness.stores.database)) == set()
    assert leaked({"Bearer ", "Basic ", "client_secret=", "refresh_token="}, written) == set()
    for line in written.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARNING|ERROR) [\w.]+ ", line), line


def test_no_secret_is_in_an_address_we_call(harness: Harness) -> None:
    harness.connect()
    secrets = secrets_of(harness)
    harness.enroll(canary_deal(harness, 6), {"itemNotFound": "create"})
    harness.work()
    secrets |= secrets_of(harness)
    addresses = "\n".join(f"{each['path']}?{each['query']}" for each in harness.world.tape.requests())
    assert leaked(secrets, addresses) == set()


def test_an_answer_to_a_fault_of_ours_tells_nothing_of_it(harness: Harness, log: io.StringIO) -> None:
    harness.connect()
    with harness.stores.database.write() as tx:
        tx.execute(sa.text("UPDATE connections SET settings = :nonsense"), {"nonsense": TEXTS["memo"]})
    body = b'{"callbackId":"ap-1","origin":{"portalId":%d},"object":{"objectId":1,"objectType":"DEAL"}}' % PORTAL
    moment = str(int(harness.clock.now().timestamp() * 1000))
    url = f"{harness.public_url}/hubspot/actions/create-invoice"
    headers = action_headers("v3", "sandbox-hubspot-secret", url, body, moment)
    answer = harness.web.post("/hubspot/actions/create-invoice", data=body, headers=headers)
    assert answer.status_code == 503
    assert "Canary" not in answer.text + log.getvalue()
    assert "JSONDecodeError" in log.getvalue()
    assert "JSONDecodeError" not in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_real_processes_at_debug_tell_nothing(kind: str, databases: Databases, tmp_path: Path) -> None:
    """Web, worker and the engine's own tables: what is on the disk of an operator."""
    url = databases.fresh(kind)
    installation = Installation(url, tmp_path, nursery=None)
    installation.environment["LOG_LEVEL"] = "DEBUG"
    try:
        installation.start()
        tenant, _ = installation.add_tenant()
        deals = []
        for number in range(3):
            line = {"name": TEXTS["line"], "price": "10", "quantity": "3"}
            below = {"contacts": [{"properties": buyer(number)}], "line_items": [{"properties": line}]}
            deal = {"dealname": TEXTS["dealname"], "amount": "30"}
            asked = {"portal_id": tenant.portal_id, "properties": deal, "associations": below}
            deals.append(str(installation.ask_sandbox("POST", "/hubspot/objects", asked)["id"]))
        installation.trouble("lose_answer", "/invoice", vendor="quickbooks", times=2)
        callbacks = installation.enroll(tenant, *deals, inputs={"itemNotFound": "create"})
        installation.wait_until_completed(callbacks)
        requests.post(f"{installation.public_url}/hubspot/actions/x", data=TEXTS["memo"].encode(), timeout=5)
        config, credentials = installation.stores.config, installation.stores.credentials.all()
        secrets = {config.secret_key, *config.encryption_keys, *config.hubspot_client_secrets}
        secrets |= {config.quickbooks_client_secret, *(each.refresh_token for each in credentials)}
        secrets |= {each.access_token for each in credentials if each.access_token}
        log = installation.web.all_logs + installation.worker.all_logs
        stored = rows_of(installation.stores.database)
        assert "invoiced" in log
        assert "workflow_status" in stored, "the engine's own tables are among them"
        assert leaked(secrets | set(TEXTS.values()) | {"Canary"}, log) == set()
        assert leaked(secrets, stored) == set()
        engine = "\n".join(line for line in stored.splitlines() if line.startswith(("workflow_", "operation_")))
        assert "Canary" not in engine, "the engine holds ids only"
    finally:
        installation.close()
        databases.drop(url)
