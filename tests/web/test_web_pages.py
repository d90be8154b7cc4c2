"""What the operator's pages show and do: disconnecting, pausing, replaying; and what they never show."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from person import PASSWORD, Person, changed, connect_hubspot, connect_quickbooks, consent, set_out, stored

from service.invoicing.preflight import Finding, Severity
from service.logs import LineFormatter
from service.store.credentials import KEYS_WRONG, LIMITED
from tests.harness import PORTAL, REALM, Harness

OTHER_PORTAL, OTHER_REALM = 20000002, "9341450000000002"


@pytest.fixture
def person(harness: Harness) -> Person:
    """Somebody who is signed in and has connected a pair."""
    made = Person(harness.web.application)
    made.sign_in()
    connect_hubspot(made)
    connect_quickbooks(made)
    return made


def test_disconnecting_a_realm_gives_its_access_back(harness: Harness, person: Person) -> None:
    given = harness.world.quickbooks.grants.current_refresh_token(REALM)
    assert given
    answer = person.submit("/connections/disconnect", portal=str(PORTAL), realm=REALM)
    assert answer.headers["Location"] == "/connections?done=disconnected"
    assert harness.world.quickbooks.grants.current_refresh_token(REALM) is None
    assert stored(harness)["credentials"] == 1
    assert harness.stores.connections.all() == []
    acts = [(each.act, each.subject) for each in harness.rows("SELECT act, subject FROM audit ORDER BY id DESC")]
    assert acts[0] == ("disconnected", f"portal {PORTAL} and realm {REALM}")
    callback_id = harness.enroll(harness.story("one-line"))
    assert harness.callback(callback_id).error_code == "PORTAL_NOT_CONNECTED"


def test_a_realm_that_another_portal_uses_keeps_its_access(harness: Harness, person: Person) -> None:
    connect_hubspot(person, OTHER_PORTAL)
    connect_quickbooks(person, OTHER_PORTAL)
    person.submit("/connections/disconnect", portal=str(PORTAL), realm=REALM)
    assert harness.world.quickbooks.grants.current_refresh_token(REALM) is not None
    assert harness.stores.credentials.find("quickbooks", REALM) is not None


def test_disconnecting_a_portal_ends_all_of_it(harness: Harness, person: Person) -> None:
    connect_quickbooks(person, PORTAL, OTHER_REALM)
    answer = person.submit("/portals/disconnect", portal=str(PORTAL))
    assert answer.headers["Location"] == "/connections?done=disconnected"
    assert stored(harness)["credentials"] == 0
    assert harness.stores.connections.all() == []
    assert harness.calls("hubspot", "token/revoke")
    assert harness.refusals() == []
    assert "Nothing is connected yet" in person.open("/connections").text


def test_a_vendor_that_cannot_be_told_keeps_nobody_from_leaving(harness: Harness, person: Person) -> None:
    harness.trouble("status", "/oauth2/tokens/revoke", status=503, times=9)
    answer = person.submit("/connections/disconnect", portal=str(PORTAL), realm=REALM)
    page = person.open(answer.headers["Location"]).text
    assert "the vendor could not be told" in page
    assert harness.stores.credentials.find("quickbooks", REALM) is None


@pytest.mark.parametrize(
    ("state", "said", "shown"),
    [
        (KEYS_WRONG, "no access can be renewed", "keys are refused"),
        (LIMITED, "permissions are missing", "Permissions are missing"),
    ],
)
def test_an_access_that_is_there_and_does_not_do_is_said(
    harness: Harness, person: Person, state: str, said: str, shown: str
) -> None:
    found = harness.stores.credentials.find("hubspot", str(PORTAL))
    assert found is not None
    harness.stores.credentials.mark(found, state)
    assert f"HubSpot portal {PORTAL}: {said}" in person.open("/").text
    assert shown in person.open("/connections").text


def test_accesses_that_no_key_opens_are_said(harness: Harness, person: Person) -> None:
    assert "cannot be opened" not in person.open("/").text
    with harness.stores.database.write() as tx:
        tx.exec_driver_sql("UPDATE credentials SET refresh_token = 'v1.another.AAAA' WHERE vendor = 'hubspot'")
    assert "1 stored access cannot be opened" in person.open("/").text


def test_pausing_and_resuming(harness: Harness, person: Person) -> None:
    person.submit("/connections/pause", portal=str(PORTAL), realm=REALM)
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id)
    assert harness.work() == 0
    assert "is paused" in person.open("/").text
    person.submit("/connections/resume", portal=str(PORTAL), realm=REALM)
    harness.finish()
    harness.assert_invoiced_once(callback_id, deal_id)


def test_ids_of_somebody_else_change_nothing(harness: Harness, person: Person) -> None:
    before = stored(harness)
    for form, fields in (
        ("/connections/pause", {"portal": str(OTHER_PORTAL), "realm": REALM}),
        ("/connections/disconnect", {"portal": str(PORTAL), "realm": OTHER_REALM}),
        ("/connections/disconnect", {"portal": "x", "realm": "y"}),
        ("/connections/disconnect", {}),
        ("/portals/disconnect", {"portal": str(OTHER_PORTAL)}),
        ("/portals/disconnect", {"portal": "9" * 30}),
        ("/callbacks/replay", {"portal": str(OTHER_PORTAL), "callback": "ap-1"}),
        ("/callbacks/replay", {}),
    ):
        assert person.submit(form, **fields).status_code == 404, (form, fields)
    assert stored(harness) == before
    assert [each.state for each in harness.stores.connections.all()] == ["live"]


def test_a_failed_callback_says_why_and_can_be_replayed(harness: Harness, person: Person) -> None:
    callback_id = harness.enroll(harness.story("no-contact"))
    harness.finish()
    assert "1 callback failed in the last 7 days" in person.open("/").text
    listed = person.open("/callbacks?show=failed").text
    assert f"/callbacks/{PORTAL}/{callback_id}" in listed
    page = person.open(f"/callbacks/{PORTAL}/{callback_id}").text
    assert "NO_CUSTOMER" in page
    assert "settled: FAIL_CONTINUE NO_CUSTOMER" in page
    answer = person.submit("/callbacks/replay", f"/callbacks/{PORTAL}/{callback_id}",
                           portal=str(PORTAL), callback=callback_id)  # fmt: skip
    assert answer.headers["Location"].startswith(f"/callbacks/{PORTAL}/{callback_id}")
    assert harness.callback(callback_id).state == "received"
    harness.finish()
    assert "replayed" in person.open(f"/callbacks/{PORTAL}/{callback_id}").text


def test_a_callback_of_another_portal_is_not_found(harness: Harness, person: Person) -> None:
    callback_id = harness.enroll(harness.story("one-line"))
    assert person.open(f"/callbacks/{OTHER_PORTAL}/{callback_id}").status_code == 404
    assert person.open(f"/callbacks/{PORTAL}/none").status_code == 404
    assert person.open("/callbacks?portal=x").status_code == 404
    assert person.open("/callbacks?before=x").status_code == 404


def test_a_long_list_has_pages(harness: Harness, person: Person) -> None:
    statement = """INSERT INTO callbacks (portal_id, callback_id, action, object_type, object_id, inputs, context,
        body_hash, state, received_at, due_at, deadline_at, expires_at)
        VALUES (1, '{n}', 'create-invoice', 'DEAL', '1', '{{}}', '{{}}', '', 'completed', {n}, 0, 0, 0)"""
    with harness.stores.database.write() as tx:
        for number in range(120):
            tx.exec_driver_sql(statement.format(n=number))
    seen, address, pages = [], "/callbacks", 0
    while address:
        page = person.open(address).text
        seen += re.findall(r'href="/callbacks/1/(\d+)"', page)
        older = re.search(r'<a href="([^"]+)">Older ones', page)
        address, pages = older[1].replace("&amp;", "&") if older else "", pages + 1
    assert seen == [str(number) for number in reversed(range(120))]
    assert pages == 3


def test_what_customers_wrote_is_text_not_page(harness: Harness, person: Person) -> None:
    callback_id = harness.enroll(harness.another_deal(), {"memo": "<script>alert(1)</script>"})
    page = person.open(f"/callbacks/{PORTAL}/{callback_id}").text
    assert "<script" not in page


def test_the_preflight_s_findings_with_meaning_and_fix(harness: Harness, person: Person) -> None:
    place = f"/preflight/{PORTAL}/{REALM}"
    assert "Not checked yet" in person.open(place).text
    (pair,) = harness.stores.connections.all()
    now = harness.clock.now()
    finding = Finding("X", Severity.ERROR, "No <default> item", "Lines without a match fail.", "Choose one.")
    assert harness.stores.preflights.claim(pair.portal_id, pair.realm_id, now, timedelta(minutes=1))
    harness.stores.preflights.keep(pair, [finding], now)
    page = person.open(place).text
    for text in ("No &lt;default&gt; item", "Lines without a match fail.", "Choose one.", "must be fixed"):
        assert text in page
    assert "preflight has 1 finding" in person.open("/").text
    assert person.open(f"/preflight/{OTHER_PORTAL}/{REALM}").status_code == 404


def test_the_actions_and_what_hubspot_has_of_them(person: Person) -> None:
    assert "Create QuickBooks invoice" in person.open("/actions").text
    assert "not registered" in person.open("/actions?compare=1").text


def test_hubspot_away_is_said_on_the_actions_page(harness: Harness, person: Person) -> None:
    harness.trouble("status", "/automation/", status=503, times=9)
    page = person.open("/actions?compare=1")
    assert page.status_code == 200
    assert "HubSpot was not compared" in page.text


def test_an_access_that_ends_soon_is_announced(harness: Harness, person: Person) -> None:
    harness.clock.advance(timedelta(days=80))
    home = Person(harness.web.application)
    home.sign_in()
    assert "access ends soon" in home.open("/").text


def test_no_secret_is_ever_shown_or_logged(harness: Harness, person: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    back = consent(set_out(person, "/quickbooks/connect"))
    code = back.partition("code=")[2].partition("&")[0]
    state = back.partition("state=")[2].partition("&")[0]
    person.seen.clear()
    for answer in (person._client.get(back), person._client.get(back), person._client.get(changed(back, state="x"))):
        person.seen += [str(answer.headers), answer.text]
    harness.trouble("garbage", "/oauth2/v1/tokens/bearer", times=1)
    person._client.get(consent(set_out(person, "/quickbooks/connect")))
    person.seen = [each for each in person.seen if "/connect/oauth2" not in each]
    for page in ("/", "/connections", "/callbacks", "/actions?compare=1", f"/preflight/{PORTAL}/{REALM}"):
        person.open(page)
    person.submit("/portals/disconnect", portal=str(PORTAL))
    made = [each for table in ("_refresh", "access") for each in getattr(harness.world.quickbooks.grants, table)]
    made += list(harness.world.hubspot.tokens._access) + list(harness.world.hubspot.tokens._grants)
    secrets = [*made, code, state, PASSWORD, harness.config.secret_key, *harness.config.encryption_keys]
    secrets += ["sandbox-hubspot-secret", "sandbox-quickbooks-secret", "sandbox-developer-key"]
    own = [each for each in caplog.records if each.name.startswith("service")]
    shown = "\n".join([*person.seen, *map(LineFormatter().format, own)])
    rows = str([harness.rows(f"SELECT * FROM {t}") for t in ("consents", "sessions", "audit", "transitions")])
    assert len(own) >= 10
    for secret in secrets:
        assert secret not in shown, secret[:12]
        assert secret not in rows, secret[:12]
