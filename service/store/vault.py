"""Sealing tokens: readable with the key only, and only in the row they were sealed for."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.errors import ConfigError

_NONCE = 12
_KEY_NAME = 8


class Vault:
    """AES-256-GCM under the first key; what older keys sealed stays readable.

    `place` names the row and column; it is authenticated, so that a ciphertext copied into
    another row does not open there.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ConfigError(["ENCRYPTION_KEYS is empty: give at least one key"])
        self._ciphers = {_name(key): AESGCM(_derive(key)) for key in keys}
        self._first = _name(keys[0])

    def seal(self, secret: str, place: str) -> str:
        """The secret as it may be stored: `v1.<key name>.<nonce and ciphertext>`."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self._first].encrypt(nonce, secret.encode(), place.encode())
        return f"v1.{self._first}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, stored: str, place: str) -> str:
        """The secret again.

        Raises: ConfigError when its key is not among ENCRYPTION_KEYS or the row is not its own.
        """
        try:
            _, name, text = stored.split(".")
            raw = base64.urlsafe_b64decode(text)
            return self._ciphers[name].decrypt(raw[:_NONCE], raw[_NONCE:], place.encode()).decode()
        except KeyError as error:
            raise ConfigError(
                ["a stored token was sealed with a key that is not in ENCRYPTION_KEYS: add it"]
            ) from error
        except (ValueError, InvalidTag) as error:
            raise ConfigError(["a stored token does not open in its row: reconnect, or restore the row"]) from error

    def is_old(self, stored: str) -> bool:
        """Whether the secret was sealed with another key than the first."""
        return stored.split(".")[1:2] != [self._first]


def _derive(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"service.store.vault v1").derive(key.encode())


def _name(key: str) -> str:
    return hashlib.sha256(b"name of " + key.encode()).hexdigest()[:_KEY_NAME]
