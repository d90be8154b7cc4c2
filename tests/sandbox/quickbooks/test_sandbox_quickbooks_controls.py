"""What tests and trainers turn: realms, acts, settings, books."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from quickbooks_caller import CRAIG, UK, Company, Fault

from service.sandbox.quickbooks.state import QuickBooks


def test_a_cloned_realm_has_the_same_books_and_a_life_of_its_own(app: Flask, company: Company) -> None:
    made = company.control("POST", "/realms", realm_id="555", like=CRAIG)
    assert made["refresh_token"]
    other = Company(app, "555")
    assert other.books()["Invoice"] == company.books()["Invoice"]
    other.invoice()
    other.act("receive_payment", invoice_id="130", amount=1)
    assert (other.books()["counts"]["Invoice"], company.books()["counts"]["Invoice"]) == (16, 15)
    assert company.get("/invoice/130")["Invoice"]["SyncToken"] == "0"
    assert company.get("/customer/24")["Customer"]["Balance"] != other.get("/customer/24")["Customer"]["Balance"]


def test_reset_brings_back_the_seed(company: Company, quickbooks: QuickBooks) -> None:
    before = quickbooks.books()
    company.invoice()
    company.change(subscription_status="EXPIRED", disconnected=True)
    quickbooks.settings.limits = False
    quickbooks.reset()
    assert quickbooks.books() == before
    assert quickbooks.settings.limits is True


def test_credentials(quickbooks: QuickBooks) -> None:
    told = quickbooks.credentials()
    assert told["client_id"] == "sandbox-quickbooks-client"
    assert told["client_secret"] == "sandbox-quickbooks-secret"
    assert told["verifier_token"] == "sandbox-verifier-token"
    assert [realm["tax"] for realm in told["realms"].values()] == [
        "us_manual", "us_automated", "uk_vat", "us_manual", "us_manual", "gst_hst",
    ]  # fmt: skip
    assert (told["realms"][UK]["country"], told["realms"][UK]["currency"]) == ("GB", "GBP")


def test_books_agree_with_themselves(quickbooks: QuickBooks) -> None:
    for book in quickbooks.books().values():
        owed = sum(row["Balance"] for row in book["Invoice"]) - sum(row["UnappliedAmt"] for row in book["Payment"])
        assert sum(row["Balance"] for row in book["Customer"]) == pytest.approx(owed)


def test_a_setting_that_is_none_is_an_error(quickbooks: QuickBooks) -> None:
    with pytest.raises(ValueError, match="requestid_memory must be one of"):
        quickbooks.settings.requestid_memory = "sometimes"


def test_unknown_things_are_named(company: Company) -> None:
    for path, body in (
        (f"/realms/{CRAIG}", {"colour": "red"}),
        (f"/realms/{CRAIG}/acts", {"act": "dance"}),
        (f"/realms/{CRAIG}/acts", {"act": "void_invoice"}),
        ("/webhooks", {"shape": "round"}),
        ("/webhooks", {"colour": "red"}),
    ):
        answer = company.client.post(f"/_sandbox/quickbooks{path}", json=body)
        assert answer.status_code == 400
        assert answer.get_json()["error"]
    assert company.client.post("/_sandbox/quickbooks/realms/1", json={}).status_code == 404


ACTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"act": "receive_payment", "invoice_id": "130"}, {"TotalAmt": 362.07}),
    ({"act": "receive_payment", "customer_id": "25", "amount": "5"}, {"UnappliedAmt": 5.0}),
    ({"act": "create_invoice", "customer_id": "1", "amount": 12.5}, {"TotalAmt": 12.5, "DocNumber": "1038"}),
    ({"act": "void_invoice", "invoice_id": "130"}, {"TotalAmt": 0}),
    ({"act": "delete_invoice", "invoice_id": "16"}, {"status": "Deleted"}),
    ({"act": "edit_invoice", "invoice_id": "130", "changes": {"PrivateNote": "x"}}, {"PrivateNote": "x"}),
    ({"act": "edit", "kind": "Item", "id": "4", "changes": {"UnitPrice": 80.5}}, {"UnitPrice": 80.5}),
    ({"act": "view_invoice", "invoice_id": "130"}, {"EInvoiceStatus": "Viewed"}),
    ({"act": "send_invoice", "invoice_id": "130", "to": "a@b.co"}, {"EmailStatus": "EmailSent"}),
    ({"act": "void_payment", "payment_id": "68"}, {"TotalAmt": 0}),
    ({"act": "delete_payment", "payment_id": "68"}, {"status": "Deleted"}),
    ({"act": "unapply_payment", "payment_id": "68"}, {"UnappliedAmt": 220.0}),
    ({"act": "rename_customer", "customer_id": "3", "name": "Hot Cars"}, {"DisplayName": "Hot Cars"}),
    ({"act": "create_customer", "name": "New"}, {"Id": "67"}),
    ({"act": "create_vendor", "name": "Newer"}, {"DisplayName": "Newer"}),
    ({"act": "deactivate", "id": "3"}, {"Active": False}),
    ({"act": "reactivate", "id": "30"}, {"Active": True}),
]


@pytest.mark.parametrize(("asked", "left"), ACTS, ids=lambda one: one.get("act"))
def test_an_act(company: Company, quickbooks: QuickBooks, asked: dict[str, Any], left: dict[str, Any]) -> None:
    row = company.act(**asked)
    assert {name: row[name] for name in left} == left
    assert quickbooks.webhooks.events


def test_merged_customers(company: Company) -> None:
    company.act("merge_customers", keep_id="25", lose_id="26")
    assert company.get("/invoice/107")["Invoice"]["CustomerRef"]["value"] == "25"
    with pytest.raises(Fault, match="2010"):
        company.get("/customer/26")
    both = "select * from Customer where DisplayName = 'Travis Waldron' and Active in (true, false)"
    assert company.query(both) == {}
    assert company.post("/customer", {"DisplayName": "Travis Waldron"})["Customer"]["Id"] == "67"


def test_a_code_without_a_browser(company: Company) -> None:
    given = company.control("POST", "/codes", realm_id=CRAIG, redirect_uri="https://us.test/back")
    assert given["realmId"] == CRAIG
    assert given["code"].startswith("XAB1")
