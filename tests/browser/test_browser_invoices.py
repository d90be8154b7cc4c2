"""Choosing the deal of an invoice that was made in QuickBooks, and reading the recipes, in a real browser."""

from __future__ import annotations

import pytest
from browser import Browser
from selenium.webdriver.common.keys import Keys

from service.ids import DealId, InvoiceId, RealmId
from service.store.adoptions import CHOSEN, REVIEW, Possible
from service.store.invoices import KnownInvoice
from tests.harness import PORTAL, REALM, Harness

pytestmark = pytest.mark.slow
PASSWORD = "open sesame, canary"
DOCUMENT = '{"Id":"145","TotalAmt":80,"CustomerRef":{"value":"1","name":"Amy"},"SyncToken":"0"}'


def test_choosing_a_deal(service: Harness, browser: Browser) -> None:
    now, adoptions = service.clock.now(), service.stores.adoptions
    ids = RealmId(REALM), InvoiceId("145")
    adoptions.note(KnownInvoice(*ids, PORTAL, DealId(""), None, "0", "draft", DOCUMENT, now, now), "1042", now)
    found = adoptions.find(*ids)
    assert found is not None
    deal = Possible(DealId("9100000001"), "Fountain", ("same customer and amount",))
    adoptions.decide(found, state=REVIEW, candidates=(deal,), reason="several deals")

    browser.open("/invoices")
    browser.press(PASSWORD, Keys.ENTER)
    browser.heading("Invoices made in QuickBooks")
    browser.look("40-invoices")
    browser.click("It is Fountain")
    browser.reads("The worker ties it")
    after = adoptions.find(*ids)
    assert after is not None
    assert after.state == CHOSEN
    browser.click("Recipes")
    browser.heading("Recipes")
    browser.look("41-recipes")
