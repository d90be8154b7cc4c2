"""How a call reaches HubSpot: dated path, time-outs, the portal's token and pace, one log line.

`Line` sends one request. `PortalLine` adds what belongs to a portal. `Transport` takes the place of
what sends inside hubspot-api-client, so that its generated calls go through one of the two.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from service.hubspot import faults, limits
from service.hubspot.paths import date_path
from service.ids import PortalId
from service.wire import Answer, NoAnswer, Pace, Wire

PORTAL_HEADER = "X-Portal-Id"
"""Tells `PortalLine` whose call it is, call by call; taken off before anything is sent."""
READ_SECONDS = 15.0
_LOGGER = logging.getLogger("service.hubspot")

AccessToken = Callable[[PortalId, str | None], str]
"""The portal's access token; given the one HubSpot just refused, a newer one."""


class Deliver(Protocol):
    """Sends a request whose path is still in the old form."""

    def __call__(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, query: str = ""
    ) -> Answer: ...


class Line:
    """The way to HubSpot for a call that needs no portal."""

    def __init__(self, api_url: str, version: str, wire: Wire) -> None:
        self._api_url, self._version, self._wire = api_url.rstrip("/"), version, wire

    def deliver(self, method: str, path: str, headers: dict[str, str], body: bytes | None, query: str = "") -> Answer:
        """Send once, log once. Raises: NoAnswer."""
        dated = date_path(path, self._version)
        url = f"{self._api_url}{dated}?{query}" if query else self._api_url + dated
        began = time.perf_counter()
        try:
            answer = self._wire.send(method, url, headers, body, READ_SECONDS)
        except NoAnswer as error:
            self._log(logging.WARNING, method, dated, began, reason=str(error), sent=error.sent)
            raise
        if answer.status < 400:
            self._log(logging.INFO, method, dated, began, status=answer.status, trace=_trace(answer.headers))
        else:
            fault = faults.parse_fault(answer.body)
            trace = fault.correlation_id or _trace(answer.headers)
            category = fault.category or fault.policy or None
            self._log(logging.WARNING, method, dated, began, status=answer.status, trace=trace, category=category)
        return answer

    def _log(self, level: int, method: str, path: str, began: float, **fields: object) -> None:
        # Neither body nor query nor header of ours: they hold customers' data and tokens.
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        about = {"method": method, "path": path, "milliseconds": milliseconds}
        _LOGGER.log(level, "hubspot call", extra=about | fields)


class PortalLine:
    """The way to HubSpot for a portal's own calls."""

    def __init__(self, line: Line, pace: Pace, access_token: AccessToken) -> None:
        self._line, self._pace, self._access_token = line, pace, access_token

    def deliver(self, method: str, path: str, headers: dict[str, str], body: bytes | None, query: str = "") -> Answer:
        """Send in the portal's turn, with its access token; once more with a newer token if that is refused.

        Raises: NoAnswer; NotConnected, TryLater (no token, no turn).
        """
        portal_id = PortalId(int(headers.pop(PORTAL_HEADER)))
        search = path.endswith("/search")
        scope = limits.search_scope(portal_id) if search else limits.portal_scope(portal_id)
        token = self._access_token(portal_id, None)
        answer = self._take_turn(scope, method, path, headers | _bearer(token), body, query)
        if faults.is_token_refused(answer):
            newer = self._access_token(portal_id, token)
            if newer != token:
                answer = self._take_turn(scope, method, path, headers | _bearer(newer), body, query)
        return answer

    def _take_turn(
        self, scope: str, method: str, path: str, headers: dict[str, str], body: bytes | None, query: str
    ) -> Answer:
        with self._pace.turn(scope):
            try:
                answer = self._line.deliver(method, path, headers, body, query)
            except NoAnswer as error:
                self._pace.ill(scope, str(error))
                raise
            self._tell_pace(scope, answer)
            return answer

    def _tell_pace(self, scope: str, answer: Answer) -> None:
        """Let the others of this scope know what the answer says about the limits."""
        if answer.status in (429, 477):
            span = faults.retry_span(answer) or limits.UNKNOWN_POLICY
            self._pace.pause(scope, span, f"HubSpot answered HTTP {answer.status}")
        elif answer.status >= 500:
            self._pace.ill(scope, f"HubSpot answered HTTP {answer.status}")
        else:
            self._pace.well(scope)
            quota = limits.parse_quota(answer.headers)
            if quota is not None and quota.remaining == 0:
                self._pace.pause(scope, quota.span, "HubSpot has no calls left for this portal")


class Transport:
    """Takes the place of a generated `rest_client`: encodes what the package has put together."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def GET(self, url: str, **call: Any) -> Answer:
        return self._send("GET", url, **call)

    def POST(self, url: str, **call: Any) -> Answer:
        return self._send("POST", url, **call)

    def PATCH(self, url: str, **call: Any) -> Answer:
        return self._send("PATCH", url, **call)

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query_params: list[tuple[str, Any]] | None = None,
        body: Any = None,
        post_params: list[tuple[str, str]] | None = None,
        **_: Any,
    ) -> Answer:
        """One generated call; time-outs and preloading, which the package passes along, are ours."""
        sent = {**headers, "User-Agent": "hubspot-quickbooks-invoices"}
        raw: bytes | None = None
        if post_params:
            raw = urlencode(post_params).encode()
        elif body is not None:
            raw = encode_json(body)
        else:
            sent.pop("Content-Type", None)
        return self._deliver(method, url, sent, raw, urlencode(_join_repeated(query_params or [])))


def encode_json(body: Any) -> bytes:
    """A body as it is sent: no blanks, letters of any writing as themselves, for HubSpot counts characters."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def attach(api_client: Any, deliver: Deliver) -> Any:
    """Give generated calls our transport; their paths stay without a host, their own pool unused."""
    api_client.configuration.host = ""
    api_client.rest_client = Transport(deliver)
    return api_client


def _join_repeated(query: list[tuple[str, Any]]) -> dict[str, str]:
    """The package repeats the name of a list; HubSpot documents one name, and commas."""
    # https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide
    joined: dict[str, list[str]] = {}
    for name, value in query:
        joined.setdefault(name, []).append(str(value))
    return {name: ",".join(values) for name, values in joined.items()}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _trace(headers: Mapping[str, str]) -> str | None:
    return headers.get("X-HubSpot-Correlation-Id")
