"""OAuth on HubSpot's side: who may call for which portal, and for how long. Contract 3."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.portal import Portal
from service.sandbox.hubspot.refusals import Refusal
from service.sandbox.hubspot.settings import Settings

APP_ID = 700001
CLIENT_ID = "sandbox-hubspot-client"
CLIENT_SECRET = "sandbox-hubspot-secret"  # noqa: S105
DEVELOPER_API_KEY = "sandbox-developer-key"
CODE_SECONDS = 60

SCOPES = (
    "oauth", "automation", "crm.objects.deals.read", "crm.objects.deals.write", "crm.schemas.deals.read",
    "crm.schemas.deals.write", "crm.objects.contacts.read", "crm.objects.contacts.write",
    "crm.schemas.contacts.read", "crm.schemas.contacts.write", "crm.objects.companies.read",
    "crm.objects.companies.write", "crm.schemas.companies.read", "crm.schemas.companies.write",
    "crm.objects.line_items.read", "crm.objects.line_items.write", "crm.objects.products.read",
    "crm.objects.products.write", "e-commerce", "crm.objects.invoices.read", "crm.objects.invoices.write",
    "crm.schemas.invoices.read", "crm.schemas.invoices.write", "crm.objects.quotes.read",
    "crm.objects.quotes.write", "crm.schemas.quotes.write", "crm.objects.commercepayments.read",
    "crm.objects.commercepayments.write", "crm.schemas.commercepayments.write", "tax_rates.read", "timeline", "files",
)  # fmt: skip


@dataclass(slots=True)
class AccessToken:
    """A bearer token; without a portal it is one for definitions only."""

    text: str
    portal: Portal | None
    scopes: frozenset[str]
    expires_at: datetime
    revoked: bool = False


@dataclass(slots=True)
class Grant:
    """A portal's consent: the refresh token and what it allows."""

    refresh_token: str
    portal: Portal
    scopes: frozenset[str]


@dataclass(slots=True)
class Code:
    """An authorization code, used once within a minute."""

    grant: Grant
    redirect_uri: str
    challenge: str | None
    expires_at: datetime


