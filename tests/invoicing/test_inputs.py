from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import quick

from service.errors import InputInvalid
from service.invoicing.credit_memo import parse_credit_memo_inputs
from service.invoicing.estimate import parse_estimate_inputs
from service.invoicing.inputs import (
    CreateInvoiceInputs,
    CreateInvoiceSchema,
    parse_inputs,
)
from service.invoicing.sale_inputs import BillTo, LinesFrom, WhenCustomerNotFound, WhenItemNotFound, WhenSaleExists
from service.invoicing.sales_receipt import parse_sales_receipt_inputs

NAMES = [str(field.data_key) for field in CreateInvoiceSchema().fields.values()]


def test_every_input_may_be_left_out() -> None:
    assert parse_inputs({}) == CreateInvoiceInputs()
    assert parse_inputs(dict.fromkeys(NAMES, "")) == CreateInvoiceInputs()
    assert parse_inputs(dict.fromkeys(NAMES, " ")) == CreateInvoiceInputs()
    assert parse_inputs(dict.fromkeys(NAMES)) == CreateInvoiceInputs()
    assert set(CreateInvoiceSchema().fields) == {field.name for field in fields(CreateInvoiceInputs)}


def test_all_inputs_are_understood() -> None:
    assert parse_inputs(
        {
            "realmId": "9341452",
            "billTo": "primary_company",
            "customerNotFound": "fail",
            "lines": "deal_amount",
            "itemNotFound": "create",
            "defaultItemId": "1",
            "incomeAccountId": "79",
            "termId": "3",
            "invoiceDate": "1761264000000",
            "dueDate": "2026-12-31",
            "dueInDays": "30",
            "taxCodeId": "taxable",
            "invoiceNumber": " INV-7\t",
            "messageToCustomer": "Thank you,\r\nJane",
            "privateNote": "call first",
            "existingInvoice": "create_another",
            "anInputOfAnOlderDefinition": "x",
        }
    ) == CreateInvoiceInputs(
        realm_id="9341452",
        bill_to=BillTo.PRIMARY_COMPANY,
        customer_not_found=WhenCustomerNotFound.FAIL,
        lines=LinesFrom.DEAL_AMOUNT,
        item_not_found=WhenItemNotFound.CREATE,
        default_item_id="1",
        income_account_id="79",
        term_id="3",
        txn_date=date(2025, 10, 24),
        due_date=date(2026, 12, 31),
        due_in_days=30,
        tax_code_id="taxable",
        number="INV-7",
        message_to_customer="Thank you,\nJane",
        private_note="call first",
        existing=WhenSaleExists.CREATE_ANOTHER,
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("lines", "all", "must be one of: line_items, deal_amount"),
        ("billTo", "me", "primary_contact, primary_company"),
        ("customerNotFound", "maybe", "create, fail"),
        ("itemNotFound", "maybe", "default_item, create, fail"),
        ("existingInvoice", "maybe", "return_it, create_another, fail"),
        ("dueInDays", "1.5", "whole number of days"),
        ("dueInDays", "-1", "from 0 to 3650"),
        ("dueInDays", "NaN", "whole number"),
        ("dueDate", "tomorrow", "date such as 2026-11-22"),
        ("invoiceDate", "0", "years 2000"),
        ("defaultItemId", "Services", "id of an item"),
        ("realmId", "1' or '1", "digits only"),
        ("taxCodeId", "VAT 20", "taxable, exempt or the id"),
        ("invoiceNumber", "x" * 22, "at most 21"),
        ("privateNote", ["x"], "string"),
        ("lines", {"a": 1}, "one of"),
        ("lines", 3, "one of"),
    ],
)
def test_a_wrong_input_is_named(name: str, value: Any, told: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        parse_inputs({name: value})
    assert name in refusal.value.sentence
    assert told in refusal.value.sentence
    assert "Create invoice action" in refusal.value.sentence


PARSERS = [parse_inputs, parse_estimate_inputs, parse_sales_receipt_inputs, parse_credit_memo_inputs]


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"percentage": "30"}, 'percentage must be empty unless "lines" is deal_percentage; now "lines" is line_items'),
        ({"lines": "deal_amount", "percentage": "30"}, 'now "lines" is deal_amount'),
        (
            {"lines": "deal_rest", "percentage": "30", "partAmount": "1"},
            "percentage must be .* partAmount must be empty",
        ),
        ({"lines": "deal_percentage", "percentage": "30", "partAmount": "30"}, "partAmount must be empty"),
        ({"partAmount": "30"}, "partAmount must be empty"),
        ({"lines": "deal_percentage"}, 'percentage must be filled in: "lines" is deal_percentage, and "percentage" is'),
        ({"lines": "deal_part", "partAmount": " "}, "partAmount must be filled in"),
        ({"lines": "deal_amount", "partName": "Deposit"}, "partName must be empty"),
        ({"lines": "deal_part", "partAmount": "-1"}, "an amount of 0 or more"),
        ({"recipientEmail": "jane@example"}, "recipientEmail must be e-mail addresses"),
        ({"recipientEmail": "a@example.com, " + "b" * 90 + "@example.com"}, "at most 100 characters"),
    ],
)
def test_what_is_said_of_a_part_must_be_what_is_billed(parse: Any, given: dict[str, str], told: str) -> None:
    with pytest.raises(InputInvalid, match=told):
        parse(given)


@pytest.mark.parametrize("parse", PARSERS)
def test_every_part_is_another_sale_unless_the_author_chooses(parse: Any) -> None:
    for part in ({"lines": "deal_percentage", "percentage": "30"}, {"lines": "deal_part", "partAmount": "1"},
                 {"lines": "deal_rest"}):  # fmt: skip
        assert parse(part).existing == WhenSaleExists.CREATE_ANOTHER
        every = ("Invoice", "Estimate", "SalesReceipt", "CreditMemo")
        chosen = {f"existing{each}": "return_it" for each in every}
        assert parse({**part, **chosen, "partName": " Deposit "}).existing == WhenSaleExists.RETURN_IT
    assert parse({"lines": "deal_amount"}).existing == WhenSaleExists.RETURN_IT
    assert parse({"recipientEmail": "a@example.com;b@example.com"}).recipient_email == "a@example.com, b@example.com"


def test_all_wrong_inputs_are_named_at_once() -> None:
    with pytest.raises(InputInvalid, match=r"lines .*dueDate "):
        parse_inputs({"lines": "x", "dueDate": "y"})


@pytest.mark.parametrize("given", [[], "x", 7, None])
def test_inputs_that_are_no_mapping_are_refused(given: Any) -> None:
    with pytest.raises(InputInvalid):
        parse_inputs(given)


values = st.one_of(st.none(), st.text(max_size=10), st.integers(), st.floats(), st.lists(st.none(), max_size=1))


@quick
@given(st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=3)), values, max_size=6))
def test_inputs_are_understood_or_refused(given: dict[str, Any]) -> None:
    try:
        inputs = parse_inputs(given)
    except InputInvalid as refusal:
        refusal.sentence.encode()
        return
    assert isinstance(inputs, CreateInvoiceInputs)
