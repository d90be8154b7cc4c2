"""The shapes in which QuickBooks answers, faults above all.

JSON, the gateway's JSON, XML, HTML, torn or senseless bytes.
Only reads; what a code means stands in `faults`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from typing import Any

# A fault body is a few hundred bytes. Longer ones are pages of an edge server: not read to the end.
_LONGEST_FAULT = 8_000

# Tags are matched, not parsed: a fault needs no XML parser, and so no defence against entity bombs.
_XML_FAULT = re.compile(r"<(?:\w+:)?Fault\b([^>]*)>", re.IGNORECASE)
_XML_ERROR = re.compile(r"<(?:\w+:)?Error\b([^>]*)>(.*?)</(?:\w+:)?Error>", re.IGNORECASE | re.DOTALL)
_XML_ATTRIBUTE = re.compile(r"\b(code|type|element)\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_XML_TEXT = re.compile(r"<(?:\w+:)?(Message|Detail)\b[^>]*>(.*?)</(?:\w+:)?\1>", re.IGNORECASE | re.DOTALL)

# The gateway repeats its code inside the message: "message=ThrottleExceeded; errorCode=003001; statusCode=429".
_CODE_IN_MESSAGE = re.compile(r"\berrorCode=0*(\d{1,6})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error as QuickBooks states it.

    `code` is Intuit's without leading zeros, "" when absent.
    """

    code: str
    message: str
    detail: str
    element: str
    kind: str


def parse_json(body: bytes) -> Any | None:
    """The JSON value of a body; `None` when it is not JSON.

    Numbers with a point are `Decimal`.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def parse_faults(body: bytes, content: Any | None) -> tuple[Fault, ...]:
    """Every fault in an answer, in order; empty when the answer carries none.

    `content` is the body's JSON value, `None` when the body is not JSON.
    """
    if isinstance(content, Mapping):
        return faults_in(content)
    text = body[:_LONGEST_FAULT].decode("utf-8", "replace")
    return _faults_in_xml(text) if text.lstrip("\ufeff \t\r\n").startswith("<") else ()


def faults_in(content: Mapping[str, Any]) -> tuple[Fault, ...]:
    """The faults of a JSON object, whatever the case of its keys."""
    fault = _get(content, "fault")
    if not isinstance(fault, Mapping):
        return ()
    kind = _text(_get(fault, "type"))
    errors = _get(fault, "error")
    if isinstance(errors, Mapping):
        errors = [errors]
    found = [_fault(error, kind) for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
    return tuple(found) or (Fault("", "", "", "", kind),)


def _fault(error: Mapping[str, Any], kind: str) -> Fault:
    message = _text(_get(error, "message"))
    code = _code(_get(error, "code"), message)
    return Fault(code, message, _text(_get(error, "detail")), _text(_get(error, "element")), kind)


def _faults_in_xml(text: str) -> tuple[Fault, ...]:
    opening = _XML_FAULT.search(text)
    if opening is None:
        return ()
    kind = _attributes(opening[1]).get("type", "")
    found = []
    for given, inner in _XML_ERROR.findall(text):
        texts = {name.lower(): unescape(value).strip() for name, value in _XML_TEXT.findall(inner)}
        attributes = _attributes(given)
        message = texts.get("message", "")
        code = _code(attributes.get("code"), message)
        found.append(Fault(code, message, texts.get("detail", ""), attributes.get("element", ""), kind))
    return tuple(found) or (Fault("", "", "", "", kind),)


def _attributes(given: str) -> dict[str, str]:
    return {name.lower(): unescape(value).strip() for name, value in _XML_ATTRIBUTE.findall(given)}


def _get(content: Mapping[str, Any], name: str) -> Any | None:
    for key, value in content.items():
        if isinstance(key, str) and key.lower() == name and value is not None:
            return value
    return None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _code(value: Any, message: str) -> str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        value = str(value).removesuffix(".0")
    if isinstance(value, str) and value.strip():
        return value.strip()[:20].lstrip("0") or "0"
    match = _CODE_IN_MESSAGE.search(message)
    return match[1] if match else ""


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
