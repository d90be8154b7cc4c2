"""How HubSpot signs what it sends us. Contract 2.1; the service has its own code and never this one."""

from __future__ import annotations

import base64
import hashlib
import hmac

# Contract 2.1: v3 decodes these escapes of the URI before signing, upper-case hex, and no others.
DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(",
    "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip


def sign_v1(secret: str, body: bytes) -> str:
    """Hex SHA-256 of secret and body: CRM webhooks."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def sign_v2(secret: str, method: str, url: str, body: bytes) -> str:
    """Hex SHA-256 of secret, method, url and body: workflow actions."""
    return hashlib.sha256(secret.encode() + method.encode() + url.encode() + body).hexdigest()


def sign_v3(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """Base64 HMAC-SHA-256 of method, decoded url, body and epoch milliseconds."""
    for escape, character in DECODED.items():
        url = url.replace(escape, character)
    signed = method.encode() + url.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def action_headers(which: str, secret: str, url: str, body: bytes, timestamp: str) -> dict[str, str]:
    """The signature headers of an action or options call; `which` is both, v2 or v3."""
    headers = {"Content-Type": "application/json"}
    if which in ("both", "v2"):
        headers["X-HubSpot-Signature"] = sign_v2(secret, "POST", url, body)
        headers["X-HubSpot-Signature-Version"] = "v2"
    if which in ("both", "v3"):
        headers["X-HubSpot-Signature-v3"] = sign_v3(secret, "POST", url, body, timestamp)
        headers["X-HubSpot-Request-Timestamp"] = timestamp
    return headers


def webhook_headers(secret: str, url: str, body: bytes, timestamp: str) -> dict[str, str]:
    """The signature headers of a CRM webhook: v1 and v3."""
    return {
        "Content-Type": "application/json",
        "X-HubSpot-Signature": sign_v1(secret, body),
        "X-HubSpot-Signature-Version": "v1",
        "X-HubSpot-Signature-v3": sign_v3(secret, "POST", url, body, timestamp),
        "X-HubSpot-Request-Timestamp": timestamp,
    }
