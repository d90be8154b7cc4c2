"""The page where an operator sees what would be made of a deal."""

from __future__ import annotations

import pytest
from person import Person

from service.workflows.preview_invoice import make_previews
from tests.harness import PORTAL, REALM, Harness

PAIR = f"{PORTAL}:{REALM}"


@pytest.fixture
def person(harness: Harness) -> Person:
    """Somebody who is signed in, with a connection there is."""
    harness.connect()
    made = Person(harness.web.application)
    made.sign_in()
    return made


def test_asked_for_made_and_read(harness: Harness, person: Person) -> None:
    deal_id = harness.story("three-lines")
    answer = person.submit("/preview", "/preview", pair=PAIR, deal=deal_id, inputs="taxCodeId=exempt\npoNumber = 7")
    where = answer.headers["Location"]
    assert (answer.status_code, where) == (303, f"/preview/{PORTAL}/{REALM}/{deal_id}")
    assert "The worker is making it" in person.open(where).text

    make_previews(harness.services)

    page = person.open(where).text
    assert "440.00 USD" in page
    assert "has the SKU" in page
    assert "PO number: 7" in page
    assert harness.invoices() == []
    assert harness.refusals() == []


def test_new_customers_are_shown_with_their_bodies(harness: Harness, person: Person) -> None:
    deal_id = harness.story("new-customer")
    inputs = "parentCustomer=chosen\nparentCustomerId=2"
    where = person.submit("/preview", "/preview", pair=PAIR, deal=deal_id, inputs=inputs).headers["Location"]
    make_previews(harness.services)
    page = person.open(where).text
    assert "Below the customer" in page
    assert "The new customer" in page
    assert "&#34;ParentRef&#34;" in page


def test_a_refusal_is_told(harness: Harness, person: Person) -> None:
    deal_id = harness.story("no-lines")
    where = person.submit("/preview", "/preview", pair=PAIR, deal=deal_id, inputs="").headers["Location"]
    make_previews(harness.services)
    page = person.open(where).text
    assert "NO_LINE_ITEMS" in page
    assert "has no line items" in page


def test_what_cannot_be_asked(person: Person) -> None:
    for fields, status in (
        ({"pair": "1:2", "deal": "1", "inputs": ""}, 404),
        ({"pair": PAIR, "deal": "1; drop", "inputs": ""}, 400),
        ({"pair": PAIR, "deal": "1", "inputs": "no sign"}, 400),
    ):
        assert person.submit("/preview", "/preview", **fields).status_code == status
    assert person.open(f"/preview/{PORTAL}/{REALM}/1").status_code == 404
    assert person.send("/preview", pair=PAIR, deal="1", inputs="").status_code == 403


def test_nothing_for_strangers(harness: Harness) -> None:
    assert Person(harness.web.application).open("/preview").status_code == 401
