"""What must be true of the books and the rows, whatever was killed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.crash.processes import Installation, Tenant


def check_invoiced_once(installation: Installation, tenant: Tenant, deals: Mapping[str, str]) -> None:
    """Each callback of the tenant (`deals`: its deal) ended in one invoice, on its deal, told once.

    Nothing that the invoices needed was made twice, and nobody else's work is among them.
    """
    books, invoices = installation.books(tenant), installation.invoices(tenant)
    told = {each["callback_id"]: each for each in installation.hubspot_callbacks(tenant)}
    assert sorted(told) == sorted(deals)
    assert len(invoices) == len(deals)
    assert {told[key]["outputs"].get("invoiceId") for key in deals} == {each["Id"] for each in invoices}
    for callback_id, deal_id in deals.items():
        callback = told[callback_id]
        assert (callback["state"], callback["execution_state"]) == ("completed", "SUCCESS")
        # HubSpot may learn the outcome as the answer to a delivery instead.
        assert callback["effective_completions"] == (0 if callback["completed_by"] == "answer" else 1)
        assert callback["complaints"] == []
        assert installation.deal(tenant, deal_id)["qbo_invoice_id"] == callback["outputs"]["invoiceId"]
    for kind, name in (("Customer", "DisplayName"), ("Item", "FullyQualifiedName")):
        names = [each[name] for each in books[kind]]
        assert len(names) == len(set(names))


def check_rows_completed(installation: Installation, callback_ids: Iterable[str]) -> None:
    """Their rows come to their end, just after HubSpot has been told."""
    wanted = set(callback_ids)

    def open_ones() -> set[str]:
        rows = installation.rows("SELECT callback_id FROM callbacks WHERE state <> 'completed'")
        return wanted & {row.callback_id for row in rows}

    installation.wait_for(lambda: not open_ones(), "the rows to be completed", seconds=10)


def check_every_answer_has_its_row(installation: Installation) -> None:
    """Whatever HubSpot has been answered with 2xx is written down."""
    known = {row.callback_id for row in installation.rows("SELECT callback_id FROM callbacks")}
    for callback in installation.hubspot_callbacks():
        answered = any(200 <= (each["status"] or 0) < 300 for each in callback["deliveries"])
        assert not answered or callback["callback_id"] in known, callback
