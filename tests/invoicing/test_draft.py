from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from invoicing_examples import MANY, MARK, TODAY, UK, US, draft, make_deal, make_line, parse_body

from service.errors import (
    BooksClosed,
    CannotInvoice,
    CurrencyMismatch,
    DealHasNoAmount,
    DealHasNoLineItems,
    DepositTooLarge,
    InputInvalid,
    ItemNotFound,
    LineItemUnusable,
    SettingOff,
    TaxCodeMissing,
    TotalNotPositive,
)
from service.ids import CustomerId
from service.invoicing.billing import decide_total
from service.invoicing.draft import draft_invoice, is_flat
from service.invoicing.inputs import parse_inputs
from service.invoicing.marks import carries
from service.invoicing.money import Money
from service.invoicing.realm import RealmFacts, SalesTax


def test_the_body_is_the_recommended_create() -> None:
    body = draft(
        make_deal(amount="525", deal_currency_code="USD"),
        [make_line(quantity="7", price="75.00")],
        realm=replace(MANY, sales_tax=SalesTax.US_MANUAL),
        inputs={"dueDate": "2026-12-22", "messageToCustomer": "Thank you for your business!", "taxCodeId": "NON"},
    ).body()
    assert body.decode() == (
        '{"CustomerRef":{"value":"24"},"TxnDate":"2026-11-22","BillEmail":{"Address":"jane@example.com"},'
        f'"PrivateNote":"HubSpot deal 9123456789 [{MARK}]","CurrencyRef":{{"value":"USD"}},'
        '"CustomerMemo":{"value":"Thank you for your business!"},"DueDate":"2026-12-22","EmailStatus":"NotSet",'
        '"Line":[{"LineNum":1,"DetailType":"SalesItemLineDetail","Amount":525,"Description":"Custom Design",'
        '"SalesItemLineDetail":{"ItemRef":{"value":"4"},"Qty":7,"UnitPrice":75,"TaxCodeRef":{"value":"NON"}}}]}'
    )


@pytest.mark.parametrize(
    ("properties", "amount", "quantity", "unit_price", "currency"),
    [
        ({"quantity": "7", "price": "75"}, "525.00", "7", "75", "USD"),
        ({"quantity": "3", "price": "0.1"}, "0.30", "3", "0.1", "USD"),
        # Exactly between two cents: how QuickBooks rounds it is not known, so there is nothing to round.
        ({"quantity": "2.5", "price": "99.99"}, "249.98", "1", "249.98", "USD"),
        ({"quantity": "3", "price": "33.335"}, "100.01", "1", "100.01", "USD"),
        ({"quantity": "3", "price": "33.334"}, "100.00", "3", "33.334", "USD"),
        ({"quantity": "4", "price": "100", "discount": "12.50"}, "350.00", "4", "87.5", "USD"),
        ({"quantity": "3", "price": "100", "hs_discount_percentage": "10"}, "270.00", "3", "90", "USD"),
        ({"quantity": "3", "price": "9.99", "hs_discount_percentage": "15"}, "25.47", "3", "8.4915", "USD"),
        ({"quantity": "100000", "price": "0.12345678"}, "12345.68", "1", "12345.68", "USD"),
        ({"quantity": "0.3333333", "price": "90"}, "30.00", "1", "30", "USD"),
        (
            {"quantity": "3", "price": "10", "hs_discount_percentage": "33.333333333333336"},
            "20.00",
            "3",
            "6.66667",
            "USD",
        ),
        ({"quantity": "2", "price": "10", "discount": "1", "hs_discount_percentage": "10"}, "16.00", "2", "8", "USD"),
        ({"quantity": "3", "price": "33.5"}, "101", "1", "101", "JPY"),
        ({"quantity": "3", "price": "33.4"}, "100", "3", "33.4", "JPY"),
        ({"quantity": "3", "price": "1.2345"}, "3.704", "1", "3.704", "KWD"),
        ({"quantity": "3", "price": "1.234"}, "3.702", "3", "1.234", "KWD"),
    ],
)
def test_a_line_reproduces_the_deal(
    properties: dict[str, str], amount: str, quantity: str, unit_price: str, currency: str
) -> None:
    line = draft(None, [make_line(**properties)], realm=RealmFacts(currency)).lines[0]
    assert (line.amount, line.quantity, line.unit_price) == (Decimal(amount), Decimal(quantity), Decimal(unit_price))


def test_a_line_that_hides_its_quantity_tells_it() -> None:
    line = make_line(quantity="100000", price="0.12345678", discount="0.01", hs_discount_percentage="5")
    assert draft(None, [line]).lines[0].description == ("Custom Design\n100000 x 0.12345678, less 0.01 each, less 5 %")


