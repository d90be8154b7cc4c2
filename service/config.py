"""The settings: read once from the environment and `.env`, checked all at once.

The only module that looks at `os.environ`. README has the table; the names are fixed.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from service.errors import ConfigError

HUBSPOT_API_URL = "https://api.hubapi.com"
HUBSPOT_AUTHORIZE_URL = "https://app.hubspot.com/oauth/authorize"
HUBSPOT_API_VERSION = "2026-03"
# https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
QUICKBOOKS = {
    "production": (
        "https://quickbooks.api.intuit.com",
        "https://developer.intuit.com/.well-known/openid_configuration/",
    ),
    "sandbox": (
        "https://sandbox-quickbooks.api.intuit.com",
        "https://developer.intuit.com/.well-known/openid_sandbox_configuration/",
    ),
}
VENDOR_NAMES = (
    "HUBSPOT_CLIENT_ID",
    "HUBSPOT_CLIENT_SECRET",
    "QUICKBOOKS_CLIENT_ID",
    "QUICKBOOKS_CLIENT_SECRET",
)
LEAST_KEY_LENGTH = 16


@dataclass(frozen=True, slots=True, repr=False)
class Config:
    """Every setting, typed. Has no `repr`, so that no secret is ever printed by accident."""

    public_url: str
    port: int
    database_url: str
    secret_key: str
    encryption_keys: tuple[str, ...]
    admin_password: str | None
    hubspot_app_id: str | None
    hubspot_client_id: str
    hubspot_client_secrets: tuple[str, ...]
    hubspot_developer_api_key: str | None
    hubspot_api_url: str
    hubspot_authorize_url: str
    hubspot_api_version: str
    hubspot_accept_v2_signatures: bool
    quickbooks_client_id: str
    quickbooks_client_secret: str
    quickbooks_environment: str
    quickbooks_api_url: str
    quickbooks_discovery_url: str
    quickbooks_webhook_verifier_tokens: tuple[str, ...]
    log_level: str
    instance: Path

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None on PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None


def read_environment(directory: Path | None = None) -> dict[str, str]:
    """`.env` in the working directory, overruled by the real environment; empty values count as absent."""
    found = dotenv_values((directory or Path.cwd()) / ".env")
    merged = {**{k: v for k, v in found.items() if v is not None}, **os.environ}
    return {name: value.strip() for name, value in merged.items() if value.strip()}


def load_config(
    environment: Mapping[str, str] | None = None,
    *,
    vendors: bool = True,
    instance: Path | None = None,
    create: bool = True,
) -> Config:
    """All settings. `vendors` False: do without the apps' credentials; `create` False: write no file.

    Raises: ConfigError naming every missing or wrong setting.
    """
    given = dict(read_environment() if environment is None else environment)
    problems: list[str] = []
    if vendors:
        problems += [
            f"{name} is not set: copy it from the vendor's app page"
            for name in VENDOR_NAMES
            if not _several(given.get(name, ""))
        ]
    choice = given.get("QUICKBOOKS_ENVIRONMENT", "production")
    if choice not in QUICKBOOKS:
        problems.append("QUICKBOOKS_ENVIRONMENT must be production or sandbox")
    api_url, discovery_url = QUICKBOOKS.get(choice, QUICKBOOKS["production"])
    public_url = _url(given, "PUBLIC_URL", "http://127.0.0.1:8000", problems)
    secret_key, keys = _secrets(given, instance or Path("instance"), problems, create)
    config = Config(
        public_url=public_url,
        port=_port(given, public_url, problems),
        database_url=_database_url(given.get("DATABASE_URL", "sqlite:///instance/service.sqlite"), problems),
        secret_key=secret_key,
        encryption_keys=keys,
        admin_password=given.get("ADMIN_PASSWORD"),
        hubspot_app_id=given.get("HUBSPOT_APP_ID"),
        hubspot_client_id=given.get("HUBSPOT_CLIENT_ID", ""),
        hubspot_client_secrets=_several(given.get("HUBSPOT_CLIENT_SECRET", "")),
        hubspot_developer_api_key=given.get("HUBSPOT_DEVELOPER_API_KEY"),
        hubspot_api_url=_url(given, "HUBSPOT_API_URL", HUBSPOT_API_URL, problems),
        hubspot_authorize_url=_url(given, "HUBSPOT_AUTHORIZE_URL", HUBSPOT_AUTHORIZE_URL, problems),
        hubspot_api_version=given.get("HUBSPOT_API_VERSION", HUBSPOT_API_VERSION),
        hubspot_accept_v2_signatures=_flag(given, "HUBSPOT_ACCEPT_V2_SIGNATURES", True, problems),
        quickbooks_client_id=given.get("QUICKBOOKS_CLIENT_ID", ""),
        quickbooks_client_secret=given.get("QUICKBOOKS_CLIENT_SECRET", ""),
        quickbooks_environment=choice,
        quickbooks_api_url=_url(given, "QUICKBOOKS_API_URL", api_url, problems),
        quickbooks_discovery_url=_url(given, "QUICKBOOKS_DISCOVERY_URL", discovery_url, problems, keep_slash=True),
        quickbooks_webhook_verifier_tokens=_several(given.get("QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS", "")),
        log_level=given.get("LOG_LEVEL", "INFO").upper(),
        instance=instance or Path("instance"),
    )
    if config.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        problems.append("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    if problems:
        raise ConfigError(problems)
    return config


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _url(given: Mapping[str, str], name: str, default: str, problems: list[str], *, keep_slash: bool = False) -> str:
    value = given.get(name, default)
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        problems.append(f"{name} must be a full address such as {default}, without query")
    return value if keep_slash else value.rstrip("/")


def _port(given: Mapping[str, str], public_url: str, problems: list[str]) -> int:
    """PORT as process managers set it; else the port of PUBLIC_URL; else 8000."""
    if "PORT" in given:
        if re.fullmatch("[0-9]{1,5}", given["PORT"]) and 0 < int(given["PORT"]) < 65536:
            return int(given["PORT"])
        problems.append("PORT must be a number from 1 to 65535")
        return 8000
    try:
        return urlsplit(public_url).port or 8000
    except ValueError:
        return 8000


def _flag(given: Mapping[str, str], name: str, default: bool, problems: list[str]) -> bool:
    value = given.get(name, str(default)).lower()
    if value in ("true", "1", "yes", "on"):
        return True
    if value not in ("false", "0", "no", "off"):
        problems.append(f"{name} must be true or false")
    return False


def _database_url(value: str, problems: list[str]) -> str:
    """One spelling each: `sqlite:///path` or `postgresql+psycopg://…`."""
    scheme, separator, rest = value.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and separator:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1 and ":memory:" not in rest:
        return value
    problems.append("DATABASE_URL must be sqlite:///path/to/file or postgresql://user:password@host/database")
    return value


def _secrets(
    given: Mapping[str, str], instance: Path, problems: list[str], create: bool
) -> tuple[str, tuple[str, ...]]:
    """SECRET_KEY and ENCRYPTION_KEYS, from the environment or from the files of the first run."""
    values = []
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        value = given.get(name) or _kept_secret(instance / name.lower(), create)
        values.append(value)
        if any(len(key) < LEAST_KEY_LENGTH for key in _several(value) or ("",)):
            problems.append(
                f"{name} needs at least {LEAST_KEY_LENGTH} characters: `openssl rand -hex 32` makes a good one"
            )
    return values[0], _several(values[1])


def _kept_secret(path: Path, create: bool) -> str:
    """The secret in `path`, made there on the first run; two processes at once get the same one."""
    if not path.exists():
        if not create:
            return "created-on-first-run"
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as made:
            made.write(secrets.token_hex(32))
        try:
            os.link(made.name, path)  # fails if somebody was faster: theirs counts
        except FileExistsError:
            pass
        finally:
            os.unlink(made.name)
    return path.read_text().strip()
