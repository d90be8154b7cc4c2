"""Everything under /v3/company/<realm>: the gate, then the operation."""

from __future__ import annotations

from flask import Blueprint, Response, request

from service.sandbox.quickbooks.answers import fault_response, refuse
from service.sandbox.quickbooks.asked import Asked, take_apart
from service.sandbox.quickbooks.batch import run_batch
from service.sandbox.quickbooks.faults import Fault
from service.sandbox.quickbooks.gate import TurnedAway, check_bearer, throttled
from service.sandbox.quickbooks.kinds import BY_PATH, Kind
from service.sandbox.quickbooks.reads import read_changes, read_pdf, read_query, read_row
from service.sandbox.quickbooks.state import QuickBooks
from service.sandbox.quickbooks.writes import send_sale, write_row

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def company_routes(quickbooks: QuickBooks) -> Blueprint:
    """The accounting API.

    One route: QuickBooks' paths are looked at by ourselves, case and all.
    """
    routes = Blueprint("quickbooks_company", __name__)

    @routes.route("/v3/company/<realm_id>/<path:rest>", methods=METHODS)
    def company(realm_id: str, rest: str) -> Response:
        try:
            realm = check_bearer(quickbooks, realm_id)
        except TurnedAway as away:
            return away.response
        meter, settings = quickbooks.limits.meter(realm_id), quickbooks.settings
        try:
            admitted = meter.enter(
                batch=rest == "batch",
                refuse=settings.limits,
                refuse_in_flight=settings.in_flight_limit == "refuse",
            )
            if not admitted:
                return throttled(quickbooks)
            if realm.company_fault is not None:
                raise Fault(realm.company_fault, refused=False)
            return answer(take_apart(quickbooks, realm, rest, request))
        except Fault as fault:
            return fault_response(realm, fault)
        finally:
            meter.leave()

    @routes.route("/v3/company/", defaults={"_": ""}, methods=METHODS)
    @routes.route("/v3/company/<_>", methods=METHODS, strict_slashes=False)
    def nowhere(_: str) -> Response:
        refuse(f"no such address: {request.method} {request.path}")
        return Response("<html><body><h1>404 Not Found</h1></body></html>", 404, mimetype="text/html")

    return routes


def answer(asked: Asked) -> Response:
    """The operation that method and path name.

    Raises Fault; 500 for what is not documented.
    """
    path, method = asked.path, asked.method
    asked.wants("application/pdf" if path[-1] == "pdf" else "application/json")
    if path == ("query",) and method in ("GET", "POST"):
        return read_query(asked)
    if path == ("batch",) and method == "POST":
        return run_batch(asked)
    if path == ("cdc",) and method == "GET":
        return read_changes(asked)
    kind = BY_PATH.get(path[0])
    if kind is None:
        raise _unsupported(asked)
    if method == "POST" and len(path) == 1:
        return write_row(asked, kind)
    if method == "GET":
        return _get(asked, kind)
    if method == "POST" and len(path) == 3 and path[2] == "send" and "send" in kind.may:
        return send_sale(asked, kind, path[1])
    raise _unsupported(asked)


def _get(asked: Asked, kind: Kind) -> Response:
    path = asked.path
    if "read" not in kind.may:
        raise _unsupported(asked)
    if kind.name == "Preferences" and len(path) == 1:
        return read_row(asked, kind, "1")
    if kind.name == "CompanyInfo" and path[1:] == (asked.realm.id,):
        return read_row(asked, kind, "1")
    if len(path) == 2 and kind.name not in ("Preferences", "CompanyInfo"):
        return read_row(asked, kind, path[1])
    if len(path) == 3 and path[2] == "pdf" and "pdf" in kind.may:
        return read_pdf(asked, kind, path[1])
    raise _unsupported(asked)


def _unsupported(asked: Asked) -> Fault:
    return Fault("500", f"Operation {asked.method} /{'/'.join(asked.path)} is not supported")
