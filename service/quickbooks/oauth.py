"""A person's consent becomes tokens, a refresh token becomes the next pair.

Knows no store and no lock: whoever calls `refresh` holds the realm's lock and keeps the reply before using it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from service.clock import SystemClock
from service.errors import ConfigError, NotConnected, ServiceError, TryLater
from service.quickbooks.answer_shapes import parse_json
from service.quickbooks.limits import parse_retry_after

log = logging.getLogger("service.quickbooks")

TIMEOUTS = (3.05, 15)
_CLOCK = SystemClock()

# https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 100 * 24 * 3600
LONGEST_SECONDS = 10 * 366 * 24 * 3600
_ENDPOINTS = (
    *("authorization_endpoint", "token_endpoint", "revocation_endpoint"),
    *("issuer", "jwks_uri", "userinfo_endpoint"),
)
# Answers that say our own keys are wrong: no customer is disconnected for that.
_OUR_FAULT = {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
_TRACE = re.compile(r"[^\w.-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenReply:
    """A pair of tokens.

    The new refresh token replaces the old one, also when it looks the same.
    `hard_expires_in_seconds` counts to the end of the five years after consent; `None` when not told.
    """

    access_token: str
    refresh_token: str
    expires_in_seconds: int
    refresh_expires_in_seconds: int
    hard_expires_in_seconds: int | None

    def __repr__(self) -> str:
        return "TokenReply(...)"


class OAuth:
    """Our app at Intuit; safe to share between threads.

    Nothing is fetched until the first call; Intuit's discovery document is then kept until a call fails.
    Every method raises TryLater when Intuit cannot answer, and ConfigError when our keys are wrong.
    """

    def __init__(self, client_id: str, client_secret: str, redirect_uri: str, discovery_url: str) -> None:
        self._keys = (client_id, client_secret, redirect_uri, discovery_url)
        self._discovery: requests.Response | None = None

    def authorize_url(self, state: str) -> str:
        """Where a person consents; `state` comes back and must be the one we gave them."""
        url: str = self._ask(lambda client: client.get_authorization_url([Scopes.ACCOUNTING], state_token=state))[0]
        return url

    def exchange(self, code: str) -> TokenReply:
        """The first pair of tokens for a code, which works once.

        Raises: NotConnected when the code is spent or too old.
        """
        return parse_tokens(self._ask(lambda client: client.get_bearer_token(code))[1])

    def refresh(self, refresh_token: str) -> TokenReply:
        """The next pair of tokens.

        After TryLater the same refresh token may be tried again: it works or is refused.
        Raises: NotConnected when the refresh token is dead.
        """
        return parse_tokens(self._ask(lambda client: client.refresh(refresh_token))[1])

    def revoke(self, refresh_token: str) -> None:
        """Both tokens are dead, also when they were already."""
        try:
            self._ask(lambda client: client.revoke(refresh_token))
        except NotConnected:
            return

    def _ask(self, task: Callable[[_IntuitClient], Any]) -> tuple[Any, bytes]:
        client = None
        try:
            client = _IntuitClient(*self._keys, self._discovery)
            self._discovery = client.discovery
            return task(client), client.reply
        # The library's texts hold what Intuit answered, and with it tokens: none of them goes on.
        except AuthClientError as refusal:
            error = _state_error(refusal, client.reply if client else b"")
        except requests.RequestException as silence:
            error = TryLater(f"Intuit cannot be reached ({type(silence).__name__})")
        except (ValueError, TypeError, LookupError, AttributeError):
            error = TryLater("Intuit's answer could not be read")
        finally:
            if client is not None:
                client.close()
        if isinstance(error, TryLater):
            self._discovery = None
        raise error from None


class _IntuitClient(AuthClient):  # type: ignore[misc]
    """Intuit's client for one call, with time-outs on every request.

    Nothing in a reply can set its attributes.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        discovery_url: str,
        discovery: requests.Response | None,
    ) -> None:
        self.discovery = discovery
        self.reply = b""
        super().__init__(client_id, client_secret, redirect_uri, discovery_url)
        # A .netrc or a proxy of the environment would see or replace our keys.
        self.trust_env = False

    def get(self, url: str, **_: Any) -> requests.Response:
        """The discovery document, which the library asks for in its constructor."""
        if self.discovery is None:
            self.trust_env, self.max_redirects = False, 3
            answer = super().request("GET", url, headers={"Accept": "application/json"}, timeout=TIMEOUTS)
            _check_discovery(answer)
            self.discovery = answer
        return self.discovery

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """One request; the reply's body is kept from the library."""
        # https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
        # Opt-in: tells when the five years since consent end. The library has it from 1.2.7 only.
        headers = dict(options.pop("headers", {}))
        if url == self.token_endpoint:
            headers["x-include-refresh-token-hard-expires-in"] = "true"
        started = _CLOCK.monotonic()
        options |= {"timeout": TIMEOUTS, "allow_redirects": False}
        answer = super().request(method, url, headers=headers, **options)
        trace = _TRACE.sub("", answer.headers.get("intuit_tid") or "")[:80]
        spent = (_CLOCK.monotonic() - started) * 1000
        path = urlsplit(url).path
        log.info("%s %s %d in %.0f ms, intuit_tid %s", method, path, answer.status_code, spent, trace or "none")
        self.reply = answer.content
        # The library would set every key of the reply as an attribute of its session, "verify" included.
        hollow = requests.Response()
        hollow.status_code, hollow.headers = answer.status_code, answer.headers
        return hollow


def parse_tokens(body: bytes) -> TokenReply:
    """The tokens of a reply.

    Raises: TryLater when they cannot be read.
    """
    content = parse_json(body)
    if not isinstance(content, Mapping):
        raise TryLater("Intuit's answer could not be read")
    access_token, refresh_token = content.get("access_token"), content.get("refresh_token")
    if not (isinstance(access_token, str) and access_token and isinstance(refresh_token, str) and refresh_token):
        raise TryLater("Intuit's answer holds no tokens")
    return TokenReply(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in_seconds=_seconds(content.get("expires_in")) or ACCESS_SECONDS,
        refresh_expires_in_seconds=_seconds(content.get("x_refresh_token_expires_in")) or REFRESH_SECONDS,
        hard_expires_in_seconds=_seconds(content.get("x_refresh_token_hard_expires_in")),
    )


def _seconds(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= LONGEST_SECONDS else None


def _check_discovery(answer: requests.Response) -> None:
    if answer.status_code != 200:
        raise AuthClientError(answer)
    content = parse_json(answer.content)
    if not isinstance(content, Mapping) or not all(isinstance(content.get(name), str) for name in _ENDPOINTS):
        raise ValueError("not a discovery document")


def _error_name(body: bytes) -> str:
    content = parse_json(body[:2000])
    name = content.get("error") if isinstance(content, Mapping) else None
    return name if isinstance(name, str) else ""


def _state_error(refusal: AuthClientError, body: bytes) -> ServiceError:
    name = _error_name(body)
    if 400 <= refusal.status_code < 500 and name == "invalid_grant":
        return NotConnected("Intuit refuses the refresh token or the code: reconnect QuickBooks", "quickbooks")
    if 400 <= refusal.status_code < 500 and name in _OUR_FAULT:
        return ConfigError(
            [f"Intuit refuses our keys ({name}): check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET"]
        )
    after: timedelta | None = parse_retry_after(refusal.headers)
    return TryLater(f"Intuit answered {refusal.status_code}", after)