class Tokens:
    """All tokens of the app."""

    def __init__(self, clock: SandboxClock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self._access: dict[str, AccessToken] = {}
        self._grants: dict[str, Grant] = {}
        self._codes: dict[str, Code] = {}
        self._issued = 0

    def consent(self, portal: Portal, scopes: frozenset[str] | None = None) -> Grant:
        """The portal takes the app (again)."""
        again = sum(grant.portal is portal for grant in self._grants.values())
        suffix = f"-{again + 1}" if again else ""
        grant = Grant(f"na1-sandbox-refresh-{portal.id}{suffix}", portal, scopes or frozenset(SCOPES))
        self._grants[grant.refresh_token] = grant
        portal.installed = True
        return grant

    def refresh_token(self, portal: Portal) -> str | None:
        """The portal's newest refresh token; None when the app was uninstalled."""
        return next((g.refresh_token for g in reversed(self._grants.values()) if g.portal is portal), None)

    def uninstall(self, portal: Portal) -> None:
        """The portal throws the app out: its refresh tokens are gone, its access tokens dead."""
        portal.installed = False
        self._grants = {text: grant for text, grant in self._grants.items() if grant.portal is not portal}

    def limit_scopes(self, portal: Portal, scopes: frozenset[str]) -> None:
        """What the portal allows from now on; tokens already given out included."""
        for grant in self._grants.values():
            grant.scopes = scopes if grant.portal is portal else grant.scopes
        for token in self._access.values():
            token.scopes = scopes if token.portal is portal else token.scopes

    def expire(self, portal: Portal) -> None:
        """Every access token of the portal is over, the refresh token lives."""
        for token in self._access.values():
            if token.portal is portal:
                token.expires_at = self._clock.now()

    def bearer(self, header: str) -> AccessToken:
        """The token of an Authorization header. Raises Refusal 401."""
        kind, _, text = header.partition(" ")
        token = self._access.get(text)
        if kind.lower() != "bearer" or token is None or token.revoked:
            message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            raise Refusal(401, message, "INVALID_AUTHENTICATION")
        if token.expires_at <= self._clock.now():
            message = "The OAuth token used to make this call expired."
            raise Refusal(401, message, "EXPIRED_AUTHENTICATION")
        if token.portal is None:
            raise Refusal(403, "This token belongs to no portal", "MISSING_SCOPES")
        if not token.portal.installed:
            if self._settings.uninstalled_answer == "bare":
                raise Refusal(403, "", body={"status": "error"})
            status = int(self._settings.uninstalled_answer)
            raise Refusal(status, "The app is not installed in this portal", "INVALID_AUTHENTICATION")
        return token

    def find_access(self, text: str) -> AccessToken | None:
        """A living access token, for introspection and definitions."""
        token = self._access.get(text)
        alive = token and not token.revoked and token.expires_at > self._clock.now()
        return token if alive and token and (token.portal is None or token.portal.installed) else None

    def find_grant(self, text: str) -> Grant | None:
        """The consent a refresh token stands for."""
        return self._grants.get(text)

    def issue_code(self, grant: Grant, redirect_uri: str, challenge: str | None) -> str:
        """An authorization code for the redirect after consent."""
        self._issued += 1
        text = f"sandbox-code-{grant.portal.id}-{self._issued}"
        expires_at = self._clock.now() + timedelta(seconds=CODE_SECONDS)
        self._codes[text] = Code(grant, redirect_uri, challenge, expires_at)
        return text

    def take_code(self, text: str, redirect_uri: str, verifier: str | None) -> Grant:
        """The consent behind a code, once. Raises Refusal 400."""
        code = self._codes.pop(text, None)
        if code is None or code.expires_at <= self._clock.now():
            raise oauth_error("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
        if code.redirect_uri != redirect_uri:
            raise oauth_error("invalid_grant", "BAD_REDIRECT_URI", "redirect URI does not match the initial one")
        if code.challenge is not None:
            digest = hashlib.sha256((verifier or "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
                raise oauth_error("invalid_grant", "BAD_CODE_VERIFIER", "code verifier does not match")
        return code.grant

    def take_refresh(self, text: str) -> Grant:
        """The consent behind a refresh token. Raises Refusal 400 BAD_REFRESH_TOKEN."""
        grant = self._grants.get(text)
        if grant is None:
            raise oauth_error("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked")
        if self._settings.refresh_token_rotation:
            self._issued += 1
            del self._grants[text]
            grant.refresh_token = f"na1-sandbox-refresh-{grant.portal.id}-r{self._issued}"
            self._grants[grant.refresh_token] = grant
        return grant

    def issue(self, portal: Portal | None, scopes: frozenset[str]) -> AccessToken:
        """A new access token. Contract 3: at least 512 characters must be expected."""
        self._issued += 1
        text = f"CNsandbox-{portal.id if portal else 'app'}-{self._issued}-"
        while len(text) < 512:
            text += hashlib.sha256(text.encode()).hexdigest()
        expires_at = self._clock.now() + timedelta(seconds=self._settings.access_token_seconds)
        token = AccessToken(text, portal, scopes, expires_at)
        self._access[text] = token
        return token

    def revoke(self, text: str) -> None:
        """Revoke a refresh token (its access tokens live on unless switched) or an access token."""
        if text in self._access:
            self._access[text].revoked = True
        grant = self._grants.pop(text, None)
        if grant and self._settings.revoke_kills_access_tokens:
            for token in self._access.values():
                token.revoked = token.revoked or token.portal is grant.portal

    def token_json(self, token: AccessToken, grant: Grant | None) -> dict[str, Any]:
        """The answer of the token endpoint."""
        said: dict[str, Any] = {"token_type": "bearer", "access_token": token.text}
        if grant:
            said |= {"refresh_token": grant.refresh_token, "user_id": 222222}
        if self._settings.tokens_tell_portal:
            said |= {"scopes": sorted(token.scopes)} | ({"hub_id": grant.portal.id} if grant else {})
        return said | {"expires_in": self._settings.access_token_seconds, "token_use": "access_token"}

    def introspection(self, token: AccessToken) -> dict[str, Any]:
        """The answer about a living access token."""
        left = (token.expires_at - self._clock.now()).total_seconds()
        said: dict[str, Any] = {"active": True, "token": token.text}
        if token.portal:
            domain = f"sandbox-{token.portal.id}.example.com"
            said |= {"hub_id": token.portal.id, "user_id": 222222, "user": "owner@example.com", "hub_domain": domain}
        return said | {
            "client_id": CLIENT_ID,
            "app_id": APP_ID,
            "scopes": sorted(token.scopes),
            "expires_in": int(left),
            "is_private_distribution": True,
            "token_use": "access_token",
            "token_type": "Bearer",
        }


def oauth_error(error: str, status: str, description: str, refused: str | None = None) -> Refusal:
    """An OAuth error body. Contract 3."""
    body = {"error": error, "error_description": description, "status": status, "message": description}
    return Refusal(400, description, status, body=body, refused=refused)