def test_a_recurring_line_bills_one_period_and_says_so() -> None:
    line = make_line(
        price="50",
        quantity="2",
        description="Support",
        recurringbillingfrequency="per_six_months",
        hs_recurring_billing_start_date="1764547200000",
        amount="1200",
    )
    made = draft(None, [line])
    assert made.total == Money(Decimal("100.00"), "USD")
    assert made.lines[0].description == (
        "Custom Design\nSupport\nRecurring (per six months): one period from 2026-06-01 to 2026-11-30"
    )
    assert made.remarks == ()


def test_a_long_description_gives_way_to_the_period() -> None:
    line = make_line(description="ü" * 5000, recurringbillingfrequency="monthly")
    description = draft(None, [line]).lines[0].description
    assert len(description) == 4000
    assert description.endswith("Recurring (monthly): one period from 2026-11-22 to 2026-12-21")


def test_the_deal_amount_is_one_line() -> None:
    made = draft(make_deal(amount="1500.005"), [], inputs={"lines": "deal_amount"})
    assert [(line.amount, line.description, line.details.item_id) for line in made.lines] == [
        (Decimal("1500.01"), "Acme renewal", "1")
    ]


refusals: list[tuple[type[CannotInvoice], dict[str, Any], str]] = [
    (DealHasNoLineItems, {"lines": []}, "deal_amount"),
    (DealHasNoAmount, {"inputs": {"lines": "deal_amount"}}, "Amount"),
    (TotalNotPositive, {"deal": make_deal(amount="0"), "inputs": {"lines": "deal_amount"}}, "above 0"),
    (TotalNotPositive, {"deal": make_deal(amount="-5"), "inputs": {"lines": "deal_amount"}}, "above 0"),
    (TotalNotPositive, {"lines": [make_line(hs_discount_percentage="100")]}, "0.00 USD"),
    (TotalNotPositive, {"lines": [make_line(price="0.004")]}, "0.00 USD"),
    (LineItemUnusable, {"lines": [make_line(quantity="0")]}, "Custom Design"),
    (LineItemUnusable, {"lines": [make_line(quantity="-1")]}, "quantity"),
    (LineItemUnusable, {"lines": [make_line(quantity=None)]}, "quantity"),
    (LineItemUnusable, {"lines": [make_line(price=None)]}, "no unit price"),
    (LineItemUnusable, {"lines": [make_line(price="-5")]}, "negative price"),
    (LineItemUnusable, {"lines": [make_line(discount="75.01")]}, "larger discount"),
    (LineItemUnusable, {"lines": [make_line(discount="-1")]}, "discount"),
    (LineItemUnusable, {"lines": [make_line(hs_discount_percentage="101")]}, "above 100"),
    (LineItemUnusable, {"lines": [make_line(quantity="999999999", price="9999999")]}, "more than QuickBooks"),
    (LineItemUnusable, {"lines": [make_line(str(it)) for it in range(751)]}, "751 line items"),
    (
        LineItemUnusable,
        {"lines": [make_line(str(it)) for it in range(750)], "inputs": {"shippingAmount": "1"}},
        "750 line items, 1 more for shipping",
    ),
    (
        LineItemUnusable,
        {
            "lines": [make_line(str(it)) for it in range(749)],
            "inputs": {"shippingAmount": "1", "discountAmount": "1"},
        },
        "2 more",
    ),
    (
        TotalNotPositive,
        {
            "realm": replace(US, allow_discount=True, allow_shipping=True),
            "inputs": {"shippingAmount": "50", "discountAmount": "80"},
        },
        "discount of 80.00 USD is more than the 75.00 USD",
    ),
    (SettingOff, {"inputs": {"serviceDate": "2026-11-01"}}, "serviceDate"),
    (
        InputInvalid,
        {
            "realm": replace(US, custom_fields={"2": "PO Number"}),
            "inputs": {"poNumber": "PO-7", "customField2": "PO-8"},
        },
        "customField2",
    ),
    (
        InputInvalid,
        {"realm": replace(US, custom_numbers=True), "inputs": {"invoiceNumber": "{year}-{month}-{deal}-{mark}"}},
        "21 characters",
    ),
    (CurrencyMismatch, {"deal": make_deal(deal_currency_code="EUR")}, "only does USD"),
    (CurrencyMismatch, {"lines": [make_line(hs_line_item_currency_code="EUR")]}, "the deal in USD"),
    (
        CurrencyMismatch,
        {"deal": make_deal(deal_currency_code="EUR"), "realm": MANY, "customer_currency": "GBP"},
        "customer in QuickBooks is in GBP",
    ),
    (CurrencyMismatch, {"deal": make_deal(deal_currency_code="EUR"), "realm": MANY}, "is in USD"),
    (BooksClosed, {"realm": replace(US, book_close_date=TODAY)}, "2026-11-22"),
    (
        BooksClosed,
        {"realm": replace(US, book_close_date=date(2026, 9, 30)), "inputs": {"invoiceDate": "2026-09-30"}},
        "later date",
    ),
    (TaxCodeMissing, {"realm": replace(UK, default_tax_code_id=None, home_currency="USD")}, "taxCodeId"),
    (TaxCodeMissing, {"realm": replace(UK, home_currency="USD"), "inputs": {"taxCodeId": "exempt"}}, "zero-rated"),
    (InputInvalid, {"inputs": {"taxCodeId": "7"}}, "taxable or exempt"),
    (InputInvalid, {"realm": RealmFacts("USD"), "inputs": {"taxCodeId": "TAX"}}, "switched off"),
]


