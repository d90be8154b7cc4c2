import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ids import CustomerId, InvoiceId, Mark, RealmId
from service.quickbooks import invoices, links
from service.quickbooks.answer_shapes import parse_json
from service.quickbooks.fields import parse_instant
from service.quickbooks.marked import find_by_mark

REALM = RealmId("7")

# contracts/quickbooks.md 3.1, sandbox invoice 130, shortened, with what a later read adds.
INVOICE_130 = b"""{"domain": "QBO", "sparse": false, "Id": "130", "SyncToken": "3",
  "MetaData": {"CreateTime": "2025-01-10T13:16:17-08:00", "LastUpdatedTime": "2025-01-14T14:45:30-08:00"},
  "DocNumber": "1037", "TxnDate": "2025-01-10", "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
  "LinkedTxn": [{"TxnId": "100", "TxnType": "Estimate"}, {"TxnId": "171", "TxnType": "Payment"},
                {"TxnId": "171", "TxnType": "Payment"}, {"TxnId": "172", "TxnType": "Payment"}],
  "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 26.82},
  "CustomerRef": {"value": "24", "name": "Sonnenschein Family Store"}, "PrivateNote": "HubSpot deal 9 [hs:4f1c]",
  "DueDate": "2025-02-09", "TotalAmt": 362.07, "EmailStatus": "EmailSent", "EInvoiceStatus": "Viewed",
  "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": "2025-01-12T11:50:52-08:00"},
  "BillEmail": {"Address": "Familiystore@intuit.com"}, "Balance": 0.10, "InvoiceLink": "https://pay.example/x"}"""


def test_facts():
    found = invoices.parse_invoice(parse_json(INVOICE_130))
    assert found == invoices.InvoiceFacts(
        id=InvoiceId("130"),
        sync_token="3",
        doc_number="1037",
        total=Decimal("362.07"),
        balance=Decimal("0.10"),
        deposit=Decimal(0),
        total_tax=Decimal("26.82"),
        currency="USD",
        txn_date=date(2025, 1, 10),
        due_date=date(2025, 2, 9),
        customer_id=CustomerId("24"),
        customer_name="Sonnenschein Family Store",
        bill_email="Familiystore@intuit.com",
        private_note="HubSpot deal 9 [hs:4f1c]",
        email_status="EmailSent",
        delivery_time=datetime(2025, 1, 12, 19, 50, 52, tzinfo=UTC),
        e_invoice_status="Viewed",
        invoice_link="https://pay.example/x",
        payment_ids=("171", "172"),
        created_at=datetime(2025, 1, 10, 21, 16, 17, tzinfo=UTC),
        last_updated_at=datetime(2025, 1, 14, 22, 45, 30, tzinfo=UTC),
    )


def test_a_bare_invoice_has_facts_too():
    found = invoices.parse_invoice({"Id": "1", "DeliveryInfo": {"DeliveryType": "Email"}})
    assert (found.total, found.balance, found.email_status, found.delivery_time) == (0, 0, "NotSet", None)
    assert (found.private_note, found.payment_ids, found.currency) == ("", (), None)


@pytest.mark.parametrize(
    ("given_status", "status"),
    [("EMAIL_SENT", "EmailSent"), ("NOT_SET", "NotSet"), ("needToSend", "NeedToSend"), ("Brand New", "Brand New")],
)
def test_the_answer_to_a_void_spells_differently(given_status, status):
    assert invoices.parse_invoice({"EmailStatus": given_status}).email_status == status


def test_delivery_error_is_spelt_as_in_the_schema():
    assert invoices.parse_invoice({"EInvoiceStatus": "DELIVERY_ERROR"}).e_invoice_status == "Delivery Error"


VALUES = st.none() | st.integers() | st.text(max_size=8) | st.booleans() | st.lists(st.none(), max_size=2)


@given(st.dictionaries(st.sampled_from([*parse_json(INVOICE_130)]), VALUES | st.dictionaries(st.text(), VALUES)))
def test_any_object_has_facts(content):
    found = invoices.parse_invoice(content)
    assert isinstance(found.total, Decimal)
    assert found.total.is_finite()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2015-10-05T14:42:19-0700", datetime(2015, 10, 5, 21, 42, 19, tzinfo=UTC)),
        ("2026-09-10T21:31:25.179453123Z", datetime(2026, 9, 10, 21, 31, 25, 179453, UTC)),
        ("2015-07-24T10:33:39.11-07:00", datetime(2015, 7, 24, 17, 33, 39, 110000, UTC)),
        ("2015-07-24T10:33:39", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        (None, None),
    ],
)
def test_instants(text, instant):
    assert parse_instant(text) == instant


def test_found_by_mark(intuit, gateway):
    candidates = [
        {"Id": "9", "PrivateNote": "something else"},
        {"Id": "12", "PrivateNote": "Voided\nHubSpot deal 1 [hs:4f1c]"},
        {"Id": "10", "PrivateNote": "HubSpot deal 1 [hs:4f1c]"},
        {"Id": "11"},
    ]
    intuit.tell(200, {"QueryResponse": {"Invoice": candidates}})
    since = datetime(2026, 11, 22, 8, tzinfo=UTC)
    found = find_by_mark(gateway, REALM, "Invoice", CustomerId("24"), Mark("[hs:4f1c]"), since)
    assert found == "10"
    assert intuit.asked[0].params["query"] == (
        "select * from Invoice where CustomerRef = '24' and MetaData.CreateTime >= '2026-11-22T08:00:00+00:00' "
        "orderby Id startposition 1 maxresults 1000"
    )
    intuit.tell(200, {"QueryResponse": {}})
    assert find_by_mark(gateway, REALM, "Invoice", CustomerId("24"), Mark("[hs:4f1c]"), since) is None


def test_found_by_number(intuit, gateway):
    intuit.tell(200, {"QueryResponse": {"Invoice": [{"Id": "12", "DocNumber": "A'1"}, {"Id": "3"}]}})
    assert [found.id for found in invoices.find_by_number(gateway, REALM, "A'1")] == ["3", "12"]
    assert r"where DocNumber = 'A\'1' orderby" in intuit.asked[0].params["query"]


def test_read_with_the_pay_link(intuit, gateway):
    intuit.tell(200, {"Invoice": json.loads(INVOICE_130)})
    assert invoices.read_with_pay_link(gateway, REALM, InvoiceId("130"))["InvoiceLink"] == "https://pay.example/x"
    assert intuit.asked[0].params == {"include": "invoiceLink", "minorversion": "75"}
    intuit.tell(400, {"Fault": {"Error": [{"code": "610"}], "type": "ValidationFault"}})
    assert invoices.read_with_pay_link(gateway, REALM, InvoiceId("130")) is None


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"AllowOnlineCreditCardPayment": False, "AllowOnlineACHPayment": True}, True),
        ({"AllowOnlineCreditCardPayment": False, "AllowOnlineACHPayment": False}, False),
        ({"Balance": 0}, False),
        ({"BillEmail": None}, False),
    ],
)
def test_who_may_have_a_pay_link(changes, may):
    assert invoices.may_have_pay_link(json.loads(INVOICE_130, parse_float=Decimal) | changes) is may


def test_links():
    assert links.invoice_url(InvoiceId("130")) == "https://app.qbo.intuit.com/app/invoice?txnId=130"
    assert links.invoice_url(InvoiceId("1&x"), sandbox=True).endswith(
        "app.sandbox.qbo.intuit.com/app/invoice?txnId=1%26x"
    )
