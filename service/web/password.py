"""The operator's password: given by ADMIN_PASSWORD, else made at the first start and kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
import threading
from pathlib import Path

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html (scrypt, 32 MiB)
COST, BLOCK, PARALLEL = 2**15, 8, 3
MEMORY = 64 * 1024 * 1024
PASSWORD_FILE = "admin_password_hash"  # noqa: S105 - a file's name


class Password:
    """Says whether a password is the right one. `kept` is the file with the hash of one that we made."""

    def __init__(self, given: str | None, kept: Path) -> None:
        self._given, self._kept = given, kept
        self._one_at_a_time = threading.Lock()

    def matches(self, tried: str) -> bool:
        """Whether this is the password; never when there is none yet."""
        if self._given is not None:
            return hmac.compare_digest(_digest(tried), _digest(self._given))
        stored = self._stored()
        if stored is None:
            return False
        _, salt, wanted = stored.split("$")
        # One at a time: each takes 32 MiB and a third of a second.
        with self._one_at_a_time:
            return hmac.compare_digest(_stretch(tried, bytes.fromhex(salt)).hex(), wanted)

    @property
    def mark(self) -> str:
        """Changes when the password does; tells nothing of it."""
        return hashlib.sha256(b"mark of " + _digest(self._given or self._stored() or "")).hexdigest()

    def _stored(self) -> str | None:
        try:
            return self._kept.read_text().strip() or None
        except FileNotFoundError:
            return None


def create_password(kept: Path) -> str | None:
    """Make a password and keep its hash in the file; None when there is one already.

    Of two processes at once one makes it, and only that one learns it.
    """
    if kept.exists():
        return None
    password, salt = secrets.token_urlsafe(15), secrets.token_bytes(16)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, prefix=".", delete=False) as made:
        made.write(f"scrypt${salt.hex()}${_stretch(password, salt).hex()}")
    try:
        os.link(made.name, kept)  # fails if somebody was faster: theirs counts
    except FileExistsError:
        return None
    finally:
        os.unlink(made.name)
    return password


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _stretch(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY
    )