@pytest.mark.parametrize(("reason", "circumstances", "told"), refusals)
def test_what_cannot_be_invoiced_is_refused(
    reason: type[CannotInvoice], circumstances: dict[str, Any], told: str
) -> None:
    with pytest.raises(reason) as refusal:
        draft(**circumstances)
    assert told in refusal.value.sentence
    assert refusal.value.sentence.endswith(".")


def test_refused_before_a_customer_is_made_for_it() -> None:
    def decide(line: Any, realm: RealmFacts = US) -> Money:
        return decide_total(make_deal(), [line], inputs=parse_inputs({}), realm=realm, today=TODAY)

    assert decide(make_line(quantity="3")) == Money(Decimal("225.00"), "USD")
    with pytest.raises(LineItemUnusable):
        decide(make_line(quantity="0"))
    with pytest.raises(BooksClosed):
        decide(make_line(), replace(US, book_close_date=TODAY))


def test_a_line_without_an_item_is_refused() -> None:
    with pytest.raises(ItemNotFound, match="Custom Design"):
        draft_invoice(
            make_deal(),
            [make_line()],
            customer_id=CustomerId("24"),
            item_ids={},
            inputs=parse_inputs({}),
            realm=US,
            today=TODAY,
            mark=MARK,
        )


@pytest.mark.parametrize(
    ("inputs", "due_date", "term_id"),
    [
        ({}, None, None),
        ({"termId": "3"}, None, "3"),
        ({"dueInDays": "30"}, "2026-12-22", None),
        ({"dueInDays": "0"}, "2026-11-22", None),
        ({"dueInDays": "10", "invoiceDate": "2026-12-25"}, "2027-01-04", None),
        ({"dueDate": "2026-12-31", "dueInDays": "10", "termId": "3"}, "2026-12-31", "3"),
    ],
)
def test_due_dates(inputs: dict[str, str], due_date: str | None, term_id: str | None) -> None:
    body = parse_body(draft(inputs=inputs).body())
    assert body.get("DueDate") == due_date
    assert body.get("SalesTermRef", {}).get("value") == term_id
    assert body["TxnDate"] == inputs.get("invoiceDate", "2026-11-22")


@pytest.mark.parametrize(
    ("sales_tax", "tax_code_id", "code", "calculation"),
    [
        ("none", "", None, None),
        ("none", "exempt", None, None),
        ("us_manual", "", "TAX", None),
        ("us_automated", "", "TAX", None),
        ("us_manual", "taxable", "TAX", None),
        ("us_automated", "NON", "NON", None),
        ("us_automated", "exempt", "NON", None),
        ("codes", "", "3", "TaxExcluded"),
        ("codes", "taxable", "3", "TaxExcluded"),
        ("codes", "12", "12", "TaxExcluded"),
    ],
)
def test_tax(sales_tax: str, tax_code_id: str, code: str | None, calculation: str | None) -> None:
    realm = RealmFacts("USD", sales_tax=SalesTax(sales_tax), default_tax_code_id="3")
    body = parse_body(
        draft(realm=realm, lines=[make_line("1"), make_line("2")], inputs={"taxCodeId": tax_code_id}).body()
    )
    codes = [line["SalesItemLineDetail"].get("TaxCodeRef", {}).get("value") for line in body["Line"]]
    assert codes == [code, code]
    assert body.get("GlobalTaxCalculation") == calculation


def test_currency_is_sent_only_where_there_are_several() -> None:
    euro = make_deal(deal_currency_code="EUR")
    assert parse_body(draft(euro, realm=MANY, customer_currency="EUR").body())["CurrencyRef"] == {"value": "EUR"}
    assert "CurrencyRef" not in parse_body(draft(make_deal(deal_currency_code="USD")).body())


