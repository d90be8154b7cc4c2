"""An invoice as QuickBooks reads it back (contract 3.1 to 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from quickbooks_caller import CURRENCIES, NUMBERED, Company, Fault, invoice_body, line

from service.sandbox.quickbooks.state import QuickBooks


def cents(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def test_the_minimal_create_of_the_documentation(company: Company) -> None:
    body = {
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": 100.0,
                "SalesItemLineDetail": {"ItemRef": {"name": "Services", "value": "1"}},
            }
        ],
        "CustomerRef": {"value": "1"},
    }
    answer = company.post("/invoice", body)
    made = answer["Invoice"]
    assert made["Id"] == "238"
    assert made["SyncToken"] == "0"
    assert made["DocNumber"] == "1038"
    assert made["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert made["Line"][1] == {"DetailType": "SubTotalLineDetail", "Amount": 100.0, "SubTotalLineDetail": {}}
    assert (made["TotalAmt"], made["Balance"], made["TxnTaxDetail"]) == (100.0, 100.0, {"TotalTax": 0})
    assert (made["TxnDate"], made["DueDate"]) == ("2026-11-22", "2026-12-22")  # Net 30
    assert made["BillAddr"]["City"] == "Bayshore"
    assert made["CustomField"] == [{"DefinitionId": "1", "Type": "StringType", "Name": "Crew #"}]
    assert made["MetaData"]["CreateTime"] == "2026-11-22T10:00:00-08:00"
    assert answer["time"] == "2026-11-22T10:00:00.000-08:00"
    assert "InvoiceLink" not in made
    assert company.refused is None


def test_the_recommended_create_of_the_contract(company: Company) -> None:
    made = company.invoice(
        CurrencyRef={"value": "USD"},
        EmailStatus="NotSet",
        CustomerMemo={"value": "Thank you for your business!"},
        Line=[
            {"LineNum": 1, "Description": "Custom Design", **line(TaxCodeRef={"value": "NON"})},
            {
                "DetailType": "DiscountLineDetail",
                "Amount": 52.5,
                "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
            },
        ],
    )
    assert (made["TotalAmt"], made["Line"][2]["Amount"]) == (472.5, 52.5)
    assert made["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"]["value"] == "86"


def test_seeded_invoices_keep_the_invariants_of_the_recorded_ones(company: Company) -> None:
    rows = company.query("select * from Invoice maxresults 1000")["Invoice"]
    assert len(rows) == 15
    for row in rows:
        sales = sum(cents(x["Amount"]) for x in row["Line"] if x["DetailType"] == "SalesItemLineDetail")
        off = sum(cents(x["Amount"]) for x in row["Line"] if x["DetailType"] == "DiscountLineDetail")
        assert cents(row["TotalAmt"]) == sales - off + cents(row["TxnTaxDetail"]["TotalTax"])
        for one in row["Line"]:
            detail = one.get("SalesItemLineDetail", {})
            if "UnitPrice" in detail and "Qty" in detail:
                assert cents(one["Amount"]) == cents(Decimal(str(detail["Qty"])) * Decimal(str(detail["UnitPrice"])))
        paid = [link for link in row["LinkedTxn"] if link["TxnType"] == "Payment"]
        assert int(row["SyncToken"]) >= len(paid)


def test_the_recorded_invoice_130(company: Company) -> None:
    row = company.get("/invoice/130")["Invoice"]
    assert (row["DocNumber"], row["TotalAmt"], row["Balance"], row["DueDate"]) == ("1037", 362.07, 362.07, "2025-02-09")
    tax = row["TxnTaxDetail"]
    assert (tax["TxnTaxCodeRef"], tax["TotalTax"]) == ({"value": "2"}, 26.82)
    assert tax["TaxLine"][0]["TaxLineDetail"] == {
        "TaxRateRef": {"value": "3"}, "PercentBased": True, "TaxPercent": 8.0, "NetAmountTaxable": 335.25,
    }  # fmt: skip
    assert row["LinkedTxn"] == [{"TxnId": "100", "TxnType": "Estimate"}]
    assert company.get("/estimate/100")["Estimate"]["TxnStatus"] == "Closed"


def test_partial_and_paid_and_voided_seeds(company: Company) -> None:
    open_amounts = {key: company.get(f"/invoice/{key}")["Invoice"]["Balance"] for key in ("12", "13", "16", "67")}
    assert open_amounts == {"12": 0, "13": 4.0, "16": 450.0, "67": 239.0}
    voided = company.get("/invoice/129")["Invoice"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["DocNumber"]) == (0, "Voided", "1036")
    waiting = company.get("/invoice/70")["Invoice"]
    assert waiting["EmailStatus"] == "NeedToSend"
    assert waiting["DeliveryInfo"] == {"DeliveryType": "Email"}  # no DeliveryTime: not sent


def test_a_sent_address_flips_to_free_form(company: Company) -> None:
    address = {"Line1": "1 Main St.", "City": "Middlefield", "CountrySubDivisionCode": "CA", "PostalCode": "94303"}
    made = company.invoice(BillAddr=address)
    assert made["BillAddr"]["Line2"] == "Middlefield, CA  94303"
    assert "City" not in made["BillAddr"]
    again = company.post("/invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert again["Invoice"]["BillAddr"] == made["BillAddr"]


def test_a_deposit_reduces_the_balance(company: Company) -> None:
    made = company.invoice(Line=[line("1", 1, 52)], Deposit=12)
    assert (made["TotalAmt"], made["Deposit"], made["Balance"]) == (52.0, 12.0, 40.0)
    company.change(preferences={"SalesFormsPrefs": {"AllowDeposit": False}})
    with pytest.raises(Fault, match="5030"):
        company.invoice(Deposit=12)


def test_a_bundle_is_taken_apart(company: Company) -> None:
    group = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "19"}, "Quantity": 2}}
    made = company.invoice(Line=[group, {"DetailType": "DescriptionOnly", "Description": "Subtotal:",
                                         "DescriptionLineDetail": {}}])  # fmt: skip
    assert made["TotalAmt"] == 750.0
    assert [x["Amount"] for x in made["Line"][0]["GroupLineDetail"]["Line"]] == [550.0, 200.0]
    assert made["Line"][1]["Description"] == "Subtotal: 750.00"


def test_a_custom_field_nobody_defined_is_dropped(company: Company) -> None:
    made = company.invoice(
        CustomField=[{"DefinitionId": "1", "StringValue": "Crew 7"}, {"DefinitionId": "9", "StringValue": "lost"}]
    )
    assert made["CustomField"] == [
        {"DefinitionId": "1", "Type": "StringType", "Name": "Crew #", "StringValue": "Crew 7"}
    ]


def test_quickbooks_numbers_and_ignores_ours(company: Company) -> None:
    assert company.invoice(DocNumber="HS-1")["DocNumber"] == "1038"
    company.control("GET", "/settings")
    assert company.invoice()["DocNumber"] == "1039"


def test_custom_numbers(company_of: Callable[[str], Company]) -> None:
    company = company_of(NUMBERED)
    one = {"CustomerRef": {"value": "1"}}
    assert "DocNumber" not in company.invoice(**one)
    assert company.invoice(DocNumber="App_1000", **one)["DocNumber"] == "App_1000"
    assert company.invoice(DocNumber="AUTO_GENERATE", **one)["DocNumber"] == "App_1001"
    with pytest.raises(Fault) as raised:
        company.invoice(DocNumber="BB-0042", **one)
    assert raised.value.code == "6140"
    assert raised.value.detail.endswith("DocNumber=BB-0042 is assigned to TxnType=Invoice with TxnId=2")
    assert company.refused is None
    body = invoice_body(DocNumber="BB-0042", **one)
    assert company.post("/invoice?include=allowduplicatedocnum", body)["Invoice"]["DocNumber"] == "BB-0042"
    company.change(warn_duplicate_numbers=False)
    assert company.invoice(DocNumber="BB-0042", **one)["DocNumber"] == "BB-0042"


def test_many_currencies(company_of: Callable[[str], Company]) -> None:
    company = company_of(CURRENCIES)
    with pytest.raises(Fault, match="CurrencyRef is missing"):
        company.invoice(CustomerRef={"value": "2"})
    with pytest.raises(Fault, match="6000"):
        company.invoice(CustomerRef={"value": "2"}, CurrencyRef={"value": "USD"})
    made = company.invoice(CustomerRef={"value": "2"}, CurrencyRef={"value": "EUR"}, ExchangeRate=1.1)
    assert (made["TotalAmt"], made["HomeTotalAmt"], made["HomeBalance"]) == (525.0, 577.5, 577.5)
    assert made["CurrencyRef"] == {"value": "EUR", "name": "Euro"}


def test_an_estimate_becomes_an_invoice_once(company: Company) -> None:
    link = [{"TxnId": "41", "TxnType": "Estimate"}]
    made = company.invoice(CustomerRef={"value": "10"}, LinkedTxn=link)
    assert made["LinkedTxn"] == link
    assert company.get("/estimate/41")["Estimate"]["TxnStatus"] == "Closed"
    with pytest.raises(Fault, match="620"):
        company.invoice(CustomerRef={"value": "10"}, LinkedTxn=link)
    company.post("/invoice?operation=delete", {"Id": made["Id"], "SyncToken": made["SyncToken"]})
    assert company.get("/estimate/41")["Estimate"]["TxnStatus"] == "Accepted"


@pytest.mark.parametrize(
    ("after", "status"), [("closed", "Closed"), ("converted", "Converted"), ("unchanged", "Pending")]
)
def test_what_becomes_of_the_estimate_is_a_setting(
    company: Company, quickbooks: QuickBooks, after: str, status: str
) -> None:
    quickbooks.settings.estimate_after_conversion, quickbooks.settings.estimate_shows_invoice = after, False
    made = company.invoice(CustomerRef={"value": "10"}, LinkedTxn=[{"TxnId": "41", "TxnType": "Estimate"}])
    assert made["LinkedTxn"] == [{"TxnId": "41", "TxnType": "Estimate"}]
    estimate = company.get("/estimate/41")["Estimate"]
    assert (estimate["TxnStatus"], estimate["LinkedTxn"]) == (status, [])


def test_the_link_to_pay_needs_online_payment(company: Company) -> None:
    made = company.invoice()
    assert "InvoiceLink" not in company.get(f"/invoice/{made['Id']}?include=invoiceLink")["Invoice"]
    company.change(preferences={"SalesFormsPrefs": {"ETransactionPaymentEnabled": True}})
    assert company.get(f"/invoice/{made['Id']}?include=invoiceLink")["Invoice"]["InvoiceLink"].startswith("https://")
    assert "InvoiceLink" not in company.get(f"/invoice/{made['Id']}")["Invoice"]


def test_headers_worth_storing(company: Company) -> None:
    first, second = (company.raw("GET", "/invoice/130").headers for _ in range(2))
    assert first["intuit_tid"].startswith("1-")
    assert first["intuit_tid"] != second["intuit_tid"]
    assert "qbo-version" in first
