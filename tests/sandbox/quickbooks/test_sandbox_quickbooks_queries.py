"""The query language (contract 2.4)."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quickbooks_caller import Company, Fault

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks import faults
from service.sandbox.quickbooks.query_text import Condition, parse_query


def ids(company: Company, text: str, kind: str = "Customer") -> list[str]:
    return [row["Id"] for row in company.query(text).get(kind, [])]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (r"DisplayName = 'Amy\'s Bird Sanctuary'", ["1"]),
        (r"DisplayName = 'AMY\'S BIRD SANCTUARY'", ["1"]),
        ("DisplayName = 'Old Mill Nursery'", []),
        ("DisplayName = 'Old Mill Nursery' and Active IN (true, false)", ["30"]),
        ("DisplayName = 'Old Mill Nursery' AND Active = false", ["30"]),
        ("PrimaryEmailAddr = 'surf@intuit.com'", ["2"]),
        ("FamilyName = 'Weiskopf' ORDERBY Id DESC", ["29", "23"]),
        ("FamilyName = 'Weiskopf' order by DisplayName desc", ["29", "23"]),
        ("DisplayName LIKE 'B%' ", ["2", "23"]),
        ("DisplayName like '%design'", ["23"]),
        ("Id IN ('3', '1', '77')", ["3", "1"]),
        ("Balance > '2000'", []),
        ("GivenName = 'Nicola' and FamilyName = 'Weiskopf' startposition 2 maxresults 1", ["29"]),
        ("DisplayName = 'nobody'", []),
    ],
)
def test_customers(company: Company, where: str, found: list[str]) -> None:
    assert ids(company, f"select * from Customer where {where}") == found
    assert company.refused is None


def test_the_envelope(company: Company) -> None:
    page = company.query("select * from Invoice where DocNumber = '1037'")
    assert (page["startPosition"], page["maxResults"], page["totalCount"]) == (1, 1, 1)
    assert company.query("select count(*) from Invoice") == {"totalCount": 15}
    assert company.query("select * from Invoice where DocNumber = 'none'") == {}
    assert len(company.query("select * from Customer maxresults 3")["Customer"]) == 3


def test_invoices(company: Company, clock: SandboxClock) -> None:
    clock.advance(timedelta(minutes=40))
    made = company.invoice()
    since = "MetaData.CreateTime >= '2026-11-22T18:30:00Z'"
    assert ids(company, f"select * from Invoice where CustomerRef = '24' and {since}", "Invoice") == [made["Id"]]
    assert ids(company, "select * from Invoice where TotalAmt > '500' and Balance = '0'", "Invoice") == ["12"]
    assert ids(company, "select Id from Invoice where TxnDate < '2024-12-10' ORDERBY TxnDate, Id DESC", "Invoice") == [
        "12",
        "9",
    ]
    assert company.query("select Id, MetaData.CreateTime from Invoice where Id = '130'")["Invoice"] == [
        {"Id": "130", "MetaData": {"CreateTime": "2025-01-10T13:16:17-08:00"}}
    ]


def test_a_statement_may_be_posted(company: Company) -> None:
    answer = company.raw("POST", "/query?minorversion=75", data=b"select * from Term", content_type="application/text")
    assert len(answer.get_json()["QueryResponse"]["Term"]) == 4
    wrong = company.raw("POST", "/query", data=b"select * from Term", content_type="text/plain")
    assert wrong.status_code == 400


def test_an_items_sku_has_to_be_asked_for(company: Company) -> None:
    by_sku = "from Item where Sku = 'design'"
    assert "Sku" not in company.query(f"select * {by_sku}")["Item"][0]
    assert company.query(f"select *, Sku {by_sku}")["Item"][0]["Sku"] == "DESIGN"
    assert company.get("/item/4")["Item"]["Sku"] == "DESIGN"
    assert ids(company, "select * from Item where Name = 'pump'", "Item") == ["11"]
    assert ids(company, "select * from Account where AccountType = 'Cost of Goods Sold'", "Account") == ["80"]
    assert ids(company, "select * from TaxCode where Name = 'California'", "TaxCode") == ["2"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select * from Invoice where PrivateNote = 'x'", "4001"),
        ("select * from Invoice where EmailStatus = 'NotSet'", "4001"),
        ("select * from Invoice where BillEmail = 'a@b.c'", "4001"),
        ("select * from Invoice where CustomField = 'x'", "4001"),
        ("select * from Invoice orderby PrivateNote", "4001"),
        ("select Colour from Invoice", "4001"),
        ("select * from Order", "4001"),
        ("select * from Invoice startposition 0", "4001"),
        ("select * from Invoice maxresults 1001", "4001"),
        ("select * from Invoice where Id > '1'", "4001"),
        ("select * from Invoice where TxnDate = 'soon'", "4001"),
        ("select * from Invoice where Balance = 'much'", "4001"),
        ("select * from Customer where Active = 'maybe'", "4001"),
        ("select * from Invoice where DocNumber = '1' or DocNumber = '2'", "4000"),
        ("select * from Invoice where DocNumber = 1037", "4000"),
        ("select * from Invoice where DocNumber = 'it's'", "4000"),
        ("select * from Invoice where DocNumber != '1'", "4000"),
        ("select * from Invoice where", "4000"),
        ("select * from Invoice group by Id", "4000"),
        ("select from Invoice", "4000"),
        ("delete from Invoice", "4000"),
        ("select * from Invoice where DocNumber in ()", "4000"),
        (r"select * from Invoice where DocNumber = 'a\n'", "4000"),
        ("select * from Invoice maxresults 10 startposition 1", "4000"),
        ("", "2020"),
    ],
)
def test_a_statement_refused(company: Company, text: str, code: str) -> None:
    with pytest.raises(Fault) as raised:
        company.get(f"/query?query={quote(text)}" if text else "/query")
    assert raised.value.code == code
    assert company.refused is not None


def test_the_smallest_position_is_named(company: Company) -> None:
    with pytest.raises(Fault, match=r"value 0 is too small. Min allowed value is 1"):
        company.query("select * from Invoice startposition 0")


@given(st.text())
def test_any_name_survives_escaping(name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    statement = parse_query(f"select * from Customer where DisplayName = '{escaped}'")
    assert statement.where == (Condition("DisplayName", "=", (name,)),)


@given(st.text())
def test_any_statement_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(faults.Fault):  # any other exception is a bug
        parse_query(text)
