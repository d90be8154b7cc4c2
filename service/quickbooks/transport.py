"""One call to QuickBooks, from request to understood answer.

python-quickbooks builds it, our wire carries it, `faults` reads the answer.
Closes the library's gaps: no time-out, lost status and headers, only the first fault, a params dict that
carries one call's request id into the next. A client is made for one call and forgotten.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from quickbooks.client import QuickBooks

from service.clock import Clock
from service.errors import NotConnected
from service.ids import RealmId
from service.quickbooks.faults import Call, Judgement, judge, state_error, state_silence
from service.quickbooks.limits import batch_scope, plan_pause, realm_scope
from service.quickbooks.verdicts import Verdict
from service.wire import Answer, NoAnswer, Pace, Wire

log = logging.getLogger("service.quickbooks")

# https://blogs.intuit.com/2025/01/21/changes-to-our-accounting-api-that-may-impact-your-application/
MINOR_VERSION = 75

# A statement longer than this goes in the body: URLs have limits, and Intuit's is not documented.
LONGEST_URL_STATEMENT = 1500

_USER_AGENT = "hubspot-quickbooks-invoices (python-quickbooks V3 library)"
_TRACE = re.compile(r"[^\w.-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """What every call shares.

    `access_token(realm, rejected)` gives an access token, a fresh one if `rejected` was refused.
    """

    api_url: str
    wire: Wire
    pace: Pace
    clock: Clock
    access_token: Callable[[RealmId, str | None], str]
    jitter: Callable[[], float]
    read_seconds: float
    write_seconds: float


class Client(QuickBooks):  # type: ignore[misc]
    """The library's client for one call: a read or a write, `named` when of something in a name list.

    The library's `__new__` takes the same arguments.
    """

    def __init__(
        self,
        *,
        line: Line,
        company_id: RealmId,
        minorversion: int,
        write: bool,
        named: bool = False,
        batch: bool = False,
    ) -> None:
        self._line = line
        self._write = write
        self._named = named
        self._batch = batch

    @property
    def api_url(self) -> str:
        return self._line.api_url

    def address(self, path: str) -> str:
        """The address of a path below the realm."""
        return f"{self.api_url}/company/{self.company_id}/{path}"

    def query(self, select: str, params: Mapping[str, str] | None = None) -> Any:
        """A statement: plainly a read by GET when it is short, otherwise in the body."""
        if len(quote(select)) < LONGEST_URL_STATEMENT:
            return self.make_request("GET", self.address("query"), params={**(params or {}), "query": select})
        return super().query(select, params)

    def make_request(
        self,
        request_type: str,
        url: str,
        request_body: bytes | str | Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
        file_path: str | None = None,
        file_bytes: bytes | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """The JSON object QuickBooks answers; the body goes out as the very bytes given.

        Raises: ServiceError. Attachments are not taken.
        """
        body = request_body.encode("utf-8", "replace") if isinstance(request_body, str) else request_body or None
        if file_path or file_bytes or isinstance(body, Mapping):
            raise TypeError("bodies are bytes")
        headers = {"Accept": "application/json", "User-Agent": _USER_AGENT}
        if request_type != "GET":
            headers["Content-Type"] = content_type
        # A dict of our own for every call: the library writes the request id into the caller's.
        asked = dict(params or {})
        if request_id:
            asked["requestid"] = request_id
        address = self._complete(url, asked)
        call = Call(self._write, bool(request_id), self._named)
        _, judgement = self._exchange(request_type, address, headers, body, call, judge)
        return judgement.content or {}

    def download_pdf(self, qbbo: str, item_id: str) -> bytes:
        """The bytes of a PDF.

        Raises: ServiceError.
        """
        headers = {"Accept": "application/pdf", "User-Agent": _USER_AGENT}
        address = self._complete(self.address(f"{qbbo.lower()}/{item_id}/pdf"), {})
        answer, _ = self._exchange("GET", address, headers, None, Call(write=False), _judge_pdf)
        return answer.body

    def rest(self, reason: str, answer: Answer | None = None) -> timedelta:
        """Nobody calls the realm for as long as the answer says; returns how long that is."""
        span = plan_pause(answer.headers if answer else {}, self._line.jitter())
        self._line.pace.pause(realm_scope(self.company_id), span, reason)
        return span

    def process_request(self, *_: Any, **__: Any) -> Any:
        """Nothing of the library may reach the network past our wire."""
        raise NotImplementedError("calls go through make_request")

    def _complete(self, url: str, params: dict[str, str]) -> str:
        asked = {**params, "minorversion": str(self.minorversion)}
        return f"{url}?{urlencode(asked, quote_via=quote, safe='', errors='replace')}"

    def _exchange(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        call: Call,
        understand: Callable[[Answer], Judgement],
    ) -> tuple[Answer, Judgement]:
        realm, refused = RealmId(self.company_id), None
        for _ in range(2):
            access_token = self._line.access_token(realm, refused)
            answer = self._send(method, url, {**headers, "Authorization": f"Bearer {access_token}"}, body, call)
            judgement = self._tell_pace(answer, understand(answer), again=refused is not None)
            if judgement.verdict not in (Verdict.ACCESS_TOKEN_REJECTED, Verdict.TURNED_AWAY):
                break
            refused = access_token
        if judgement.verdict is Verdict.FINE:
            return answer, judgement
        error = state_error(judgement, call)
        if isinstance(error, NotConnected):
            error.refused_token = access_token
        raise error

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None, call: Call) -> Answer:
        line, realm = self._line, realm_scope(self.company_id)
        seconds = line.write_seconds if self._write else line.read_seconds
        path = urlsplit(url).path
        with line.pace.turn(batch_scope(self.company_id)) if self._batch else nullcontext(), line.pace.turn(realm):
            started = line.clock.monotonic()
            try:
                answer = line.wire.send(method, url, headers, body, read_seconds=seconds)
            except NoAnswer as silence:
                waited = timedelta(seconds=line.clock.monotonic() - started)
                log.warning("%s %s no answer (%s) in %.0f ms", method, path, silence, waited.total_seconds() * 1000)
                line.pace.ill(realm, str(silence))
                raise state_silence(silence, call, waited) from silence
        spent = (line.clock.monotonic() - started) * 1000
        # Intuit's support asks for the trace id. Never the query string: it holds statements and addresses.
        trace = _TRACE.sub("", answer.headers.get("intuit_tid") or "")[:80]
        log.info("%s %s %d in %.0f ms, intuit_tid %s", method, path, answer.status, spent, trace or "none")
        return answer

    def _tell_pace(self, answer: Answer, judgement: Judgement, *, again: bool) -> Judgement:
        """What the answer says of the realm as a whole; `again`: with a fresh access token."""
        line, realm = self._line, realm_scope(self.company_id)
        if judgement.verdict is Verdict.THROTTLED:
            return replace(judgement, after=self.rest("429", answer))
        # A fresh access token is turned away as well, and yet we are connected: something stands in front.
        barred = judgement.verdict is Verdict.TURNED_AWAY and again
        if barred or judgement.verdict in (Verdict.DOWN, Verdict.LOCKED_OUT):
            line.pace.ill(realm, f"HTTP {answer.status}")
        elif judgement.verdict not in (Verdict.ACCESS_TOKEN_REJECTED, Verdict.TURNED_AWAY, Verdict.DISCONNECTED):
            line.pace.well(realm)
        return judgement


def _judge_pdf(answer: Answer) -> Judgement:
    """A document as it is, whatever its first bytes; what else comes is the trouble of this one call."""
    kind = (answer.headers.get("Content-Type") or "").lower()
    if answer.status == 200 and answer.body and kind.startswith("application/pdf"):
        return Judgement(Verdict.FINE)
    judgement = judge(answer)
    without = answer.status == 200 and judgement.verdict in (Verdict.FINE, Verdict.DOWN)
    return Judgement(Verdict.UNSURE) if without else judgement
