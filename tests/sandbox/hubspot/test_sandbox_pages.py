"""The sandbox's pages: deals to enrol, and the books beside them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from hubspot_caller import US, Receiver, wait_for

from service.sandbox.app import create_app
from service.sandbox.world import World

REALM = "9341450000000001"


@pytest.fixture
def whole() -> Iterator[World]:
    world = World()
    yield world
    world.hubspot.close()


@pytest.fixture
def browser(whole: World) -> FlaskClient:
    return create_app(whole).test_client()


def test_the_first_page_lists_deals_and_companies(browser: FlaskClient) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    assert "Fountain for Amy&#39;s aviary" in page.text
    assert f"/realms/{REALM}" in page.text
    assert "<script>alert" not in page.text


def test_a_deal_is_enrolled_by_a_button(browser: FlaskClient, whole: World) -> None:
    receiver = Receiver()
    whole.hubspot.settings.actions_url = receiver.url
    deal = whole.hubspot.stories[US]["three-lines"]
    sent = browser.post(f"/deals/{US}/{deal}/enroll", data={"billTo": "primary_company", "more": "dueInDays=14\n"})
    assert sent.headers["Location"] == f"/deals/{US}/{deal}"
    wait_for(lambda: receiver.received)
    assert receiver.received[0]["json"]["inputFields"] == {"billTo": "primary_company", "dueInDays": "14"}
    wait_for(lambda: whole.hubspot.callbacks.counts() == {"completed": 1})
    page = browser.get(f"/deals/{US}/{deal}").text
    assert "primary_company" in page
    assert "SUCCESS" in page
    assert "No invoice of this deal" in page
    assert 'http-equiv="refresh"' not in page
    receiver.stop()


@pytest.mark.parametrize("story", ["long-name", "right-to-left", "markup", "many-lines", "no-lines-no-amount"])
def test_every_story_has_a_page(browser: FlaskClient, whole: World, story: str) -> None:
    assert browser.get(f"/deals/{US}/{whole.hubspot.stories[US][story]}").status_code == 200


def test_the_books_of_a_company(browser: FlaskClient) -> None:
    page = browser.get(f"/realms/{REALM}").text
    assert "Amy&#39;s Bird Sanctuary" in page
    assert browser.get("/realms/1").status_code == 404
    assert browser.get(f"/deals/{US}/1").status_code == 404
