"""Every reason there is can be read in the demo, and the demo fails when it is told another one."""

from __future__ import annotations

from service.demo.reasons import CHAPTERS, SPOILT, UNJOINED
from service.demo.refusals import REASONS, WIDTH, find_wrong
from service.invoicing.actions import ACTIONS
from service.sandbox.hubspot.seed_stories import UK_STORIES, US_STORIES
from tests.test_errors import leaves


def test_every_code_is_reached() -> None:
    """A new code needs an entry in `service/demo/reasons.py`: what happens, and what the workflow asks for."""
    told = [reason.code for reason in REASONS]
    assert sorted(told) == sorted(leaf.code for leaf in leaves())


def test_what_is_asked_for_exists() -> None:
    deals = {story.name for story in US_STORIES + UK_STORIES}
    for reason in REASONS:
        assert reason.action in ACTIONS or reason.code == "UNKNOWN_ACTION"
        if reason.place.portal in (SPOILT.portal, UNJOINED.portal):
            assert not reason.deal, f"{reason.code}: the portals made for this have one deal each"
        else:
            assert reason.deal in deals, reason.code


def test_it_can_be_read() -> None:
    for title, reasons in CHAPTERS:
        assert reasons, title
        for reason in reasons:
            assert 10 < len(reason.happened) < WIDTH - 20, reason.code
            assert not reason.happened.endswith("."), "words, no sentence: the sentence is the service's"


def test_another_code_is_wrong() -> None:
    sentence = "The deal has no contact."
    told = {
        "NO_CUSTOMER": {"callback_id": "ap-1", "outputs": {"errorCode": "NO_CUSTOMER", "errorMessage": sentence}},
        "NO_AMOUNT": {"callback_id": "ap-2", "outputs": {"errorCode": "NO_CUSTOMER", "errorMessage": sentence}},
        "NO_EMAIL": {"callback_id": "ap-3", "outputs": {}},
        "NO_LINE_ITEMS": {"callback_id": "ap-4", "outputs": {"errorCode": "NO_LINE_ITEMS", "errorMessage": ""}},
    }
    assert find_wrong(told, ["BB-0043"]) == [
        "BB-0043 was created where nothing could be",
        "ap-2 was told NO_CUSTOMER instead of NO_AMOUNT",
        "ap-3 was told nothing instead of NO_EMAIL",
        "ap-4 was told NO_LINE_ITEMS instead of NO_LINE_ITEMS",
    ]
