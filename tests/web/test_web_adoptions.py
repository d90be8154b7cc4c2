"""The page on which a person ties an invoice to its deal: signed in, with the form's token, and only once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from person import Person

from service.ids import DealId, InvoiceId, PortalId, RealmId
from service.store.adoptions import ADOPTED, CHOSEN, REFUSED, REVIEW, Adoption, Possible
from service.store.invoices import KnownInvoice
from tests.harness import PORTAL, REALM, Harness

DOCUMENT = (
    '{"Id":"145","TotalAmt":80.5,"CustomerRef":{"value":"1","name":"Amy <b>Lauterbach"},'
    '"CurrencyRef":{"value":"USD"},"TxnDate":"2026-11-20","SyncToken":"0"}'
)


def stored(harness: Harness) -> Adoption:
    found = harness.stores.adoptions.find(RealmId(REALM), InvoiceId("145"))
    assert found is not None
    return found


@pytest.fixture
def person(harness: Harness) -> Person:
    """Somebody signed in, with one invoice to decide."""
    harness.connect()
    now = harness.clock.now()
    row = KnownInvoice(
        RealmId(REALM), InvoiceId("145"), PortalId(PORTAL), DealId(""), None, "0", "draft", DOCUMENT, now, now
    )
    harness.stores.adoptions.note(row, "1042", now)
    (new,) = harness.stores.adoptions.due(now + timedelta(minutes=1), 5)
    deal = Possible(DealId("9100000001"), "Fountain <script>", ("same customer and amount",))
    harness.stores.adoptions.decide(new, state=REVIEW, candidates=(deal,), reason="several deals")
    made = Person(harness.web.application)
    made.sign_in()
    return made


def test_choosing_one_of_the_deals(harness: Harness, person: Person) -> None:
    page = person.open("/invoices").text
    assert "Invoice 1042" in page
    assert "Amy &lt;b&gt;Lauterbach" in page
    assert "<script>" not in page
    assert "1 invoice made in QuickBooks may belong to a deal" in person.open("/").text
    answer = person.submit("/invoices/adopt", "/invoices", realm=REALM, invoice="145", deal="9100000001")
    assert answer.headers["Location"] == "/invoices?done=chosen"
    found = stored(harness)
    assert (found.state, found.deal_id) == (CHOSEN, "9100000001")
    assert found.due_at is not None
    assert [each.act for each in harness.rows("SELECT act FROM audit ORDER BY id DESC LIMIT 1")] == ["adopted"]
    # Chosen once is enough.
    assert person.submit("/invoices/refuse", realm=REALM, invoice="145").status_code == 404


def test_refusing(harness: Harness, person: Person) -> None:
    person.submit("/invoices/refuse", "/invoices", realm=REALM, invoice="145")
    assert stored(harness).state == REFUSED
    assert "Invoice 1042" in person.open("/invoices?show=refused").text
    assert "There are none" in person.open("/invoices").text


def test_what_cannot_be_chosen(harness: Harness, person: Person) -> None:
    for fields in (
        {"realm": REALM, "invoice": "145", "deal": "x"},
        {"realm": REALM, "invoice": "146", "deal": "1"},
        {"realm": "1", "invoice": "145", "deal": "1"},
        {"deal": "1"},
    ):
        assert person.submit("/invoices/adopt", **fields).status_code == 404
    harness.stores.adoptions.decide(stored(harness), state=ADOPTED, deal_id=DealId("1"))
    assert person.submit("/invoices/adopt", realm=REALM, invoice="145", deal="2").status_code == 404
    assert stored(harness).deal_id == "1"


def test_nobody_else_may(harness: Harness, person: Person) -> None:
    assert person.send("/invoices/adopt", realm=REALM, invoice="145", deal="9100000001").status_code == 403
    stranger = Person(harness.web.application)
    assert stranger.open("/invoices").status_code == 401
    assert stranger.send("/invoices/adopt", realm=REALM, invoice="145", deal="9100000001").status_code in (401, 403)
    assert stored(harness).state == REVIEW


def test_recipes_name_their_filters(person: Person) -> None:
    page = person.open("/recipes").text
    for each in ("qbo_invoice_status", "Overdue", "qbo_invoice_amount_paid", "Send Slack notification"):
        assert each in page
