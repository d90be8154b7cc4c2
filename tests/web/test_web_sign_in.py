"""Who may see the operator's pages: passwords, sessions, forms, headers, and nobody else's guesses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa
from person import PASSWORD, Person
from web_examples import Web

from service.store.sessions import MOST_OVERALL, MOST_PER_ADDRESS, Attempts
from service.web.password import PASSWORD_FILE, Password, create_password
from service.web.sign_in import local_path
from tests.harness import Harness, environment

PAGES = (
    "/", "/connections", "/callbacks", "/callbacks/20000001/ap-1", "/actions", "/preflight/20000001/1",
    "/hubspot/connect", "/hubspot/oauth/callback?code=x&state=y", "/quickbooks/connect",
    "/quickbooks/oauth/callback?code=x&state=y&realmId=1", "/quickbooks/launch", "/quickbooks/reconnect?realmId=1",
)  # fmt: skip
FORMS = (
    "/connections/pause", "/connections/resume", "/connections/disconnect", "/portals/disconnect",
    "/callbacks/replay", "/sign-out",
)  # fmt: skip
HTTPS = "https://invoice.example.com"


@pytest.fixture
def person(harness: Harness) -> Person:
    """Somebody who is not signed in."""
    return Person(harness.web.application)


def test_no_page_without_signing_in(web: Web) -> None:
    for page in PAGES:
        answer = Person(web.app).open(page)
        assert answer.status_code == 401, page
        assert "Operator's password" in answer.text
        assert "state=y" not in answer.text


def test_no_form_without_signing_in(web: Web) -> None:
    person = Person(web.app)
    for form in FORMS:
        assert person.send(form, portal="1", realm="1").status_code == 401, form
        assert person.submit(form, "/sign-in", portal="1", realm="1").status_code == 401, form


def test_the_disconnect_page_is_for_everybody_and_changes_nothing(harness: Harness, person: Person) -> None:
    harness.connect()
    answer = person.open("/quickbooks/disconnect?realmId=9341450000000001")
    assert answer.status_code == 200
    assert "9341450000000001" not in answer.text
    assert [each.state for each in harness.stores.connections.all()] == ["live"]


def test_the_password_lets_in_and_signing_out_ends_it(harness: Harness, person: Person) -> None:
    assert person.open("/").status_code == 401
    assert person.sign_in("not it").status_code == 401
    assert person.open("/").status_code == 401
    assert person.sign_in().status_code == 303
    assert person.open("/").status_code == 200
    stolen = person.cookie()
    assert person.submit("/sign-out").status_code == 303
    thief = Person(harness.web.application)
    assert thief.open("/", headers={"Cookie": f"session={stolen}"}).status_code == 401
    assert person.open("/").status_code == 401


def test_the_session_has_another_name_after_signing_in(person: Person) -> None:
    person.open("/sign-in")
    before = person.cookie()
    person.sign_in()
    assert before
    assert person.cookie() != before


def test_a_session_ends_after_twelve_hours(harness: Harness, person: Person) -> None:
    person.sign_in()
    harness.clock.advance(timedelta(hours=12) - timedelta(seconds=1))
    assert person.open("/").status_code == 200
    harness.clock.advance(timedelta(seconds=1))
    assert person.open("/").status_code == 401


def test_a_session_is_a_row_and_its_name_is_not_in_it(harness: Harness, person: Person) -> None:
    person.sign_in()
    rows = str(harness.rows("SELECT * FROM sessions"))
    assert person.cookie().partition(".")[0] not in rows


def test_a_cookie_that_was_changed_is_nobody(harness: Harness, person: Person) -> None:
    person.sign_in()
    session, _, signature = person.cookie().partition(".")
    for forged in (f"{session}.{'0' * 64}", f"x.{signature}", session, "", ".", "☃.☃", f"{session}.{signature}0"):
        stranger = Person(harness.web.application)
        header = {"Cookie": f"session={forged}".encode().decode("latin-1")}
        assert stranger.open("/", headers=header).status_code == 401, forged


def test_another_password_ends_the_sessions(make_web: Callable[..., Web]) -> None:
    web = make_web(ADMIN_PASSWORD=PASSWORD)
    person = Person(web.app, HTTPS)
    person.sign_in()
    assert person.open("/").status_code == 200
    later = Password("another one", Path("/nowhere"))
    assert later.mark != Password(PASSWORD, Path("/nowhere")).mark


def test_the_cookie_s_flags(make_web: Callable[..., Web]) -> None:
    web = make_web(ADMIN_PASSWORD=PASSWORD)
    answer = Person(web.app, HTTPS).sign_in()
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"):
        assert flag in cookie
    assert "Domain" not in cookie
    plain = make_web(PUBLIC_URL="http://127.0.0.1:8000", ADMIN_PASSWORD=PASSWORD)
    cookie = Person(plain.app).sign_in().headers["Set-Cookie"]
    assert cookie.startswith("session=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie


def test_what_every_page_tells_the_browser(web: Web) -> None:
    for page in ("/", "/sign-in", "/quickbooks/disconnect", "/callbacks"):
        headers = Person(web.app).open(page).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "script" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Strict-Transport-Security"]


def test_the_style_sheets_are_for_everybody(web: Web) -> None:
    for name in ("pico.min.css", "operator.css", "icon.svg"):
        answer = Person(web.app).open(f"/static/{name}")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "max-age" in answer.headers["Cache-Control"]
    assert Person(web.app).open("/static/../app.py").status_code == 404


def test_a_form_without_its_token_changes_nothing(harness: Harness, person: Person) -> None:
    harness.connect()
    person.sign_in()
    other = Person(harness.web.application)
    other.sign_in()
    fields = {"portal": "20000001", "realm": "9341450000000001", "password": PASSWORD}
    tokens = ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": other.token_on("/")})
    for form, token in product((*FORMS, "/sign-in"), tokens):
        answer = person.send(form, **fields, **token)
        assert answer.status_code == 403, form
        assert "Nothing was changed" in answer.text
    assert [each.state for each in harness.stores.connections.all()] == ["live"]
    assert person.open("/").status_code == 200


def test_a_form_that_is_too_long_is_refused(person: Person) -> None:
    person.sign_in()
    assert person.submit("/connections/pause", portal="1" * 100_000).status_code == 413


@pytest.mark.thorough
def test_a_thousand_wrong_passwords(make_web: Callable[..., Web], caplog: pytest.LogCaptureFixture) -> None:
    web = make_web(PUBLIC_URL="http://127.0.0.1:8000", ADMIN_PASSWORD=PASSWORD)
    person = Person(web.app)
    token = person.token_on("/sign-in")
    answers = [person.send("/sign-in", form_token=token, password=f"guess {n}") for n in range(1000)]
    statuses = [each.status_code for each in answers]
    assert statuses[:MOST_PER_ADDRESS] == [401] * MOST_PER_ADDRESS
    assert set(statuses[MOST_PER_ADDRESS:]) == {429}
    assert int(answers[-1].headers["Retry-After"]) <= 901
    # Not even the right one is looked at now.
    assert person.send("/sign-in", form_token=token, password=PASSWORD).status_code == 429
    said = [each.getMessage() for each in caplog.records]
    assert "wrong password" in said
    assert "sign-in throttled" in said
    with web.stores.database.read() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM sign_in_attempts")).scalar()
    assert count == MOST_PER_ADDRESS
    web.clock.advance(timedelta(minutes=15))
    assert person.sign_in().status_code == 303


def test_guesses_from_many_addresses_are_counted_together(harness: Harness) -> None:
    attempts, now = Attempts(harness.stores.database), harness.clock.now()
    waits = [attempts.count_in(f"10.0.{n // 250}.{n % 250}", now) for n in range(MOST_OVERALL + 20)]
    assert waits[:MOST_OVERALL] == [None] * MOST_OVERALL
    assert all(wait is not None for wait in waits[MOST_OVERALL:])


def test_guesses_at_the_same_moment_get_no_more_looks(harness: Harness) -> None:
    attempts, now = Attempts(harness.stores.database), harness.clock.now()
    with ThreadPoolExecutor(20) as threads:
        waits = list(threads.map(lambda _: attempts.count_in("10.0.0.1", now), range(60)))
    assert sum(wait is None for wait in waits) == MOST_PER_ADDRESS


def test_the_right_password_forgives_its_address(person: Person) -> None:
    for _ in range(MOST_PER_ADDRESS - 1):
        assert person.sign_in("wrong").status_code == 401
    assert person.sign_in().status_code == 303
    for _ in range(MOST_PER_ADDRESS - 1):
        assert person.submit("/sign-in", "/", password="wrong").status_code == 401


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "", "evil", "/\t/evil",
     "/a\r\nSet-Cookie: x=y", "http:///x", "/hubspot/oauth/callback?code=secret", "/[::1"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(wanted: str) -> None:
    assert local_path(wanted) in ("/", "/[::1")


def test_a_password_is_made_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    kept = tmp_path / "instance" / PASSWORD_FILE
    made = create_password(kept)
    assert made
    assert create_password(kept) is None
    assert made not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    password = Password(None, kept)
    assert password.matches(made)
    assert not password.matches(made + "x")
    assert not Password(None, tmp_path / "none").matches("")
    assert [each.name for each in kept.parent.iterdir()] == [PASSWORD_FILE]


@pytest.mark.slow
def test_the_first_start_says_the_password_once(tmp_path: Path) -> None:
    settings = environment("sqlite:///service.sqlite", "http://127.0.0.1:1")
    settings |= {"ADMIN_PASSWORD": "", "PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"}
    said = [
        subprocess.run(
            [sys.executable, "-c", "import service.wsgi"],
            cwd=tmp_path, env=settings, capture_output=True, text=True, check=True, timeout=60,
        ).stderr
        for _ in range(2)
    ]  # fmt: skip
    made = said[0].partition("Password: ")[2].split("\n")[0]
    assert Password(None, tmp_path / "instance" / PASSWORD_FILE).matches(made)
    assert "Password" not in said[1]
