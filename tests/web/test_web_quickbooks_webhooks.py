"""A webhook that Intuit signed is written down once and answered; anything else leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from web_examples import REALM, Web

from service.sandbox.quickbooks.webhooks import sign

PATH = "/quickbooks/webhooks"
TOKEN, OLD = "test-verifier-token", "the-one-before"
# contracts/quickbooks.md 6: token test-verifier-token
VECTOR = (
    b'[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068",'
    b'"source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=","type":"qbo.invoice.created.v1",'
    b'"time":"2026-09-10T21:31:25.179453Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}}]'
)
VECTOR_SIGNATURE = "5SImoPnjtAAv0Q9f02AydNNOqTSrmsKV1GoHK2suUE8="


@pytest.fixture
def listener(make_web: Callable[..., Web]) -> Web:
    return make_web(QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS=f"{OLD},{TOKEN}")


def event(kind: str = "invoice.updated", entity_id: str = "130", realm_id: str = REALM, **more: object) -> dict:
    return {
        "specversion": "1.0",
        "type": f"qbo.{kind}.v1",
        "time": "2026-09-10T21:31:25.179453Z",
        "intuitentityid": entity_id,
        "intuitaccountid": realm_id,
        **more,
    }


def send(web: Web, body: bytes, token: str = TOKEN):
    return web.post(body, {"intuit-signature": sign(body, token)}, PATH)


def hints(web: Web) -> list[tuple[str, str, str, str]]:
    with web.stores.database.read() as connection:
        found = connection.execute(sa.text("SELECT scope, kind, entity_id, reason FROM hints ORDER BY kind, entity_id"))
        return [tuple(row) for row in found]


def test_the_contracts_vector_is_accepted_with_its_signature(listener: Web) -> None:
    listener.connect("310687")
    assert listener.post(VECTOR, {"intuit-signature": VECTOR_SIGNATURE}, PATH).status_code == 200
    assert hints(listener) == [("310687", "Invoice", "1234", "created")]


@pytest.mark.parametrize("token", [TOKEN, OLD])
def test_a_burst_is_one_row_per_entity_under_any_of_the_tokens(token: str, listener: Web) -> None:
    body = json.dumps([event(), event("invoice.emailed"), event("payment.created", "7"), event()]).encode()
    for _ in range(2):
        answer = send(listener, body, token)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert hints(listener) == [(REALM, "Invoice", "130", "emailed updated"), (REALM, "Payment", "7", "created")]


def test_the_older_shape_is_accepted(listener: Web) -> None:
    entities = [{"name": "Invoice", "id": "130", "operation": "Void", "lastUpdated": "2026-10-05T14:42:19-0700"}]
    body = json.dumps({"eventNotifications": [{"realmId": REALM, "dataChangeEvent": {"entities": entities}}]})
    assert send(listener, body.encode()).status_code == 200
    assert hints(listener) == [(REALM, "Invoice", "130", "voided")]


def test_other_realms_and_other_things_are_acknowledged_and_forgotten(listener: Web) -> None:
    body = json.dumps([event(realm_id="999"), event("unicorn.updated"), event("account.updated"), 7]).encode()
    assert send(listener, body).status_code == 200
    assert send(listener, b"[]").status_code == 200
    assert hints(listener) == []


def test_a_merged_customer_is_remembered_with_its_heir(listener: Web) -> None:
    merged = event("customer.merged", "58", data={"deletedid": "57"})
    assert send(listener, json.dumps([merged]).encode()).status_code == 200
    assert (REALM, "MergedCustomer", "57", "into:58") in hints(listener)


def test_a_merged_item_is_remembered_with_its_heir(listener: Web) -> None:
    merged = event("item.merged", "8", data={"deletedid": "7"})
    assert send(listener, json.dumps([merged]).encode()).status_code == 200
    assert hints(listener) == [(REALM, "ItemTax", "8", ""), (REALM, "MergedItem", "7", "into:8")]


def test_a_customer_or_an_item_may_be_taxed_otherwise_now(listener: Web) -> None:
    events = [event("customer.updated", "58"), event("item.updated", "4"), event("item.created", "5")]
    assert send(listener, json.dumps(events).encode()).status_code == 200
    assert hints(listener) == [(REALM, "CustomerTax", "58", ""), (REALM, "ItemTax", "4", "")]


@pytest.mark.parametrize("headers", [
    {}, {"intuit-signature": ""}, {"intuit-signature": "%%%"}, {"intuit-signature": VECTOR_SIGNATURE},
    {"intuit-signature": sign(b"[]", "")}, {"intuit-signature": sign(b"[]", "another")},
])  # fmt: skip
def test_what_intuit_did_not_sign_is_refused(headers: dict[str, str], listener: Web) -> None:
    answer = listener.post(b"[]", headers, PATH)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_signature")
    assert hints(listener) == []


def test_without_a_token_nothing_is_believed(make_web: Callable[..., Web]) -> None:
    assert send(make_web(), b"[]", "").status_code == 401


def test_a_signed_body_that_has_no_shape_is_malformed(listener: Web) -> None:
    answer = send(listener, b'{"hello": 1}')
    assert (answer.status_code, answer.json["error"]) == (400, "malformed_body")


def test_a_body_too_long_is_not_read(listener: Web) -> None:
    assert send(listener, b"[" + b" " * 1_100_000 + b"]").status_code == 413


def test_what_cannot_be_written_is_not_acknowledged(listener: Web, tmp_path: Path) -> None:
    with listener.stores.database.write() as tx:
        tx.execute(sa.text("DROP TABLE hints"))
    answer = send(listener, json.dumps([event()]).encode())
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_no_id_of_theirs_gets_into_the_log(listener: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    send(listener, json.dumps([event(entity_id="8675309")]).encode())
    assert "8675309" not in caplog.text
