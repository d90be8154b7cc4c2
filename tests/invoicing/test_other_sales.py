"""What estimates, sales receipts and credit memos take and tell, each in its own words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.errors import InputInvalid
from service.invoicing.credit_memo import OUTPUT_NAMES as CREDIT_MEMO_OUTPUTS
from service.invoicing.credit_memo import credit_memo_outputs, parse_credit_memo_inputs
from service.invoicing.estimate import OUTPUT_NAMES as ESTIMATE_OUTPUTS
from service.invoicing.estimate import estimate_fields, estimate_outputs, parse_estimate_inputs
from service.invoicing.other_sale import SaleView
from service.invoicing.sale_inputs import WhenSaleExists
from service.invoicing.sales_receipt import OUTPUT_NAMES as RECEIPT_OUTPUTS
from service.invoicing.sales_receipt import parse_sales_receipt_inputs, sales_receipt_fields, sales_receipt_outputs

DAY = date(2026, 11, 22)
VIEW = SaleView(
    id="7",
    number="1001",
    total=Decimal("75"),
    balance=Decimal("12.5"),
    currency="USD",
    txn_date=DAY,
    expiration_date=date(2026, 12, 22),
    recipient="Jo <jo@example.com>",
    status="Pending",
    url="https://example.com/7",
)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {}),
        ({"expirationDate": "2026-12-31"}, {"ExpirationDate": "2026-12-31"}),
        ({"expiresInDays": "30"}, {"ExpirationDate": "2026-12-22"}),
        ({"expirationDate": "2026-12-31", "expiresInDays": "30"}, {"ExpirationDate": "2026-12-31"}),
    ],
)
def test_how_long_an_estimate_holds(given: dict[str, str], fields: dict[str, Any]) -> None:
    assert estimate_fields(parse_estimate_inputs(given), DAY) == fields


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {}),
        (
            {"depositAccountId": "35", "paymentReference": " TX 9 "},
            {"DepositToAccountRef": {"value": "35"}, "PaymentRefNum": "TX 9"},
        ),
    ],
)
def test_where_the_money_of_a_receipt_went(given: dict[str, str], fields: dict[str, Any]) -> None:
    assert sales_receipt_fields(parse_sales_receipt_inputs(given), DAY) == fields


def test_a_wrong_input_is_named_with_its_action() -> None:
    with pytest.raises(InputInvalid, match=r"Create sales receipt .* paymentReference must have at most 21 characters"):
        parse_sales_receipt_inputs({"paymentReference": "x" * 22})
    with pytest.raises(InputInvalid, match=r"Create estimate .* expiresInDays must be a whole number of days"):
        parse_estimate_inputs({"expiresInDays": "soon"})
    with pytest.raises(InputInvalid, match=r"Create credit memo .* creditMemoDate must be a date"):
        parse_credit_memo_inputs({"creditMemoDate": "tomorrow"})


def test_each_reads_its_own_words_into_what_all_sales_have() -> None:
    estimate = parse_estimate_inputs({"estimateDate": "2026-11-22", "estimateNumber": "E-1", "invoiceNumber": "9"})
    assert (estimate.txn_date, estimate.number, estimate.existing) == (DAY, "E-1", WhenSaleExists.RETURN_IT)
    receipt = parse_sales_receipt_inputs({"salesReceiptNumber": "R-1", "existingSalesReceipt": "fail"})
    assert (receipt.number, receipt.existing) == ("R-1", WhenSaleExists.FAIL)
    memo = parse_credit_memo_inputs({"creditMemoNumber": "C-1", "existingCreditMemo": "create_another"})
    assert (memo.number, memo.existing) == ("C-1", WhenSaleExists.CREATE_ANOTHER)


def test_no_other_sale_tells_of_an_invoice() -> None:
    """A workflow that branches on invoiceId must not take an estimate for an invoice."""
    told = (
        (estimate_outputs(VIEW), ESTIMATE_OUTPUTS),
        (sales_receipt_outputs(VIEW), RECEIPT_OUTPUTS),
        (credit_memo_outputs(VIEW), CREDIT_MEMO_OUTPUTS),
    )
    for outputs, names in told:
        assert (*outputs, "errorCode", "errorMessage") == names
        assert not any(name.startswith("invoice") for name in names)


def test_outputs_are_text_as_hubspot_takes_it() -> None:
    assert estimate_outputs(VIEW) == {
        "estimateId": "7",
        "estimateNumber": "1001",
        "estimateAmount": "75.00",
        "estimateStatus": "pending",
        "estimateExpirationDate": "2026-12-22",
        "estimateRecipient": "Jo <jo@example.com>",
        "estimateLink": "https://example.com/7",
    }
    assert sales_receipt_outputs(VIEW)["salesReceiptDate"] == "2026-11-22"
    assert credit_memo_outputs(VIEW)["creditMemoBalance"] == "12.50"
