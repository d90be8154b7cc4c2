"""Deals as a real portal has them, and strategies that make up worse ones."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from service.ids import CallbackId, CustomerId, DealId, ItemId, ObjectId, PortalId, RealmId
from service.invoicing.deal import Deal, LineItem, RecipientKind, read_deal, read_line_item, read_recipient
from service.invoicing.draft import Draft, draft_invoice
from service.invoicing.inputs import parse_inputs
from service.invoicing.marks import derive_mark
from service.invoicing.realm import RealmFacts, SalesTax

quick = settings(max_examples=40, deadline=None)

TODAY = date(2026, 11, 22)
MARK = derive_mark(PortalId(1234567), RealmId("9341452"), CallbackId("ap-1234567-1000000000001-1-0"))
US = RealmFacts("USD", sales_tax=SalesTax.US_AUTOMATED)
UK = RealmFacts("GBP", sales_tax=SalesTax.CODES, default_tax_code_id="3")
MANY = RealmFacts("USD", multicurrency=True)
JANE = read_recipient(
    RecipientKind.CONTACT,
    ObjectId("301"),
    {"firstname": "Jane", "lastname": "Doe", "email": "jane@example.com", "company": "Acme", "city": "Austin"},
)


def make_deal(**properties: str | None) -> Deal:
    return read_deal(DealId("9123456789"), {"dealname": "Acme renewal", **properties})


def make_line(line_id: str = "501", **properties: str | None) -> LineItem:
    return read_line_item(ObjectId(line_id), {"name": "Custom Design", "quantity": "1", "price": "75", **properties})


def draft(
    deal: Deal | None = None,
    lines: list[LineItem] | None = None,
    realm: RealmFacts = US,
    inputs: dict[str, Any] | None = None,
    **more: Any,
) -> Draft:
    lines = [make_line()] if lines is None else lines
    return draft_invoice(
        deal or make_deal(),
        lines,
        customer_id=CustomerId("24"),
        item_ids={"deal": ItemId("1"), **{line.id: ItemId("4") for line in lines}},
        inputs=parse_inputs(inputs or {}),
        realm=realm,
        today=TODAY,
        mark=MARK,
        recipient=JANE,
        **more,
    )


def parse_body(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[str]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False).map(lambda it: format(it, "f"))


numbers = st.one_of(decimals(0, 1000, 2), decimals(-2, 5000, 5), decimals(1, 20, 0), st.sampled_from(["0.1", "1.0E7"]))
shares = st.one_of(st.none(), st.just("0"), decimals(0, 100, 2), st.just("33.333333333333336"), st.just("100"))
discounts = st.one_of(st.none(), st.just(""), decimals(0, 3, 3))
names = st.one_of(st.none(), st.text(max_size=30), st.sampled_from(["Design", "O'Brien: x\ty", "عرض 🎉", "\ud800"]))

line_properties = st.fixed_dictionaries(
    {
        "name": names,
        "description": names,
        "quantity": st.one_of(decimals(1, 100, 0), numbers),
        "price": numbers,
        "discount": discounts,
        "hs_discount_percentage": shares,
        "hs_position_on_quote": st.one_of(st.none(), st.sampled_from(["0", "1", "x"])),
        "recurringbillingfrequency": st.sampled_from([None, "", "monthly", "per_two_years"]),
    }
)
wild = st.one_of(st.none(), st.text(max_size=12), numbers, st.sampled_from(["NaN", "-1", "1e99", "٣", "Infinity"]))