def test_numbers_only_where_quickbooks_gives_none() -> None:
    custom = replace(US, custom_numbers=True)
    assert "DocNumber" not in parse_body(draft().body())
    assert parse_body(draft(realm=custom, inputs={"invoiceNumber": "INV-7"}).body())["DocNumber"] == "INV-7"
    derived = parse_body(draft(realm=custom).body())["DocNumber"]
    assert derived.startswith("D9123456789-")
    assert parse_body(draft(realm=custom, generation=1).body())["DocNumber"] != derived
    assert "not used" in draft(inputs={"invoiceNumber": "INV-7"}).remarks[0]


def test_a_long_template_never_loses_the_deal() -> None:
    custom = replace(US, custom_numbers=True)

    def number(template: str, generation: int = 0) -> str:
        made = draft(realm=custom, inputs={"invoiceNumber": template}, generation=generation)
        return str(parse_body(made.body())["DocNumber"])

    assert number("ACME-INVOICE-{year}-{deal}") == "ACME-I2026-9123456789"
    assert number("ACME-INVOICE-{year}-{deal}", generation=1) == "ACME2026-9123456789-2"
    assert number("{deal} for our dear customer") == "9123456789 for our de"
    assert number("INV-{deal}") == "INV-9123456789"


def test_paying_online_is_asked_only_where_it_can_be() -> None:
    taken = draft(realm=replace(US, online_payments=True), inputs={"onlinePayment": "card"})
    refused = draft(inputs={"onlinePayment": "card"})
    assert parse_body(taken.body())["AllowOnlineCreditCardPayment"] is True
    assert "AllowOnlineCreditCardPayment" not in parse_body(refused.body())
    assert taken.remarks == ()
    assert "online" in refused.remarks[0]


def test_one_purchase_order_in_two_inputs_is_no_contradiction() -> None:
    realm = replace(US, custom_fields={"2": "PO Number"})
    body = parse_body(draft(realm=realm, inputs={"poNumber": "PO-7", "customField2": "PO-7"}).body())
    assert [each["StringValue"] for each in body["CustomField"]] == ["PO-7"]


def test_a_deposit_with_its_tax() -> None:
    """What was paid may hold the tax, which only QuickBooks can reckon."""
    realm = replace(UK, allow_deposit=True)
    pounds = make_deal(deal_currency_code="GBP")
    assert parse_body(draft(pounds, realm=realm, inputs={"deposit": "90"}).body())["Deposit"] == 90
    for untaxed, inputs in (
        (realm, {"prices": "with_tax"}),
        (replace(realm, sales_tax=SalesTax.NONE), {}),
        (replace(realm, sales_tax=SalesTax.US_MANUAL), {"taxCodeId": "exempt"}),
    ):
        with pytest.raises(DepositTooLarge):
            draft(pounds, realm=untaxed, inputs={"deposit": "75.01", **inputs})


def test_outside_the_us_no_tax_is_said_too() -> None:
    body = parse_body(draft(realm=RealmFacts("USD", outside_us=True)).body())
    assert body["GlobalTaxCalculation"] == "NotApplicable"
    # 6170: no TxnTaxDetail goes with it.
    assert "TxnTaxDetail" not in body
    assert "GlobalTaxCalculation" not in parse_body(draft(realm=RealmFacts("USD")).body())


def test_flat_lines_leave_nothing_to_multiply() -> None:
    made = draft(None, [make_line(quantity="7", price="75")], flat=True)
    assert [(line.quantity, line.unit_price, line.amount) for line in made.lines] == [(1, 525, 525)]
    assert made.lines[0].description == "Custom Design\n7 x 75"
    assert (is_flat(made.body()), is_flat(draft(None, [make_line(quantity="7")]).body())) == (True, False)


def test_notes_fit_and_the_mark_survives() -> None:
    body = parse_body(draft(inputs={"privateNote": f"x[{MARK}]" * 900, "messageToCustomer": "m" * 1500}).body())
    assert len(body["PrivateNote"]) == 4000
    assert body["PrivateNote"].count(f"[{MARK}]") == 1
    assert carries(body["PrivateNote"], MARK)
    assert body["CustomerMemo"] == {"value": "m" * 1000}


def test_a_difference_to_hubspot_is_told() -> None:
    made = draft(make_deal(amount="100"), [make_line(amount="74.00")])
    assert made.remarks == (
        'The line item "Custom Design" (id 501) is 75.00 USD here and 74.00 USD in HubSpot.',
        "It comes to 75.00 USD, the deal's amount is 100.00 USD.",
    )
    assert draft(make_deal(amount="75.00"), [make_line(amount="75.0")]).remarks == ()
