"""A request taken apart strictly: path, parameters, headers, body.

Contract 2.1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from flask import Request

from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.realm import Realm
from service.sandbox.quickbooks.state import QuickBooks

LONGEST_REQUEST_ID = 50


@dataclass
class Asked:
    """One request of a caller that came through the gate."""

    quickbooks: QuickBooks
    realm: Realm
    method: str
    path: tuple[str, ...]
    params: dict[str, str]
    mimetype: str
    charset: str
    accept: str
    body: bytes

    def allow(self, *names: str) -> None:
        """Refuse parameters that are not documented for this operation."""
        for name in self.params:
            if name not in names and name != "minorversion":
                raise Fault("2010", f"Query parameter {name} is not supported here", name)
        if not self.params.get("minorversion", "75").isdigit():
            raise Fault("2010", "minorversion must be a number", "minorversion")

    def includes(self, *allowed: str) -> set[str]:
        """The `include` parameter as a set of documented words."""
        words = set(filter(None, self.params.get("include", "").split(",")))
        if words - set(allowed):
            raise Fault("2010", f"include={self.params['include']} is not supported here", "include")
        return words

    def wants(self, kind: str) -> None:
        """Without this Accept header QuickBooks answers in XML, which nobody wants."""
        if kind not in self.accept:
            raise Fault("500", f"Accept must name {kind}")

    def request_id(self, longest: int = LONGEST_REQUEST_ID) -> str | None:
        """The requestid, at most 50 characters (2130)."""
        request_id = self.params.get("requestid")
        if request_id is not None and not 0 < len(request_id) <= longest:
            raise Fault("2130", f"Invalid Request Id Format : at most {longest} characters", "requestid")
        return request_id

    def json(self) -> Any:
        """The body as JSON with exact decimals. Raises Fault 500 or 2010."""
        if self.mimetype != "application/json" or self.charset not in ("", "utf-8"):
            raise Fault("500", "Content-Type must be application/json in UTF-8")
        try:
            return json.loads(self.body.decode(), parse_float=Decimal, parse_constant=_no_constant)
        except UnicodeDecodeError:
            raise Fault("500", "The body must be UTF-8") from None
        except (ValueError, RecursionError):
            raise Fault("2010", "Property Name:failed to parse json object") from None


def take_apart(quickbooks: QuickBooks, realm: Realm, rest: str, request: Request) -> Asked:
    """The request as `Asked`. A parameter given twice keeps its mark as undocumented."""
    params: dict[str, str] = {}
    for name, values in request.args.lists():
        params[name] = values[0]
        if len(values) > 1:
            params[f"{name} twice"] = ""
    return Asked(
        quickbooks,
        realm,
        request.method,
        tuple(rest.split("/")),
        params,
        request.mimetype,
        request.mimetype_params.get("charset", "").lower(),
        request.headers.get("Accept", ""),
        request.get_data(cache=False),
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
