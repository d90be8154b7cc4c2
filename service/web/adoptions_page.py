"""Invoices made in QuickBooks that may belong to a deal: choose it, or say that there is none.

Only rows are written here: the worker looks whether the deal exists, and ties them.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import PageNotFound
from service.ids import DealId, InvoiceId, RealmId
from service.store.adoptions import ADOPTED, CHOSEN, NEW, REFUSED, REVIEW, UNRELATED, Adoption
from service.web.desk import Desk

SHOWN: dict[str, tuple[str, ...]] = {
    "to choose": (REVIEW,),
    "without a deal": (NEW, CHOSEN, UNRELATED),
    "tied": (ADOPTED,),
    "refused": (REFUSED,),
}
DONE = {
    "chosen": "The worker ties it to the deal within seconds; if there is no such deal, it comes back here.",
    "refused": "It belongs to no deal, and is not asked about again.",
}
MAY_CHANGE = (REVIEW, UNRELATED, REFUSED)


def add_adoptions(routes: Blueprint, desk: Desk) -> None:
    """GET /invoices, POST /invoices/adopt, POST /invoices/refuse."""

    @routes.get("/invoices")
    def list_adoptions() -> str:
        show = request.args.get("show", "to choose")
        show = show if show in SHOWN else "to choose"
        return render_template(
            "adoptions.html",
            adoptions=[_view(each) for each in desk.adoptions.of_states(SHOWN[show])],
            shown=list(SHOWN),
            show=show,
            done=DONE.get(request.args.get("done", ""), ""),
            refused=desk.mirrors.refused(),
        )

    @routes.post("/invoices/adopt")
    def adopt_invoice() -> Response:
        adoption = _find(desk)
        deal = request.form.get("deal", "").strip()
        if not (deal.isascii() and deal.isdecimal() and len(deal) < 20):
            raise PageNotFound("A deal is a number: copy it from the deal's address in HubSpot.")
        desk.adoptions.decide(adoption, state=CHOSEN, deal_id=DealId(deal), due_at=desk.clock.now())
        desk.note("adopted", f"invoice {adoption.invoice_id} of realm {adoption.realm_id}", f"deal {deal}")
        return redirect(url_for("operator.list_adoptions", done="chosen"), 303)

    @routes.post("/invoices/refuse")
    def refuse_invoice() -> Response:
        adoption = _find(desk)
        desk.adoptions.decide(adoption, state=REFUSED, reason="a person said that it belongs to no deal")
        desk.note("refused", f"invoice {adoption.invoice_id} of realm {adoption.realm_id}")
        return redirect(url_for("operator.list_adoptions", done="refused"), 303)


def _find(desk: Desk) -> Adoption:
    """Raises: PageNotFound when there is nothing to decide."""
    form = request.form
    found = desk.adoptions.find(RealmId(form.get("realm", "")), InvoiceId(form.get("invoice", "")))
    if found is None or found.state not in MAY_CHANGE:
        raise PageNotFound("There is no such invoice, or it belongs to a deal already.")
    return found


def _view(adoption: Adoption) -> dict[str, object]:
    """What the page shows of one."""
    said = adoption.content()
    return {
        "adoption": adoption,
        "customer": (said.get("CustomerRef") or {}).get("name") or "",
        "amount": f"{said.get('TotalAmt', '')} {(said.get('CurrencyRef') or {}).get('value') or ''}".strip(),
        "date": said.get("TxnDate") or "",
        "open": adoption.state in MAY_CHANGE,
    }
