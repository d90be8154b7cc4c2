"""Whether a webhook was really sent by Intuit."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def verify_webhook(raw: bytes, header: str | None, verifier_tokens: Iterable[str]) -> bool:
    """Whether `intuit-signature` signs the raw body under one verifier token.

    There are several verifier tokens while they rotate.
    """
    if not header:
        return False
    # https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks
    # Base64 of HMAC-SHA256 over the body as it came, keyed with the app's verifier token.
    try:
        given = base64.b64decode(header.strip(), validate=True)
    except ValueError:
        return False
    # An empty verifier token would let anybody sign.
    keys = [verifier_token.encode() for verifier_token in verifier_tokens if verifier_token]
    return any(hmac.compare_digest(hmac.new(key, raw, hashlib.sha256).digest(), given) for key in keys)
