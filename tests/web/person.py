"""A person with a browser: keeps cookies, fills in forms, goes to the vendors' consent pages and back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import requests
from flask import Flask
from werkzeug.test import TestResponse

from tests.harness import PORTAL, REALM, Harness

PASSWORD = "open sesame, canary"
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Person:
    """Somebody at the operator's pages. `seen` holds every page, header and address they met."""

    def __init__(self, app: Flask, base_url: str = "http://localhost") -> None:
        self._client, self._base_url = app.test_client(), base_url
        self.seen: list[str] = []

    def open(self, address: str, **more: Any) -> TestResponse:
        """Go to a page, as typed or clicked."""
        return self._keep(address, self._client.get(address, base_url=self._base_url, **more))

    def send(self, address: str, **fields: Any) -> TestResponse:
        """Send a form as it is, without its token unless given."""
        return self._keep(address, self._client.post(address, data=fields, base_url=self._base_url))

    def submit(self, address: str, page: str = "/", **fields: Any) -> TestResponse:
        """Send a form that stands on a page, with the token it carries there."""
        return self.send(address, form_token=self.token_on(page), **fields)

    def token_on(self, page: str) -> str:
        """The token of the forms on a page."""
        found = _TOKEN.search(self.open(page).text)
        assert found, f"no form on {page}"
        return found[1]

    def sign_in(self, password: str = PASSWORD, onward: str = "/") -> TestResponse:
        """Sign in on the page for it."""
        return self.submit("/sign-in", "/sign-in", password=password, onward=onward)

    def cookie(self, name: str = "session") -> str:
        """The session cookie's value; empty without one."""
        found = self._client.get_cookie(name, domain=urlsplit(self._base_url).hostname or "")
        return found.value if found else ""

    def _keep(self, address: str, answer: TestResponse) -> TestResponse:
        self.seen += [address, str(answer.headers), answer.text]
        answer.close()
        return answer


def consent(
    address: str,
    decision: str = "approve",
    *,
    portal_id: int = PORTAL,
    realm_id: str = REALM,
    **changed: str,
) -> str:
    """Decide on a vendor's consent page; returns where the vendor sends the person back to.

    `changed`: query parameters of the consent page's address, tampered with on the way.
    """
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()} | changed
    page = urlunsplit(parts._replace(query=urlencode(asked)))
    assert requests.get(page, timeout=10).status_code == 200
    form = {"decision": decision, "portal_id": str(portal_id), "realm_id": realm_id}
    answer = requests.post(page, data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def changed(address: str, **parameters: str) -> str:
    """The address with other query parameters; an empty one is taken out."""
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in asked.items() if v})))


def set_out(person: Person, address: str) -> str:
    """Begin to connect; the address of the consent page."""
    answer = person.open(address)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def connect_hubspot(person: Person, portal_id: int = PORTAL, **changed: str) -> TestResponse:
    """The whole way for a portal; the callback's answer."""
    return person.open(consent(set_out(person, "/hubspot/connect"), portal_id=portal_id, **changed))


def connect_quickbooks(person: Person, portal_id: int = PORTAL, realm_id: str = REALM) -> TestResponse:
    """The whole way for a realm of a portal; the callback's answer."""
    return person.open(consent(set_out(person, f"/quickbooks/connect?portal={portal_id}"), realm_id=realm_id))


def stored(harness: Harness) -> dict[str, int]:
    """How much of what consents may store there is."""
    counts = {}
    for table in ("credentials", "connections", "realm_settings"):
        counts[table] = harness.rows(f"SELECT count(*) AS n FROM {table}")[0].n
    return counts
