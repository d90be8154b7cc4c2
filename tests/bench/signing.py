"""Callbacks as HubSpot sends them, with the v3 signature made here and not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

SECRET = "sandbox-hubspot-secret"


def signed_requests(url: str, portal_id: int, label: str) -> Iterator[bytes]:
    """Whole HTTP requests, each with a callback of its own; `label` keeps the runs' ids apart."""
    address, number = urlsplit(url), 0
    while True:
        number += 1
        yield _request(url, address.netloc, address.path, _body(portal_id, f"ap-{portal_id}-{label}-{number}", number))


def _request(url: str, host: str, path: str, body: bytes) -> bytes:
    moment = str(int(time.time() * 1000))
    # https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
    text = b"POST" + url.encode() + body + moment.encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: HubSpot Connect 2.0\r\nContent-Type: application/json\r\n"
        f"X-HubSpot-Signature-v3: {signature}\r\nX-HubSpot-Request-Timestamp: {moment}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _body(portal_id: int, callback_id: str, number: int) -> bytes:
    index = {"enrollmentId": number, "actionExecutionIndex": 0}
    said = {
        "callbackId": callback_id,
        "origin": {
            "portalId": portal_id,
            "userId": None,
            "actionDefinitionId": 700001,
            "actionDefinitionVersion": 1,
            "actionExecutionIndexIdentifier": index,
            "extensionDefinitionVersionId": 1,
            "extensionDefinitionId": 700001,
        },
        "context": {
            "workflowId": 555000111,
            "actionId": 1,
            "actionExecutionIndexIdentifier": index,
            "source": "WORKFLOWS",
        },
        "object": {"objectId": 9_100_000_000 + number, "objectType": "DEAL"},
        "fields": {},
        "inputFields": {},
        "typedInputs": {},
    }
    return json.dumps(said, separators=(",", ":")).encode()
