"""Reading: one object, a query, the changes since, a PDF.

Contract 2.1, 2.4, 2.8.
"""

from __future__ import annotations

import hashlib

from flask import Response

from service.sandbox.quickbooks.answers import envelope, json_response, trace_headers
from service.sandbox.quickbooks.asked import Asked
from service.sandbox.quickbooks.changes import changes_since
from service.sandbox.quickbooks.faults import DELETED, INACTIVE, Fault
from service.sandbox.quickbooks.fields import Json
from service.sandbox.quickbooks.kinds import Kind
from service.sandbox.quickbooks.pdf import sale_pdf
from service.sandbox.quickbooks.query import answer_query
from service.sandbox.quickbooks.realm import Realm


def read_row(asked: Asked, kind: Kind, key: str) -> Response:
    """One object by Id."""
    asked.allow("include")
    includes = asked.includes("invoiceLink", "enhancedAllCustomFields")
    with asked.realm.lock:
        row = asked.realm.shown(kind.name, find_row(asked.realm, kind, key))
        if "invoiceLink" in includes and kind.name == "Invoice":
            row = _with_link(asked.realm, row)
        return json_response(envelope(asked.realm, kind.name, row))


def read_query(asked: Asked) -> Response:
    """A statement in the address, or as the body of a POST with its own content type."""
    if asked.method == "GET":
        asked.allow("query")
        if "query" not in asked.params:
            raise Fault("2020", "Required parameter query is missing in the request", "query")
        statement = asked.params["query"]
    else:
        asked.allow("requestid")
        if asked.mimetype != "application/text":
            raise Fault("500", "Content-Type must be application/text")
        try:
            statement = asked.body.decode()
        except UnicodeDecodeError:
            raise Fault("500", "The body must be UTF-8") from None
    with asked.realm.lock:
        return json_response(envelope(asked.realm, "QueryResponse", answer_query(asked.realm, statement)))


def read_changes(asked: Asked) -> Response:
    """Change data capture."""
    asked.allow("entities", "changedSince")
    for name in ("entities", "changedSince"):
        if not asked.params.get(name):
            raise Fault("2020", f"Required parameter {name} is missing in the request", name)
    kinds = asked.params["entities"].split(",")
    with asked.realm.lock:
        slots = changes_since(asked.realm, kinds, asked.params["changedSince"])
        return json_response(envelope(asked.realm, "CDCResponse", [{"QueryResponse": slots}]))


def read_pdf(asked: Asked, kind: Kind, key: str) -> Response:
    """The sale as a document."""
    asked.allow()
    with asked.realm.lock:
        row = find_row(asked.realm, kind, key)
    return Response(sale_pdf(asked.realm.name, kind.name, row), 200, trace_headers(), mimetype="application/pdf")


def find_row(realm: Realm, kind: Kind, key: str) -> Json:
    """The row of that Id.

    Contract 2.10: a missing customer or vendor is 2010, others 610.
    """
    row = realm.get(kind.name, key)
    if row is not None and (kind.name, key) not in realm.merged:
        return row
    if kind.name in ("Customer", "Vendor"):
        code = realm.settings.missing_name_read_code
        raise Fault(code, INACTIVE if code == "610" else "", refused=False)
    raise Fault("610", DELETED)


def _with_link(realm: Realm, row: Json) -> Json:
    """Contract 3.2.1: only with online payment and an address to send it to."""
    if not realm.preference("SalesFormsPrefs", "ETransactionPaymentEnabled") or "BillEmail" not in row:
        return row
    digest = hashlib.sha256(f"{realm.id} {row['Id']}".encode()).hexdigest()
    return {**row, "InvoiceLink": f"https://connect.intuit.com/portal/app/CommerceNetwork/view/scs-v1-{digest}"}
