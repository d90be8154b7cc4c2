"""Turn contacts on, watch, break a record, read why, fix it, replay it: in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from browser import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from service.ids import RealmId
from service.store.sync_settings import SyncObject
from service.workflows.learn_connection import learn_connections
from service.workflows.pass_over import step
from service.workflows.synchronize import Synchronizer
from tests.harness import PORTAL, REALM, Harness
from tests.syncing import entity, link_of, make, settle_down, synchronize
from tests.syncing import person as somebody

pytestmark = pytest.mark.slow
PASSWORD = "open sesame, canary"


def click_in(browser: Browser, name: str, text: str) -> None:
    """Click a button of one object's card."""
    path = f"//article[@aria-labelledby='{name}-{REALM}']//*[self::button or self::a][contains(., '{text}')]"
    browser.driver.find_element(By.XPATH, path).click()


def test_contacts_from_off_to_a_replayed_record(service: Harness, browser: Browser) -> None:
    service.connect()
    nell = make(service, "contacts", email="nell@example.com", firstname="Nell", lastname="New")
    browser.open("/sync")
    browser.find("#password").send_keys(PASSWORD, Keys.ENTER)
    browser.heading("Sync")
    browser.look("40-sync-off")
    click_in(browser, "contacts", "Turn on")
    browser.reads("It is kept in step from now on.")
    browser.reads("Reading QuickBooks")
    browser.look("41-sync-first-pass")
    worker = Synchronizer(service.services)
    synchronize(service, worker)
    click_in(browser, "contacts", "Look again")
    browser.reads("In step")
    browser.look("42-sync-in-step")

    somebody(service, "PATCH", f"contacts/{nell}", {"properties": {"email": "no address"}})
    settle_down(service, 2)
    browser.open("/sync")
    browser.click("1 failed")
    browser.heading("records")
    browser.look("43-records-failed")
    browser.click("Nell New")
    browser.reads("not a valid e-mail address")
    browser.look("44-record-failed")
    somebody(service, "PATCH", f"contacts/{nell}", {"properties": {"email": "nell@example.org"}})
    browser.click("Try again")
    browser.reads("is tried again now")
    synchronize(service)
    link = link_of(service, "contacts", nell)
    assert link is not None
    browser.open(f"/sync/{PORTAL}/{REALM}/contacts/records/{link.id}")
    browser.reads("in step")
    browser.look("45-record-in-step")
    assert entity(service, "Customer", str(link.entity_id))["PrimaryEmailAddr"]["Address"] == "nell@example.org"
    browser.open("/sync")
    click_in(browser, "contacts", "Mapping")
    browser.heading("mapping")
    browser.look("46-mapping")
    browser.dress(dark=True)
    browser.open("/sync")
    browser.look("47-sync-dark")
    assert [each for each in browser.complaints() if "401" not in each] == []


def test_progress_of_a_first_sync_is_seen(service: Harness, browser: Browser) -> None:
    """Done, total and the time left, while the pass goes on a page of records at a time."""
    service.connect()
    for number in range(130):
        make(service, "contacts", email=f"c{number}@example.com", firstname="Cat", lastname=f"Number {number}")
    browser.open("/sync")
    browser.find("#password").send_keys(PASSWORD, Keys.ENTER)
    browser.heading("Sync")
    click_in(browser, "contacts", "Turn on")
    browser.reads("It is kept in step from now on.")

    def known() -> SyncObject:
        return service.stores.sync.settings.find(PORTAL, RealmId(REALM), "contacts")

    while known().phase != "match" or known().done == 0:
        step(service.services, known())
        service.pass_time(timedelta(seconds=2))
    click_in(browser, "contacts", "Look again")
    bar = browser.find(f"article[aria-labelledby='contacts-{REALM}'] progress")
    done, total = int(bar.get_attribute("value")), int(bar.get_attribute("max"))
    assert 0 < done < total
    browser.reads(f"{done} of {total}")
    browser.reads("s left")
    browser.look("48-sync-progress")
    synchronize(service)
    click_in(browser, "contacts", "Look again")
    browser.reads("In step")


def test_invoices_off_and_on(service: Harness, browser: Browser) -> None:
    service.connect()
    learn_connections(service.services)
    deal_id = service.another_deal()
    service.enroll(deal_id, {"taxCodeId": "exempt"})
    service.work()
    service.mirror()
    browser.open("/sync")
    browser.find("#password").send_keys(PASSWORD, Keys.ENTER)
    browser.heading("Sync")
    browser.look("49-sync-invoices")
    click_in(browser, "invoices", "Turn off")
    browser.reads("nothing is asked or written for HubSpot invoices")
    click_in(browser, "invoices", "Turn on")
    browser.reads("shown as HubSpot invoices from now on")
    click_in(browser, "invoices", "Records")
    browser.heading("records")
    browser.reads(service.invoices_of(deal_id)[0]["DocNumber"])
    browser.look("50-invoice-records")
    browser.open("/sync")
    click_in(browser, "invoices", "Mapping")
    browser.heading("mapping")
    browser.look("51-invoice-mapping")
    assert [each for each in browser.complaints() if "401" not in each] == []
