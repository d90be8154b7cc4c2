"""What of an estimate an invoice takes over, and what it leaves."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from service.errors import LineItemUnusable
from service.quickbooks.conversion import copy_estimate
from service.quickbooks.links import sale_url
from service.quickbooks.sales import names_estimate, parse_sale

# An estimate as QuickBooks reads it back (contract 3.1, 3.2.2, 3.7), with everything a person may have put in.
ESTIMATE: dict[str, Any] = json.loads(
    """{
  "domain": "QBO", "sparse": false, "Id": "100", "SyncToken": "2", "DocNumber": "1001", "TxnDate": "2026-11-02",
  "MetaData": {"CreateTime": "2026-11-02T13:16:17-08:00", "LastUpdatedTime": "2026-11-03T14:45:30-08:00"},
  "TxnStatus": "Accepted", "ExpirationDate": "2026-12-02", "AcceptedBy": "Jo", "PrivateNote": "HubSpot deal 1 [hs:0]",
  "CurrencyRef": {"value": "USD", "name": "United States Dollar"}, "ExchangeRate": 1.1, "HomeTotalAmt": 300,
  "CustomerRef": {"value": "24", "name": "Sonnenschein Family Store"}, "SalesTermRef": {"value": "3", "name": "Net 30"},
  "BillEmail": {"Address": "jo@example.com"}, "CustomerMemo": {"value": "Thank you"}, "LinkedTxn": [],
  "BillAddr": {"Id": "23", "Line1": "5647 Cypress Hill Ave.", "City": "Middlefield", "Lat": "INVALID"},
  "CustomField": [{"DefinitionId": "1", "Type": "StringType", "Name": "Crew #"},
                  {"DefinitionId": "2", "Type": "StringType", "Name": "PO", "StringValue": "17"}],
  "Line": [
    {"Id": "1", "LineNum": 1, "Description": "Rock Fountain", "Amount": 275, "DetailType": "SalesItemLineDetail",
     "LinkedTxn": [], "SalesItemLineDetail": {"ItemRef": {"value": "5", "name": "Rock Fountain"}, "UnitPrice": 275,
       "Qty": 1, "TaxCodeRef": {"value": "TAX"}, "ItemAccountRef": {"value": "79", "name": "Sales"}}},
    {"Id": "2", "LineNum": 2, "DetailType": "DescriptionOnly", "Description": "Subtotal: 275.00",
     "DescriptionLineDetail": {}},
    {"Id": "3", "LineNum": 3, "Amount": 47.5, "DetailType": "GroupLineDetail", "GroupLineDetail": {
       "GroupItemRef": {"value": "19", "name": "Fountain, installed"}, "Quantity": 1, "Line": [{"Id": "4"}]}},
    {"Amount": 322.5, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    {"Amount": 32.25, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": true,
       "DiscountPercent": 10, "DiscountAccountRef": {"value": "86", "name": "Discounts given"}}}
  ],
  "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 22, "TaxLine": []},
  "ApplyTaxAfterDiscount": true, "PrintStatus": "NeedToPrint", "EmailStatus": "EmailSent", "TotalAmt": 312.25
}""",
    parse_float=Decimal,
)


def test_what_a_person_may_have_changed_is_taken_over() -> None:
    assert copy_estimate(ESTIMATE) == {
        "CustomerRef": {"value": "24"},
        "CurrencyRef": {"value": "USD"},
        "SalesTermRef": {"value": "3"},
        "BillEmail": {"Address": "jo@example.com"},
        "CustomerMemo": {"value": "Thank you"},
        "ApplyTaxAfterDiscount": True,
        "BillAddr": {"Line1": "5647 Cypress Hill Ave.", "City": "Middlefield"},
        "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
        "CustomField": [{"DefinitionId": "2", "Type": "StringType", "Name": "PO", "StringValue": "17"}],
        "Line": [
            {
                "DetailType": "SalesItemLineDetail",
                "Description": "Rock Fountain",
                "Amount": 275,
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "5"},
                    "UnitPrice": 275,
                    "Qty": 1,
                    "TaxCodeRef": {"value": "TAX"},
                },
            },
            {"DetailType": "DescriptionOnly", "Description": "Subtotal:", "DescriptionLineDetail": {}},
            {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "19"}, "Quantity": 1}},
            {
                "DetailType": "DiscountLineDetail",
                "Amount": Decimal("32.25"),
                "DiscountLineDetail": {
                    "PercentBased": True,
                    "DiscountPercent": 10,
                    "DiscountAccountRef": {"value": "86"},
                },
            },
        ],
    }


def test_prices_with_tax_stay_prices_with_tax() -> None:
    detail = {"ItemRef": {"value": "5"}, "UnitPrice": Decimal("62.5"), "Qty": 1, "TaxInclusiveAmt": 75}
    line = {"Amount": Decimal("62.5"), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    copied = copy_estimate({"CustomerRef": {"value": "1"}, "GlobalTaxCalculation": "TaxInclusive", "Line": [line]})
    assert copied["GlobalTaxCalculation"] == "TaxInclusive"
    assert copied["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 75


def test_nothing_of_tax_codes_reaches_a_company_of_the_us() -> None:
    detail = {"ItemRef": {"value": "5"}, "UnitPrice": 75, "Qty": 1, "TaxInclusiveAmt": 75}
    line = {"Amount": 75, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    estimate = {"CustomerRef": {"value": "1"}, "GlobalTaxCalculation": "TaxExcluded", "Line": [line]}
    copied = copy_estimate(estimate, with_tax_codes=False)
    assert "GlobalTaxCalculation" not in copied
    assert copied["Line"][0]["SalesItemLineDetail"] == {"ItemRef": {"value": "5"}, "UnitPrice": 75, "Qty": 1}


def test_only_what_a_create_is_documented_to_take_is_copied() -> None:
    """What else QuickBooks shows of a line is its own, today's fields and tomorrow's."""
    detail = {"ItemRef": {"value": "5", "name": "x"}, "TaxClassificationRef": {"value": "EUC-1"}, "DiscountAmt": 0,
              "DiscountRate": 0, "ClassRef": {"name": "gone"}, "Qty": None, "NewIn2027": {"a": 1}}  # fmt: skip
    discount = {"PercentBased": False, "DiscountAccountRef": {"value": "86"}, "TaxCodeRef": {"value": "TAX"}}
    lines = [
        {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail},
        {"Amount": 1, "DetailType": "DiscountLineDetail", "DiscountLineDetail": discount},
    ]
    sale, off = copy_estimate({**ESTIMATE, "Line": lines})["Line"]
    assert sale["SalesItemLineDetail"] == {"ItemRef": {"value": "5"}}
    assert off["DiscountLineDetail"] == {"PercentBased": False, "DiscountAccountRef": {"value": "86"}}


@pytest.mark.parametrize(
    ("priced", "amount"),
    [({}, "0.00"), ({"Qty": 3, "UnitPrice": Decimal("1.335")}, "4.01"), ({"UnitPrice": 5}, "0.00")],
)
def test_a_line_without_an_amount_comes_to_what_its_price_says(priced: dict[str, Any], amount: str) -> None:
    detail = {"ItemRef": {"value": "5"}, **priced}
    line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    bare = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    sale, off = copy_estimate({**ESTIMATE, "Line": [line, bare]})["Line"]
    assert str(sale["Amount"]) == amount
    assert "Amount" not in off


def test_a_line_nobody_knows_is_not_lost_silently() -> None:
    with pytest.raises(LineItemUnusable, match="TimeLineDetail"):
        copy_estimate({**ESTIMATE, "Line": [{"DetailType": "TimeLineDetail", "Amount": 5}]})


def test_the_facts_of_an_estimate() -> None:
    facts = parse_sale(ESTIMATE)
    assert (facts.id, facts.doc_number, facts.total, facts.status) == ("100", "1001", Decimal("312.25"), "Accepted")
    assert (str(facts.txn_date), str(facts.expiration_date)) == ("2026-11-02", "2026-12-02")
    assert (facts.customer_name, facts.bill_email) == ("Sonnenschein Family Store", "jo@example.com")
    assert facts.is_open
    assert facts.invoice_ids == ()


@pytest.mark.parametrize(
    ("status", "is_open"),
    [("Pending", True), ("ACCEPTED", True), (None, True), ("Closed", False), ("Converted", False), ("Rejected", False)],
)
def test_what_may_still_become_an_invoice(status: str | None, is_open: bool) -> None:
    assert parse_sale({"Id": "1", "TxnStatus": status}).is_open is is_open


def test_links_lead_both_ways() -> None:
    links = [{"TxnId": "7", "TxnType": "Invoice"}, {"TxnId": "8", "TxnType": "Payment"}, {"TxnType": "Invoice"}]
    assert parse_sale({"Id": "1", "LinkedTxn": links}).invoice_ids == ("7",)
    invoice = {"LinkedTxn": [{"TxnId": "100", "TxnType": "Estimate"}]}
    assert names_estimate(invoice, "100")
    assert not names_estimate(invoice, "10")
    assert not names_estimate({}, "100")


def test_voided_and_spent() -> None:
    assert parse_sale({"TotalAmt": 0, "PrivateNote": "Voided - x"}).is_voided
    assert not parse_sale({"TotalAmt": 0, "PrivateNote": "x"}).is_voided
    assert parse_sale({"TotalAmt": 5, "RemainingCredit": 2, "Balance": 2}).balance == 2
    assert parse_sale({"TotalAmt": 5, "RemainingCredit": 0, "Balance": 0}).balance == 0


def test_where_a_person_looks_at_it() -> None:
    assert sale_url("CreditMemo", "7") == "https://app.qbo.intuit.com/app/creditmemo?txnId=7"
    assert sale_url("Estimate", "7 8", sandbox=True) == "https://app.sandbox.qbo.intuit.com/app/estimate?txnId=7%208"
