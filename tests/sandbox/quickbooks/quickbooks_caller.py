"""A caller of the sandbox's QuickBooks who knows only the contract."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from flask import Flask
from werkzeug.test import TestResponse

CRAIG, AUTOMATED, UK, CURRENCIES, NUMBERED = (f"934145000000000{n}" for n in range(1, 6))
BASIC = "Basic " + base64.b64encode(b"sandbox-quickbooks-client:sandbox-quickbooks-secret").decode()


class Fault(Exception):
    """QuickBooks answered with shape A."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        error = body["Fault"]["Error"][0]
        super().__init__(f"{status} {error}")
        self.status, self.body = status, body
        self.code, self.detail, self.element = error["code"], error["Detail"], error["element"]


class Company:
    """One realm with a fresh access token. `refused` is the note of the last request, if any."""

    def __init__(self, app: Flask, realm_id: str = CRAIG) -> None:
        self.app, self.realm_id = app, realm_id
        self.client = app.test_client()
        self.refused: str | None = None
        known = self.control("GET", "/realms")[realm_id]
        self.tokens = self.refresh(known["refresh_token"]).get_json()

    def refresh(self, token: str, **headers: str) -> TestResponse:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.client.post("/oauth2/v1/tokens/bearer", data=form, headers={"Authorization": BASIC, **headers})

    def raw(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", "Accept": "application/json"}
        headers.update(more.pop("headers", {}))
        answer = self.client.open(f"/v3/company/{self.realm_id}{path}", method=method, headers=headers, **more)
        self.refused = self.app.extensions["refused"].pop() if self.app.extensions["refused"] else None
        return answer

    def get(self, path: str) -> Any:
        return self._read(self.raw("GET", path))

    def post(self, path: str, body: Any) -> Any:
        return self._read(self.raw("POST", path, data=json.dumps(body), content_type="application/json"))

    def query(self, text: str) -> Any:
        return self.get(f"/query?query={quote(text)}")["QueryResponse"]

    def send(self, path: str) -> Any:
        return self._read(self.raw("POST", path, content_type="application/octet-stream"))

    def invoice(self, **changes: Any) -> Any:
        """A new invoice: 525.00 of Design for Sonnenschein unless changed."""
        return self.post("/invoice?minorversion=75", invoice_body(**changes))["Invoice"]

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self.client.open(f"/_sandbox/quickbooks{path}", method=method, json=body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    def change(self, **conditions: Any) -> None:
        self.control("POST", f"/realms/{self.realm_id}", **conditions)

    def act(self, act: str, **more: Any) -> Any:
        return self.control("POST", f"/realms/{self.realm_id}/acts", act=act, **more)

    def books(self) -> Any:
        return self.control("GET", f"/realms/{self.realm_id}/books")

    def _read(self, answer: TestResponse) -> Any:
        body = json.loads(answer.get_data())
        if "Fault" in body:
            raise Fault(answer.status_code, body)
        assert answer.status_code == 200, body
        return body


def line(item: str = "4", quantity: Any = 7, price: Any = 75, amount: Any = None, **detail: Any) -> dict[str, Any]:
    """A sales line; the amount is quantity times price unless given."""
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": round(quantity * price, 2) if amount is None else amount,
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "Qty": quantity, "UnitPrice": price, **detail},
    }


def invoice_body(**changes: Any) -> dict[str, Any]:
    """The contract's recommended create (3.1), with changes; None takes a field away."""
    body: dict[str, Any] = {
        "CustomerRef": {"value": "24"},
        "TxnDate": "2026-11-22",
        "DueDate": "2026-12-22",
        "BillEmail": {"Address": "buyer@example.com"},
        "PrivateNote": "HubSpot deal 9123456789 [hs:4f1c9a7e2b]",
        "Line": [line()],
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
