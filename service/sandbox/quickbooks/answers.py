"""Answers as they leave: envelope, headers, faults, notes for the tape."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

from flask import Response, request

from service.sandbox.quickbooks.faults import Fault, api_fault
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.stamps import stamp_precisely

_numbers = itertools.count(1)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def trace_headers() -> list[tuple[str, str]]:
    """`intuit_tid` and its company, on every answer (contract 2.1)."""
    trace = f"1-{int(time.time()):08x}-{next(_numbers):024x}"
    return [("intuit_tid", trace), ("qbo-version", "1976.149"), ("service-time", "total=3, db=1")]


def refuse(reason: str) -> None:
    """Note for the tape that no careful caller would have sent this request."""
    request.environ["sandbox.refused"] = reason


def envelope(realm: Realm, name: str, value: Any) -> str:
    """`{"Invoice": {...}, "time": "..."}`."""
    return f'{{"{name}":{_encode(value)},"time":"{stamp_precisely(realm.clock.now())}"}}'


def json_response(body: str, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(body, status, trace_headers(), mimetype="application/json")


def fault_response(realm: Realm, fault: Fault) -> Response:
    """Shape A with HTTP 400; a setting may say 403 for what the user or the plan may not do."""
    if fault.refused:
        refuse(fault.refused)
    status = int(realm.settings.denied_status) if fault.code in ("5020", "5030") else 400
    return json_response(api_fault(fault, realm.clock.now(), realm.settings.fault_type), status)
