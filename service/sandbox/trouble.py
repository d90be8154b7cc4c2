"""Trouble on the wire, scripted: answers lost, requests lost, delays, faults, broken bodies."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from service.sandbox.tape import Request, Tape

# before the vendor has seen the request:   lose_request  status  delay (then goes on)
# after the vendor has done the work:       lose_answer  late_status  html  xml  truncate  garbage  hang  pass
KINDS = {
    "lose_request", "status", "delay",
    "lose_answer", "late_status", "html", "xml", "truncate", "garbage", "hang", "pass",
}  # fmt: skip
BEFORE = {"lose_request", "status", "delay"}

QUICKBOOKS_PATHS = ("/v3/company/", "/oauth2/", "/v2/oauth2/", "/.well-known/")
HUBSPOT_PATHS = ("/crm/", "/automation/", "/oauth/", "/account-info/", "/tax-rates/", "/appinstalls/", "/webhooks/",
                 "/files/")  # fmt: skip

XML_429 = (
    '<IntuitResponse time="2026-12-07T15:27:09.527-08:00" xmlns="http://schema.intuit.com/finance/v3">'
    '<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; '
    "statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault>"
    "</IntuitResponse>"
)


class BadRule(ValueError):
    """The rule cannot be understood; the message says what to change."""


@dataclass(slots=True)
class Rule:
    """One piece of trouble: which requests it meets, how often, and what happens to them.

    `skip` requests pass first, then `times` are hit (None: every one). `path` is a regular
    expression searched in path and query; `body` one searched in the request body.
    """

    kind: str
    vendor: str | None = None
    method: str | None = None
    path: str = ""
    body: str = ""
    skip: int = 0
    times: int | None = 1
    seconds: float = 0.0
    status: int = 500
    answer: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    id: int = 0
    hits: int = 0

    def meets(self, vendor: str, method: str, target: str, body: bytes) -> bool:
        """Whether this rule is about the given request, counting not considered."""
        return (
            (self.vendor is None or self.vendor == vendor)
            and (self.method is None or self.method == method)
            and re.search(self.path, target) is not None
            and (not self.body or re.search(self.body, body.decode("utf-8", "replace")) is not None)
        )


class Trouble:
    """The scripted rules; the first that meets a request and is not used up applies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._ids = itertools.count(1)

    def add(self, **rule: Any) -> Rule:
        """Script a rule. Raises BadRule when it cannot be understood."""
        try:
            made = Rule(**rule)
            re.compile(made.path), re.compile(made.body)
        except (TypeError, re.error) as error:
            raise BadRule(str(error)) from error
        if made.kind not in KINDS:
            raise BadRule(f"kind must be one of {', '.join(sorted(KINDS))}")
        with self._lock:
            made.id = next(self._ids)
            self._rules.append(made)
        return made

    def lose_next_answer(self, vendor: str, path: str, times: int | None = 1) -> Rule:
        """The work is done, the answer never arrives."""
        return self.add(kind="lose_answer", vendor=vendor, path=path, times=times)

    def clear(self) -> None:
        """No more trouble."""
        with self._lock:
            self._rules.clear()

    def rules(self) -> list[dict[str, Any]]:
        """The rules with their hits."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    @property
    def quiet(self) -> bool:
        """No rule is scripted."""
        return not self._rules

    def pick(self, vendor: str, method: str, target: str, body: bytes) -> Rule | None:
        """The rule that hits this request, counted; None when it passes."""
        with self._lock:
            for rule in self._rules:
                if (rule.times is not None and rule.times <= 0) or not rule.meets(vendor, method, target, body):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                rule.hits += 1
                return rule
        return None


class Wire:
    """WSGI middleware: every vendor request goes through it onto the tape, and meets its trouble."""

    def __init__(self, app: Callable[..., Iterable[bytes]], trouble: Trouble, tape: Tape) -> None:
        self._app, self._trouble, self._tape = app, trouble, tape

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        vendor = vendor_of(environ["PATH_INFO"])
        if vendor is None:
            return self._app(environ, start_response)
        request = Request(
            time.time(), vendor, environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), None
        )
        self._tape.record(request)
        rule = None
        if not self._trouble.quiet:
            rule = self._trouble.pick(vendor, request.method, f"{request.path}?{request.query}", _body(environ))
        try:
            if rule is None:
                return self._answer(environ, start_response, request)
            request.trouble = rule.kind
            return self._troubled(rule, environ, start_response, request)
        finally:
            if environ.get("sandbox.refused"):
                self._tape.refuse(request, environ["sandbox.refused"])

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any], request: Request) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            request.status = int(status.split()[0])
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._app(environ, start)

    def _troubled(
        self, rule: Rule, environ: dict[str, Any], start_response: Callable[..., Any], request: Request
    ) -> Iterable[bytes]:
        if rule.kind == "lose_request":
            time.sleep(rule.seconds)
            return _hang_up(environ, start_response)
        if rule.kind == "status":
            return _status(rule, start_response, request)
        if rule.kind == "delay":
            time.sleep(rule.seconds)
            return self._answer(environ, start_response, request)
        kept: list[Any] = []
        body = b"".join(self._app(environ, lambda status, headers, exc_info=None: kept.extend((status, headers))))
        status, headers = kept
        if rule.kind == "pass":
            return _respond(start_response, request, status, headers, body)
        if rule.kind in ("lose_answer", "hang"):
            time.sleep(rule.seconds)
            return _hang_up(environ, start_response)
        if rule.kind == "late_status":
            return _status(rule, start_response, request)
        if rule.kind == "truncate":
            return _respond(start_response, request, status, headers, body[: len(body) // 2])
        broken = {
            "html": ("text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>"),
            "xml": ("application/xml", XML_429),
            "garbage": ("application/json", '{"Invoice": {"Id": '),
        }
        kind, text = broken[rule.kind]
        return _respond(start_response, request, status, [("Content-Type", kind)], (rule.answer or text).encode())


def vendor_of(path: str) -> str | None:
    """Whose path this is: "quickbooks", "hubspot", or None for the sandbox's own."""
    if path.startswith(QUICKBOOKS_PATHS):
        return "quickbooks"
    return "hubspot" if path.startswith(HUBSPOT_PATHS) else None


def _body(environ: dict[str, Any]) -> bytes:
    """The request body, left readable for the vendor behind."""
    import io

    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _status(rule: Rule, start_response: Callable[..., Any], request: Request) -> list[bytes]:
    headers = [("Content-Type", rule.headers.get("Content-Type", "application/json"))]
    headers += [(k, v) for k, v in rule.headers.items() if k != "Content-Type"]
    return _respond(start_response, request, f"{rule.status} Trouble", headers, rule.answer.encode())


def _respond(
    start_response: Callable[..., Any], request: Request, status: str, headers: list[tuple[str, str]], body: bytes
) -> list[bytes]:
    request.status = int(status.split()[0])
    kept = [(k, v) for k, v in headers if k.lower() != "content-length"]
    start_response(status, [*kept, ("Content-Length", str(len(body)))])
    return [body]


def _hang_up(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Close the connection without a word, under gunicorn and under werkzeug's server."""
    connection: socket.socket | None = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    start_response("500 Lost", [("Connection", "close"), ("Content-Length", "0")])
    return [b""]
