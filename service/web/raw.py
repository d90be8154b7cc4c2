"""Signed requests as they came: raw bytes in, verified against the public address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from service.clock import Clock
from service.config import Config
from service.errors import BodyMalformed, BodyTooLarge
from service.hubspot import signature

LONGEST_BODY = 1_048_576
_SIGNATURE_VARIABLES = tuple((name, "HTTP_" + name.upper().replace("-", "_")) for name in signature.HEADERS)


class SignedRequests:
    """Verifies what HubSpot signed, by this service's settings."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config, self._clock = config, clock

    def read_verified(self, request: Request, *, accept_v1: bool = False) -> bytes:
        """The raw body, once its signature is right. `accept_v1`: webhooks may come with nothing better.

        Raises: SignatureInvalid, BodyTooLarge, BodyMalformed.
        """
        body = read_body(request)
        signature.verify(
            method=request.method,
            url=self._config.public_url + raw_target(request.environ),
            body=body,
            headers=_signature_headers(request.environ),
            secrets=self._config.hubspot_client_secrets,
            now=self._clock.now(),
            # Webhooks are signed by v1 or v3; v2 is for actions and options.
            accept_v2=self._config.hubspot_accept_v2_signatures and not accept_v1,
            accept_v1=accept_v1,
        )
        return body


def _signature_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers HubSpot signs with; of a header given twice, WSGI makes one with a comma, which no signature has."""
    return {name: environ[variable] for name, variable in _SIGNATURE_VARIABLES if variable in environ}


def read_body(request: Request) -> bytes:
    """The raw body, not longer than we take. Raises: BodyTooLarge, BodyMalformed."""
    if (request.content_length or 0) > LONGEST_BODY:
        raise BodyTooLarge("The body is longer than 1 MiB.")
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise BodyTooLarge("The body is longer than 1 MiB.") from error
    except Exception as error:  # every WSGI server has errors of its own for a broken body
        raise BodyMalformed("The body could not be read to its end.") from error
    if len(body) > LONGEST_BODY:
        raise BodyTooLarge("The body is longer than 1 MiB.")
    return body


def raw_target(environ: Mapping[str, Any]) -> str:
    """Path and query exactly as they were sent: a decoded path would not match the signature."""
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.startswith(("http://", "https://")):  # absolute form, as proxies may send it
        raw = "/" + raw.split("/", 3)[3] if raw.count("/") > 2 else "/"
    if raw:
        return raw
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('PATH_INFO', '')}?{query}" if query else str(environ.get("PATH_INFO", ""))


def answer_json(document: Mapping[str, Any]) -> Response:
    """A JSON answer, 200."""
    return Response(json.dumps(document), mimetype="application/json")
