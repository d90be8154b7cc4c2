"""One requestid, one write: and what is not documented about it (contract 2.3)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from quickbooks_caller import Company, Fault, invoice_body

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.state import QuickBooks


def post(company: Company, request_id: str, **changes: Any) -> Any:
    return company.post(f"/invoice?requestid={request_id}&minorversion=75", invoice_body(**changes))


def invoices(company: Company) -> int:
    return int(company.books()["counts"]["Invoice"]) - 15


def test_the_same_id_gives_the_same_answer_byte_for_byte(company: Company, clock: SandboxClock) -> None:
    first = company.raw("POST", "/invoice?requestid=hs-1", json=invoice_body()).get_data()
    assert first.startswith(b'{"Invoice"')
    clock.advance(timedelta(minutes=50))
    assert company.raw("POST", "/invoice?requestid=hs-1", json=invoice_body()).get_data() == first
    assert invoices(company) == 1


def test_another_company_does_not_know_the_id(app: Flask, company: Company) -> None:
    company.control("POST", "/realms", realm_id="77", like=company.realm_id)
    other = Company(app, "77")
    post(company, "hs-1")
    post(other, "hs-1")
    assert (invoices(company), invoices(other)) == (1, 1)


def test_replayed_for_ever(company: Company, clock: SandboxClock) -> None:
    first = post(company, "hs-1")
    for _ in range(3):
        clock.advance(timedelta(minutes=10))
        assert post(company, "hs-1") == first
    assert post(company, "hs-2")["Invoice"]["Id"] != first["Invoice"]["Id"]
    assert (invoices(company), company.books()["replayed"]) == (2, 3)


def test_old_answer_or_present_state(company: Company, quickbooks: QuickBooks) -> None:
    first = post(company, "hs-1")["Invoice"]
    company.act("receive_payment", invoice_id=first["Id"], amount="25")
    assert post(company, "hs-1")["Invoice"]["Balance"] == 525.0
    quickbooks.settings.requestid_memory = "replay_current"
    assert post(company, "hs-1")["Invoice"]["Balance"] == 500.0
    assert invoices(company) == 1


def test_forgotten(company: Company, quickbooks: QuickBooks, clock: SandboxClock) -> None:
    quickbooks.settings.requestid_memory = "forget_after_seconds"
    quickbooks.settings.requestid_seconds = 60
    post(company, "hs-1")
    clock.advance(timedelta(seconds=60))
    post(company, "hs-1")
    assert invoices(company) == 1
    clock.advance(timedelta(seconds=61))
    post(company, "hs-1")
    assert invoices(company) == 2
    quickbooks.settings.requestid_memory = "forget"
    post(company, "hs-1")
    assert invoices(company) == 3


@pytest.mark.parametrize(("choice", "made"), [("replay", 1), ("create", 2), ("error_600", 1)])
def test_another_body(company: Company, quickbooks: QuickBooks, choice: str, made: int) -> None:
    quickbooks.settings.requestid_other_body = choice
    first = post(company, "hs-1")
    if choice == "error_600":
        with pytest.raises(Fault, match="600"):
            post(company, "hs-1", PrivateNote="other")
    else:
        assert (post(company, "hs-1", PrivateNote="other") == first) is (choice == "replay")
    assert company.refused is None
    assert invoices(company) == made


def test_failures_are_not_remembered_unless_asked(company: Company, quickbooks: QuickBooks) -> None:
    with pytest.raises(Fault):
        post(company, "hs-1", CustomerRef={"value": "30"})
    assert post(company, "hs-1")["Invoice"]["Id"] == "238"
    quickbooks.settings.requestid_replays_failures = True
    for _ in range(2):
        with pytest.raises(Fault, match="610"):
            post(company, "hs-2", CustomerRef={"value": "30"})
    company.act("reactivate", id="30")
    with pytest.raises(Fault, match="610"):
        post(company, "hs-2", CustomerRef={"value": "30"})


@pytest.mark.parametrize("code", ["10000", "6000"])
def test_a_write_that_failed_may_stay_failed(company: Company, quickbooks: QuickBooks, code: str) -> None:
    quickbooks.settings.requestid_replays_failures = True
    company.change(write_fault=code)
    with pytest.raises(Fault, match=code):
        post(company, "hs-1")
    company.change(write_fault=None)
    with pytest.raises(Fault, match=code):
        post(company, "hs-1")
    assert (invoices(company), company.refused) == (0, None)
    post(company, "hs-2")
    assert invoices(company) == 1


@pytest.mark.parametrize("choice", ["wait", "error_600", "create"])
def test_at_the_same_time(app: Flask, quickbooks: QuickBooks, choice: str) -> None:
    quickbooks.settings.requestid_in_flight = choice
    quickbooks.settings.work_seconds = 0.1
    tokens = Company(app).tokens
    outcomes: list[str] = []

    def call() -> None:
        answer = app.test_client().post(
            "/v3/company/9341450000000001/invoice?requestid=hs-1",
            json=invoice_body(),
            headers={"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"},
        )
        body = answer.get_json()
        outcomes.append(body["Invoice"]["Id"] if "Invoice" in body else body["Fault"]["Error"][0]["code"])

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = len(quickbooks.realms["9341450000000001"].shelves["Invoice"]) - 15
    if choice == "create":
        assert made == len(set(outcomes)) > 1
    else:
        assert made == 1
        assert set(outcomes) == ({"238"} if choice == "wait" else {"238", "600"})


@pytest.mark.parametrize("request_id", ["x" * 51, ""])
def test_an_id_out_of_form(company: Company, request_id: str) -> None:
    with pytest.raises(Fault, match="2130"):
        post(company, request_id)
    assert company.refused is not None
    assert post(company, "x" * 50)["Invoice"]["Id"] == "238"


def test_a_sparse_update_and_a_delete_are_done_once(company: Company) -> None:
    change = {"Id": "130", "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    first = company.post("/invoice?requestid=u1", change)
    assert company.post("/invoice?requestid=u1", change) == first
    gone = {"Id": "130", "SyncToken": "1"}
    first = company.post("/invoice?operation=delete&requestid=d1", gone)
    assert company.post("/invoice?operation=delete&requestid=d1", gone) == first


def test_sending_may_ignore_the_id(company: Company, quickbooks: QuickBooks) -> None:
    first = company.send("/invoice/130/send?requestid=s1")
    assert company.send("/invoice/130/send?requestid=s1") == first
    quickbooks.settings.requestid_send_void = "ignored"
    assert company.send("/invoice/130/send?requestid=s1")["Invoice"]["SyncToken"] == "2"
