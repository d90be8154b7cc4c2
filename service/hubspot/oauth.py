"""How a portal's access is granted, kept fresh and given back: HubSpot's OAuth endpoints.

Knows nothing of where tokens are kept or of who asks. All values travel in the body, as forms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from hubspot import oauth as generated

from service.errors import ConfigError, NotConnected, RefusedByHubSpot, TryLater
from service.hubspot import faults, paths, scopes
from service.hubspot.transport import Line, attach
from service.ids import PortalId
from service.wire import Answer, NoAnswer, Wire

# https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide (errors)
# HubSpot's own code stands in `status`, the one of the OAuth standard in `error`.
_TOKEN_ENDED = frozenset(("BAD_REFRESH_TOKEN", "invalid_grant"))
_OUR_SETTINGS = frozenset(("invalid_client", "BAD_CLIENT_ID", "BAD_CLIENT_SECRET", "unauthorized_client"))


@dataclass(frozen=True, slots=True)
class TokenReply:
    """Fresh tokens of a portal, and how long the access token lives. The refresh token may be a new one."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime: timedelta
    portal_id: PortalId | None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenDetails:
    """What HubSpot knows about a token; `active` False: it is worth nothing."""

    active: bool
    portal_id: PortalId | None = None
    scopes: tuple[str, ...] = ()
    lifetime: timedelta | None = None


class OAuth:
    """The app's conversation with HubSpot about tokens.

    Every method raises NotConnected (the grant has ended: connect the portal again), ConfigError
    (client id or secret are wrong), TryLater, and but for `refresh` RefusedByHubSpot.
    `client_secrets`: several while they rotate; the first that HubSpot takes is used.
    """

    def __init__(
        self, *, api_url: str, version: str, client_id: str, client_secrets: Sequence[str], wire: Wire
    ) -> None:
        self._client_id, self._secrets = client_id, tuple(client_secrets) or ("",)
        self._line = Line(api_url, version, wire)
        calls = attach(generated.ApiClient(generated.Configuration()), self._line.deliver)
        self._tokens = generated.TokensApi(calls)

    def refresh(self, refresh_token: str) -> TokenReply:
        """A new access token for the portal that gave this refresh token."""
        try:
            answer = self._ask(
                lambda app: self._tokens.create(
                    grant_type="refresh_token", refresh_token=refresh_token, **app, _preload_content=False
                )
            )
        except RefusedByHubSpot as refusal:
            # Two codes say that the grant has ended. Any other refusal, or a page of the edge, says nothing
            # of the portal, and nothing of what the access token is wanted for.
            raise TryLater(refusal.sentence) from refusal
        return _parse_reply(answer, refresh_token)

    def exchange_code(self, code: str, redirect_uri: str) -> TokenReply:
        """The first tokens of a portal, for the code its user brought back."""
        answer = self._ask(
            lambda app: self._tokens.create(
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                **app,
                _preload_content=False,
            )
        )
        return _parse_reply(answer, None)

    def get_app_token(self, wanted: Sequence[str]) -> str:
        """An access token of the app itself, which belongs to no portal and lives for some minutes."""
        # https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide (client credentials)
        # Not in the package. That it carries the developers-* scopes is documented nowhere.
        form = {"grant_type": "client_credentials", "scope": " ".join(wanted)}
        token = _read_object(self._ask(lambda app: self._send(paths.TOKEN, form | app))).get("access_token")
        if not (isinstance(token, str) and token):
            raise faults.explain_garbage()
        return token

    def introspect(self, access_token: str) -> TokenDetails:
        """Whose token this is and what it may do."""
        return _parse_details(self._post(paths.INTROSPECT, "access_token", access_token))

    def revoke(self, refresh_token: str) -> None:
        """Give a portal's access back to HubSpot; a token that has ended already is no error."""
        try:
            self._post(paths.REVOKE, "refresh_token", refresh_token)
        except NotConnected:
            return

    def _post(self, path: str, kind: str, token: str) -> Answer:
        # https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide (introspect, revoke)
        # The description names the field `token`, the guide's text by the token's kind: both are sent.
        form = {"token": token, kind: token, "token_type_hint": kind}
        return self._ask(lambda app: self._send(path, app | form))

    def _ask(self, call: Callable[[dict[str, str]], Answer]) -> Answer:
        """One call, given the app's own keys; with the next client secret where HubSpot does not take one."""
        refusals: list[ConfigError] = []
        for secret in self._secrets:
            try:
                return _hear(partial(call, {"client_id": self._client_id, "client_secret": secret}))
            except ConfigError as error:
                refusals.append(error)
        raise refusals[0]

    def _send(self, path: str, form: dict[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self._line.deliver("POST", path, headers, urlencode(form).encode())


def authorize_url(address: str, client_id: str, redirect_uri: str, state: str) -> str:
    """Where a person consents; `state` comes back and must be the one we gave them."""
    # https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/oauth-quickstart-guide
    asked = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes.REQUIRED),
        "optional_scope": " ".join(scopes.OPTIONAL),
        "state": state,
    }
    return f"{address}?{urlencode(asked, quote_via=quote)}"


def _hear(call: Callable[[], Answer]) -> Answer:
    """One call to the token endpoints, its refusals translated by HubSpot's codes."""
    try:
        answer = call()
    except NoAnswer as error:
        raise faults.explain_silence(error) from error
    if answer.status in (400, 401, 403):
        codes = _read_codes(answer.body)
        if codes & _OUR_SETTINGS:
            raise ConfigError(["HUBSPOT_CLIENT_ID or HUBSPOT_CLIENT_SECRET is not the app's own"])
        if codes & _TOKEN_ENDED:
            raise NotConnected("HubSpot has ended our access to this portal: connect the portal again", "hubspot")
        said = ", ".join(sorted(codes)) or f"HTTP {answer.status}"
        raise RefusedByHubSpot(f"HubSpot refused to give a token ({said})", answer.status)
    faults.check_answer(answer)
    return answer


def _read_codes(body: bytes) -> set[str]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return set()
    if not isinstance(data, dict):
        return set()
    values = (data.get("error"), data.get("status"))
    return {each for each in values if isinstance(each, str) and len(each) < 60 and each.replace("_", "").isalnum()}


def _parse_reply(answer: Answer, refresh_token: str | None) -> TokenReply:
    """Read a token reply; a refresh that names no new refresh token keeps the old one."""
    data = _read_object(answer)
    access, kept, seconds = data.get("access_token"), data.get("refresh_token") or refresh_token, data.get("expires_in")
    if not (isinstance(access, str) and access and isinstance(kept, str) and type(seconds) is int):
        raise faults.explain_garbage()
    return TokenReply(access, kept, timedelta(seconds=seconds), _portal_id(data), _scopes(data))


def _parse_details(answer: Answer) -> TokenDetails:
    data = _read_object(answer)
    seconds = data.get("expires_in")
    lifetime = timedelta(seconds=seconds) if type(seconds) is int else None
    return TokenDetails(data.get("active") is True, _portal_id(data), _scopes(data), lifetime)


def _read_object(answer: Answer) -> dict[str, Any]:
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise TryLater("HubSpot's answer could not be read") from error
    if not isinstance(data, dict):
        raise faults.explain_garbage()
    return data


def _portal_id(data: dict[str, Any]) -> PortalId | None:
    # HubSpot's name for a portal here; not listed as required, so that it may be missing.
    number = data.get("hub_id")
    return PortalId(number) if type(number) is int else None


def _scopes(data: dict[str, Any]) -> tuple[str, ...]:
    listed = data.get("scopes")
    return tuple(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()
