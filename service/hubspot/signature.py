"""Whether a request really comes from HubSpot: its signatures, over the raw bytes.

Knows nothing of what the request asks for. A captured v2 request has no time in it and can be sent
again for ever; that the same callback is invoiced once is another module's promise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from service.errors import SignatureInvalid

# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
# Older than five minutes is refused. The documentation is silent about the future; our clock may be
# behind HubSpot's, so that the same span is allowed there.
WINDOW = timedelta(minutes=5)
_WINDOW_MILLISECONDS = WINDOW // timedelta(milliseconds=1)

SIGNATURE_V3 = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"
SIGNATURE = "x-hubspot-signature"
VERSION = "x-hubspot-signature-version"
HEADERS = frozenset((SIGNATURE_V3, TIMESTAMP, SIGNATURE, VERSION))

# https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
# For v3 these escapes of the URI are decoded before signing, and no others.
_DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'",
    "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ESCAPE = re.compile("|".join(_DECODED))
_TIMESTAMP = re.compile(r"[0-9]{1,15}", re.ASCII)


def verify(
    *,
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    now: datetime,
    accept_v2: bool,
    accept_v1: bool = False,
) -> None:
    """Let a request pass only when HubSpot signed exactly these bytes.

    `url` is the public URL with its query, escapes as they were sent. Each of `secrets` (client
    secrets; two while one is being replaced) may have signed. A v3 signature, once there, decides
    alone, even when it is empty.

    Raises: SignatureInvalid.
    """
    sent = _read_headers(headers)
    address = url.encode("utf-8", "surrogatepass")
    if SIGNATURE_V3 in sent:
        moment = _read_timestamp(sent.get(TIMESTAMP), now)
        decoded = _ESCAPE.sub(lambda found: _DECODED[found[0]], url).encode("utf-8", "surrogatepass")
        _check(sent[SIGNATURE_V3], [_v3(key, method.encode() + decoded + body + moment) for key in _keys(secrets)])
    elif SIGNATURE not in sent:
        raise SignatureInvalid("The request carries no signature of HubSpot")
    elif accept_v2 and sent.get(VERSION) == "v2":
        _check(sent[SIGNATURE], [_hex(key + method.encode() + address + body) for key in _keys(secrets)])
    elif accept_v1 and sent.get(VERSION) == "v1":
        _check(sent[SIGNATURE], [_hex(key + body) for key in _keys(secrets)])
    else:
        raise SignatureInvalid("The signature is of a version that is not accepted here")


def _read_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The signature headers by lower-case name, each given once."""
    sent: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower in HEADERS:
            if lower in sent:
                raise SignatureInvalid("A signature header is given twice")
            sent[lower] = value
    return sent


def _read_timestamp(value: str | None, now: datetime) -> bytes:
    """The signed time as sent (milliseconds), when it is recent."""
    if value is None or not _TIMESTAMP.fullmatch(value):
        raise SignatureInvalid("The request has no readable time")
    age = int(now.timestamp() * 1000) - int(value)
    if not -_WINDOW_MILLISECONDS <= age <= _WINDOW_MILLISECONDS:
        raise SignatureInvalid("The request was signed too long ago, or one of the two clocks is wrong")
    return value.encode()


def _check(given: str, expected: list[bytes]) -> None:
    """Compare in constant time with what each secret would have given."""
    offered = given.encode("utf-8", "surrogatepass")
    # Every secret is tried, whatever the first says: the time taken tells nothing.
    if sum(hmac.compare_digest(offered, each) for each in expected) == 0:
        raise SignatureInvalid("The signature does not match the request")


def _keys(secrets: Sequence[str]) -> list[bytes]:
    # An empty secret would let everybody sign.
    return [secret.encode() for secret in secrets if secret]


def _v3(key: bytes, text: bytes) -> bytes:
    return base64.b64encode(hmac.digest(key, text, "sha256"))


def _hex(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
