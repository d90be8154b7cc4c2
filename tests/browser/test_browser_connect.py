"""From nothing to connected and invoiced, in a real browser; pictures are kept under out/browser."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from browser import Browser
from selenium.webdriver.common.keys import Keys

from service.workflows.learn_connection import learn_connections
from service.workflows.preview_invoice import make_previews
from tests.harness import PORTAL, REALM, Harness

PASSWORD = "open sesame, canary"

pytestmark = pytest.mark.slow


def sign_in(browser: Browser, password: str = PASSWORD) -> None:
    """Type the password on whatever page asks for it."""
    browser.find("#password").send_keys(password, Keys.ENTER)


def connect(browser: Browser) -> None:
    """Sign in, connect the portal, connect its company."""
    browser.open("/hubspot/connect")
    sign_in(browser)
    browser.click("Connect app")
    browser.heading("Connections")
    browser.click("Connect a QuickBooks company")
    browser.heading("Connect to QuickBooks")
    browser.click("Connect")
    browser.reads("The QuickBooks company is connected.")


def test_from_sign_in_to_an_invoice(service: Harness, browser: Browser) -> None:
    browser.open("/")
    browser.heading("Sign in")
    browser.look("01-sign-in")
    sign_in(browser, "wrong")
    browser.look("02-wrong-password")
    sign_in(browser)
    browser.heading("Home")
    browser.look("03-home-empty")

    browser.click("Connect a HubSpot portal")
    browser.heading("QuickBooks invoices")
    browser.shoot("04-hubspot-consent")
    browser.click("Decline")
    browser.heading("You declined")
    browser.look("05-declined")
    browser.click("To the connections")
    browser.look("06-connections-empty")
    browser.click("Connect a HubSpot portal")
    browser.click("Connect app")
    browser.heading("Connections")
    browser.look("07-portal-connected")

    browser.click("Connect a QuickBooks company")
    browser.heading("Connect to QuickBooks")
    browser.shoot("08-quickbooks-consent")
    browser.click("Connect")
    browser.heading("Connections")
    browser.reads(REALM)
    browser.look("09-realm-connected")

    done = service.enroll(service.story("three-lines"))
    refused = service.enroll(service.story("no-contact"))
    service.finish()
    browser.click("Home")
    browser.look("10-home")
    browser.click("Callbacks")
    browser.look("11-callbacks")
    browser.click(refused)
    browser.heading("Callback")
    browser.look("12-callback-failed")
    browser.click("Replay")
    browser.reads("It is worked on again")
    service.finish()
    browser.open(f"/callbacks/{PORTAL}/{done}")
    browser.look("13-callback-invoiced")
    browser.click("Actions")
    browser.look("14-actions")
    browser.click("Compare with HubSpot")
    browser.reads("not registered")
    browser.look("15-actions-not-registered")
    register = [sys.executable, "-m", "service", "actions", "register", "--publish"]
    subprocess.run(register, env={**os.environ, **service.environment}, check=True, capture_output=True, timeout=60)
    browser.open("/actions?compare=1")
    browser.reads("registered and published")
    browser.look("16-actions-registered")

    browser.open(f"/preflight/{PORTAL}/{REALM}")
    browser.reads("Not checked yet")
    learn_connections(service.services)
    browser.open("/connections")
    browser.find(f"a[href='/preflight/{PORTAL}/{REALM}']").click()
    browser.reads("What it means")
    browser.look("17-preflight")
    # The browser notes answers that are no success, and would note what the pages' policy forbids.
    assert [each for each in browser.complaints() if "status of 40" not in each] == []


def test_trouble_is_seen_at_home(service: Harness, browser: Browser) -> None:
    connect(browser)
    service.world.quickbooks.grants.revoke_realm(REALM)
    service.enroll(service.story("one-line"))
    service.work()
    browser.open("/")
    browser.reads("access has ended")
    browser.look("20-home-in-trouble")
    browser.dress(dark=True)
    browser.look("21-home-in-trouble-dark")
    browser.open("/connections")
    browser.look("22-connections-dark")
    browser.dress(dark=False)
    browser.driver.set_window_size(500, 900)
    browser.look("23-connections-narrow")
    browser.open("/")
    browser.look("24-home-narrow")
    browser.driver.set_window_size(1280, 900)
    browser.click("Reconnect")
    browser.heading("Connect to QuickBooks")
    browser.click("Connect")
    browser.heading("Connections")
    service.finish()
    browser.click("Home")
    browser.reads("Nothing. All accesses work")


def test_the_keyboard_is_enough(service: Harness, browser: Browser) -> None:
    browser.open("/connections")
    assert browser.driver.switch_to.active_element.get_attribute("id") == "password"
    browser.press(PASSWORD, Keys.ENTER)
    browser.heading("Connections")
    browser.tab_to("Skip to the content", most=1)
    browser.press(Keys.ENTER)
    browser.tab_to("Connect a HubSpot portal", most=1)
    browser.press(Keys.ENTER)
    browser.heading("QuickBooks invoices")
    browser.tab_to("Connect app")
    browser.press(Keys.ENTER)
    browser.heading("Connections")
    browser.tab_to("Connect a QuickBooks company")
    browser.press(Keys.ENTER)
    browser.heading("Connect to QuickBooks")
    browser.tab_to("Connect")
    browser.press(Keys.ENTER)
    browser.heading("Connections")
    browser.tab_to("Pause")
    browser.press(Keys.ENTER)
    browser.reads("Paused")
    browser.tab_to("Disconnect…")
    browser.press(Keys.ENTER)
    browser.tab_to("Disconnect Craig", most=1)
    browser.shoot("30-disconnect-by-keyboard")
    browser.press(Keys.ENTER)
    browser.reads("its tokens are erased")
    assert service.stores.connections.all() == []


def test_preview_of_a_deal(service: Harness, browser: Browser) -> None:
    """Asked for with the keyboard's fields, made by the worker, read as a page; nothing is written."""
    connect(browser)
    browser.click("Preview")
    browser.heading("Preview an invoice")
    browser.look("30-preview-form")
    for story, told in (("three-lines", "What QuickBooks would be sent"), ("no-lines", "NO_LINE_ITEMS")):
        browser.open("/preview")
        browser.find("input[name=deal]").send_keys(service.story(story))
        browser.find("main form button").click()
        browser.reads("The worker is making it")
        browser.look(f"31-preview-waits-{story}")
        make_previews(service.services)
        browser.click("Reload this page")
        browser.reads(told)
        browser.look(f"32-preview-{story}")
    assert service.invoices() == []
    assert [each for each in browser.complaints() if "status of 40" not in each] == []
