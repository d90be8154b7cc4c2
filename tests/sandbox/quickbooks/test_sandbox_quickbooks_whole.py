"""QuickBooks inside the whole sandbox: tape, trouble and settings reach it; threads do not tear it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from quickbooks_caller import CRAIG, Company, invoice_body

from service.sandbox.app import create_app


@pytest.fixture(scope="module")
def whole() -> Flask:
    app = create_app()
    app.extensions["refused"] = []
    return app


@pytest.fixture
def caller(whole: Flask) -> Company:
    whole.extensions["world"].reset()
    whole.test_client().post("/_sandbox/settings", json={"quickbooks": {"limits": False}})
    return Company(whole)


def control(caller: Company, path: str, /, **body: Any) -> Any:
    answer = caller.client.post(path, json=body) if body else caller.client.get(path)
    return answer.get_json()


def test_refusals_reach_the_tape_and_business_does_not(caller: Company) -> None:
    caller.raw("POST", "/invoice", json=invoice_body(Balance=0))
    caller.raw("POST", "/customer", json={"DisplayName": "Cool Cars"})
    refusals = control(caller, "/_sandbox/refusals")["refusals"]
    assert [one["refused"][:4] for one in refusals] == ["2010"]


def test_an_answer_lost_after_the_work_is_found_again(caller: Company) -> None:
    control(caller, "/_sandbox/trouble", kind="lose_answer", vendor="quickbooks", path="/invoice")
    assert caller.raw("POST", "/invoice?requestid=hs-1", json=invoice_body()).status_code == 500
    found = caller.post("/invoice?requestid=hs-1", invoice_body())["Invoice"]
    books = control(caller, "/_sandbox/books")["quickbooks"][CRAIG]
    assert (found["Id"], books["counts"]["Invoice"], books["replayed"]) == ("238", 16, 1)


def test_many_threads_leave_books_that_add_up(whole: Flask, caller: Company) -> None:
    def call(number: int) -> None:
        mine = Company.__new__(Company)
        mine.__dict__ |= {**caller.__dict__, "client": whole.test_client()}
        for at in range(20):
            mine.raw("POST", f"/invoice?requestid=r{(number * 20 + at) // 2}", json=invoice_body())
            mine.raw("POST", "/customer", json={"DisplayName": f"Same {at}"})

    threads = [threading.Thread(target=call, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    books = control(caller, "/_sandbox/books")["quickbooks"][CRAIG]
    assert books["counts"]["Invoice"] == 15 + 60
    assert len({row["DocNumber"] for row in books["Invoice"]}) == 75
    assert [row["DisplayName"] for row in books["Customer"]].count("Same 7") == 1
    owed = {row["Id"]: row["Balance"] for row in books["Customer"]}
    assert owed["24"] == 362.07 + 200.0 + 60 * 525.0
