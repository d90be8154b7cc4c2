"""The session cookie: a random name, signed. What it stands for is a row, or nobody at all.

Knows nothing of who is signed in. The token of each form is derived from the name, so that a form
of another browser, or of the time before signing in, is not taken.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Request
from werkzeug import Response


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser's session. `known` False: the browser does not have its cookie yet."""

    session: str
    signed_in: bool
    known: bool


class Cookie:
    """Reads and writes the cookie; `secure`: it travels over https only."""

    def __init__(self, secret_key: str, *, secure: bool) -> None:
        self._key = hashlib.sha256(b"operator's cookie: " + secret_key.encode()).digest()
        self._secure = secure
        # The prefix makes browsers refuse the cookie from any other host or path.
        # https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
        self.name = "__Host-session" if secure else "session"

    def read(self, request: Request) -> str | None:
        """The session's name, if we signed it."""
        session, _, signature = request.cookies.get(self.name, "").partition(".")
        return session if session and self._matches(signature, self._sign("session", session)) else None

    def write(self, response: Response, session: str, life: timedelta | None) -> None:
        """Send the cookie; without `life` it ends with the browser."""
        response.set_cookie(
            self.name,
            f"{session}.{self._sign('session', session)}",
            max_age=life,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )

    def clear(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(self.name, path="/", secure=self._secure, httponly=True, samesite="Lax")

    def form_token(self, session: str) -> str:
        """What every form of this session carries."""
        return self._sign("form", session)

    def is_form_token(self, session: str, given: str) -> bool:
        """Whether a form is this session's own."""
        return self._matches(given, self.form_token(session))

    def _sign(self, purpose: str, session: str) -> str:
        return hmac.new(self._key, f"{purpose}:{session}".encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _matches(given: str, wanted: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def new_session() -> str:
    """A name nobody can guess."""
    return secrets.token_urlsafe(32)
