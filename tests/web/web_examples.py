"""A web process of the service to send callbacks to, signed by the sandbox's code and never by ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.clock import FixedClock
from service.config import load_config
from service.ids import PortalId, RealmId
from service.sandbox.hubspot.signatures import sign_v2, sign_v3
from service.wiring import open_stores

# contracts/hubspot.md 2.4
SECRET = "test-client-secret-0000-qbo-invoice"
PUBLIC_URL = "https://invoice.example.com"
PATH = "/hubspot/actions/create-invoice"
SIGNED_AT = datetime.fromtimestamp(1790000001, UTC)
TIMESTAMP = "1790000001000"
BODY = (
    '{"callbackId":"ap-1234567-1000000000001-1-0","origin":{"portalId":1234567,"userId":null,'
    '"actionDefinitionId":700001,"actionDefinitionVersion":3,"actionExecutionIndexIdentifier":'
    '{"enrollmentId":1000000000001,"actionExecutionIndex":0},"extensionDefinitionVersionId":3,'
    '"extensionDefinitionId":700001},"context":{"workflowId":555000111,"actionId":1,'
    '"actionExecutionIndexIdentifier":{"enrollmentId":1000000000001,"actionExecutionIndex":0},'
    '"source":"WORKFLOWS"},"object":{"objectId":9876543210,"objectType":"DEAL","properties":'
    '{"dealname":"Acme — Zoë renewal","amount":"1500.00"}},"fields":{"dueInDays":"30"},'
    '"inputFields":{"dueInDays":"30"},"typedInputs":{"dueInDays":{"value":"30","type":"STRING"}}}'
).encode()
V1 = "79d85e74c5bd92fee1349f1640b8b07dd5715c570b0a521f18b8b4bb5d273890"
V2 = "406f4df4a1cb6de72e83dbdd5113f7dd484234ffc8c4b3bbe0313d8353f2b6da"
V3 = "BU4x0T/uJObQY7n55c6zMdc+zDSy0cx71FoPTeL3zyk="
V3_HEADERS = {"X-HubSpot-Signature-v3": V3, "X-HubSpot-Request-Timestamp": TIMESTAMP}
V2_HEADERS = {"X-HubSpot-Signature": V2, "X-HubSpot-Signature-Version": "v2"}
V1_HEADERS = {"X-HubSpot-Signature": V1, "X-HubSpot-Signature-Version": "v1"}

PORTAL, REALM = PortalId(1234567), RealmId("9341450000000001")
SETTINGS = {
    "PUBLIC_URL": PUBLIC_URL,
    "HUBSPOT_CLIENT_ID": "hubspot-client",
    "HUBSPOT_CLIENT_SECRET": SECRET,
    "QUICKBOOKS_CLIENT_ID": "quickbooks-client",
    "QUICKBOOKS_CLIENT_SECRET": "quickbooks-secret",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "ENCRYPTION_KEYS": "0123456789abcdef0123456789abcdef",
}


class Web:
    """The accept edge in this process, on a clock that stands a second after the vectors' time."""

    def __init__(self, database_url: str, directory: Path, **settings: str) -> None:
        self.clock = FixedClock(datetime.fromtimestamp(1790000002, UTC))
        environment = {**SETTINGS, "DATABASE_URL": database_url, **settings}
        self.config = load_config(environment, instance=directory)
        self.stores = open_stores(self.config, clock=self.clock, pool_size=8)
        self.app = create_app(self.stores)
        self.client: FlaskClient = self.app.test_client()

    def connect(self, realm_id: str = REALM) -> None:
        """Join the vectors' portal to a realm."""
        self.stores.connections.add(PORTAL, RealmId(realm_id), self.clock.now())

    def post(
        self, body: bytes = BODY, headers: dict[str, str] = V3_HEADERS, path: str = PATH, **more: Any
    ) -> TestResponse:
        """Send a request as it is."""
        return self.client.post(path, data=body, headers=headers, **more)

    def send(self, body: bytes = BODY, path: str = PATH, secret: str = SECRET, **more: Any) -> TestResponse:
        """Send a request that is signed now (v3)."""
        return self.post(body, signed(body, f"{PUBLIC_URL}{path}", self.clock.now(), secret), path, **more)

    def count(self) -> int:
        """How many callbacks are stored."""
        with self.stores.database.read() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM callbacks")).scalar() or 0)

    def close(self) -> None:
        """Give the database back."""
        self.stores.database.close()


def signed(
    body: bytes, url: str, at: datetime, secret: str = SECRET, *, version: str = "v3", method: str = "POST"
) -> dict[str, str]:
    """Signature headers, by the sandbox's code."""
    moment = str(int(at.timestamp() * 1000))
    if version == "v2":
        return {
            "X-HubSpot-Signature": sign_v2(secret, method, url, body),
            "X-HubSpot-Signature-Version": "v2",
        }
    return {
        "X-HubSpot-Signature-v3": sign_v3(secret, method, url, body, moment),
        "X-HubSpot-Request-Timestamp": moment,
    }


def changed(**parts: Any) -> bytes:
    """The vectors' body with some parts replaced; None takes one away."""
    document = json.loads(BODY)
    for name, value in parts.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    return json.dumps(document).encode()
