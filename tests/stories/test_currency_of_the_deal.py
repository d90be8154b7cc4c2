"""A deal in another currency: refused where the realm or the customer has not got it, billed where they have."""

from __future__ import annotations

from tests.harness import Harness

MANY = "9341450000000004"
LINE = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}


def deal(harness: Harness, email: str, currency: str, **contact: str) -> str:
    line = {**LINE, "hs_line_item_currency_code": currency}
    person = {"firstname": "Kees", "lastname": "Koper", "email": email, **contact}
    return harness.make_deal([line], person, deal_currency_code=currency)


def test_realm_with_one_currency(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("euro")
    before = harness.counts()

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert "EUR" in harness.assert_refused(callback_id, deal_id, "CURRENCY_MISMATCH")
    assert harness.counts() == before
    assert harness.refusals() == []


def test_deal_without_a_currency_is_in_the_portals(harness: Harness) -> None:
    """A portal that reckons in pounds does not bill its deals in dollars because nobody wrote the currency down."""
    harness.connect(20000002, "9341450000000001")
    contact = harness.contact_of(harness.story("uk-one-line", 20000002), 20000002)
    deal_id = harness.make_deal([{"name": "Design", "price": "75", "quantity": "1"}], contact, 20000002)

    callback_id = harness.enroll(deal_id, portal_id=20000002)
    harness.work()

    assert "GBP" in harness.assert_refused(callback_id, deal_id, "CURRENCY_MISMATCH", 20000002)
    assert harness.refusals() == []


def test_euro_deal_with_a_euro_customer(harness: Harness) -> None:
    harness.connect(realm_id=MANY)
    deal_id = deal(harness, "office@rotterdamtulpen.example", "EUR")

    for policy in ("return_it", "create_another"):
        callback_id = harness.enroll(deal_id, {"existingInvoice": policy})
        harness.work()
        invoice = harness.assert_invoiced(callback_id, deal_id, realm_id=MANY)
        assert (invoice["CurrencyRef"]["value"], invoice["CustomerRef"]["name"]) == ("EUR", "Rotterdam Tulpen")
        assert invoice["TotalAmt"] == 150
    assert harness.deal(deal_id)["qbo_invoice_currency"] == "EUR"
    assert harness.refusals() == []


def test_euro_deal_with_a_new_customer(harness: Harness) -> None:
    harness.connect(realm_id=MANY)
    deal_id = deal(harness, "kees@example.com", "EUR")

    callback_id = harness.enroll(deal_id)
    harness.work()

    invoice = harness.assert_invoiced_once(callback_id, deal_id, realm_id=MANY)
    assert invoice["CurrencyRef"]["value"] == "EUR"
    (customer,) = [each for each in harness.books("Customer", MANY) if each["DisplayName"] == "Kees Koper"]
    assert customer["CurrencyRef"]["value"] == "EUR"
    assert harness.refusals() == []


def test_euro_deal_with_a_dollar_customer(harness: Harness) -> None:
    """Refused; a second customer in euro, as the sentence advises, is then the one that is billed."""
    harness.connect(realm_id=MANY)
    deal_id = deal(harness, "office@dockstreetgrill.example", "EUR")
    before = harness.counts(MANY)

    callback_id = harness.enroll(deal_id, {"customerNotFound": "fail"})
    harness.work()
    assert "second customer in EUR" in harness.assert_refused(callback_id, deal_id, "CURRENCY_MISMATCH")
    assert harness.counts(MANY) == before

    mail = {"Address": "office@dockstreetgrill.example"}
    fields = {"CurrencyRef": {"value": "EUR"}, "PrimaryEmailAddr": mail}
    second = harness.act("create_customer", MANY, name="Dock Street Grill (EUR)", fields=fields)
    again = harness.enroll(deal_id)
    harness.work()
    invoice = harness.assert_invoiced_once(again, deal_id, realm_id=MANY)
    assert (invoice["CustomerRef"]["value"], invoice["CurrencyRef"]["value"]) == (second["Id"], "EUR")

    # The same person's dollar deals still go to the dollar customer.
    dollars = harness.make_deal([LINE], harness.contact_of(deal_id), deal_currency_code="USD")
    in_dollars = harness.enroll(dollars)
    harness.work()
    invoice = harness.assert_invoiced_once(in_dollars, dollars, realm_id=MANY)
    assert (invoice["CustomerRef"]["name"], invoice["CurrencyRef"]["value"]) == ("Dock Street Grill", "USD")
    assert harness.refusals() == []


def test_second_customer_is_made_for_the_currency(harness: Harness) -> None:
    """The same company buys in dollars and in euro: two customers, each remembered for its currency."""
    harness.connect(realm_id=MANY)
    company = {"firstname": "", "lastname": "Dock Street Grill", "email": "office@dockstreetgrill.example"}
    deal_id = harness.make_deal([{**LINE, "hs_line_item_currency_code": "EUR"}], company, deal_currency_code="EUR")

    for _ in range(2):
        callback_id = harness.enroll(deal_id, {"existingInvoice": "create_another"})
        harness.work()
        invoice = harness.assert_invoiced(callback_id, deal_id, realm_id=MANY)
        assert (invoice["CustomerRef"]["name"], invoice["CurrencyRef"]["value"]) == ("Dock Street Grill (EUR)", "EUR")

    assert [each["DisplayName"] for each in harness.books("Customer", MANY)].count("Dock Street Grill (EUR)") == 1
    assert harness.refusals() == []


def test_lines_in_another_currency_than_the_deal(harness: Harness) -> None:
    harness.connect(realm_id=MANY)
    line = {**LINE, "hs_line_item_currency_code": "GBP"}
    deal_id = harness.make_deal([line], {"firstname": "A", "lastname": "B"}, deal_currency_code="EUR")
    before = harness.counts(MANY)

    callback_id = harness.enroll(deal_id)
    harness.work()

    harness.assert_refused(callback_id, deal_id, "CURRENCY_MISMATCH")
    assert harness.counts(MANY) == before
    assert harness.refusals() == []
