"""Batches (contract 2.7)."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks_caller import Company, Fault, invoice_body

from service.sandbox.quickbooks.state import QuickBooks


def run(company: Company, *items: dict[str, Any], params: str = "") -> list[Any]:
    named = [{"bId": str(at), **item} for at, item in enumerate(items, 1)]
    answer: list[Any] = company.post(f"/batch{params}", {"BatchItemRequest": named})["BatchItemResponse"]
    return answer


def test_each_item_has_its_own_outcome(company: Company) -> None:
    payment = company.get("/payment/68")["Payment"]
    done = run(
        company,
        {"operation": "create", "Customer": {"DisplayName": "Kim Nguyen"}},
        {"operation": "create", "Customer": {"DisplayName": "Cool Cars"}},
        {"operation": "update", "Invoice": {"Id": "130", "SyncToken": "0", "sparse": True, "PrivateNote": "x"}},
        {"operation": "delete", "Invoice": {"Id": "9", "SyncToken": "0"}},
        {"operation": "update", "optionsData": "void",
         "Payment": {"Id": "68", "SyncToken": payment["SyncToken"], "sparse": True}},
        {"Query": "select * from Invoice where TotalAmt > '2000.00'"},
        {"operation": "create", "Invoice": invoice_body(Colour="red")},
    )  # fmt: skip
    assert [item["bId"] for item in done] == list("1234567")
    assert done[0]["Customer"]["Id"] == "67"
    assert done[1]["Fault"]["Error"][0]["code"] == "6240"
    assert done[2]["Invoice"]["SyncToken"] == "1"
    assert done[3]["Invoice"]["status"] == "Deleted"
    assert done[4]["Payment"]["TotalAmt"] == 0
    assert done[5]["QueryResponse"]["Invoice"][0]["Id"] == "12"
    assert done[6]["Fault"]["Error"][0]["code"] == "2010"
    assert company.refused is not None  # by the last item


def test_a_batch_is_at_most_thirty(company: Company) -> None:
    assert len(run(company, *[{"Query": "select count(*) from Invoice"}] * 30)) == 30
    with pytest.raises(Fault, match="1040"):
        run(company, *[{"Query": "select count(*) from Invoice"}] * 31)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"operation": "create", "Colour": {}}, "2000"),
        ({"operation": "create", "Vendor": {"DisplayName": "V"}}, "2000"),
        ({"operation": "send", "Invoice": {"Id": "130"}}, "500"),
        ({"operation": "create", "Invoice": {}, "Customer": {}}, "2600"),
        ({"operation": "update", "Customer": {"DisplayName": "No Id"}}, "2600"),
        ({"operation": "delete", "Customer": {"Id": "1", "SyncToken": "0"}}, "500"),
        ({"operation": "update", "optionsData": "void", "Invoice": {"Id": "130", "SyncToken": "0"}}, "500"),
    ],
)
def test_an_item_out_of_line(company: Company, item: dict[str, Any], code: str) -> None:
    assert run(company, item)[0]["Fault"]["Error"][0]["code"] == code
    assert company.refused is not None


def test_names_are_short_beside_a_requestid(company: Company) -> None:
    item = {"bId": "x" * 11, "Query": "select count(*) from Invoice"}
    assert company.post("/batch", {"BatchItemRequest": [item]})
    with pytest.raises(Fault, match="2130"):
        company.post("/batch?requestid=b1", {"BatchItemRequest": [item]})
    with pytest.raises(Fault, match="2130"):
        run(company, params="?requestid=" + "x" * 37)
    with pytest.raises(Fault, match="2600"):
        company.post("/batch", {"BatchItemRequest": [{**item, "bId": "1"}] * 2})


def test_a_batch_is_repeated_as_a_whole(company: Company, quickbooks: QuickBooks) -> None:
    items = [{"operation": "create", "Invoice": invoice_body()}] * 3
    first = run(company, *items, params="?requestid=b1")
    assert run(company, *items, params="?requestid=b1") == first
    quickbooks.settings.requestid_batch = "fault_6000"
    again = run(company, *items, params="?requestid=b1")
    assert {item["Fault"]["Error"][0]["code"] for item in again} == {"6000"}
    assert company.books()["counts"]["Invoice"] == 18


def test_items_may_run_in_any_order(company: Company, quickbooks: QuickBooks) -> None:
    quickbooks.settings.batch_order = "reversed"
    done = run(company, *[{"operation": "create", "Invoice": invoice_body()}] * 2)
    assert [(item["bId"], item["Invoice"]["Id"]) for item in done] == [("2", "238"), ("1", "239")]
